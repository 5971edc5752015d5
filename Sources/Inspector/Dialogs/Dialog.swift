/// A question in front of a view. It takes the keys while it is open.
public protocol Dialog: Sendable {
  var title: String { get }
  /// What it wants on the screen, edges included.
  func size(in model: InspectorModel) -> Size
  /// Draws inside its box.
  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect)
  /// The keys that mean something now, for the last line.
  func footer(_ model: InspectorModel) -> [FooterItem]
  /// The sentence above the last line; nil leaves it to the view.
  func status(_ model: InspectorModel) -> Line?
  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome
  /// The model has changed under it.
  mutating func refresh(_ model: InspectorModel)
}

extension Dialog {
  public func status(_ model: InspectorModel) -> Line? { nil }
  public mutating func refresh(_ model: InspectorModel) {}
}

public enum DialogOutcome: Hashable, Sendable {
  case stay
  case close
  /// Does this, and closes.
  case act(Action)
  /// Does this, and stays.
  case actAndStay(Action)
}

/// One key and what it does, as the last line shows it.
public struct FooterItem: Hashable, Sendable {
  public var keys: String
  public var label: String

  /// The first of the keys: what a click on it strikes.
  var key: Key? { keys.split(separator: " ").first.flatMap { Key(name: String($0)) } }

  public init(_ keys: String, _ label: String) {
    self.keys = keys
    self.label = label
  }
}
