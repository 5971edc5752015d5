import Architecture
import HyperV
import Journal
import Testing

/// Mode-based execution control (TLFS, "Mode Based Execution Control").
@Suite struct ModeBasedExecutionTests {
  /// VTL1 is enabled with the flag, or without it, and runs.
  private func guest(flags: UInt8 = 1) -> TestGuest {
    var guest = TestGuest()
    #expect(guest.enablePartition(.vtl1, flags: flags) == .success)
    _ = guest.enableVP(0, .vtl1)
    guest.enter(.vtl1)
    return guest
  }
  private func protect(_ guest: inout TestGuest, _ flags: UInt32) -> HypercallStatus {
    let header = littleEndian(UInt64.max) + littleEndian(flags) + [0, 0, 0, 0]
    return guest.call(HypercallInput(.modifyVTLProtectionMask, repCount: 1), header + littleEndian(UInt64(1))).status
  }

  @Test func `the flag of the partition shows in its status, and switches nothing on`() {
    var guest = guest()
    #expect(guest.value(.vsmPartitionStatus) == 0x0031_0003)
    #expect(guest.value(.vsmVPSecureConfig(.vtl0)) == 0)
    #expect(!guest.partition.isModeBased(ContextID(0, 0)))
    #expect(guest.value(.vsmVPStatus) == 0x0003_0001)
  }

  @Test func `VTL1 switches it on for VTL0, a VP at a time, and off`() {
    var guest = guest()
    let outcome = guest.set([(.vsmVPSecureConfig(.vtl0), 1)])
    #expect(outcome.status == .success)
    #expect(outcome.effects == [.modeBasedExecution(VPIndex(0))])
    #expect(guest.value(.vsmVPSecureConfig(.vtl0)) == 1)
    #expect(guest.partition.isModeBased(ContextID(0, 0)) && !guest.partition.isModeBased(ContextID(1, 0)))
    // Not for VTL1 itself, which is active.
    #expect(guest.value(.vsmVPStatus) == 0x0003_0001)
    guest.enter(.vtl0)
    #expect(guest.value(.vsmVPStatus) == 0x0003_0010)
    guest.enter(.vtl1)
    // With the TLB lock beside it, and then alone: the lock goes by itself, this does not.
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 3)]).status == .success)
    #expect(guest.value(.vsmVPSecureConfig(.vtl0)) == 3)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 4)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 0)]).status == .success)
    #expect(!guest.partition.isModeBased(ContextID(0, 0)))
  }

  @Test func `without the flag it cannot be switched on`() {
    var guest = guest(flags: 0)
    #expect(guest.value(.vsmPartitionStatus) == 0x0001_0003)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 1)]).status.rawValue == 0x50)
  }

  @Test func `it is VTL1's alone`() {
    var guest = TestGuest.withVTL1(maximumVTL: .vtl2)
    guest.enter(.vtl1)
    #expect(guest.enablePartition(.vtl2, flags: 1).rawValue == 0x05)
    #expect(guest.enablePartition(.vtl2) == .success)
    #expect(guest.enableVP(0, .vtl2).status == .success)
    guest.enter(.vtl2)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl0), 1)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmVPSecureConfig(.vtl1), 1)]).status.rawValue == 0x50)
  }

  @Test func `user mode may have execution by itself, the kernel may not`() {
    var guest = guest()
    #expect(guest.set([(.vsmPartitionConfig, 0x1F)]).status == .success)
    // R+UX, RW+UX beside what is always allowed.
    for flags: UInt32 in [0, 1, 3, 13, 15, 9, 11] { #expect(protect(&guest, flags) == .success) }
    // KX alone, execution without read, write without read, bits beyond.
    for flags: UInt32 in [5, 7, 8, 10, 2, 0x11] { #expect(protect(&guest, flags).rawValue == 0x50) }
  }

  @Test func `the default mask may tell them apart too`() {
    var guest = guest()
    // Read, write and kernel execution; then read, write and user execution.
    #expect(guest.set([(.vsmPartitionConfig, 0x0F)]).status.rawValue == 0x50)
    #expect(guest.set([(.vsmPartitionConfig, 0x17)]).effects == [.protectAll(.vtl1, ProtectionMask(rawValue: 0xB))])
  }
}
