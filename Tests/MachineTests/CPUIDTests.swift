import Architecture
import Interpreter
import Testing

@testable import Machine

@Suite("CPUID (SDM Vol. 2A)")
struct CPUIDTests {
  private let asker = CPUIDTable.Asker(
    initialID: ApicID(3), vpCount: 8, isAPICEnabled: true, features: .all, controls: [], enabledState: 7)

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

  @Test func `x2APIC, TSC deadline, the hypervisor, x87 and SSE to AVX are there`() {
    let leaf = CPUIDTable.leaf(1, 0, asker)
    #expect(leaf.c == 0x95FA_2201)
    #expect(leaf.d == 0x078B_EBFD)
    var saving = asker
    saving.controls = .osxsave
    #expect(CPUIDTable.leaf(1, 0, saving).c.bit(27))
  }

  @Test func `leaf Dh gives the extended state's components and sizes (SDM Vol. 1, 13.2)`() {
    #expect(CPUIDTable.leaf(0xD, 0, asker) == CPUIDTable.Leaf(a: 0x207, b: 832, c: 840))
    #expect(CPUIDTable.leaf(0xD, 2, asker) == CPUIDTable.Leaf(a: 256, b: 576))
    #expect(CPUIDTable.leaf(0xD, 9, asker) == CPUIDTable.Leaf(a: 8, b: 832))
    var legacy = asker
    legacy.enabledState = 3
    #expect(CPUIDTable.leaf(0xD, 0, legacy).b == 576)
  }

  @Test func `a feature that is hidden is in no leaf, and CR4.PKE shows in leaf 7`() {
    #expect(CPUIDTable.leaf(7, 0, asker).b == 0x0098_25AB)
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
