import Architecture
import Inspector
import Journal

/// A toy machine that switches VTLs, halts and wakes at random, and remembers for every moment what it did: what
/// the lanes have to find out from its events alone.
struct LaneOracle {
  struct VP {
    var active = 0
    var activity: [Activity]
    /// VTLs that a higher one interrupted at work.
    var interrupted: Set<Int> = []
    var pending: [Set<UInt8>]
    var since: [VirtualTime]
    var entryReason: [VTLSwitchReason?]
    var entryTime: [VirtualTime]
  }

  struct Moment {
    var time: VirtualTime
    var vp: VP
  }

  let vtlCount: Int
  private(set) var vps: [VP]
  /// By VP, what is true from when on.
  private(set) var truth: [[Moment]]
  private(set) var events: [Event] = []
  private(set) var now = VirtualTime.zero
  private var random: SplitMix

  init(seed: UInt64, vps: Int = 3, vtls: Int = 3, steps: Int = 400) {
    random = SplitMix(state: seed)
    vtlCount = vtls
    self.vps = (0..<vps).map { vp in
      VP(
        activity: [vp == 0 ? .running : .waitForStartup] + Array(repeating: .running, count: vtls - 1),
        pending: Array(repeating: [], count: vtls), since: Array(repeating: .zero, count: vtls),
        entryReason: Array(repeating: nil, count: vtls), entryTime: Array(repeating: .zero, count: vtls))
    }
    truth = self.vps.map { [Moment(time: .zero, vp: $0)] }
    for vp in self.vps.indices {
      log(vp, 0, rip: vp == 0 ? 1 : 0, vp == 0 ? .spuriousEOI : .initialized)
      for vtl in 1..<vtls { log(vp, vtl, rip: 0, .vtlEnabled(VTL(vtl), forPartition: false)) }
    }
    for _ in 0..<steps { step() }
    now += VirtualTime(ticks: 1_000)
  }

  private mutating func pick(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }

  private mutating func step() {
    // Now and then two things happen at once.
    if pick(8) > 0 { now += VirtualTime(ticks: UInt64(pick(5_000))) }
    let vp = pick(vps.count)
    switch vps[vp].activity[vps[vp].active] {
    case .waitForStartup: if pick(4) == 0 { start(vp) } else { accept(vp) }
    case .halted: stepHalted(vp)
    default: stepRunning(vp)
    }
    truth[vp].append(Moment(time: now, vp: vps[vp]))
  }

  private mutating func stepHalted(_ vp: Int) {
    switch pick(5) {
    case 0: interruptUp(vp)
    case 1: accept(vp)
    case 2: operate(vp)
    default: wake(vp)
    }
  }

  private mutating func stepRunning(_ vp: Int) {
    switch pick(9) {
    case 0: halt(vp)
    case 1: go(vp, to: vps[vp].active + 1, .call)
    case 2: go(vp, to: vps[vp].active - 1, .return)
    case 3: interruptUp(vp)
    case 4: accept(vp)
    case 5: take(vp)
    case 6: operate(vp)
    case 7: log(vp, vps[vp].active, .exception(vector: 14, errorCode: 0, address: 0))
    default: reset(vp)
    }
  }

  // MARK: - What may happen

  private mutating func log(_ vp: Int, _ vtl: Int, rip: UInt64 = 1, _ body: Event.Body) {
    events.append(
      Event(sequence: UInt64(events.count), time: now, context: ContextID(vp, vtl), rip: rip, body))
  }

  private mutating func set(_ vp: Int, _ vtl: Int, _ activity: Activity) {
    vps[vp].activity[vtl] = activity
    vps[vp].since[vtl] = now
  }

  private mutating func start(_ vp: Int) {
    set(vp, vps[vp].active, .running)
    log(vp, vps[vp].active, rip: 0, .started(VectorNumber(0x10)))
  }

  private mutating func halt(_ vp: Int) {
    set(vp, vps[vp].active, .halted)
    log(vp, vps[vp].active, .halted(interruptsEnabled: true))
  }

  private mutating func wake(_ vp: Int) {
    set(vp, vps[vp].active, .running)
    log(vp, vps[vp].active, rip: 0, .woke(after: .zero))
  }

