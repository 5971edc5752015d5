import Architecture
import Interrupts
import Journal

/// What one VP did, built up from its events.
///
/// Where the log begins the state is not known. The first event that tells what was before it settles the time
/// back to there, for nothing else can have happened in between.
struct VPLane: Sendable {
  let vp: VPIndex
  private(set) var segments = Backlog<LaneSegment>()
  /// In order of time.
  private(set) var points = Backlog<LanePoint>()
  /// By VTL, the stays that have ended.
  private(set) var stays: [Backlog<LaneStay>]
  /// By VTL, the events at which an interrupt began to wait for a higher VTL.
  private(set) var holdings: [Backlog<UInt64>]
  /// The stay that lasts; nil when its beginning is not known.
  private(set) var stay: LaneStay?
  /// What is true after the last event.
  private var now: LaneSegment
  private var pending: [VectorSet]

  init(_ vp: VPIndex, vtlCount: Int) {
    self.vp = vp
    stays = Array(repeating: Backlog(), count: vtlCount)
    holdings = Array(repeating: Backlog(), count: vtlCount)
    pending = Array(repeating: VectorSet(), count: vtlCount)
    now = LaneSegment(begin: .zero, sequence: 0)
  }

  /// The log begins: from here on nothing is missing.
  mutating func begin(at time: VirtualTime, _ sequence: UInt64) {
    segments.append(LaneSegment(begin: time, sequence: sequence))
    now = segments[0]
  }

  /// Events are missing between the two times: whatever was true before may not be.
  mutating func miss(from: VirtualTime, to: VirtualTime, _ sequence: UInt64) {
    let first = max(from, segments.last?.begin ?? from)
    if let last = segments.last, last.begin == first { _ = segments.removeLast() }
    segments.append(LaneSegment(begin: first, sequence: sequence, isGap: true))
    now = LaneSegment(begin: max(first, to), sequence: sequence)
    segments.append(now)
    stay = nil
    for i in pending.indices { pending[i] = VectorSet() }
  }

  mutating func forget(before sequence: UInt64) {
    // The stretch in which the log begins stays.
    while segments.count > 1, segments[1].sequence <= sequence { segments.removeFirst(1) }
    points.drop { $0.sequence < sequence }
    for i in stays.indices {
      stays[i].drop { $0.sequence < sequence }
      holdings[i].drop { $0 < sequence }
    }
  }

  // MARK: - Events

  mutating func note(_ event: Event, _ vtl: VTL) {
    switch event.body {
    case .vtlSwitched(let from, let to, let reason, let vector):
      guard to == vtl, from.index < pending.count else { return }
      change(event, from, to, LaneEntry(from: from, reason: reason, vector: vector, rip: event.rip))
    case .halted: set(.halted, of: vtl, was: .running, event)
    case .idled: set(.idle, of: vtl, was: .running, event)
    // Or was idle, which a lane shows alike.
    case .woke: set(.running, of: vtl, was: .halted, event)
    case .acknowledged(let vector, _):
      set(.running, of: vtl, was: .running, event)
      pending[vtl.index].remove(vector)
      updatePending(vtl, event.time, event.sequence)
    case .externalAcknowledged, .nmiTaken: set(.running, of: vtl, was: .running, event)
    case .accepted(let vector, .fixed, .pending), .accepted(let vector, .lowestPriority, .pending):
      pending[vtl.index].insert(vector)
      updatePending(vtl, event.time, event.sequence)
    case .initialized:
      pending[vtl.index] = VectorSet()
      updatePending(vtl, event.time, event.sequence)
      // The bootstrap processor goes on at its reset vector.
      set(vp.rawValue == 0 ? .running : .waitForStartup, of: vtl, was: nil, event)
    case .started:
      learn(.waitForStartup, of: vtl)
      now.setActivity(.running, of: vtl)
      push(event.time, event.sequence)
    case .stopped(.tripleFault, _): set(.shutdown, of: vtl, was: .running, event)
    case .timerExpired(_, let due, _):
      point(LanePoint(time: min(due, event.time), sequence: event.sequence, vtl: vtl, kind: .timerDue))
    case .exception:
      witness(event, vtl)
      point(LanePoint(time: event.time, sequence: event.sequence, vtl: vtl, kind: .fault))
    case .vtlEnabled(let enabled, forPartition: false) where enabled == vtl: learn(.running, of: vtl)
    default: witness(event, vtl)
    }
  }

  /// An event with an RIP is something that a running VTL did.
  private mutating func witness(_ event: Event, _ vtl: VTL) {
    guard event.rip != 0, now.active == nil || now.active == vtl else { return }
    confirm(active: vtl, event.time, event.sequence)
    learn(.running, of: vtl)
  }

  /// The VP goes from one VTL to another.
  private mutating func change(_ event: Event, _ from: VTL, _ to: VTL, _ entry: LaneEntry) {
    confirm(active: from, event.time, event.sequence)
    // An interrupt may take the VP from a VTL that was halted; who calls or returns was running.
    if entry.reason != .interrupt, entry.reason != .operator { learn(.running, of: from) }
    if var over = stay {
      over.end = max(event.time, over.begin)
      over.sequence = event.sequence
      stays[from.index].append(over)
    }
    now.active = to
    now.interrupted &= ~(from.bit | to.bit)
    if to > from, entry.reason.interrupts { now.interrupted |= from.bit }
    // HvCallStartVirtualProcessor starts the VTLs above its target along with it.
    if now.activity(of: to) == .waitForStartup { now.setActivity(.running, of: to) }
    now.entry = entry
    push(event.time, event.sequence)
    stay = LaneStay(begin: segments.last?.begin ?? event.time, end: nil, sequence: event.sequence, entry: entry)
    now.entry = nil
  }

