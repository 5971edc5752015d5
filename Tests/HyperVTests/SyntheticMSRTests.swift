import Architecture
import HyperV
import Testing

struct SyntheticMSRTests {
  let vp0 = VPIndex(0)

  func read(_ partition: HyperVPartition, _ msr: UInt32, vp: Int = 0, at now: VirtualTime = .zero) throws
    -> UInt64?
  {
    guard
      case .value(let value) = try partition.readMSR(msr, on: VPIndex(vp), at: now, runTime: .microseconds(5))
    else { return nil }
    return value
  }

  @Test func `times are in units of 100 ns and frequencies in Hz`() throws {
    let partition = TestGuest().partition
    #expect(try read(partition, 0x4000_0020, at: VirtualTime(ticks: 1_234_599)) == 12_345)
    #expect(try read(partition, 0x4000_0010) == 50)
    #expect(try read(partition, 0x4000_0022) == 1_000_000_000)
    #expect(try read(partition, 0x4000_0023) == 1_000_000_000)
    #expect(try read(partition, 0x4000_0002, vp: 3) == 3)
    #expect(try read(partition, 0x4000_0003) == 0)
    #expect(try read(partition, 0x4000_00F0) == 0)
  }

  @Test(arguments: [0x4000_0002, 0x4000_0010, 0x4000_0020, 0x4000_0022, 0x4000_0023, 0x4000_00F0])
  func `read-only MSRs refuse writes`(msr: UInt32) {
    var partition = TestGuest().partition
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(msr, 0, on: vp0) }
  }

  // SynIC and its timers, which are not here; beside the guest idle MSR; reenlightenment MSRs; and no MSR at all.
  @Test(arguments: [
    0x4000_0080, 0x4000_0090, 0x4000_00B0, 0x4000_00EF, 0x4000_00F1, 0x4000_00FF, 0x4000_0106, 0x4000_0118, 0, 0x10,
  ])
  func `what is not offered faults`(msr: UInt32) {
    var partition = TestGuest().partition
    #expect(throws: Fault.generalProtection()) {
      _ = try partition.readMSR(msr, on: vp0, at: .zero, runTime: .zero)
    }
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(msr, 0, on: vp0) }
  }

  @Test func `the crash MSRs keep what is written, and the notification tells it`() throws {
    var partition = TestGuest().partition
    for n in 0..<5 as Range<UInt32> {
      #expect(try read(partition, 0x4000_0100 + n) == 0)
      #expect(try partition.writeMSR(0x4000_0100 + n, UInt64.max - UInt64(n), on: vp0) == [])
      #expect(try read(partition, 0x4000_0100 + n, vp: 1) == UInt64.max - UInt64(n))
    }
    // CrashNotify alone is offered, whatever is written.
    #expect(try read(partition, 0x4000_0105) == 1 << 63)
    #expect(try partition.writeMSR(0x4000_0105, 0x7FFF_FFFF_FFFF_FFFF, on: vp0) == [])
    #expect(try read(partition, 0x4000_0105) == 1 << 63)
    let parameters = (0..<5).map { UInt64.max - UInt64($0) }
    #expect(
      try partition.writeMSR(0x4000_0105, 3 << 62, on: vp0)
        == [.guestCrashed(control: 3 << 62, parameters: parameters)])
    partition.reset()
    #expect(try read(partition, 0x4000_0100) == 0)
  }

  @Test func `the hypercall page needs an identity first`() throws {
    var partition = TestGuest().partition
    #expect(!partition.isEnlightened)
    #expect(try partition.writeMSR(0x4000_0001, 0x5001, on: vp0) == [])
    #expect(try read(partition, 0x4000_0001) == 0x5000)
    #expect(try partition.writeMSR(0x4000_0000, 0x8100_0000_0000_0000, on: vp0) == [])
    #expect(partition.isEnlightened)
    #expect(
      try partition.writeMSR(0x4000_0001, 0x5001, on: vp0) == [.mapHypercallPage(.vtl0, at: GPA(0x5000))])
    #expect(try partition.writeMSR(0x4000_0001, 0x5001, on: vp0) == [])
    let moved: [HyperVEffect] = [
      .unmapHypercallPage(.vtl0, at: GPA(0x5000)), .mapHypercallPage(.vtl0, at: GPA(0x6000)),
    ]
    #expect(try partition.writeMSR(0x4000_0001, 0x6001, on: vp0) == moved)
    #expect(try partition.writeMSR(0x4000_0000, 0, on: vp0) == [.unmapHypercallPage(.vtl0, at: GPA(0x6000))])
    #expect(try read(partition, 0x4000_0001) == 0x6000)
    #expect(!partition.isEnlightened)
  }

  @Test func `a locked hypercall page stays until the partition is reset`() throws {
    var partition = TestGuest().partition
    _ = try partition.writeMSR(0x4000_0000, 1, on: vp0)
    _ = try partition.writeMSR(0x4000_0001, 0x5003, on: vp0)
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(0x4000_0001, 0, on: vp0) }
    #expect(try partition.writeMSR(0x4000_0000, 0, on: vp0) == [])
    #expect(try read(partition, 0x4000_0001) == 0x5003)
    partition.reset()
    #expect(try partition.writeMSR(0x4000_0001, 0, on: vp0) == [])
  }

  // Reserved bits, and the first page beyond 40 bits of physical address.
  @Test(arguments: [0x5005, 0x5801, 0x100_0000_0001, 0xFFFF_FFFF_FFFF_F001])
  func `a page MSR refuses reserved bits and far addresses`(value: UInt64) {
    var partition = TestGuest().partition
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(0x4000_0001, value, on: vp0) }
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(0x4000_0073, value, on: vp0) }
  }

  @Test func `the last page of the address space is a page`() throws {
    var partition = TestGuest().partition
    let last = ContextID(0, 0)
    #expect(
      try partition.writeMSR(0x4000_0073, 0xFF_FFFF_F001, on: vp0)
        == [.mapAssistPage(last, at: GPA(0xFF_FFFF_F000))])
    #expect(
      try partition.writeMSR(0x4000_0073, 0, on: vp0) == [.unmapAssistPage(last, at: GPA(0xFF_FFFF_F000))])
  }

  @Test func `each VTL has its own identity and pages`() throws {
    var guest = TestGuest.withVTL1()
    _ = try guest.partition.writeMSR(0x4000_0000, 0x1111, on: vp0)
    _ = try guest.partition.writeMSR(0x4000_0001, 0x5001, on: vp0)
    guest.enter(.vtl1)
    #expect(try read(guest.partition, 0x4000_0000) == 0)
    #expect(try read(guest.partition, 0x4000_0001) == 0)
    #expect(guest.partition.isEnlightened)
    #expect(
      try guest.partition.writeMSR(0x4000_0073, 0x8001, on: vp0)
        == [.mapAssistPage(ContextID(0, 1), at: GPA(0x8000))])
    guest.enter(.vtl0)
    #expect(try read(guest.partition, 0x4000_0073) == 0)
    #expect(try read(guest.partition, 0x4000_0000) == 0x1111)
  }

  @Test func `the APIC MSRs are handed to the local APIC`() throws {
    var partition = TestGuest().partition
    #expect(try partition.writeMSR(0x4000_0070, 0, on: vp0) == [.endOfInterrupt])
    #expect(throws: Fault.generalProtection()) {
      _ = try partition.readMSR(0x4000_0070, on: vp0, at: .zero, runTime: .zero)
    }
    #expect(
      try partition.writeMSR(0x4000_0071, 0x0200_0000_0000_40F1, on: vp0)
        == [.interruptCommand(0x0200_0000_0000_40F1)])
    #expect(try partition.readMSR(0x4000_0071, on: vp0, at: .zero, runTime: .zero) == .interruptCommand)
    #expect(try partition.writeMSR(0x4000_0072, 0xFF, on: vp0) == [.taskPriority(0xFF)])
    #expect(throws: Fault.generalProtection()) { try partition.writeMSR(0x4000_0072, 0x100, on: vp0) }
    #expect(try partition.readMSR(0x4000_0072, on: vp0, at: .zero, runTime: .zero) == .taskPriority)
  }

  @Test func `reset wants bit 0`() throws {
    var partition = TestGuest().partition
    #expect(try partition.writeMSR(0x4000_0003, 2, on: vp0) == [])
    #expect(try partition.writeMSR(0x4000_0003, 1, on: vp0) == [.resetPartition(zeroesMemory: false)])
  }
}
