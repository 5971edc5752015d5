import Architecture
import Diagnosis
import Journal

/// What the operator points at: things, never row numbers, so that a list that moves never moves the target.
public struct Selection: Hashable, Sendable {
  public var context: ContextID
  public var group: GroupID
  /// A vector in the local APIC view; nil until one is pointed at.
  public var vector: VectorNumber?
  /// The sequence number of an event; nil follows the newest.
  public var event: UInt64?
  /// The interrupt the journey view shows.
  public var journey: JourneyID
  /// A timer that belongs to no context; nil is that of the selected context.
  public var timer: TimerSource?
  /// An expiry, by the number of its event; nil is the newest.
  public var expiry: UInt64?
  /// The moment the cursor of the lanes is at; nil is now.
  public var moment: VirtualTime?
  public var route: RouteID?
  public var protection: ProtectionID?
  public var finding: Finding.Identity?

  public init(context: ContextID = ContextID(0, 0), group: GroupID = GroupID(0)) {
    self.context = context
    self.group = group
    vector = nil
    event = nil
    journey = .none
    timer = nil
    expiry = nil
    moment = nil
    route = nil
    protection = nil
    finding = nil
  }
}

/// How points in time are written.
public enum TimeMode: UInt8, Hashable, Sendable, CaseIterable {
  case absolute
  /// Before the moment of the snapshot.
  case relative
  /// After the line before.
  case delta

  public var name: String {
    switch self {
    case .absolute: "absolute"
    case .relative: "relative"
    case .delta: "delta"
    }
  }

  public var next: TimeMode {
    switch self {
    case .absolute: .relative
    case .relative: .delta
    case .delta: .absolute
    }
  }
}

extension Array where Element: Equatable {
  /// The element `distance` places after `element`, stopping at both ends; the first one when it is not here.
  func moved(from element: Element?, by distance: Int) -> Element? {
    guard !isEmpty else { return nil }
    guard let element, let place = firstIndex(of: element) else { return first }
    return self[Swift.min(count - 1, Swift.max(0, place + distance))]
  }
}
