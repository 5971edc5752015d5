import Architecture
import Journal

/// One time that a local APIC timer came due, and what became of it.
public struct Expiry: Hashable, Sendable {
  /// The number of the event.
  public var sequence: UInt64
  public var journey: JourneyID
  public var vector: VectorNumber
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

/// The expiries of the local APIC timers that are in the log, put together event by event.
public struct TimerLog: Sendable {
  private var histories: [ContextID: History] = [:]
  /// The time of the oldest event that is kept; nil before there is one.
  private(set) var begin: VirtualTime?

  struct History: Sendable {
    var expiries = Backlog<Expiry>()
    /// Where the expiries are that something may still become of.
    var open: [JourneyID: Int] = [:]
    /// The longest waiting expiry among those that have left the log.
    var forgotten: Expiry?
  }

  mutating func note(_ event: Event) {
    begin = begin ?? event.time
    guard let id = event.context else { return }
    switch event.body {
    case .timerExpired(let vector, let due, let isMasked):
      histories[id, default: History()].begin(
        Expiry(
          sequence: event.sequence, journey: event.journey, vector: vector, due: due, expired: event.time,
          isMasked: isMasked))
    case .accepted(_, _, let acceptance):
      histories[id]?.update(event.journey, isOver: acceptance != .pending) { $0.acceptance = acceptance }
    case .acknowledged:
      histories[id]?.update(event.journey, isOver: false) {
        $0.taken = event.time
        $0.acceptance = $0.acceptance ?? .pending
      }
    case .endOfInterrupt: histories[id]?.update(event.journey, isOver: true) { $0.ended = event.time }
    default: return
    }
  }

  /// Drops what is older than the oldest event that is kept.
  mutating func forget(before oldest: Event) {
    begin = oldest.time
    for id in histories.keys { histories[id]?.forget(before: oldest.sequence) }
  }

  /// The expiries of a context's timer, oldest first.
  public func expiries(of id: ContextID) -> Backlog<Expiry> {
    histories[id]?.expiries ?? Backlog<Expiry>()
  }

  /// The oldest expiry whose interrupt still waits in the IRR; also when its event has left the log.
  public func waiting(_ context: ContextSnapshot) -> Expiry? {
    guard let history = histories[context.id] else { return nil }
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
    if !expiry.isMasked, expiry.journey != .none { open[expiry.journey] = expiries.nextPlace }
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
