import Architecture
import Journal

/// How long a VP was in each state of each of its VTLs, in a window.
public struct LaneTimes: Hashable, Sendable {
  public var from: VirtualTime
  public var to: VirtualTime
  /// Which VTL, or what it did there, is not known.
  public var unknown = VirtualTime.zero
  /// By VTL.
  public var lanes: [Lane]

  public struct Lane: Hashable, Sendable {
    /// With the VP in this VTL.
    public var running = VirtualTime.zero
    public var halted = VirtualTime.zero
    public var waitsForStartup = VirtualTime.zero
    public var shutDown = VirtualTime.zero
    /// With the VP in another VTL.
    public var preempted = VirtualTime.zero
    public var inactive = VirtualTime.zero

    /// How long the VP was in this VTL.
    public var active: VirtualTime { running + halted + waitsForStartup + shutDown }
  }

  /// What is known and what is not: always the length of the window.
  public var total: VirtualTime { lanes.reduce(unknown) { $0 + $1.active } }

  private mutating func add(_ segment: LaneSegment, _ span: VirtualTime) {
    guard let active = segment.active, segment.state(of: active) != .unknown else {
      unknown += span
      return
    }
    for vtl in lanes.indices {
      let state = segment.state(of: VTL(vtl))
      guard vtl == active.index else {
        if state == .preempted { lanes[vtl].preempted += span } else { lanes[vtl].inactive += span }
        continue
      }
      switch state {
      case .running: lanes[vtl].running += span
      case .halted: lanes[vtl].halted += span
      case .waitsForStartup: lanes[vtl].waitsForStartup += span
      case .shutDown: lanes[vtl].shutDown += span
      case .preempted, .inactive, .unknown: break
      }
    }
  }

  init(_ segments: Backlog<LaneSegment>, until end: VirtualTime, from: VirtualTime, to: VirtualTime, vtlCount: Int) {
    self.from = from
    self.to = to
    lanes = Array(repeating: Lane(), count: vtlCount)
    var at = from
    var i = max(0, segments.partition { $0.begin <= from } - 1)
    while i < segments.count, at < to {
      let next = i + 1 < segments.count ? segments[i + 1].begin : end
      let begin = min(max(at, segments[i].begin), to)
      let stop = min(max(next, begin), to)
      unknown += begin - at
      add(segments[i], stop - begin)
      at = max(at, stop)
      i += 1
    }
    unknown += to - at
  }
}

extension Lanes {
  /// The times of a VP between two moments; what is outside of the log is unknown.
  public func times(of vp: VPIndex, from: VirtualTime, to: VirtualTime) -> LaneTimes {
    LaneTimes(backlog(of: vp), until: end, from: from, to: max(from, to), vtlCount: vtlCount)
  }
}
