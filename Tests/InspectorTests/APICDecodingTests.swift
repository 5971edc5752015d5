import Architecture
import Inspector
import Journal
import Testing

/// The same dwords read in another mode are another thing; a decoder that does not look at the mode misleads.
struct APICDecodingTests {
  private func context(_ base: UInt64, _ registers: [Int: UInt32]) -> ContextSnapshot {
    var context = ContextSnapshot(id: ContextID(5, 0), group: GroupID(0))
    context.isEnabled = true
    context.isActive = true
    context.apicBase = base
    for (offset, value) in registers { context.apic[offset] = value }
    return context
  }

  // SDM Vol. 3A, 12.12.10.2: logical x2APIC ID = (ID >> 4) << 16 | 1 << (ID & 15).
  @Test func `an x2APIC has 32-bit ids, a cluster of 16 bits and no DFR`() {
    let decoding = APICDecoding(
      context(
        0xFEE0_0C00, [0x20: 0x25, 0xD0: 0x0002_0020, 0xE0: 0, 0xF0: 0x1FF, 0x300: 0x0000_4830, 0x310: 0x0002_0003]))
    #expect(decoding.mode == .x2APIC)
    #expect(decoding.idText == "00000025")
    #expect(decoding.logicalText == "cluster 2 bit 5")
    #expect(decoding.dfrText == "-")
    #expect(decoding.icrText(isShort: false) == "00020003`00004830  30 fixed logical 20003")
    #expect(decoding.message.isNarrow == false)
  }

  // SDM Vol. 3A, figure 12-12: in xAPIC mode the destination is bits 63:56 of the ICR; figure 12-6: the ID is
  // 31:24.
  @Test func `a flat xAPIC has its id, LDR and destination in the top byte`() {
    let decoding = APICDecoding(
      context(
        0xFEE0_0900,
        [0x20: 0x0500_0000, 0xD0: 0x2000_0000, 0xE0: 0xFFFF_FFFF, 0xF0: 0x1FF, 0x300: 0x0000_4930, 0x310: 0x0300_0000]))
    #expect(decoding.mode == .xAPIC)
    #expect(decoding.idText == "05")
    #expect(decoding.logicalText == "flat 20")
    #expect(decoding.dfrText == "ffffffff")
    #expect(decoding.icrText(isShort: true) == "00004930  30 lowest logical 3")
  }

  // SDM Vol. 3A, 12.6.2.2: DFR bits 31:28 = 0 is the cluster model; LDR bits 31:28 are the cluster, 27:24 the
  // members.
  @Test func `a clustered xAPIC has a cluster of four bits`() {
    let decoding = APICDecoding(
      context(0xFEE0_0800, [0x20: 0x0500_0000, 0xD0: 0x1200_0000, 0xE0: 0x0FFF_FFFF, 0xF0: 0x1FF]))
    #expect(decoding.logicalText == "cluster 1 bit 1")
  }

  @Test func `a DFR that is neither flat nor cluster says so`() {
    let decoding = APICDecoding(context(0xFEE0_0800, [0xD0: 0x0100_0000, 0xE0: 0x7FFF_FFFF]))
    #expect(decoding.logicalText == "neither flat nor cluster")
  }

  @Test func `a disabled local APIC says so, in hardware and in software`() {
    #expect(APICDecoding(context(0xFEE0_0000, [0xF0: 0xFF])).mode == .disabled)
    let soft = APICDecoding(context(0xFEE0_0800, [0xF0: 0xFF]))
    #expect(soft.svrText == "0ff  SOFTWARE-DISABLED, spurious ff")
    #expect(!soft.isSoftwareEnabled)
  }

  // SDM Vol. 3A, figure 12-10: 0000 is 2, 1011 is 1.
  @Test(arguments: [(0x0, 2), (0x1, 4), (0x2, 8), (0x3, 16), (0x8, 32), (0x9, 64), (0xA, 128), (0xB, 1)])
  func `the timer's divisor`(code: Int, divisor: Int) {
    #expect(APICDecoding(context(0xFEE0_0800, [0x3E0: UInt32(code)])).timerDivisor == divisor)
  }
}
