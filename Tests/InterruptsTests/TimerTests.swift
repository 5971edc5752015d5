import Architecture
import Interrupts
import Journal
import Testing

/// SDM Vol. 3A, 12.5.4. One input clock is one tick.
@Suite struct TimerTests {
  /// A timer with LVT vector 31h in this mode (bits 18:17) and divide configuration.
  private func armed(mode: UInt64 = 0, divide: UInt64 = 0xB, mask: Bool = false) -> LocalAPIC {
    var apic = enabled()
    apic.store(0x320, mode << 17 | (mask ? 0x10000 : 0) | 0x31)
    apic.store(0x3E0, divide)
    return apic
  }

  private func expire(_ apic: inout LocalAPIC, at now: UInt64) -> TimerExpiry? {
    apic.expireTimer(at: VirtualTime(ticks: now), journey: JourneyID(rawValue: now))
  }

  @Test(
    arguments: [(0, 2), (1, 4), (2, 8), (3, 16), (8, 32), (9, 64), (10, 128), (11, 1)] as [(UInt64, UInt64)])
  func `the divide configuration of figure 12-10`(code: UInt64, divisor: UInt64) {
    var apic = armed(divide: code)
    #expect(apic.store(0x380, 1000, at: 5000) == .timerChanged)
    #expect(apic.timerDue == VirtualTime(ticks: 5000 + 1000 * divisor))
    #expect(apic.load(0x390, at: 5000) == 1000)
    #expect(apic.load(0x390, at: 5000 + divisor - 1) == (divisor == 1 ? 1000 : 1000))
    #expect(apic.load(0x390, at: 5000 + divisor) == 999)
    #expect(apic.load(0x390, at: 5000 + 999 * divisor) == 1)
    #expect(apic.load(0x390, at: 5000 + 1000 * divisor) == 0)
  }

