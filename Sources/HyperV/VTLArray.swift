import Architecture

/// One element per VTL that the core can be configured with.
///
/// Subscripting with a VTL beyond them is our own bug: a guest's VTL number is checked against the
/// partition's maximum before it gets here.
public struct VTLArray<Element: Sendable>: Sendable {
  private var elements: InlineArray<3, Element>

  public init(repeating element: Element) { elements = InlineArray(repeating: element) }

  @inlinable public static var count: Int { VTL.countLimit }

  public subscript(vtl: VTL) -> Element {
    get { elements[vtl.index] }
    set { elements[vtl.index] = newValue }
  }
}
