import Architecture
import Journal

/// One synthetic timer (TLFS, "Synthetic Timers"). COUNT is in 100 ns of the partition's reference counter.
struct SyntheticTimer: Sendable {
  private(set) var config = SyntheticTimerConfig(rawValue: 0)
  private(set) var count: UInt64 = 0
  /// When it expires, in 100 ns; nil while it is not running.
  private(set) var expiration: UInt64?
  /// Its message waits for the slot.
  var isWaiting = false
  /// The interrupt that this message will be.
  var journey = JourneyID.none
  private var lastExpiry: VirtualTime?
  private var expired: UInt64 = 0
  var skipped: UInt64 = 0

  var due: VirtualTime { expiration.map { Self.time($0) } ?? .never }

  /// What is enabled with nowhere to send its expiry is not enabled.
  mutating func set(_ new: SyntheticTimerConfig, at now: VirtualTime) {
    config = new
    if !config.hasTarget { config.isEnabled = false }
    arm(at: now)
  }

  /// Zero stops it; anything else enables it when it is auto-enabled.
  mutating func setCount(_ value: UInt64, at now: VirtualTime) {
    count = value
    if value == 0 {
      config.isEnabled = false
    } else if config.isAutoEnabled, config.hasTarget {
      config.isEnabled = true
    }
    arm(at: now)
  }

  /// From now on: a one-shot at COUNT, also when that is past; a periodic one COUNT from now.
  private mutating func arm(at now: VirtualTime) {
    guard config.isEnabled, count != 0 else { return expiration = nil }
    expiration = config.isPeriodic ? Self.sum(HyperVPartition.hundredNanoseconds(now), count) : count
  }

  /// It is due: gives when it was, in 100 ns. The next expiry of a periodic one is the next multiple of its period
  /// that is not past; those that are past are counted.
  mutating func expire(at now: VirtualTime) -> UInt64 {
    let was = expiration ?? 0
    expired &+= 1
    lastExpiry = now
    guard config.isPeriodic, count != 0 else {
      config.isEnabled = false
      expiration = nil
      return was
    }
    let current = HyperVPartition.hundredNanoseconds(now)
    let missed = current > was ? (current - was) / count : 0
    skipped &+= missed
    let (span, overflow) = missed.multipliedReportingOverflow(by: count)
    expiration = overflow ? .max : Self.sum(Self.sum(was, span), count)
    return was
  }

  private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// The first tick at which the reference counter has reached `count`.
  static func time(_ count: UInt64) -> VirtualTime {
    let (ticks, overflow) = count.multipliedReportingOverflow(by: HyperVPartition.ticksPerReferenceUnit)
    return overflow ? .never : VirtualTime(ticks: ticks)
  }

  var snapshot: SyntheticTimerSnapshot {
    var shot = SyntheticTimerSnapshot()
    shot.config = config.rawValue
    shot.count = count
    shot.due = expiration == nil ? nil : due
    shot.lastExpiry = lastExpiry
    shot.expired = expired
    shot.skipped = skipped
    shot.isWaiting = isWaiting
    return shot
  }
}

/// A timer has expired.
public struct SyntheticTimerExpiry: Hashable, Sendable {
  public var index: Int
  public var due: VirtualTime
  public var target: Target
  /// The interrupt that comes of it: of a merged expiry that of the message that waits.
  public var journey: JourneyID

  public enum Target: Hashable, Sendable {
    /// Raise this vector.
    case direct(VectorNumber)
    /// A message is in the queue of this source.
    case message(sint: Int)
    /// As before, but the message of the last expiry waits there still: this one is counted with the periods skipped.
    case merged(sint: Int)
  }
}

extension SynIC {
  mutating func updateDue() {
    due = .never
    for n in 0..<SynICRegister.timerCount { due = min(due, timers[n].due) }
  }

  /// Lets the first timer that is due expire; nil when none is. Call until then.
  ///
  /// - Parameter journey: the number that the interrupt is to have.
  public mutating func expireTimer(at now: VirtualTime, journey: JourneyID = .none) -> SyntheticTimerExpiry? {
    guard due <= now else { return nil }
    var first = 0
    for n in 1..<SynICRegister.timerCount where timers[n].due < timers[first].due { first = n }
    let config = timers[first].config
    let time = timers[first].due
    let expiration = timers[first].expire(at: now)
    updateDue()
    func expiry(_ target: SyntheticTimerExpiry.Target, _ journey: JourneyID) -> SyntheticTimerExpiry {
      SyntheticTimerExpiry(index: first, due: time, target: target, journey: journey)
    }
    guard !config.isDirect else { return expiry(.direct(config.vector), journey) }
    guard !timers[first].isWaiting else {
      timers[first].skipped &+= 1
      return expiry(.merged(sint: config.sint), timers[first].journey)
    }
    timers[first].isWaiting = true
    timers[first].journey = journey
    append(.timer(first, expiration: expiration), to: config.sint)
    return expiry(.message(sint: config.sint), journey)
  }
}
