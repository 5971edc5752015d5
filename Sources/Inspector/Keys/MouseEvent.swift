/// A press of a mouse button, or a turn of the wheel, at a cell of the screen.
///
/// Only there while the terminal's mouse is captured; see `Action.captureMouse`.
public struct MouseEvent: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case left, middle, right, wheelUp, wheelDown
  }

  public var kind: Kind
  /// From 0, left to right.
  public var column: Int
  /// From 0, downwards.
  public var row: Int

  public init(_ kind: Kind, column: Int, row: Int) {
    self.kind = kind
    self.column = column
    self.row = row
  }
}
