import Architecture
import HyperV
import Journal
import Testing

struct VTLSwitchTests {
  let vp0 = VPIndex(0)

  /// What VMCALL means with these registers: the target VTL, or nil for #UD.
  func decide(
    _ partition: HyperVPartition, rcx: UInt64, rax: UInt64, cpl: UInt8 = 0, mode: HypercallMode = .long64
  ) -> (to: VTL, isFast: Bool)? {
    var registers = HypercallRegisters(mode: mode, cpl: cpl)
    (registers.rcx, registers.rax) = (rcx, rax)
    switch partition.decode(registers, on: vp0) {
    case .vtlCall(let target): return (target, false)
    case .vtlReturn(let target, let isFast): return (target, isFast)
    case .fault(let fault):
      #expect(fault == .invalidOpcode)
      return nil
    default:
      Issue.record("not a VTL switch")
      return nil
    }
  }

  @Test func `a VTL call needs a higher VTL on this VP`() {
    var guest = TestGuest()
    #expect(decide(guest.partition, rcx: 0x11, rax: 0) == nil)
    _ = guest.enablePartition(.vtl1)
    #expect(decide(guest.partition, rcx: 0x11, rax: 0) == nil)
    _ = guest.enableVP(0, .vtl1)
    #expect(decide(guest.partition, rcx: 0x11, rax: 0)?.to == .vtl1)
  }

  @Test func `a VTL return needs a lower VTL`() {
    var guest = TestGuest.withVTL1()
    #expect(decide(guest.partition, rcx: 0x12, rax: 0) == nil)
    guest.enter(.vtl1)
    #expect(decide(guest.partition, rcx: 0x12, rax: 0)! == (.vtl0, false))
    #expect(decide(guest.partition, rcx: 0x12, rax: 1)! == (.vtl0, true))
    #expect(decide(guest.partition, rcx: 0x11, rax: 0) == nil)
  }

  @Test func `anything else in control word or input is an invalid opcode`() {
    var guest = TestGuest.withVTL1()
    #expect(decide(guest.partition, rcx: 0x11, rax: 1) == nil)
    #expect(decide(guest.partition, rcx: 0x1_0011, rax: 0) == nil)
    #expect(decide(guest.partition, rcx: 0x1_0000_0011, rax: 0) == nil)
    #expect(decide(guest.partition, rcx: 0x11, rax: 0, cpl: 3) == nil)
    #expect(decide(guest.partition, rcx: 0x11, rax: 0, mode: .real) == nil)
    guest.enter(.vtl1)
    #expect(decide(guest.partition, rcx: 0x12, rax: 2) == nil)
    #expect(decide(guest.partition, rcx: 0x12, rax: 0x8000_0000_0000_0000) == nil)
    #expect(decide(guest.partition, rcx: 0x8000_0012, rax: 0) == nil)
  }

  @Test func `outside 64-bit mode EAX has the code and ECX the input`() {
    var guest = TestGuest.withVTL1()
    #expect(decide(guest.partition, rcx: 0, rax: 0x11, mode: .protected32)?.to == .vtl1)
    #expect(decide(guest.partition, rcx: 4, rax: 0x11, mode: .protected32) == nil)
    guest.enter(.vtl1)
    #expect(decide(guest.partition, rcx: 1, rax: 0x12, mode: .protected32)! == (.vtl0, true))
  }

  @Test func `calls and returns go through the VTLs that are enabled`() {
    var guest = TestGuest(maximumVTL: .vtl2)
    _ = guest.enablePartition(.vtl2)
    _ = guest.enableVP(0, .vtl2)
    #expect(decide(guest.partition, rcx: 0x11, rax: 0)?.to == .vtl2)
    guest.enter(.vtl2)
    #expect(decide(guest.partition, rcx: 0x12, rax: 0)?.to == .vtl0)
    _ = guest.enablePartition(.vtl1)
    _ = guest.enableVP(0, .vtl1)
    #expect(decide(guest.partition, rcx: 0x12, rax: 0)?.to == .vtl1)
  }

  func withAssistPage() throws -> HyperVPartition {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    _ = try guest.partition.writeMSR(0x4000_0073, 0x8001, on: vp0)
    guest.enter(.vtl0)
    return guest.partition
  }

  @Test(
    arguments: [(VTLSwitchReason.call, 1), (.interrupt, 2), (.intercept, 3)] as [(VTLSwitchReason, UInt8)])
  func `an entry tells the entered VTL why, and keeps RAX and RCX for its return`(
    reason: VTLSwitchReason, code: UInt8
  ) throws {
    var partition = try withAssistPage()
    let live = VTLReturnRegisters(rax: 0x1122_3344_5566_7788, rcx: 0x99AA)
    let writes = partition.switchVTL(on: vp0, to: .vtl1, reason: reason, live: live, isLongMode: true)
    #expect(
      writes == [
        AssistPageWrite(context: ContextID(0, 1), offset: 8, value: UInt128(code), count: 4),
        AssistPageWrite(context: ContextID(0, 1), offset: 16, value: 0x99AA_1122_3344_5566_7788, count: 16),
      ])
    #expect(partition.active(on: vp0) == ContextID(0, 1))
    #expect(VTLReturnRegisters(0x1122_3344_5566_7788, 0x99AA, isLongMode: true) == live)
  }

  @Test func `a 32-bit VTL keeps EAX, ECX and EDX`() throws {
    var partition = try withAssistPage()
    let live = VTLReturnRegisters(rax: 0xFFFF_FFFF_0000_0001, rcx: 2, rdx: 3)
    let writes = partition.switchVTL(on: vp0, to: .vtl1, reason: .call, live: live, isLongMode: false)
    #expect(writes[1].value == 0x0000_0003_0000_0002_0000_0001)
    #expect(VTLReturnRegisters(0x2_0000_0001, 3, isLongMode: false) == VTLReturnRegisters(rax: 1, rcx: 2, rdx: 3))
  }

  @Test func `an operator's switch and a VTL without an assist page write nothing`() throws {
    var partition = try withAssistPage()
    let live = VTLReturnRegisters(rax: 0, rcx: 0)
    #expect(partition.switchVTL(on: vp0, to: .vtl1, reason: .operator, live: live, isLongMode: true) == [])
    #expect(partition.switchVTL(on: vp0, to: .vtl0, reason: .return, live: live, isLongMode: true) == [])
    var bare = TestGuest.withVTL1().partition
    #expect(bare.switchVTL(on: vp0, to: .vtl1, reason: .call, live: live, isLongMode: true) == [])
  }

  @Test func `the highest VTL with something deliverable preempts`() {
    var guest = TestGuest(maximumVTL: .vtl2)
    _ = guest.enablePartition(.vtl1)
    _ = guest.enablePartition(.vtl2)
    _ = guest.enableVP(0, .vtl1)
    #expect(guest.partition.processors[0].preemptingVTL(deliverable: VTLSet(rawValue: 0b111)) == .vtl1)
    guest.enter(.vtl1)
    #expect(guest.partition.processors[0].preemptingVTL(deliverable: VTLSet(rawValue: 0b111)) == nil)
    guest.enter(.vtl0)
    #expect(guest.partition.processors[0].preemptingVTL(deliverable: VTLSet(rawValue: 0b001)) == nil)
  }
}
