import Architecture
import Diagnosis
import Interrupts
import Journal

/// What a timer belongs to.
public enum TimerSource: Hashable, Sendable {
  /// The timer of a local APIC.
  case local(ContextID)
  /// STIMER0...3 of a context.
  case synthetic(ContextID, Int)
  /// Channel 0 of the 8254.
  case pit

  /// Whose it is; nil for a timer of the machine.
  public var context: ContextID? {
    switch self {
    case .local(let id), .synthetic(let id, _): id
    case .pit: nil
    }
  }

  /// The word of the SRC column.
  public var name: String {
    switch self {
    case .local: "LAPIC"
    case .synthetic(_, let n): "STIMER\(n)"
    case .pit: "PIT"
    }
  }

  /// In a sentence: `0.1`, `0.1 STIMER2`, `PIT`.
  public var text: String {
    switch self {
    case .local(let id): id.description
    case .synthetic(let id, _): "\(id) \(name)"
    case .pit: name
    }
  }
}

/// How a timer counts, whatever its kind.
public enum TimerKind: UInt8, Hashable, Sendable, CaseIterable {
  /// Not armed.
  case off
  case once
  case periodic
  case deadline

  /// The word of the MODE column.
  public var text: String {
    switch self {
    case .off: "off"
    case .once: "one"
    case .periodic: "period"
    case .deadline: "deadln"
    }
  }
}

/// What is true of one timer now: when it fires, and whether it is late. Every view says it from here.
public struct TimerRow: Hashable, Sendable {
  public var source: TimerSource
  public var kind: TimerKind
  /// What it delivers; nil when that is not known.
  public var vector: VectorNumber?
  /// When it comes due next.
  public var due: VirtualTime?
  /// As programmed; nil where the mode has none.
  public var period: VirtualTime?
  /// The whole of which what is left until `due` is a part; nil when it is not known.
  public var span: VirtualTime?
  /// Of the input clock; nil for timers that have none.
  public var divisor: Int?
  public var isMasked: Bool
  /// Its vector waits in the IRR.
  public var isPending: Bool
  /// When the expiry was due that the processor has not taken yet.
  public var waitingSince: VirtualTime?
  /// The interrupt of that expiry.
  public var waitingJourney: JourneyID
  /// What holds that interrupt.
  public var gate: DeliveryGate?
  /// The SINT whose message slot is full, with the message of that expiry behind it.
  public var fullSlot: Int?
  public var fired: UInt64
  public var firedMasked: UInt64
  public var mergedTicks: UInt64
  public var ignoredWrites: UInt64
  public var lastMaskedExpiry: VirtualTime?
  public var lastWrite: TimerWrite?

  /// An interrupt that is taken within this span is no news: the other VPs have their slices first.
  public static var tolerance: VirtualTime { .microseconds(100) }

  init(_ source: TimerSource, kind: TimerKind, due: VirtualTime?, isMasked: Bool) {
    self.source = source
    self.kind = kind
    vector = nil
    self.due = due
    period = nil
    span = nil
    divisor = nil
    self.isMasked = isMasked
    isPending = false
    waitingSince = nil
    waitingJourney = .none
    gate = nil
    fullSlot = nil
    fired = 0
    firedMasked = 0
    mergedTicks = 0
    ignoredWrites = 0
    lastMaskedExpiry = nil
    lastWrite = nil
  }

  /// Since when the timer owes its interrupt: the due time of what was not taken, or of what is due and has not
  /// expired; nil when it owes none.
  public func owedSince(at now: VirtualTime) -> VirtualTime? {
    let overdue = due.flatMap { $0 < now && !isMasked ? $0 : nil }
    guard let waitingSince else { return overdue }
    return overdue.map { min($0, waitingSince) } ?? waitingSince
  }

  /// For how long the timer has owed its interrupt.
  public func late(at now: VirtualTime) -> VirtualTime? { owedSince(at: now).map { now - $0 } }

  /// It owes its interrupt for longer than the other VPs explain.
  public func isLate(at now: VirtualTime) -> Bool { late(at: now).map { $0 >= Self.tolerance } ?? false }

  /// How much of the span has passed, in thousandths; nil when it is not armed or the span is not known.
  public func elapsedPermille(at now: VirtualTime) -> Int? {
    guard let due, let span, span > .zero else { return nil }
    let left = min((due - now).rawValue, span.rawValue)
    return Int(Double(span.rawValue - left) / Double(span.rawValue) * 1_000)
  }
}

