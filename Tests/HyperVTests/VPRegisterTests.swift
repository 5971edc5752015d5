import Architecture
import HyperV
import Journal
import Testing

struct VPRegisterTests {
  @Test func `VTL0 neither reads nor writes VTL1`() {
    var guest = TestGuest.withVTL1()
    #expect(guest.get([.vsmVina], vtl: 0x11).result.rawValue == 0x06)
    #expect(guest.set([(.vsmVina, 0)], vtl: 0x11).result.rawValue == 0x06)
  }

  @Test func `bad headers`() {
    var guest = TestGuest()
    #expect(guest.get([.vpIndex], vp: 4).status.rawValue == 0x0E)
    #expect(guest.get([.vpIndex], vp: 0xFFFF_FFFF).status.rawValue == 0x0E)
    #expect(guest.get([.vpIndex], vtl: 0x20).status.rawValue == 0x05)
    #expect(guest.get([.vpIndex], partition: 7).status.rawValue == 0x06)
    #expect(guest.set([(.vpAssistPage, 0)], vp: 4).status.rawValue == 0x0E)
  }

  @Test func `the list stops at the first register that is not there`() {
    var guest = TestGuest()
    guest.now = VirtualTime(ticks: 1000)
    let outcome = guest.get(
      [.vpIndex, .timeReferenceCount, VPRegisterName(rawValue: 0xA0000), .vpIndex], vp: 3)
    #expect(outcome.result.rawValue == 0x0000_0002_0000_0005)
    #expect(outcome.memoryOutput?.address == GPA(0x2000))
    #expect(
      outcome.memoryOutput?.bytes == [3] + [UInt8](repeating: 0, count: 15) + [10]
        + [UInt8](repeating: 0, count: 15))
  }

  @Test func `VSM registers`() {
    var guest = TestGuest()
    #expect(guest.value(.vsmVPStatus) == 0x0001_0000)
    #expect(guest.value(.vsmPartitionStatus) == 0x0001_0001)
    #expect(guest.value(.vsmCapabilities) == 0x8001_C000_0802_0007)
    #expect(guest.value(.vsmCodePageOffsets) == 0x2600F)
    _ = guest.enablePartition(.vtl1)
    _ = guest.enableVP(0, .vtl1)
    guest.enter(.vtl1)
    #expect(guest.value(.vsmVPStatus) == 0x0003_0001)
    #expect(guest.value(.vsmPartitionStatus) == 0x0001_0003)
    #expect(guest.set([(.vsmVPStatus, 0)]).status.rawValue == 0x05)
    #expect(guest.set([(.vsmCapabilities, 0)]).status.rawValue == 0x05)
  }

  @Test func `a partition without VTLs has no VSM registers`() {
    var guest = TestGuest(maximumVTL: .vtl0)
    #expect(guest.get([.vsmCapabilities]).status.rawValue == 0x05)
    #expect(guest.get([.vsmPartitionStatus]).status.rawValue == 0x05)
    #expect(guest.get([.vpIndex]).status == .success)
  }

  @Test func `CPUID can be read as registers`() {
    var guest = TestGuest()
    let bytes = guest.get([.privilegesAndFeatures]).memoryOutput?.bytes
    #expect(bytes?.uint128(at: 0) == 0x000E_C530_0000_0000_0033_8030_0000_0EFF)
  }

  @Test func `the partition configuration takes what is offered, and protection once`() {
    var guest = TestGuest.withVTL1()
    #expect(guest.set([(.vsmPartitionConfig, 0x40)]).status.rawValue == 0x05)
    guest.enter(.vtl1)
    // Protection without a mask, without write, a mask without read.
    for value: UInt128 in [0x01, 0x03, 0x0B, 0x0C] {
      #expect(guest.set([(.vsmPartitionConfig, value)]).status.rawValue == 0x50)
    }
    // An intercept that is not offered, a reserved bit.
    #expect(guest.set([(.vsmPartitionConfig, 0x200)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmPartitionConfig, 0x1_0000)]).status.rawValue == 0x50)
    #expect(guest.value(.vsmPartitionConfig) == 0)
    let kept = guest.set([(.vsmPartitionConfig, 0x107E)])
    #expect(kept.status == .success)
    #expect(kept.effects == [])
    // As Windows gives it; and with one execute bit, as KVM's guests do.
    var other = guest
    #expect(other.set([(.vsmPartitionConfig, 0x17)]).effects == [.protectAll(.vtl1, .all)])
    #expect(other.value(.vsmPartitionConfig) == 0x17)
    #expect(guest.set([(.vsmPartitionConfig, 0x3F)]).effects == [.protectAll(.vtl1, .all)])
    // The switch does not go back, the mask stays what it was, the rest does as it is told.
    #expect(guest.set([(.vsmPartitionConfig, 0x3E)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmPartitionConfig, 0x27)]).effects == [])
    #expect(guest.value(.vsmPartitionConfig) == 0x3F)
    #expect(guest.set([(.vsmPartitionConfig, 0x1F)]).effects == [])
    #expect(guest.value(.vsmPartitionConfig) == 0x1F)
  }

  @Test func `VsmVina takes its fields and no reserved bits`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(.vsmVina, 0x7F4)]).status == .success)
    #expect(guest.value(.vsmVina) == 0x7F4)
    #expect(guest.set([(.vsmVina, 0x800)]).status.rawValue == 0x05)
    #expect(guest.value(.vsmVina) == 0x7F4)
  }

  @Test func `the TLB lock is held for lower VTLs until the VTL returns`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 2)]).status == .success)
    #expect(guest.value(.vsmVPSecureConfig(.vtl0)) == 2)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 1)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl1), 2)]).status.rawValue == 0x06)
    _ = guest.partition.switchVTL(
      on: VPIndex(0), to: .vtl0, reason: .return, live: VTLReturnRegisters(rax: 0, rcx: 0), isLongMode: true)
    guest.enter(.vtl1)
    #expect(guest.value(.vsmVPSecureConfig(.vtl0)) == 0)
  }

  @Test func `processor state belongs to strictly higher VTLs`() {
    var guest = TestGuest.withVTL1()
    let key = TestRegisters.Key(register: .rip, context: ContextID(0, 0))
    guest.registers.values[key] = 0x1234
    #expect(guest.get([.rip]).status.rawValue == 0x06)
    #expect(guest.set([(.rip, 0x2000)]).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(guest.get([.rip]).status.rawValue == 0x06)
    #expect(guest.value(.rip, vtl: 0x10) == 0x1234)
    #expect(guest.set([(.rip, 0x1237)], vtl: 0x10).status == .success)
    #expect(guest.registers.values[key] == 0x1237)
    // A register of the right kind that this machine does not have.
    #expect(guest.get([.star], vtl: 0x10).status.rawValue == 0x05)
  }

  @Test func `registers of other VPs can be reached`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(.cr3, 0x5000)], vp: 2, vtl: 0x10).status == .success)
    #expect(guest.registers.values[TestRegisters.Key(register: .cr3, context: ContextID(2, 0))] == 0x5000)
    // VTL1 is not enabled on VP 2.
    #expect(guest.get([.vsmVina], vp: 2, vtl: 0x11).status.rawValue == 0x05)
  }

  @Test(
    arguments: [
      (.rip, 0x0000_8000_0000_0000), (.lstar, 0x8000_0000_0000_0000), (.cr0, 0x1_0000_0011), (.cr8, 16),
      (.dr7, 0x1_0000_0400), (.rflags, 0x0), (.efer, 0x1000), (.pat, 0x02), (.sfmask, 0x1_0000_0000),
      (.fs, 0x8000_0000_0000_0000), (.cs, 0x1_0000_0000), (.gdtr, 0x8000_0000_0000_0000_0000_0000_0000_0000),
    ] as [(VPRegisterName, UInt128)])
  func `values that no processor holds are refused`(name: VPRegisterName, value: UInt128) {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(name, value)], vtl: 0x10).status.rawValue == 0x50)
    #expect(guest.registers.values.isEmpty)
  }

  @Test func `the machine's refusals become statuses, at the element they belong to`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    guest.registers.answer = .invalidValue
    #expect(guest.set([(.cr4, 1)], vtl: 0x10).result.rawValue == 0x50)
    guest.registers.answer = .readOnly
    #expect(guest.set([(.vsmVina, 0)], vtl: 0x11).status == .success)
    #expect(guest.set([(.vpAssistPage, 0), (.cr4, 1)], vtl: 0x10).result.rawValue == 0x0000_0001_0000_0005)
    #expect(guest.set([(.initialApicID, 1)], vtl: 0x10).status.rawValue == 0x05)
  }

  @Test func `a reserved byte in an element stops the list there`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    var input = littleEndian(UInt64.max) + littleEndian(0xFFFF_FFFE as UInt32) + [0, 0, 0, 0]
    input += littleEndian(VPRegisterName.vsmVina.rawValue) + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 24)
    #expect(guest.call(HypercallInput(.setVPRegisters, repCount: 1), input).result.rawValue == 0x05)
  }

  @Test func `pages can be placed by register, for the caller's VTL and below`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(
      guest.set([(.vpAssistPage, 0x8001)]).effects == [.mapAssistPage(ContextID(0, 1), at: GPA(0x8000))])
    #expect(
      guest.set([(.guestOSID, 1), (.hypercall, 0x9001)], vtl: 0x10).effects
        == [.mapHypercallPage(.vtl0, at: GPA(0x9000))])
    #expect(guest.value(.hypercall, vtl: 0x10) == 0x9001)
    #expect(guest.value(.hypercall) == 0)
    #expect(guest.set([(.vpAssistPage, 0x8003)]).status.rawValue == 0x05)
    #expect(guest.set([(.vpIndex, 1)]).status.rawValue == 0x05)
  }

  @Test func `the local APIC's registers are the machine's`() {
    var guest = TestGuest()
    guest.registers.values[TestRegisters.Key(register: .apic(msr: 0x802), context: ContextID(0, 0))] = 7
    #expect(guest.value(.apic(msr: 0x802)) == 7)
    #expect(guest.get([.apic(msr: 0x803)]).status.rawValue == 0x05)
  }

  @Test func `a long list is done in parts and goes on where it stopped`() {
    var guest = TestGuest()
    let names = [VPRegisterName](repeating: .vpIndex, count: 10)
    let first = guest.get(names, vp: 1, repBudget: 4)
    #expect(first.isSuspended)
    #expect(first.memoryOutput?.bytes.count == 64)
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rax = 0x5555
    registers.rcx = 0x0000_000A_0000_0050
    first.store(in: &registers)
    #expect(registers.rcx == 0x0004_000A_0000_0050)
    #expect(registers.rax == 0x5555)

    let second = guest.get(names, vp: 1, start: 4, repBudget: 4)
    #expect(second.isSuspended && second.repsCompleted == 8)
    #expect(second.memoryOutput?.address == GPA(0x2040))
    let last = guest.get(names, vp: 1, start: 8, repBudget: 4)
    #expect(!last.isSuspended)
    #expect(last.result.rawValue == 0x0000_000A_0000_0000)
    #expect(last.memoryOutput?.address == GPA(0x2080))
    #expect(last.memoryOutput?.bytes.count == 32)
  }

  @Test func `an error after a continuation counts all elements that were done`() {
    var guest = TestGuest()
    let names: [VPRegisterName] = [.vpIndex, .vpIndex, .vpIndex, VPRegisterName(rawValue: 1)]
    let outcome = guest.get(names, start: 2)
    #expect(outcome.result.rawValue == 0x0000_0003_0000_0005)
    #expect(outcome.memoryOutput?.bytes.count == 16)
  }

  @Test func `a fast get answers in the registers after its input`() {
    var partition = TestGuest().partition
    var access = TestRegisters()
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = 0x0000_0001_0001_0050
    registers.rdx = .max
    registers.r8 = 0x0000_0000_0000_0002
    registers.xmm[0] = 0x0009_0003
    registers.xmm[2] = 0xDEAD
    registers.xmm[4] = 0xBEEF
    guard case .request(let request) = partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("refused")
      return
    }
    let outcome = partition.execute(request, memory: nil, at: .zero, runTime: .zero, registers: &access)
    outcome.store(in: &registers)
    #expect(registers.rax == 0x0000_0001_0000_0000)
    // 20 bytes of input end in XMM0; the answer is in XMM1.
    #expect(registers.xmm[2] == 2)
    #expect(registers.xmm[3] == 0)
    #expect(registers.xmm[0] == 0x0009_0003)
    #expect(registers.xmm[4] == 0xBEEF)
  }
}
