import Architecture
import HyperV
import Testing

/// PendingEvent0 (TLFS, HV_X64_PENDING_EXCEPTION_EVENT).
@Suite struct PendingEventTests {
  @Test func `an exception with error code and parameter`() {
    let event = PendingEvent(rawValue: 0xFFFF_8000_0000_1000_0000_0006_000E_0101)
    #expect(event.fault == Fault(vector: 14, errorCode: 6, address: 0xFFFF_8000_0000_1000))
    #expect(event.fault.map { PendingEvent($0) } == event)
    #expect(PendingEvent(rawValue: 0x0006_0001).fault == .invalidOpcode)
  }

  /// None pending, another type, reserved bits, NMI, #VE, a vector above 31, an error code for #UD.
  @Test(arguments: [0xD_0000, 0x6_0003, 0x6_0011, 0x6_0201, 0x2_0001, 0x14_0001, 0x40_0001, 0x106_0001, 0x6_0101])
  func `what is no exception`(value: UInt64) {
    #expect(PendingEvent(rawValue: UInt128(value)).fault == nil)
  }

  @Test func `only for a VTL below`() {
    var guest = TestGuest.withVTL1()
    #expect(guest.set([(.pendingEvent0, 0x6_0001)]).status.rawValue == 0x05)
    guest.enter(.vtl1)
    #expect(guest.set([(.pendingEvent0, 0x6_0001)]).status.rawValue == 0x05)
    #expect(guest.set([(.pendingEvent0, 0x6_0001)], vtl: 0x10).status == .success)
  }
}
