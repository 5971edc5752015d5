/// Journey
public struct JourneyView: View {
  public var id: ViewID { .journey }
  public var tab: String? { nil }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {}

  public func status(_ model: InspectorModel) -> Line { .empty }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .fire, .switchVTL] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool { false }
}

extension InspectorModel {
  /// Shows the ladder of what is selected.
  mutating func openJourney() { show(.journey) }
}
