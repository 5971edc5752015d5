import Architecture
import HyperV
import Journal
import Testing

/// TLFS, "Synthetic Interrupt Controller" and "SynIC Messages".
@Suite struct SynICTests {
  private func enabled() throws -> SynIC {
    var synic = SynIC()
    _ = try synic.write(.control, 1, at: .zero)
    _ = try synic.write(.messagePage, 0x5001, at: .zero)
    _ = try synic.write(.eventPage, 0x6001, at: .zero)
    return synic
  }
  private let message = SynICMessage(type: 0x12, payload: [1, 2, 3], origination: 0x77)

  @Test func `registers at reset, by MSR and by name`() throws {
    let synic = SynIC()
    for (msr, value) in [(0x4000_0080, 0), (0x4000_0081, 1), (0x4000_0082, 0), (0x4000_0083, 0), (0x4000_0084, 0)] {
      let register = try #require(SynICRegister(msr: UInt32(msr)))
      #expect(synic.read(register) == UInt64(value))
    }
    #expect(synic.read(try #require(SynICRegister(msr: 0x4000_009F))) == 0x1_0000)
    #expect(SynICRegister(msr: 0x4000_0085) == nil)
    #expect(SynICRegister(msr: 0x4000_00B7) == .timerCount(3))
    #expect(SynICRegister(VPRegisterName(rawValue: 0xA0002)) == .source(2))
    #expect(SynICRegister(VPRegisterName(rawValue: 0xA0012)) == .eventPage)
    #expect(SynICRegister(VPRegisterName(rawValue: 0xA0013)) == .messagePage)
    #expect(SynICRegister(VPRegisterName(rawValue: 0xB0006)) == .timerConfig(3))
    #expect(SynICRegister(VPRegisterName(rawValue: 0xA0015)) == nil)
  }

  @Test func `the version is read-only and a vector below 16 faults unless nothing is raised`() throws {
    var synic = SynIC()
    #expect(throws: Fault.generalProtection()) { _ = try synic.write(.version, 1, at: .zero) }
    #expect(throws: Fault.generalProtection()) { _ = try synic.write(.source(1), 15, at: .zero) }
    #expect(synic.read(.source(1)) == 0x1_0000)
    _ = try synic.write(.source(1), 0x1_000F, at: .zero)
    _ = try synic.write(.source(1), 0x4_0000, at: .zero)
    _ = try synic.write(.source(1), 16, at: .zero)
    #expect(synic.read(.source(1)) == 16)
  }

  @Test func `a masked or polled source raises nothing`() throws {
    var synic = SynIC()
    #expect(synic.vector(of: 3) == nil)
    _ = try synic.write(.source(3), 0x4_0050, at: .zero)
    #expect(synic.vector(of: 3) == nil)
    _ = try synic.write(.source(3), 0x2_0050, at: .zero)
    #expect(synic.vector(of: 3) == VectorNumber(rawValue: 0x50))
    #expect(synic.isAutoEOI(VectorNumber(rawValue: 0x50)))
    #expect(!synic.isAutoEOI(VectorNumber(rawValue: 0x51)))
    _ = try synic.write(.source(3), 0x50, at: .zero)
    #expect(!synic.isAutoEOI(VectorNumber(rawValue: 0x50)))
  }

  @Test func `a slot holds type, size, flags, origin and payload`() throws {
    var synic = try enabled()
    #expect(synic.enqueue(message, for: 2) == true)
    let next = synic.dequeue(for: 2, at: .zero)
    let (type, slot, _) = try #require(next)
    #expect(type == 0x12)
    #expect(slot.count == 256)
    #expect(Array(slot[..<20]) == [0x12, 0, 0, 0, 3, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0])
    #expect(synic.dequeue(for: 2, at: .zero) == nil)
  }

