import Architecture
import Journal

/// What a VP did at one moment, and the stay in a VTL that the moment is in.
public struct LaneMoment: Hashable, Sendable {
  public var time: VirtualTime
  public var segment: LaneSegment
  public var active: VTL
  /// When the stay began, and whether that is when the VP came in; else the log begins there.
  public var begin: VirtualTime
  public var isBeginKnown: Bool
  /// When it ended; nil while it lasts.
  public var end: VirtualTime?
  /// How it began, when the log says.
  public var entry: LaneEntry?
  /// The number of the event that began it, with `entry`.
  public var entrySequence: UInt64?
  /// How it ended.
  public var exit: LaneEntry?
  /// The VTL the VP went to then.
  public var next: VTL?

  /// How long the stay lasted, or has lasted.
  public func length(at now: VirtualTime) -> VirtualTime { (end ?? now) - begin }
}

extension Lanes {
  /// Nil where the log does not say which VTL the VP was in.
  public func moment(of vp: VPIndex, at time: VirtualTime) -> LaneMoment? {
    let segments = backlog(of: vp)
    let place = segments.partition { $0.begin <= time } - 1
    guard place >= 0, time <= end, let active = segments[place].active else { return nil }
    var first = place
    while first > 0, segments[first].entry == nil, segments[first - 1].active == active { first -= 1 }
    var last = place + 1
    while last < segments.count, segments[last].active == active, segments[last].entry == nil { last += 1 }
    let next = last < segments.count ? segments[last] : nil
    return LaneMoment(
      time: time, segment: segments[place], active: active, begin: segments[first].begin,
      isBeginKnown: segments[first].entry != nil, end: next?.begin, entry: segments[first].entry,
      entrySequence: segments[first].entry == nil ? nil : segments[first].sequence, exit: next?.entry,
      next: next?.active)
  }

  /// The next switch of the VP after a moment, or the last one before it.
  public func switchTime(of vp: VPIndex, after time: VirtualTime) -> VirtualTime? {
    let segments = backlog(of: vp)
    var i = segments.partition { $0.begin <= time }
    while i < segments.count, segments[i].entry == nil { i += 1 }
    return i < segments.count ? segments[i].begin : nil
  }

  public func switchTime(of vp: VPIndex, before time: VirtualTime) -> VirtualTime? {
    let segments = backlog(of: vp)
    var i = segments.partition { $0.begin < time } - 1
    while i >= 0, segments[i].entry == nil { i -= 1 }
    return i >= 0 ? segments[i].begin : nil
  }
}
