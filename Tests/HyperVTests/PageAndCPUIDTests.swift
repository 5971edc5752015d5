import Architecture
import HyperV
import Testing

struct PageAndCPUIDTests {
  @Test func `the hypercall page begins with VMCALL and RET`() {
    let page = HypercallPage.bytes
    #expect(page.count == 4096)
    #expect(page[0..<4] == [0x0F, 0x01, 0xC1, 0xC3])
    #expect(page[0x32...].allSatisfy { $0 == 0xCC })
  }

  @Test func `the VTL stubs move the control input away and load the bare code`() {
    let page = HypercallPage.bytes
    let call32: [UInt8] = [0x89, 0xC1, 0xB8, 0x11, 0, 0, 0, 0x0F, 0x01, 0xC1, 0xC3]
    let return32: [UInt8] = [0x89, 0xC1, 0xB8, 0x12, 0, 0, 0, 0x0F, 0x01, 0xC1, 0xC3]
    let call64: [UInt8] = [0x48, 0x89, 0xC8, 0xB9, 0x11, 0, 0, 0, 0x0F, 0x01, 0xC1, 0xC3]
    let return64: [UInt8] = [0x48, 0x89, 0xC8, 0xB9, 0x12, 0, 0, 0, 0x0F, 0x01, 0xC1, 0xC3]
    #expect(Array(page[0x04..<0x0F]) == call32)
    #expect(Array(page[0x0F..<0x1B]) == call64)
    #expect(Array(page[0x1B..<0x26]) == return32)
    #expect(Array(page[0x26..<0x32]) == return64)
    #expect(HypercallPage.offsets64.rawValue == 0x2600F)
    #expect(HypercallPage.offsets32.rawValue == 0x1B004)
  }

  @Test func `CPUID names the vendor and the interface`() throws {
    let configuration = HyperVConfiguration(vpCount: 4)
    let vendor = try #require(configuration.cpuid(leaf: 0x4000_0000))
    #expect(vendor == (0x4000_0006, 0x7263_694D, 0x666F_736F, 0x7648_2074))
    #expect(try #require(configuration.cpuid(leaf: 0x4000_0001)) == (0x3123_7648, 0, 0, 0))
    #expect(configuration.cpuid(leaf: 0x4000_0007) == nil)
    #expect(configuration.cpuid(leaf: 0x3FFF_FFFF) == nil)
    #expect(configuration.cpuid(leaf: 0) == nil)
  }

  @Test func `CPUID offers what is there and nothing else`() throws {
    let leaf = try #require(HyperVConfiguration(vpCount: 4).cpuid(leaf: 0x4000_0003))
    // VP run time, reference counter, APIC MSRs, hypercall MSRs, VP index, reset, frequencies, SynIC (2),
    // synthetic timers (3), reference TSC page (9), guest idle (10).
    #expect(leaf.eax == 0x0000_0EFF)
    // PostMessages, SignalEvents, extended ranges to flush, AccessVsm, AccessVpRegisters, extended hypercalls,
    // StartVirtualProcessor.
    #expect(leaf.ebx == 0x0033_8030)
    #expect(leaf.ecx == 0)
    // XMM input, guest idle state, frequency MSRs, crash MSRs, extended ranges to flush, XMM output, polled SINTs, hypercall MSR lock, direct timers.
    #expect(leaf.edx == 0x000E_C530)
    let recommendations = try #require(
      HyperVConfiguration(vpCount: 4, physicalAddressWidth: 36).cpuid(leaf: 0x4000_0004))
    #expect(recommendations == (0x0000_0C2C, 0x1000, 36, 0))
    #expect(try #require(HyperVConfiguration(vpCount: 7).cpuid(leaf: 0x4000_0005)) == (7, 0, 0, 0))
    #expect(try #require(HyperVConfiguration(vpCount: 7).cpuid(leaf: 0x4000_0006)) == (0, 0, 0, 0))
  }

  @Test func `a partition without VTLs does not offer them`() throws {
    let leaf = try #require(HyperVConfiguration(vpCount: 1, maximumVTL: .vtl0).cpuid(leaf: 0x4000_0003))
    #expect(leaf.ebx == 0x0032_8030)
  }
}
