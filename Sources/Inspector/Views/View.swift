/// One page of the inspector. A view has no state and no clock: everything is in the model.
public protocol View: Sendable {
  var id: ViewID { get }
  /// The word in the tab; nil for a page that is only opened from another.
  var tab: String? { get }
  /// The same where there is no room for all tabs.
  var shortTab: String? { get }
  /// Draws into `area`, which lies between the tabs and the status line.
  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect)
  /// One sentence about the thing that is selected.
  func status(_ model: InspectorModel) -> Line
  /// The commands worth a place in the last line, the most useful first.
  func footer(_ model: InspectorModel) -> [KeyCommand]
  /// Does what is this view's own meaning of a command: moving, opening; false when it has none.
  func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool
}

extension View {
  public var shortTab: String? { tab }
}

/// The list of views. A new view is a file and a line here.
public enum Views {
  public static let all: [any View] = [
    OverView(), GroupsView(), LapicView(), TimersView(), SchedView(), EventsView(), StuckView(), MemoryView(),
    RoutesView(), VSMView(), JourneyView(),
  ]

  public static func view(_ id: ViewID) -> any View { all.first { $0.id == id } ?? OverView() }
}
