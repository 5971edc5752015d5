import Architecture
import Journal

/// One time that a timer came due, and what became of it.
public struct Expiry: Hashable, Sendable {
  /// The number of the event.
  public var sequence: UInt64
  public var journey: JourneyID
  /// Of a synthetic timer with a message not known before its interrupt.
  public var vector: VectorNumber?
  /// When the interrupt was to come.
  public var due: VirtualTime
  /// When the machine saw that it was due.
  public var expired: VirtualTime
  /// The LVT entry was masked: no interrupt came of it.
  public var isMasked: Bool
  /// What the local APIC said; nil when that is not in the log, and when masked.
  public var acceptance: Acceptance?
  /// When the processor took the interrupt.
  public var taken: VirtualTime?
  /// When its handler wrote EOI.
  public var ended: VirtualTime?

  /// From the due time to the moment the processor took the interrupt; nil when it did not.
  public var lateness: VirtualTime? { taken.map { $0 - due } }

  /// It is a tick that the guest does not see for itself.
  public var isMerged: Bool { if case .merged? = acceptance { true } else { false } }

  /// The processor has not taken it, and may yet, as far as the log says.
  var isWaiting: Bool { taken == nil && !isMasked && (acceptance ?? .pending) == .pending }
}

/// The expiries of the local APIC and synthetic timers that are in the log, put together event by event.
public struct TimerLog: Sendable {
  private var contexts: [ContextID: ContextTimers] = [:]
  /// The time of the oldest event that is kept; nil before there is one.
  private(set) var begin: VirtualTime?

  struct History: Sendable {
    var expiries = Backlog<Expiry>()
    /// Where the expiries are that something may still become of.
    var open: [JourneyID: Int] = [:]
    /// The longest waiting expiry among those that have left the log.
    var forgotten: Expiry?
  }

  /// The timers of one context.
  private struct ContextTimers: Sendable {
    var local = History()
    /// None before the first has expired.
    var synthetic: [History] = []

    mutating func update(_ change: (inout History) -> Void) {
      change(&local)
      for i in synthetic.indices { change(&synthetic[i]) }
    }

    mutating func update(_ source: TimerSource, _ change: (inout History) -> Void) {
      guard case .synthetic(_, let n) = source else { return change(&local) }
      guard (0..<SynICRegister.timerCount).contains(n) else { return }
      if synthetic.isEmpty { synthetic = Array(repeating: History(), count: SynICRegister.timerCount) }
      change(&synthetic[n])
    }
  }

  mutating func note(_ event: Event) {
    begin = begin ?? event.time
    guard let id = event.context else { return }
    switch event.body {
    case .timerExpired(let vector, let due, let isMasked):
      begin(.local(id), event, vector, due: due, isMasked: isMasked)
    case .syntheticTimerExpired(let index, let due, let isDirect, let target):
      let vector = isDirect ? VectorNumber(rawValue: target) : nil
      begin(.synthetic(id, Int(index)), event, vector, due: due, isMasked: false)
    case .accepted(let vector, _, let acceptance):
      update(event, isOver: acceptance != .pending) {
        $0.acceptance = acceptance
        $0.vector = vector
      }
    case .acknowledged:
      update(event, isOver: false) {
        $0.taken = event.time
        $0.acceptance = $0.acceptance ?? .pending
      }
    case .endOfInterrupt: update(event, isOver: true) { $0.ended = event.time }
    default: return
    }
  }

  private mutating func begin(
    _ source: TimerSource, _ event: Event, _ vector: VectorNumber?, due: VirtualTime, isMasked: Bool
  ) {
    guard let id = event.context else { return }
    let expiry = Expiry(
      sequence: event.sequence, journey: event.journey, vector: vector, due: due, expired: event.time,
      isMasked: isMasked)
    contexts[id, default: ContextTimers()].update(source) { $0.begin(expiry) }
  }

  private mutating func update(_ event: Event, isOver: Bool, _ change: (inout Expiry) -> Void) {
    guard let id = event.context else { return }
    contexts[id]?.update { $0.update(event.journey, isOver: isOver, change) }
  }

  /// Drops what is older than the oldest event that is kept.
  mutating func forget(before oldest: Event) {
    begin = oldest.time
    for id in contexts.keys { contexts[id]?.update { $0.forget(before: oldest.sequence) } }
  }

  /// The expiries of a timer, oldest first.
  public func expiries(of source: TimerSource) -> Backlog<Expiry> {
    history(of: source)?.expiries ?? Backlog<Expiry>()
  }

  private func history(of source: TimerSource) -> History? {
    guard let timers = source.context.flatMap({ contexts[$0] }) else { return nil }
    guard case .synthetic(_, let n) = source else { return timers.local }
    return timers.synthetic.indices.contains(n) ? timers.synthetic[n] : nil
  }

  /// The oldest expiry whose interrupt still waits in the IRR; also when its event has left the log.
  public func waiting(_ source: TimerSource, in context: ContextSnapshot) -> Expiry? {
    guard let history = history(of: source) else { return nil }
    func isPending(_ expiry: Expiry) -> Bool {
      expiry.isWaiting && context.pending.contains { $0.journey == expiry.journey }
    }
    if let forgotten = history.forgotten, isPending(forgotten) { return forgotten }
    let places = history.open.values.sorted()
    return places.lazy.compactMap { history.expiries.at(place: $0) }.first(where: isPending)
  }
}

extension TimerLog.History {
  mutating func begin(_ expiry: Expiry) {
    var expiry = expiry
    if open[expiry.journey] != nil {
      // A message that still waits for its slot stands for this expiry too.
      expiry.acceptance = .merged(with: expiry.journey)
    } else if !expiry.isMasked, expiry.journey != .none {
      open[expiry.journey] = expiries.nextPlace
    }
    expiries.append(expiry)
  }

  mutating func update(_ journey: JourneyID, isOver: Bool, _ change: (inout Expiry) -> Void) {
    if var old = forgotten, old.journey == journey {
      change(&old)
      forgotten = old.isWaiting ? old : nil
    }
    guard let place = open[journey] else { return }
    let i = place - expiries.removed
    if i >= 0, i < expiries.count { change(&expiries[i]) }
    if isOver { open[journey] = nil }
  }

  mutating func forget(before sequence: UInt64) {
    while let first = expiries.first, first.sequence < sequence {
      if open.removeValue(forKey: first.journey) != nil, first.isWaiting, forgotten == nil { forgotten = first }
      expiries.removeFirst(1)
    }
  }
}