  /// The active VTL does something from now on, and did something else until now.
  private mutating func set(_ activity: Activity, of vtl: VTL, was before: Activity?, _ event: Event) {
    confirm(active: vtl, event.time, event.sequence)
    if let before { learn(before, of: vtl) }
    guard now.activity(of: vtl) != activity else { return }
    now.setActivity(activity, of: vtl)
    push(event.time, event.sequence)
  }

  private mutating func point(_ point: LanePoint) {
    points.append(point)
    var i = points.count - 1
    while i > 0, points[i - 1].time > point.time {
      points[i] = points[i - 1]
      i -= 1
    }
    points[i] = point
  }

  /// An IRR has something in it, or nothing any more. It shows where a higher VTL is in the way.
  private mutating func updatePending(_ vtl: VTL, _ time: VirtualTime, _ sequence: UInt64) {
    let isPending = !pending[vtl.index].isEmpty
    guard (now.pending & vtl.bit != 0) != isPending else { return }
    now.pending ^= vtl.bit
    if now.active.map({ vtl < $0 }) ?? true { push(time, sequence) }
  }

  // MARK: - Stretches

  /// Begins a stretch in which what is true now is true.
  private mutating func push(_ time: VirtualTime, _ sequence: UInt64) {
    let last = segments.last
    now.begin = max(time, last?.begin ?? time)
    now.sequence = sequence
    for vtl in pending.indices where now.held & ~(last?.held ?? 0) & VTL(vtl).bit != 0 {
      holdings[vtl].append(sequence)
    }
    if let last, last.begin == now.begin, !last.isGap, last.entry == nil || now.entry == nil {
      var joined = now
      joined.entry = now.entry ?? last.entry
      _ = segments.removeLast()
      segments.append(joined)
    } else {
      segments.append(now)
    }
  }

  /// The VP is known to be in `vtl`, and has been since the last event that could have changed that.
  private mutating func confirm(active vtl: VTL, _ time: VirtualTime, _ sequence: UInt64) {
    if now.active == nil {
      for i in segments.indices.reversed() {
        guard !segments[i].isGap, segments[i].active == nil else { break }
        segments[i].active = vtl
      }
      now.active = vtl
    } else if now.active != vtl {
      now.active = vtl
      stay = nil
      push(time, sequence)
    }
  }

  /// The activity of a VTL was this, and has been since the last event that could have changed it.
  private mutating func learn(_ activity: Activity, of vtl: VTL) {
    guard now.activity(of: vtl) == nil else { return }
    for i in segments.indices.reversed() {
      guard !segments[i].isGap, segments[i].activity(of: vtl) == nil else { break }
      segments[i].setActivity(activity, of: vtl)
    }
    now.setActivity(activity, of: vtl)
  }
}

// MARK: - Snapshots

extension VPLane {
  /// The contexts of this VP as they are after the last event that was noted.
  mutating func reconcile(_ contexts: [ContextSnapshot], _ sequence: UInt64) {
    guard let active = contexts.first(where: { $0.isActive }) else { return }
    if segments.isEmpty { begin(at: active.since, sequence) }
    let wasKnown = now.active != nil && now.activity(of: active.id.vtl) != nil
    confirm(active: active.id.vtl, active.since, sequence)
    for context in contexts {
      if now.activity(of: context.id.vtl) == nil { learn(context.activity, of: context.id.vtl) }
      guard now.activity(of: context.id.vtl) != context.activity else { continue }
      now.setActivity(context.activity, of: context.id.vtl)
      push(context.since, sequence)
    }
    if !wasKnown { extend(back: active) }
    adoptEntry(of: active)
    for context in contexts { adoptPending(context, sequence) }
  }

  /// What a snapshot says was true since before the log, or since within a gap.
  private mutating func extend(back active: ContextSnapshot) {
    var first = segments.count - 1
    while first > 0, !segments[first - 1].isGap { first -= 1 }
    guard segments[first].active == active.id.vtl, active.since < segments[first].begin else { return }
    segments[first].begin = first > 0 ? max(active.since, segments[first - 1].begin) : active.since
  }

  /// How the VP came into a higher VTL, when the log does not say.
  private mutating func adoptEntry(of active: ContextSnapshot) {
    guard stay == nil, active.id.vtl > .vtl0, let reason = active.entryReason else { return }
    let entry = LaneEntry(from: nil, reason: reason, vector: nil, rip: 0)
    stay = LaneStay(begin: active.entryTime, end: nil, sequence: now.sequence, entry: entry)
    guard reason.interrupts else { return }
    now.interrupted |= active.id.vtl.lowerOnes
    for i in segments.indices.reversed() {
      guard segments[i].active == active.id.vtl, segments[i].entry == nil else { break }
      segments[i].interrupted |= active.id.vtl.lowerOnes
      if segments[i].begin == active.entryTime { segments[i].entry = entry }
    }
  }

  private mutating func adoptPending(_ context: ContextSnapshot, _ sequence: UInt64) {
    var vectors = VectorSet()
    for state in context.pending { vectors.insert(state.vector) }
    guard context.id.vtl.index < pending.count, pending[context.id.vtl.index] != vectors else { return }
    pending[context.id.vtl.index] = vectors
    let since = context.pending.map(\.since).min() ?? now.begin
    for i in segments.indices.reversed() {
      guard !vectors.isEmpty, !segments[i].isGap, segments[i].begin >= since else { break }
      segments[i].pending |= context.id.vtl.bit
    }
    updatePending(context.id.vtl, since, sequence)
  }
}
