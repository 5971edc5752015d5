import Architecture
import Interpreter
import Testing

@testable import Machine

@Suite("CPUID (SDM Vol. 2A)")
struct CPUIDTests {
  private let asker = CPUIDTable.Asker(
    initialID: ApicID(3), vpCount: 8, isAPICEnabled: true, features: .all, controls: [])

  @Test func `the vendor is GenuineIntel, and no leaf above the highest says anything`() {
    let leaf = CPUIDTable.leaf(0, 0, asker)
    #expect((leaf.b, leaf.d, leaf.c) == (0x756E_6547, 0x4965_6E69, 0x6C65_746E))
    #expect(CPUIDTable.leaf(leaf.a + 1, 0, asker) == CPUIDTable.Leaf())
  }

  @Test func `leaf 1 has the initial APIC ID, and EDX bit 9 follows IA32_APIC_BASE.EN (12.4.3)`() {
    #expect(CPUIDTable.leaf(1, 0, asker).b >> 24 == 3)
    #expect(CPUIDTable.leaf(1, 0, asker).d.bit(9))
    var off = asker
    off.isAPICEnabled = false
    #expect(!CPUIDTable.leaf(1, 0, off).d.bit(9))
  }

  @Test func `x2APIC, TSC deadline and the hypervisor are there, SSE and the FPU are not`() {
    let leaf = CPUIDTable.leaf(1, 0, asker)
    #expect(leaf.c.bit(21) && leaf.c.bit(24) && leaf.c.bit(31))
    #expect(!leaf.d.bit(0) && !leaf.d.bit(24) && !leaf.d.bit(25) && !leaf.d.bit(26))
  }

  @Test func `a feature that is hidden is in no leaf, and CR4.PKE shows in leaf 7`() {
    #expect(CPUIDTable.leaf(7, 0, asker).b == 0x0098_058B)
    #expect(CPUIDTable.leaf(7, 0, asker).c == 0x0040_000C)
    var with = asker
    with.controls = .protectionKeys
    #expect(CPUIDTable.leaf(7, 0, with).c == 0x0040_001C)
    var none = asker
    none.features = []
    #expect(CPUIDTable.leaf(7, 0, none) == CPUIDTable.Leaf())
    #expect(CPUIDTable.leaf(0x8000_0001, 0, none) == CPUIDTable.Leaf(c: 1, d: 1 << 26 | 1 << 29))
  }

  @Test func `IA32_MISC_ENABLE limits the leaves and hides XD (SDM Vol. 4, table 2-2)`() throws {
    var limited = asker
    try limited.enables.write(1 << 22)
    #expect(CPUIDTable.leaf(0, 0, limited).a == 2)
    var hidden = asker
    try hidden.enables.write(1 << 34)
    #expect(CPUIDTable.leaf(0x8000_0001, 0, asker).d.bit(20))
    #expect(!CPUIDTable.leaf(0x8000_0001, 0, hidden).d.bit(20))
  }

  @Test func `leaf Bh gives the x2APIC ID and the width that tells 8 cores apart`() {
    let cores = CPUIDTable.leaf(0xB, 1, asker)
    #expect((cores.a, cores.b, cores.c >> 8 & 0xFF, cores.d) == (3, 8, 2, 3))
  }
}
