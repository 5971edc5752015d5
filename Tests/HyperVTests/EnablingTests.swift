import Architecture
import HyperV
import Testing

/// Enabling VTLs and starting VPs: who may, and what the answer is otherwise.
struct EnablingTests {
  @Test func `the partition gets VTL1 once`() {
    var guest = TestGuest()
    #expect(guest.enablePartition(.vtl1) == .success)
    #expect(guest.partition.enabledVTLs.rawValue == 0b11)
    #expect(guest.enablePartition(.vtl1).rawValue == 0x51)
  }

  @Test func `a wrong partition, VTL0 and a VTL above the maximum change nothing`() {
    var guest = TestGuest()
    #expect(guest.enablePartition(.vtl1, partition: 5).rawValue == 0x0D)
    #expect(guest.enablePartition(.vtl0).rawValue == 0x05)
    #expect(guest.enablePartition(.vtl2).rawValue == 0x05)
    #expect(guest.enablePartition(VTL(255)).rawValue == 0x05)
    #expect(guest.partition.enabledVTLs == .vtl0Only)
  }

  @Test(arguments: [2, 3, 4, 8, 0x80, 0x81] as [UInt8]) func `features that are not offered are refused`(
    flags: UInt8
  ) {
    var guest = TestGuest()
    #expect(guest.enablePartition(.vtl1, flags: flags).rawValue == 0x05)
    #expect(guest.partition.enabledVTLs == .vtl0Only)
  }

  @Test func `only the highest VTL below may enable one above itself`() {
    var guest = TestGuest.withVTL1(maximumVTL: .vtl2)
    #expect(guest.enablePartition(.vtl2).rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(guest.enablePartition(.vtl2) == .success)
  }

  @Test func `a higher VTL may enable a lower one`() {
    var guest = TestGuest(maximumVTL: .vtl2)
    #expect(guest.enablePartition(.vtl2) == .success)
    #expect(guest.enableVP(0, .vtl2).status == .success)
    guest.enter(.vtl2)
    #expect(guest.enablePartition(.vtl1) == .success)
  }

  @Test func `enabling a partition's VTL works from registers`() {
    var partition = TestGuest().partition
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    (registers.rcx, registers.rdx, registers.r8) = (0x0001_000D, .max, 1)
    guard case .request(let request) = partition.decode(registers, on: VPIndex(0)) else {
      Issue.record("refused")
      return
    }
    var access = TestRegisters()
    let outcome = partition.execute(request, memory: nil, at: .zero, runTime: .zero, registers: &access)
    outcome.store(in: &registers)
    #expect(registers.rax == 0)
    #expect(outcome.effects == [.enablePartitionVTL(.vtl1)])
  }

  @Test func `a VP gets only a VTL that the partition has`() {
    var guest = TestGuest()
    #expect(guest.enableVP(0, .vtl1).status.rawValue == 0x51)
    _ = guest.enablePartition(.vtl1)
    let outcome = guest.enableVP(0, .vtl1)
    #expect(outcome.status == .success)
    #expect(outcome.effects == [.enableVP(ContextID(0, 1), .sample)])
    #expect(guest.partition.processors[0].activeVTL == .vtl0)
    #expect(guest.partition.processors[0].enabledVTLs.rawValue == 0b11)
    #expect(guest.enableVP(0, .vtl1).status.rawValue == 0x86)
  }

  @Test func `VTL0 enables VTL1 on its own VP and only the first time`() {
    var guest = TestGuest()
    _ = guest.enablePartition(.vtl1)
    #expect(guest.enableVP(1, .vtl1).status.rawValue == 0x06)
    #expect(guest.enableVP(0xFFFF_FFFE, .vtl1).status == .success)
    #expect(guest.enableVP(1, .vtl1, on: 1).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(guest.enableVP(1, .vtl1).status == .success)
    #expect(guest.enableVP(2, .vtl1).effects == [.enableVP(ContextID(2, 1), .sample)])
  }

  @Test func `bad targets of enabling a VP's VTL`() {
    var guest = TestGuest()
    _ = guest.enablePartition(.vtl1)
    #expect(guest.enableVP(0, .vtl1, partition: 1).status.rawValue == 0x0D)
    #expect(guest.enableVP(4, .vtl1).status.rawValue == 0x0E)
    #expect(guest.enableVP(0xFFFF_FFFF, .vtl1).status.rawValue == 0x0E)
    #expect(guest.enableVP(0, .vtl0).status.rawValue == 0x05)
    #expect(guest.enableVP(0, .vtl2).status.rawValue == 0x05)
  }

