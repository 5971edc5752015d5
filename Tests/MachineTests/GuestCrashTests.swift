import Architecture
import Journal
import Machine
import Testing

/// HV_X64_MSR_CRASH_P0...4 and CRASH_CTL (TLFS, HV_CRASH_CTL_REG_CONTENTS).
@Suite struct GuestCrashTests {
  @Test func `a guest that says it has crashed is in the log with all it says, and goes on`() throws {
    let parameters = (0..<5).flatMap { Code.wrmsr(0x4000_0100 + UInt32($0), 0x1_0000_0000 + UInt64($0)) }
    let crash = Code.wrmsr(0x4000_0105, 1 << 62) + Code.wrmsr(0x4000_0105, 3 << 62)
    let machine = try MachineRun(CodeGuest(main: Code.prologue + parameters + crash + Code.transmit(0x41) + Code.spin))
    machine.run(until: .microseconds(20))
    let events = machine.events.filter { $0.kind == .guestCrashed || $0.kind == .guestCrashDetail }
    #expect(
      events.map(\.body) == [
        .guestCrashed(flags: 0xC0, 0x1_0000_0000, 0x1_0000_0001, 0x1_0000_0002),
        .guestCrashDetail(hasMessage: true, 0x1_0000_0003, 0x1_0000_0004),
      ])
    #expect(events.allSatisfy { $0.context == ContextID(0, 0) && $0.rip != 0 })
    #expect(machine.partition.runState == .running)
    #expect(machine.recorder.output == [0x41])
  }
}