  @Test func `one-shot fires once`() {
    var apic = armed()
    apic.store(0x380, 1000, at: 100)
    #expect(expire(&apic, at: 1099) == nil)
    #expect(
      expire(&apic, at: 1100)
        == TimerExpiry(
          due: VirtualTime(ticks: 1100), count: 1, delivery: .accepted(vector(0x31), .fixed, .pending),
          vector: vector(0x31)))
    #expect(apic.timerDue == nil)
    #expect(apic.load(0x380) == 1000)
    #expect(apic.load(0x390, at: 2000) == 0)
    #expect(apic.load(0x210) == 0x2_0000)
  }

  @Test func `periodic reloads, and stays on its grid when late`() {
    var apic = armed(mode: 1)
    apic.store(0x380, 5000, at: 0)
    #expect(expire(&apic, at: 5000)?.count == 1)
    #expect(apic.timerDue == VirtualTime(ticks: 10_000))
    #expect(apic.load(0x390, at: 6000) == 4000)
    #expect(apic.load(0x390, at: 10_000) == 5000)
    let late = expire(&apic, at: 21_000)
    #expect(late?.count == 3)
    #expect(late?.due == VirtualTime(ticks: 20_000))
    #expect(late?.delivery == .accepted(vector(0x31), .fixed, .merged(with: JourneyID(rawValue: 5000))))
    #expect(apic.timerDue == VirtualTime(ticks: 25_000))
  }

  @Test func `a period is no shorter than a microsecond`() {
    var apic = armed(mode: 1)
    apic.store(0x380, 1, at: 0)
    #expect(apic.timerDue == VirtualTime(ticks: 1000))
    #expect(apic.load(0x390, at: 10) == 1)
  }

  @Test func `an initial count of 0 stops`() {
    var apic = armed(mode: 1)
    apic.store(0x380, 5000)
    apic.store(0x380, 0)
    #expect(apic.timerDue == nil)
    #expect(apic.load(0x390) == 0)
  }

  @Test func `writing the initial count starts over`() {
    var apic = armed()
    apic.store(0x380, 5000, at: 0)
    apic.store(0x380, 5000, at: 4000)
    #expect(apic.timerDue == VirtualTime(ticks: 9000))
  }

  @Test func `changing the divisor keeps the counts that are left`() {
    var apic = armed()
    apic.store(0x380, 1000, at: 0)
    apic.store(0x3E0, 0, at: 400)
    #expect(apic.load(0x390, at: 400) == 600)
    #expect(apic.timerDue == VirtualTime(ticks: 1600))
  }

  @Test func `one-shot to periodic and back keeps counting`() {
    var apic = armed()
    apic.store(0x380, 5000, at: 0)
    apic.store(0x320, 0x20031, at: 1000)
    #expect(apic.load(0x390, at: 1000) == 4000)
    #expect(expire(&apic, at: 5000) != nil)
    #expect(apic.timerDue == VirtualTime(ticks: 10_000))
    apic.store(0x320, 0x31, at: 6000)
    #expect(apic.load(0x390, at: 6000) == 4000)
    #expect(expire(&apic, at: 10_000) != nil)
    #expect(apic.timerDue == nil)
    // Run down, it does not come back to life as a periodic one.
    apic.store(0x320, 0x20031, at: 11_000)
    #expect(apic.load(0x390, at: 11_000) == 0)
    #expect(apic.timerDue == nil)
  }

  @Test func `into and out of TSC-deadline mode disarms and clears`() throws {
    var apic = armed()
    apic.store(0x380, 5000)
    apic.store(0x320, 0x40031)
    #expect(apic.timerDue == nil)
    #expect(apic.load(0x380) == 0)
    try apic.wrmsr(0x6E0, 9000)
    #expect(apic.timerDue == VirtualTime(ticks: 9000))
    apic.store(0x320, 0x31)
    #expect(apic.timerDue == nil)
    #expect(try apic.rdmsr(0x6E0) == 0)
  }

  @Test func `a deadline fires when TSC reaches it, then reads 0`() throws {
    var apic = armed(mode: 2)
    try apic.wrmsr(0x6E0, 9000, at: 100)
    #expect(try apic.rdmsr(0x6E0) == 9000)
    #expect(expire(&apic, at: 8999) == nil)
    #expect(expire(&apic, at: 9000)?.delivery == .accepted(vector(0x31), .fixed, .pending))
    #expect(try apic.rdmsr(0x6E0) == 0)
    #expect(apic.timerDue == nil)
  }

  @Test func `a past deadline is due at once and 0 disarms`() throws {
    var apic = armed(mode: 2)
    try apic.wrmsr(0x6E0, 50, at: 100)
    #expect(expire(&apic, at: 100) != nil)
    try apic.wrmsr(0x6E0, 900, at: 100)
    try apic.wrmsr(0x6E0, 0, at: 100)
    #expect(apic.timerDue == nil)
  }

  @Test func `in deadline mode the counts are dead, in the others the deadline is`() throws {
    var apic = armed(mode: 2)
    apic.store(0x380, 5000)
    #expect(apic.load(0x380) == 0)
    #expect(apic.load(0x390) == 0)
    #expect(apic.timerDue == nil)
    var oneShot = armed()
    try oneShot.wrmsr(0x6E0, 9000)
    #expect(try oneShot.rdmsr(0x6E0) == 0)
    #expect(oneShot.timerDue == nil)
  }

  @Test func `the deadline is in the guest's TSC`() throws {
    var apic = armed(mode: 2)
    apic.setTimestampOffset(1000)
    try apic.wrmsr(0x6E0, 9000)
    #expect(apic.timerDue == VirtualTime(ticks: 8000))
    apic.setTimestampOffset(UInt64(bitPattern: -500))
    #expect(apic.timerDue == VirtualTime(ticks: 9500))
    try apic.wrmsr(0x6E0, .max)
    #expect(apic.timerDue == .never)
    apic.setTimestampOffset(20_000)
    try apic.wrmsr(0x6E0, 9000)
    #expect(apic.timerDue == .zero)
  }

  @Test func `a tick that comes while masked is lost, and counted`() {
    var apic = armed(mode: 1, mask: true)
    apic.store(0x380, 5000)
    let expiry = expire(&apic, at: 10_500)
    #expect(expiry?.isMasked == true)
    #expect(expiry?.vector == vector(0x31))
    var snapshot = ContextSnapshot(id: ContextID(3, 0), group: GroupID(0))
    apic.fill(&snapshot, at: VirtualTime(ticks: 10_500))
    #expect(snapshot.timer.expired == 2)
    #expect(snapshot.timer.expiredWhileMasked == 2)
    #expect(snapshot.timer.lastMaskedExpiry == VirtualTime(ticks: 10_000))
    apic.store(0x320, 0x20031)
    #expect(apic.load(0x210) == 0)
    #expect(expire(&apic, at: 10_600) == nil)
  }

  @Test func `software disabling masks the timer and does not stop it`() {
    var apic = armed(mode: 1)
    apic.store(0x380, 5000)
    apic.store(0xF0, 0xFF)
    #expect(apic.timerDue == VirtualTime(ticks: 5000))
    #expect(expire(&apic, at: 5000)?.isMasked == true)
  }

  private func snapshot(_ apic: LocalAPIC) -> TimerSnapshot {
    var snapshot = ContextSnapshot(id: ContextID(3, 0), group: GroupID(0))
    apic.fill(&snapshot, at: VirtualTime(ticks: 50_000))
    return snapshot.timer
  }

  @Test func `a write that the mode ignores says so, and is counted`() throws {
    var apic = armed(mode: 2)
    #expect(apic.store(0x380, 5000, at: 70) == .timerWriteIgnored(.initialCount, value: 5000))
    #expect(
      snapshot(apic).lastWrite
        == TimerWrite(
          register: .initialCount, write: LastWrite(time: VirtualTime(ticks: 70), rip: 0x1000, value: 5000),
          isIgnored: true))
    #expect(try apic.wrmsr(0x6E0, 9000, at: 80) == .timerChanged)
    #expect(
      snapshot(apic).lastWrite
        == TimerWrite(
          register: .deadline, write: LastWrite(time: VirtualTime(ticks: 80), rip: 0x1000, value: 9000),
          isIgnored: false))
    for mode: UInt64 in [0, 1, 3] {
      apic.store(0x320, mode << 17 | 0x31)
      #expect(try apic.wrmsr(0x6E0, 9000) == .timerWriteIgnored(.deadline, value: 9000))
    }
    #expect(snapshot(apic).ignoredWrites == 4)
    #expect(apic.store(0x3E0, 3) == .timerChanged)
    #expect(snapshot(apic).lastWrite?.register == .divide)
    #expect(apic.store(0x320, 0x20031) == .timerChanged)
    #expect(snapshot(apic).lastWrite?.register == .localVector)
    #expect(snapshot(apic).lastWrite?.write.value == 0x20031)
    // Not there, it ignores the deadline in every mode.
    apic.store(0x320, 0x40031)
    try apic.wrmsr(0x1B, 0xFEE0_0000)
    #expect(try apic.wrmsr(0x6E0, 9000) == .timerWriteIgnored(.deadline, value: 9000))
    #expect(apic.timerDue == nil)
    #expect(snapshot(apic).ignoredWrites == 5)
  }

  @Test func `the last expiry is remembered, masked or not`() {
    var apic = armed(mode: 1)
    #expect(snapshot(apic).lastExpiry == nil)
    apic.store(0x380, 5000)
    _ = expire(&apic, at: 5100)
    #expect(snapshot(apic).lastExpiry == VirtualTime(ticks: 5000))
    apic.store(0x320, 0x30031)
    _ = expire(&apic, at: 17_000)
    #expect(snapshot(apic).lastExpiry == VirtualTime(ticks: 15_000))
    #expect(snapshot(apic).lastMaskedExpiry == VirtualTime(ticks: 15_000))
    // What is masked is lost, not merged.
    #expect(snapshot(apic).mergedTicks == 0)
  }

  @Test func `ticks that the guest cannot tell apart are counted as merged`() {
    var apic = armed(mode: 1)
    apic.store(0x380, 5000)
    _ = expire(&apic, at: 5000)
    #expect(snapshot(apic).mergedTicks == 0)
    // Pending still.
    _ = expire(&apic, at: 10_000)
    #expect(snapshot(apic).mergedTicks == 1)
    _ = apic.acknowledge(at: .zero)
    // Three at once make one.
    _ = expire(&apic, at: 26_000)
    #expect(snapshot(apic).mergedTicks == 3)
    #expect(snapshot(apic).expired == 5)
  }
}
