import Architecture
import Journal

/// Who had each VP, as far as the log goes back: which VTL, what it did there, and how it came in.
///
/// Built up event by event. An operator's pause takes no virtual time, so no lane shows one.
public struct Lanes: Sendable {
  private var vps: [VPLane]
  public let vtlCount: Int
  /// The time of the oldest event that is kept; nil before there is one.
  public private(set) var begin: VirtualTime?
  /// Until when it is known what happened.
  public private(set) var end = VirtualTime.zero
  private var newest: UInt64?

  public init(_ machine: MachineSnapshot) {
    vtlCount = min(16, max(1, Int(machine.vtlCount)))
    vps = (0..<Int(machine.vpCount)).map { [vtlCount] in VPLane(VPIndex($0), vtlCount: vtlCount) }
  }

  public var vpCount: Int { vps.count }

  /// Takes in an event that is newer than all before it.
  mutating func note(_ event: Event) {
    if let newest, event.sequence != newest + 1 {
      for i in vps.indices { vps[i].miss(from: end, to: event.time, event.sequence) }
    } else if newest == nil {
      // The first event of all comes after power-on, the first one of a log that lost its beginning does not.
      let time = event.sequence == 0 ? VirtualTime.zero : event.time
      begin = time
      for i in vps.indices { vps[i].begin(at: time, event.sequence) }
    }
    newest = event.sequence
    end = max(end, event.time)
    guard let id = event.context, id.vp.index < vps.count, id.vtl.index < vtlCount else { return }
    vps[id.vp.index].note(event, id.vtl)
  }

  /// Drops what is older than the oldest event that is kept.
  mutating func forget(before oldest: Event) {
    begin = max(begin ?? oldest.time, oldest.time)
    for i in vps.indices { vps[i].forget(before: oldest.sequence) }
  }

  /// Takes in the state after the last event; nothing of a snapshot that is older or newer than that.
  mutating func reconcile(_ snapshot: Snapshot) {
    guard snapshot.machine.nextEvent == newest.map({ $0 &+ 1 }) ?? 0 else { return }
    end = max(end, snapshot.machine.time)
    let last = newest ?? 0
    var first = 0
    let contexts = snapshot.contexts
    while first < contexts.count {
      let vp = contexts[first].id.vp
      var next = first + 1
      while next < contexts.count, contexts[next].id.vp == vp { next += 1 }
      if vp.index < vps.count {
        vps[vp.index].reconcile(contexts[first..<next].filter { $0.isEnabled && $0.id.vtl.index < vtlCount }, last)
      }
      first = next
    }
  }
}

// MARK: - Asking

extension Lanes {
  /// The stretches of a VP, oldest first; the last one lasts until `end`.
  public func segments(of vp: VPIndex) -> Backlog<LaneSegment> {
    vp.index < vps.count ? vps[vp.index].segments : Backlog<LaneSegment>()
  }

  /// The stays of a VP in a VTL that have ended, oldest first.
  public func stays(of id: ContextID) -> Backlog<LaneStay> {
    lane(id).map { $0.stays[id.vtl.index] } ?? Backlog<LaneStay>()
  }

  /// The stay that lasts; nil when its beginning is not known.
  public func currentStay(of vp: VPIndex) -> LaneStay? { vp.index < vps.count ? vps[vp.index].stay : nil }

  /// How often an interrupt for a context began to wait for a higher VTL.
  public func holdings(of id: ContextID) -> Int { lane(id).map { $0.holdings[id.vtl.index].count } ?? 0 }

  private func lane(_ id: ContextID) -> VPLane? {
    id.vp.index < vps.count && id.vtl.index < vtlCount ? vps[id.vp.index] : nil
  }

  func points(of vp: VPIndex) -> Backlog<LanePoint> { vp.index < vps.count ? vps[vp.index].points : Backlog() }

  func backlog(of vp: VPIndex) -> Backlog<LaneSegment> {
    vp.index < vps.count ? vps[vp.index].segments : Backlog()
  }
}
