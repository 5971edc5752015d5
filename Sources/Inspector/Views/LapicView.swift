/// Lapic
public struct LapicView: View {
  public var id: ViewID { .lapic }
  public var tab: String? { "Lapic" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {}

  public func status(_ model: InspectorModel) -> Line { .empty }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .fire, .switchVTL] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool { false }
}
