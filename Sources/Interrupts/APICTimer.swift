import Architecture
import Journal

/// The local APIC timer: what it counts from, and when it is due. SDM Vol. 3A, 12.5.4.
///
/// Its input clock is the clock of virtual time, so one count is `divide.divisor` ticks. Nothing counts: the
/// current count is computed from the due time when it is asked for.
struct APICTimer: Hashable, Sendable {
  /// A periodic timer does not run faster than this, or a guest could make the machine do nothing else.
  ///
  /// KVM has the same rule at 200 us (`min_timer_period_us`).
  static var shortestPeriod: UInt64 { 1_000 }

  private(set) var mode = TimerMode.oneShot
  private(set) var initialCount: UInt32 = 0
  private(set) var divide = TimerDivide(rawValue: 0)
  /// What IA32_TSC_DEADLINE reads: 0 when nothing is armed.
  private(set) var deadline: UInt64 = 0
  /// When it expires next.
  private(set) var due: VirtualTime?
  /// A guest's TSC reads virtual time plus this. The deadline is in the guest's TSC.
  private(set) var timestampOffset: UInt64 = 0

  var expired: UInt64 = 0
  var expiredWhileMasked: UInt64 = 0
  var lastMaskedExpiry: VirtualTime?
  private(set) var lastExpiry: VirtualTime?
  /// Ticks that found their vector pending, and those that came too late to be told apart.
  var mergedTicks: UInt64 = 0
  private(set) var lastWrite: TimerWrite?
  private(set) var ignoredWrites: UInt64 = 0

  /// Ticks from the initial count to 0.
  private var span: UInt64 { UInt64(initialCount) &* divide.divisor }

  /// Ticks between two expiries in periodic mode.
  private var period: UInt64 { max(span, Self.shortestPeriod) }

  /// The period, or the one-shot span, of the running count; zero in TSC-deadline mode.
  var shownPeriod: VirtualTime {
    switch mode {
    case .oneShot: VirtualTime(ticks: span)
    case .periodic: VirtualTime(ticks: initialCount == 0 ? 0 : period)
    case .deadline, .reserved: .zero
    }
  }

  /// TMCCT: counts left, rounded up, so that it equals the initial count until the first count is complete.
  func currentCount(at now: VirtualTime) -> UInt32 {
    guard mode != .deadline, let due else { return 0 }
    var left = (due - now).rawValue
    if left == 0, mode == .periodic { left = period - (now - due).rawValue % period }
    let counts = (left &+ divide.divisor &- 1) / divide.divisor
    return UInt32(truncatingIfNeeded: min(counts, UInt64(initialCount)))
  }

  /// A write to TMICT: starts over; 0 stops. Ignored in TSC-deadline mode (12.5.4.1).
  mutating func setInitialCount(_ count: UInt32, at now: VirtualTime) {
    guard mode != .deadline else { return }
    initialCount = count
    due = count == 0 || mode == .reserved ? nil : now + VirtualTime(ticks: mode == .periodic ? period : span)
  }

  /// A write to TDCR. The counts that are left are kept and run at the new rate; the manual does not say, KVM
  /// does so.
  mutating func setDivide(_ value: UInt32, at now: VirtualTime) {
    let left = currentCount(at: now)
    divide = TimerDivide(rawValue: value & 0xB)
    guard mode != .deadline, due != nil else { return }
    due = now + VirtualTime(ticks: UInt64(left) &* divide.divisor)
  }

  /// A write to the LVT entry's mode.
  ///
  /// Crossing into or out of TSC-deadline mode disarms and zeroes the counts. SDM Vol. 3A, 12.5.4.1 says that
  /// of every change of mode; processors and KVM keep a running count between one-shot and periodic, and so
  /// does this one.
  mutating func setMode(_ newMode: TimerMode) {
    guard newMode != mode else { return }
    let keepsRunning = mode.counts && newMode.counts
    mode = newMode
    guard !keepsRunning else { return }
    initialCount = 0
    deadline = 0
    due = nil
  }

  /// A write to IA32_TSC_DEADLINE (6E0h): 0 disarms, the past expires at once. Ignored in the other modes.
  mutating func setDeadline(_ value: UInt64) {
    guard mode == .deadline else { return }
    deadline = value
    due = value == 0 ? nil : time(of: value)
  }

  /// The virtual time of a value of the guest's TSC; zero for what was before power-on.
  private func time(of timestamp: UInt64) -> VirtualTime {
    let offset = Int64(bitPattern: timestampOffset)
    let span = VirtualTime(ticks: offset.magnitude)
    return offset < 0 ? VirtualTime(ticks: timestamp) + span : VirtualTime(ticks: timestamp) - span
  }

  /// The guest wrote its TSC: an armed deadline moves with it.
  mutating func setTimestampOffset(_ offset: UInt64) {
    timestampOffset = offset
    if deadline != 0 { setDeadline(deadline) }
  }

  /// Takes every expiry up to `now`: the due time of the last one, and how many there were. Nil when none is
  /// due.
  ///
  /// A periodic timer stays on its grid: ticks that come too late to be told apart are one, as the IRR has
  /// one bit.
  mutating func expire(at now: VirtualTime) -> (due: VirtualTime, count: UInt64)? {
    guard let first = due, first <= now else { return nil }
    guard mode == .periodic else {
      due = nil
      deadline = 0
      expired &+= 1
      lastExpiry = first
      return (first, 1)
    }
    let missed = (now - first).rawValue / period
    let last = first + VirtualTime(ticks: missed &* period)
    due = last + VirtualTime(ticks: period)
    expired &+= missed &+ 1
    lastExpiry = last
    return (last, missed &+ 1)
  }

  /// Remembers a write to one of the timer's registers.
  mutating func note(_ write: TimerWrite) {
    lastWrite = write
    if write.isIgnored { ignoredWrites &+= 1 }
  }

  /// Stops, and forgets the counts; the statistics stay.
  mutating func reset() {
    mode = .oneShot
    initialCount = 0
    divide = TimerDivide(rawValue: 0)
    deadline = 0
    due = nil
  }

  func fill(_ timer: inout TimerSnapshot) {
    timer.due = due
    timer.period = shownPeriod
    timer.deadline = deadline
    timer.expired = expired
    timer.expiredWhileMasked = expiredWhileMasked
    timer.lastMaskedExpiry = lastMaskedExpiry
    timer.lastExpiry = lastExpiry
    timer.mergedTicks = mergedTicks
    timer.lastWrite = lastWrite
    timer.ignoredWrites = ignoredWrites
  }
}

extension TimerMode {
  /// It counts down from TMICT.
  fileprivate var counts: Bool { self == .oneShot || self == .periodic }
}