extension TimerRow {
  /// The local APIC timer of a context.
  public init(_ context: ContextSnapshot, _ log: TimerLog, in snapshot: Snapshot) {
    let timer = context.timer
    let entry = LocalVectorEntry(rawValue: context.apic[0x320])
    self.init(.local(context.id), kind: .off, due: timer.due, isMasked: entry.isMasked)
    if timer.due != nil { kind = TimerKind(entry.timerMode) }
    vector = entry.vector.rawValue < 16 ? nil : entry.vector
    if entry.timerMode != .deadline, timer.period > .zero { period = timer.period }
    span = period ?? timer.armedSpan
    divisor = APICDecoding(context).timerDivisor
    fired = timer.expired
    firedMasked = timer.expiredWhileMasked
    mergedTicks = timer.mergedTicks
    ignoredWrites = timer.ignoredWrites
    lastMaskedExpiry = timer.lastMaskedExpiry
    lastWrite = timer.lastWrite
    findWaiting(in: context, log, snapshot)
    if waitingSince != nil, kind == .off { kind = TimerKind(entry.timerMode) }
  }

  /// A synthetic timer of a context; nil when it has never been set.
  public init?(synthetic n: Int, of context: ContextSnapshot, _ log: TimerLog, in snapshot: Snapshot) {
    guard context.syntheticTimers.indices.contains(n) else { return nil }
    let timer = context.syntheticTimers[n]
    guard timer != SyntheticTimerSnapshot() else { return nil }
    let settings = timer.settings
    let source = context.synic?.source(settings.sint) ?? .atReset
    self.init(
      .synthetic(context.id, n), kind: timer.kind, due: timer.due, isMasked: !settings.isDirect && source.isMasked)
    vector = settings.isDirect ? settings.vector : source.interrupts ? source.vector : nil
    period = timer.period
    span = period
    fired = timer.expired
    mergedTicks = timer.skipped
    findWaiting(in: context, log, snapshot)
    guard timer.isWaiting else { return }
    fullSlot = timer.settings.sint
    waitingSince = waitingSince ?? timer.lastExpiry
  }

  /// What of its expiries waits in the IRR, since when, and what holds it.
  private mutating func findWaiting(in context: ContextSnapshot, _ log: TimerLog, _ snapshot: Snapshot) {
    guard let vector, let state = context.pending.first(where: { $0.vector == vector }) else { return }
    let expiry = log.waiting(source, in: context)
    if case .synthetic = source {
      // Others may use the vector of a source.
      guard expiry != nil else { return }
      isPending = true
    } else {
      isPending = true
      // One that is older than the log set the bit when it was due, or shortly after.
      let isOlder = log.begin.map { state.since < $0 } ?? true
      guard expiry != nil || isOlder && fired > firedMasked else { return }
    }
    waitingSince = expiry?.due ?? state.since
    waitingJourney = expiry?.journey ?? state.journey
    gate = snapshot.outlook(of: vector, in: context).gate
  }

  /// The interval timer of the PC.
  public init(_ pit: PITSnapshot, in snapshot: Snapshot) {
    let repeats = pit.mode == 2 || pit.mode == 3
    self.init(.pit, kind: pit.due == nil ? .off : repeats ? .periodic : .once, due: pit.due, isMasked: false)
    if pit.period > .zero { period = pit.period }
    span = period
    fired = pit.expired
  }

  /// A timer by what it belongs to; nil when it is not there.
  public init?(_ source: TimerSource, _ log: TimerLog, in snapshot: Snapshot) {
    switch source {
    case .local(let id):
      guard let context = snapshot[id], context.isEnabled else { return nil }
      self.init(context, log, in: snapshot)
    case .synthetic(let id, let n):
      guard let context = snapshot[id], context.isEnabled else { return nil }
      self.init(synthetic: n, of: context, log, in: snapshot)
    case .pit:
      guard let pit = snapshot.platform.pit else { return nil }
      self.init(pit, in: snapshot)
    }
  }

  /// Whose timers there are: the contexts that are there, in their order, each with the synthetic timers that were ever
  /// set, then the machine.
  public static func sources(_ snapshot: Snapshot) -> [TimerSource] {
    snapshot.contexts.filter(\.isEnabled).flatMap { context -> [TimerSource] in
      let synthetic = context.syntheticTimers.indices.filter {
        context.syntheticTimers[$0] != SyntheticTimerSnapshot()
      }
      return [.local(context.id)] + synthetic.map { .synthetic(context.id, $0) }
    } + (snapshot.platform.pit == nil ? [] : [.pit])
  }

  /// Every timer of the machine.
  public static func all(_ snapshot: Snapshot, _ log: TimerLog) -> [TimerRow] {
    sources(snapshot).compactMap { TimerRow($0, log, in: snapshot) }
  }
}

extension TimerKind {
  init(_ mode: TimerMode) {
    switch mode {
    case .oneShot: self = .once
    case .periodic: self = .periodic
    case .deadline: self = .deadline
    case .reserved: self = .off
    }
  }
}

extension TimerSnapshot {
  /// From the write that armed the deadline until it is due; nil when the last write was another.
  fileprivate var armedSpan: VirtualTime? {
    guard let due, let lastWrite, lastWrite.register == .deadline, !lastWrite.isIgnored else { return nil }
    return lastWrite.write.time < due ? due - lastWrite.write.time : nil
  }
}
