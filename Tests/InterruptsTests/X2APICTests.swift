import Architecture
import Interrupts
import Testing

/// Expected values: SDM Vol. 3A, 12.12 and table 12-6.
@Suite struct X2APICTests {
  /// Readable and writable MSRs of table 12-6; the seventh LVT entry is not announced.
  static let readable: Set<UInt32> = Set(
    [0x802, 0x803, 0x808, 0x80A, 0x80D, 0x80F, 0x828, 0x830, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838]
      + [0x839, 0x83E] + Array(0x810...0x827))
  static let writable: Set<UInt32> = [
    0x808, 0x80B, 0x80F, 0x828, 0x830, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x83E, 0x83F,
  ]

  @Test func `exactly the registers of the table can be read`() {
    let apic = enabledX2APIC()
    for msr: UInt32 in 0x800...0x8FF {
      #expect(faults { () throws(Fault) in _ = try apic.rdmsr(msr) } == !Self.readable.contains(msr))
    }
  }

  @Test func `exactly the registers of the table can be written`() {
    for msr: UInt32 in 0x800...0x8FF {
      var apic = enabledX2APIC()
      // 0 is legal everywhere but in SELF IPI and the ICR, where it is an illegal vector and no fault.
      #expect(faults { () throws(Fault) in try apic.wrmsr(msr, 0) } == !Self.writable.contains(msr))
    }
  }

  @Test func `none of them exists in the other modes`() throws {
    for base: UInt64 in [0xFEE0_0800, 0xFEE0_0000] {
      var apic = powerUp()
      _ = try apic.writeBase(base)
      for msr: UInt32 in 0x800...0x8FF {
        #expect(faults { () throws(Fault) in _ = try apic.rdmsr(msr) })
        #expect(faults { () throws(Fault) in try apic.wrmsr(msr, 0) })
      }
    }
  }

  @Test(
    arguments: [
      (0x808, 0xFF), (0x80B, 0), (0x80F, 0x3FF), (0x828, 0), (0x832, 0x7_10FF), (0x833, 0x1_17FF),
      (0x834, 0x1_17FF),
      (0x835, 0x1_F7FF), (0x836, 0x1_F7FF), (0x837, 0x1_10FF), (0x838, 0xFFFF_FFFF), (0x83E, 0xB),
      (0x83F, 0xFF),
      (0x830, 0xFFFF_FFFF_000C_DFFF),
    ] as [(UInt32, UInt64)])
  func `a reserved bit is #GP`(msr: UInt32, allowed: UInt64) {
    for bit in 0..<64 {
      var apic = enabledX2APIC()
      let value: UInt64 = 1 << UInt64(bit)
      #expect(
        faults { () throws(Fault) in try apic.wrmsr(msr, value) } == (allowed & value == 0), "bit \(bit)")
    }
  }

  @Test(
    arguments: [
      (0, 0x1), (15, 0x8000), (16, 0x1_0001), (37, 0x2_0020), (255, 0xF_8000), (300, 0x12_1000),
    ] as [(Int, UInt64)])
  func `the logical ID is derived from the ID`(id: Int, logical: UInt64) throws {
    #expect(try enabledX2APIC(id: id).rdmsr(0x80D) == logical)
  }

  @Test func `the ID is 32 bits, read-only, and what was written in xAPIC mode is gone`() throws {
    var apic = enabled(id: 0x12345)
    #expect(apic.load(0x20) == 0x4500_0000)
    apic.store(0x20, 0x7700_0000)
    _ = try apic.writeBase(0xFEE0_0C00)
    #expect(try apic.rdmsr(0x802) == 0x12345)
    #expect(faults { () throws(Fault) in try apic.wrmsr(0x802, 0x12345) })
    _ = try apic.writeBase(0xFEE0_0000)
    _ = try apic.writeBase(0xFEE0_0800)
    #expect(apic.load(0x20) == 0x4500_0000)
  }

  @Test func `TPR, LVT and pending interrupts survive the way into x2APIC mode`() throws {
    var apic = enabled()
    apic.store(0x80, 0x50)
    apic.store(0x320, 0x31)
    apic.receive(0x41)
    _ = try apic.writeBase(0xFEE0_0C00)
    #expect(try apic.rdmsr(0x808) == 0x50)
    #expect(try apic.rdmsr(0x832) == 0x31)
    #expect(try apic.rdmsr(0x822) == 0x2)
    #expect(try apic.rdmsr(0x80F) == 0x1FF)
  }

  @Test func `an APIC can power up in x2APIC mode, for IDs that 8 bits cannot hold`() throws {
    let apic = LocalAPIC(
      id: ApicID(300), context: ContextID(300, 0), group: GroupID(0), isBootstrap: false,
      powersUpInX2APIC: true)
    #expect(try apic.rdmsr(0x1B) == 0xFEE0_0C00)
    #expect(try apic.rdmsr(0x802) == 300)
  }
}