  @Test func `messages of a source come in order, and all but the last say that more wait`() throws {
    var synic = try enabled()
    for type in 1...3 { #expect(synic.enqueue(SynICMessage(type: UInt32(type), payload: []), for: 5) == true) }
    #expect(synic.waiting == 1 << 5)
    for (type, flags) in [(1, 1), (2, 1), (3, 0)] {
      let next = synic.dequeue(for: 5, at: .zero)
      let taken = try #require(next)
      #expect(taken.type == UInt32(type))
      #expect(taken.slot[5] == UInt8(flags))
    }
    #expect(synic.waiting == 0)
  }

  @Test func `there is nowhere for a message without SCONTROL, without its page, and behind 16 others`() throws {
    var synic = SynIC()
    #expect(synic.enqueue(message, for: 2) == false)
    _ = try synic.write(.control, 1, at: .zero)
    #expect(synic.enqueue(message, for: 2) == false)
    _ = try synic.write(.messagePage, 0x5001, at: .zero)
    for _ in 0..<16 { #expect(synic.enqueue(message, for: 2) == true) }
    #expect(synic.enqueue(message, for: 2) == false)
    #expect(synic.enqueue(message, for: 3) == true)
    _ = try synic.write(.control, 0, at: .zero)
    #expect(synic.dequeue(for: 3, at: .zero) == nil)
  }

  @Test func `each port has 16 buffers, the hypervisor as many, and a timer its own`() throws {
    var synic = try enabled()
    let other = SynICMessage(type: 0x12, payload: [], origination: 0x78)
    // Bit 31 of the type, not the origin, is what makes it the hypervisor's.
    let hypervisor = SynICMessage(type: 0x8000_0001, payload: [], origination: 0x77)
    for each in [message, other, hypervisor] {
      for _ in 0..<16 { #expect(synic.enqueue(each, for: 2) == true) }
      #expect(!synic.hasBuffer(for: each.sender, 2))
      #expect(synic.hasBuffer(for: each.sender, 3))
      #expect(synic.enqueue(each, for: 2) == false)
    }
    _ = try synic.write(.timerCount(0), 10, at: .zero)
    _ = try synic.write(.timerConfig(0), 0x2_0001, at: .zero)
    #expect(synic.expireTimer(at: .microseconds(1))?.target == .message(sint: 2))
    #expect(synic.queueLength(of: 2) == 49)
    // Taking one frees a buffer of its sender, and of no other.
    _ = synic.dequeue(for: 2, at: .zero)
    #expect(synic.hasBuffer(for: .port(0x77), 2))
    #expect(!synic.hasBuffer(for: .port(0x78), 2))
  }

  @Test func `a port that is gone takes its messages with it, and they are counted`() throws {
    var synic = try enabled()
    let other = SynICMessage(type: 0x13, payload: [], origination: 0x78)
    for each in [message, other, message] { #expect(synic.enqueue(each, for: 2) == true) }
    #expect(synic.discard(from: .port(0x77), 2) == [0x12, 0x12])
    #expect(synic.queueLength(of: 2) == 1)
    #expect(synic.waiting == 1 << 2)
    #expect(synic.discard(from: .port(0x78), 2) == [0x13])
    #expect(synic.waiting == 0)
    var shot = ContextSnapshot(id: ContextID(0, 0), group: GroupID(0))
    synic.fill(&shot)
    #expect(shot.synic?.sources[2].dropped == 3)
  }

  @Test func `what waits is looked for at the end of an interrupt of its source`() throws {
    var synic = try enabled()
    _ = try synic.write(.source(2), 0x60, at: .zero)
    #expect(!synic.waits(for: VectorNumber(rawValue: 0x60)))
    #expect(synic.enqueue(message, for: 2) == true)
    #expect(synic.waits(for: VectorNumber(rawValue: 0x60)))
    #expect(!synic.waits(for: VectorNumber(rawValue: 0x61)))
  }

  @Test func `pages move with their registers`() throws {
    var synic = SynIC()
    #expect(
      try synic.write(.messagePage, 0x5001, at: .zero) == .messagePageMoved(from: nil, to: GPA(0x5000)))
    #expect(
      try synic.write(.messagePage, 0x6001, at: .zero) == .messagePageMoved(from: GPA(0x5000), to: GPA(0x6000)))
    #expect(try synic.write(.messagePage, 0x6000, at: .zero) == .messagePageMoved(from: GPA(0x6000), to: nil))
    #expect(try synic.write(.endOfMessage, 5, at: .zero) == .retryMessages)
  }
}
