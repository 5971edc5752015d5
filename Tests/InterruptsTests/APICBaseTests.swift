import Architecture
import Interrupts
import Testing

/// IA32_APIC_BASE: SDM Vol. 3A, figure 12-27 and table 12-5.
@Suite struct APICBaseTests {
  static let disabled: UInt64 = 0xFEE0_0000
  static let xAPIC: UInt64 = 0xFEE0_0800
  static let x2APIC: UInt64 = 0xFEE0_0C00
  static let invalid: UInt64 = 0xFEE0_0400

  /// An APIC in the mode of `base`, on a legal way.
  static func at(_ base: UInt64) -> LocalAPIC {
    var apic = powerUp()
    if base != xAPIC { _ = try? apic.writeBase(base) }
    return apic
  }

  @Test(arguments: [
    (disabled, disabled, true), (disabled, xAPIC, true), (disabled, x2APIC, false),
    (disabled, invalid, false),
    (xAPIC, disabled, true), (xAPIC, xAPIC, true), (xAPIC, x2APIC, true), (xAPIC, invalid, false),
    (x2APIC, disabled, true), (x2APIC, xAPIC, false), (x2APIC, x2APIC, true), (x2APIC, invalid, false),
  ])
  func `a guest may take the arrows of the figure and no others`(from: UInt64, to: UInt64, isLegal: Bool)
    throws
  {
    var apic = Self.at(from)
    #expect(try apic.rdmsr(0x1B) == from)
    #expect(faults { () throws(Fault) in try apic.wrmsr(0x1B, to) } == !isLegal)
    #expect(try apic.rdmsr(0x1B) == (isLegal ? to : from))
  }

  @Test func `the host may take every arrow between modes that exist`() throws {
    for from in [Self.disabled, Self.xAPIC, Self.x2APIC] {
      for to in [Self.disabled, Self.xAPIC, Self.x2APIC] {
        var apic = Self.at(from)
        _ = try apic.writeBase(to, by: .host)
        #expect(try apic.rdmsr(0x1B) == to)
      }
      var apic = Self.at(from)
      #expect(faults { () throws(Fault) in _ = try apic.writeBase(Self.invalid, by: .host) })
    }
  }

  @Test func `reserved bits are #GP and the address may move`() throws {
    for bit in [0, 1, 7, 9, 40, 51, 52, 63] as [UInt64] {
      var apic = powerUp()
      #expect(faults { () throws(Fault) in try apic.wrmsr(0x1B, Self.xAPIC | 1 << bit) })
    }
    var apic = powerUp()
    try apic.wrmsr(0x1B, 0xFED4_0800)
    #expect(apic.mmioPage == GPA(0xFED4_0000))
    #expect(apic.load(0x30) == 0x0005_0014)
  }

  @Test func `without x2APIC in CPUID its bit is reserved`() {
    var apic = powerUp()
    apic.offersX2APIC = false
    #expect(faults { () throws(Fault) in try apic.wrmsr(0x1B, Self.x2APIC) })
  }

  @Test func `disabling resets the registers but not the TPR, which CR8 still reaches`() throws {
    var apic = enabled()
    apic.store(0x20, 0x0900_0000)
    apic.store(0x80, 0x20)
    apic.store(0x320, 0x31)
    apic.store(0x380, 1000)
    apic.receive(0x41)
    try apic.wrmsr(0x1B, Self.disabled)
    #expect(apic.highestDeliverable == nil)
    #expect(apic.timerDue == nil)
    #expect(apic.cr8 == 2)
    #expect(apic.writeCR8(5, at: .zero, rip: 0) == .taskPriorityChanged(from: 0x20, to: 0x50))
    try apic.wrmsr(0x1B, Self.xAPIC)
    #expect(apic.load(0x80) == 0x50)
    #expect(apic.load(0x20) == 0x0300_0000)
    #expect(apic.load(0xF0) == 0xFF)
    #expect(apic.load(0x320) == 0x10000)
    #expect(apic.load(0x220) == 0)
  }

  @Test func `a change is reported with both values, a rewrite is not`() throws {
    var apic = powerUp()
    #expect(
      try apic.wrmsr(0x1B, Self.x2APIC)
        == .baseChanged(from: APICBase(rawValue: Self.xAPIC), to: APICBase(rawValue: Self.x2APIC)))
    #expect(try apic.wrmsr(0x1B, Self.x2APIC) == .none)
  }
}
