import Architecture
import HyperV
import Testing

/// TLFS, "Synthetic Timers". Times are in units of 100 ns, 100 ticks each.
@Suite struct SyntheticTimerTests {
  /// Enabled, for SINT 3.
  private let oneShot: UInt64 = 0x3_0001
  private let periodic: UInt64 = 0x3_0003

  private func time(_ count: UInt64) -> VirtualTime { VirtualTime(ticks: count * 100) }

  private func synic(config: UInt64, count: UInt64, at now: VirtualTime = .zero) throws -> SynIC {
    var synic = SynIC()
    _ = try synic.write(.control, 1, at: .zero)
    _ = try synic.write(.messagePage, 0x5001, at: .zero)
    _ = try synic.write(.timerCount(1), count, at: now)
    _ = try synic.write(.timerConfig(1), config, at: now)
    return synic
  }

  @Test func `a one-shot expires when the reference counter reaches COUNT, never before, and is disabled then`() throws
  {
    var synic = try synic(config: oneShot, count: 500)
    #expect(synic.due == time(500))
    #expect(synic.expireTimer(at: VirtualTime(ticks: 49_999)) == nil)
    let expiry = synic.expireTimer(at: time(500))
    #expect(expiry?.index == 1)
    #expect(expiry?.due == time(500))
    #expect(expiry?.target == .message(sint: 3))
    #expect(synic.read(.timerConfig(1)) == 0x3_0000)
    #expect(synic.due == .never)
  }

  @Test func `a COUNT that is past expires at once`() throws {
    var synic = try synic(config: oneShot, count: 500, at: time(900))
    #expect(synic.expireTimer(at: time(900))?.due == time(500))
  }

  @Test func `the message has timer, expiration and delivery time`() throws {
    var synic = try synic(config: oneShot, count: 500)
    _ = synic.expireTimer(at: time(501))
    let next = synic.dequeue(for: 3, at: time(777))
    let (type, slot, _) = try #require(next)
    #expect(type == 0x8000_0010)
    #expect(slot[4] == 24)
    #expect(slot.uint64(at: 8) == 0)
    #expect(slot.uint32(at: 16) == 1)
    #expect(slot.uint64(at: 24) == 500)
    #expect(slot.uint64(at: 32) == 777)
  }

  @Test func `a periodic timer first expires COUNT after it was enabled, then keeps its phase`() throws {
    var synic = try synic(config: periodic, count: 300, at: time(1_000))
    #expect(synic.due == time(1_300))
    #expect(synic.expireTimer(at: time(1_310))?.due == time(1_300))
    #expect(synic.due == time(1_600))
    #expect(synic.read(.timerConfig(1)) == periodic)
    _ = synic.dequeue(for: 3, at: time(1_310))
    // Three more have passed.
    #expect(synic.expireTimer(at: time(2_250))?.target == .message(sint: 3))
    #expect(synic.due == time(2_500))
  }

  @Test func `while its message waits a periodic timer has no second one`() throws {
    var synic = try synic(config: periodic, count: 300)
    #expect(synic.expireTimer(at: time(300))?.target == .message(sint: 3))
    #expect(synic.expireTimer(at: time(600))?.target == .merged(sint: 3))
    #expect(synic.queueLength(of: 3) == 1)
    _ = synic.dequeue(for: 3, at: time(650))
    #expect(synic.expireTimer(at: time(900))?.target == .message(sint: 3))
  }

  @Test func `COUNT enables an auto-enabled timer, and 0 stops any`() throws {
    var synic = try synic(config: 0x3_0008, count: 0)
    #expect(synic.due == .never)
    _ = try synic.write(.timerCount(1), 40, at: .zero)
    #expect(synic.read(.timerConfig(1)) == 0x3_0009)
    #expect(synic.due == time(40))
    _ = try synic.write(.timerCount(1), 0, at: .zero)
    #expect(synic.read(.timerConfig(1)) == 0x3_0008)
    #expect(synic.due == .never)
  }

  @Test func `what is enabled for SINT 0 is not enabled`() throws {
    let synic = try synic(config: 0x1, count: 40)
    #expect(synic.read(.timerConfig(1)) == 0)
    #expect(synic.due == .never)
  }

  @Test func `direct mode raises its vector`() throws {
    // Vector 53h, direct, enabled.
    var synic = try synic(config: 0x1531, count: 40)
    #expect(synic.expireTimer(at: time(40))?.target == .direct(VectorNumber(rawValue: 0x53)))
    #expect(synic.waiting == 0)
  }

  @Test(arguments: [0x2000, 0x8000, 0x10_0000, 1 << 63] as [UInt64])
  func `reserved bits fault`(bits: UInt64) throws {
    var synic = SynIC()
    #expect(throws: Fault.generalProtection()) { _ = try synic.write(.timerConfig(0), oneShot | bits, at: .zero) }
    #expect(synic.read(.timerConfig(0)) == 0)
  }

  @Test func `the first due expires first, and no number makes it trap`() throws {
    var synic = try synic(config: periodic, count: .max)
    #expect(synic.due == .never)
    _ = try synic.write(.timerCount(2), 60, at: .zero)
    _ = try synic.write(.timerConfig(2), oneShot, at: .zero)
    _ = try synic.write(.timerCount(0), 70, at: .zero)
    _ = try synic.write(.timerConfig(0), oneShot, at: .zero)
    #expect(synic.expireTimer(at: time(100))?.index == 2)
    #expect(synic.expireTimer(at: time(100))?.index == 0)
    #expect(synic.expireTimer(at: time(100)) == nil)
  }

  @Test func `a timer's message waits while there is no page, and is not lost`() throws {
    var synic = try synic(config: oneShot, count: 500)
    _ = try synic.write(.messagePage, 0, at: .zero)
    _ = synic.expireTimer(at: time(500))
    #expect(synic.dequeue(for: 3, at: time(500)) == nil)
    _ = try synic.write(.messagePage, 0x5001, at: .zero)
    #expect(synic.dequeue(for: 3, at: time(600))?.slot.uint64(at: 32) == 600)
  }
}