  @Test func `no VTL above 0 begins in real mode or in a state that cannot be`() {
    var guest = TestGuest()
    _ = guest.enablePartition(.vtl1)
    let breaks: [(inout InitialVPContext) -> Void] = [
      { $0.cr0 = 0x10 },  // real mode
      { $0.cr0 = 0x8000_0010 },  // paging without protection
      { $0.cr0 = 0x1_8000_0011 },
      { $0.efer = 0x400 },  // LMA without LME
      { $0.efer = 0x1500 },  // SVME
      { $0.cr4 = 0 },  // long mode without PAE
      { $0.rip = 0x0000_8000_0000_0000 },
      { $0.gdtr.base = 0x8000_0000_0000_0000 },
      { $0.ss.base = 0x1_0000_0000 },
      { $0.rflags = 0 },
      { $0.rflags = 0x2_0002 },  // virtual-8086 mode inside long mode
      { $0.pat = 2 },
      { $0.cs.attributes = 0xE09B },  // both L and D
      { ($0.efer, $0.cs.attributes) = (0, 0xA09B) },  // 64-bit code outside long mode
    ]
    for (i, spoil) in breaks.enumerated() {
      var context = InitialVPContext.sample
      spoil(&context)
      #expect(guest.enableVP(0, .vtl1, context: context).status.rawValue == 0x05, "case \(i)")
    }
    #expect(guest.partition.processors[0].enabledVTLs == .vtl0Only)
  }

  @Test func `EFER.LMA follows from LME and paging`() {
    var guest = TestGuest()
    _ = guest.enablePartition(.vtl1)
    var context = InitialVPContext.sample
    context.efer = 0x100
    #expect(guest.enableVP(0, .vtl1, context: context).effects == [.enableVP(ContextID(0, 1), .sample)])
  }

  @Test func `starting a VP runs its highest VTL first`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    _ = guest.enableVP(1, .vtl1)
    guest.enter(.vtl0)
    #expect(guest.startVP(1, .vtl0).effects == [.startVP(ContextID(1, 0), .sample, first: .vtl1)])
    #expect(guest.partition.processors[1].activeVTL == .vtl1)
    #expect(guest.startVP(2, .vtl0).effects == [.startVP(ContextID(2, 0), .sample, first: .vtl0)])
    #expect(guest.startVP(2, .vtl0).status.rawValue == 0x15)
  }

  @Test func `bad targets of starting a VP`() {
    var guest = TestGuest.withVTL1()
    #expect(guest.startVP(1, .vtl0, partition: 1).status.rawValue == 0x0D)
    #expect(guest.startVP(0, .vtl0).status.rawValue == 0x0E)
    #expect(guest.startVP(0xFFFF_FFFE, .vtl0).status.rawValue == 0x0E)
    #expect(guest.startVP(9, .vtl0).status.rawValue == 0x0E)
    #expect(guest.startVP(1, .vtl1).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(guest.startVP(1, .vtl1).status.rawValue == 0x15)
    #expect(guest.startVP(0, .vtl0, on: 1).status.rawValue == 0x15)
  }

  @Test func `a VP may be started in real mode at VTL0`() {
    var guest = TestGuest()
    var context = InitialVPContext()
    context.pat = 0x0007_0406_0007_0406
    #expect(guest.startVP(1, .vtl0, context: context).status == .success)
  }

  @Test func `a higher VTL can keep lower ones from starting VPs`() {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(.vsmPartitionConfig, 0x40)]).status == .success)
    guest.enter(.vtl0)
    #expect(guest.startVP(1, .vtl0).status.rawValue == 0x06)
    guest.enter(.vtl1)
    #expect(guest.startVP(1, .vtl0).status == .success)
  }

  @Test func `INIT and SIPI are dropped below an enabled VTL`() {
    let guest = TestGuest.withVTL1()
    #expect(guest.partition.deniesStartupMessages(to: ContextID(0, 0)))
    #expect(!guest.partition.deniesStartupMessages(to: ContextID(0, 1)))
    #expect(!guest.partition.deniesStartupMessages(to: ContextID(1, 0)))
  }

  @Test func `a reset leaves VTL0 alone`() {
    var guest = TestGuest.withVTL1()
    guest.partition.reset()
    #expect(guest.partition.enabledVTLs == .vtl0Only)
    #expect(guest.partition.processors[0].enabledVTLs == .vtl0Only)
    #expect(guest.enablePartition(.vtl1) == .success)
  }
}