  private mutating func accept(_ vp: Int) {
    let vtl = pick(vtlCount)
    let vector = UInt8(0x30 + pick(4))
    let isNew = vps[vp].pending[vtl].insert(vector).inserted
    let other = JourneyID(rawValue: 1)
    log(vp, vtl, rip: 0, .accepted(VectorNumber(rawValue: vector), .fixed, isNew ? .pending : .merged(with: other)))
  }

  private mutating func take(_ vp: Int) {
    let vtl = vps[vp].active
    guard let vector = vps[vp].pending[vtl].max() else { return }
    vps[vp].pending[vtl].remove(vector)
    log(vp, vtl, .acknowledged(VectorNumber(rawValue: vector), waited: .zero))
  }

  private mutating func reset(_ vp: Int) {
    guard vp > 0, pick(4) == 0 else { return }
    let vtl = vps[vp].active
    // INIT hides what was before; something that says so comes first.
    log(vp, vtl, .spuriousEOI)
    set(vp, vtl, .waitForStartup)
    vps[vp].pending[vtl] = []
    log(vp, vtl, rip: 0, .initialized)
  }

  private mutating func interruptUp(_ vp: Int) { go(vp, to: vps[vp].active + 1 + pick(2), .interrupt) }
  private mutating func operate(_ vp: Int) { go(vp, to: pick(vtlCount), .operator) }

  private mutating func go(_ vp: Int, to: Int, _ reason: VTLSwitchReason) {
    let from = vps[vp].active
    guard to != from, to >= 0, to < vtlCount, vps[vp].activity[to] != .waitForStartup else { return }
    vps[vp].active = to
    vps[vp].interrupted.subtract([from, to])
    if to > from {
      vps[vp].entryReason[to] = reason
      vps[vp].entryTime[to] = now
      if reason == .interrupt || reason == .operator { vps[vp].interrupted.insert(from) }
    }
    for vtl in [from, to] { vps[vp].since[vtl] = now }
    log(vp, to, .vtlSwitched(from: VTL(from), to: VTL(to), reason, nil))
  }

  // MARK: - What is true

  /// What the lane of a VTL shows while `vp` is so, by the words of the legend.
  static func state(_ vp: VP, _ vtl: Int) -> LaneState {
    switch vp.activity[vtl] {
    case .waitForStartup: return .waitsForStartup
    case .shutdown: return .shutDown
    case .running where vtl == vp.active: return .running
    case .halted where vtl == vp.active: return .halted
    default: break
    }
    guard vtl < vp.active else { return .inactive }
    if !vp.pending[vtl].isEmpty { return .preempted }
    return vp.interrupted.contains(vtl) && vp.activity[vtl] == .running ? .preempted : .inactive
  }

  /// How long each VTL was in each state in a window, in or out of the VP.
  func times(_ vp: Int, _ from: VirtualTime, _ to: VirtualTime) -> [[Bool: [LaneState: UInt64]]] {
    var sums = Array(repeating: [Bool: [LaneState: UInt64]](), count: vtlCount)
    for (i, moment) in truth[vp].enumerated() {
      let end = i + 1 < truth[vp].count ? truth[vp][i + 1].time : now
      let (first, last) = (max(from, moment.time), min(to, end))
      guard first < last else { continue }
      for vtl in 0..<vtlCount {
        let isHere = vtl == moment.vp.active
        sums[vtl][isHere, default: [:]][Self.state(moment.vp, vtl), default: 0] += (last - first).rawValue
      }
    }
    return sums
  }

  var snapshot: Snapshot {
    var machine = MachineSnapshot(vpCount: UInt32(vps.count), vtlCount: UInt8(vtlCount), memoryBytes: 0)
    machine.time = now
    machine.nextEvent = UInt64(events.count)
    let contexts = vps.enumerated().flatMap { vp, state in
      (0..<vtlCount).map { vtl in
        var context = ContextSnapshot(id: ContextID(vp, vtl), group: GroupID(vtl))
        context.isEnabled = true
        context.isActive = vtl == state.active
        context.activity = state.activity[vtl]
        context.since = state.since[vtl]
        context.entryReason = state.entryReason[vtl]
        context.entryTime = state.entryTime[vtl]
        context.pending = state.pending[vtl].sorted(by: >).map {
          VectorState(
            vector: VectorNumber(rawValue: $0), since: now, journey: JourneyID(rawValue: 1), isLevelTriggered: false)
        }
        return context
      }
    }
    return Snapshot(machine: machine, contexts: contexts, groups: [])
  }
}
