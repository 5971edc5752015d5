import Architecture
import Journal

/// What the log says of switches between VTLs.
struct VTLFacts {
  /// Returns of a higher VTL that the same interrupt undid at once.
  struct Bounce: Hashable {
    var context: ContextID
    var vector: VectorNumber
    var count: Int
    var since: VirtualTime
    var last: VirtualTime
  }

  /// The last hypercall about VTLs that failed.
  struct Failure: Hashable {
    var code: HypercallCode
    var status: HypercallStatus
    var time: VirtualTime
    var rip: UInt64
  }

  /// The bounces that go on, by VP.
  private(set) var bounces: [VPIndex: Bounce] = [:]
  private(set) var failures: [Int: Failure] = [:]
  /// How long each VTL above 0 kept a VP, in ticks; in the order of the log.
  private(set) var stays: [VTL: [UInt64]] = [:]
  /// By context, the last flush that began to wait for a lock, and the intercept that has nowhere to put its message.
  private(set) var flushes: [ContextID: Event] = [:]
  private(set) var intercepts: [ContextID: Event] = [:]
  private var entered: [ContextID: VirtualTime] = [:]
  private var returned: [VPIndex: VTL] = [:]

  init(_ snapshot: Snapshot) {}

  mutating func note(_ event: Event, _ from: VTL, _ to: VTL, _ reason: VTLSwitchReason, _ vector: VectorNumber?) {
    guard let vp = event.context?.vp else { return }
    if to > from {
      entered[ContextID(vp: vp, vtl: to)] = event.time
      noteEntry(event, ContextID(vp: vp, vtl: to), reason, vector)
    } else {
      let left = ContextID(vp: vp, vtl: from)
      if let since = entered.removeValue(forKey: left) {
        stays[from, default: []].append((event.time - since).rawValue)
      }
      returned[vp] = reason == .return ? from : nil
    }
  }

  /// Entered again by the interrupt it had not taken when it returned?
  private mutating func noteEntry(_ event: Event, _ id: ContextID, _ reason: VTLSwitchReason, _ vector: VectorNumber?) {
    defer { returned[id.vp] = nil }
    guard reason == .interrupt, let vector, returned[id.vp] == id.vtl else {
      bounces[id.vp] = nil
      // The first entry, after which nothing was taken yet.
      if reason == .interrupt, let vector {
        bounces[id.vp] = Bounce(context: id, vector: vector, count: 0, since: event.time, last: event.time)
      }
      return
    }
    guard var bounce = bounces[id.vp], bounce.context == id, bounce.vector == vector else {
      bounces[id.vp] = Bounce(context: id, vector: vector, count: 0, since: event.time, last: event.time)
      return
    }
    bounce.count += 1
    bounce.last = event.time
    bounces[id.vp] = bounce
  }

  mutating func noteFlush(_ event: Event) {
    if let id = event.context { flushes[id] = event }
  }

  mutating func noteIntercept(_ event: Event, isWaiting: Bool) {
    if let id = event.context { intercepts[id] = isWaiting ? event : nil }
  }

  mutating func noteAcknowledged(_ id: ContextID, _ vector: VectorNumber) {
    if bounces[id.vp]?.context == id { bounces[id.vp] = nil }
  }

  mutating func noteHypercall(_ place: Int, _ code: UInt16, _ status: UInt16, _ event: Event) {
    let code = HypercallCode(rawValue: code)
    guard code.isAboutVTLs else { return }
    failures[place] =
      status == 0
      ? nil
      : Failure(code: code, status: HypercallStatus(rawValue: status), time: event.time, rip: event.rip)
  }

  /// The stay in `vtl` that 99 of 100 do not exceed; nil when there are too few to say.
  func usualStay(_ vtl: VTL) -> VirtualTime? {
    guard let all = stays[vtl], all.count >= 16 else { return nil }
    return VirtualTime(ticks: all.sorted()[all.count * 99 / 100])
  }
}

extension HypercallCode {
  fileprivate var isAboutVTLs: Bool {
    switch self {
    case .enablePartitionVTL, .enableVPVTL, .sendSyntheticClusterIPI, .sendSyntheticClusterIPIEx,
      .startVirtualProcessor:
      true
    default: false
    }
  }
}
