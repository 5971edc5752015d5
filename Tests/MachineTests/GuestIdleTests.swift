import Architecture
import Interpreter
import Journal
import Testing

@testable import Machine

/// HV_X64_MSR_GUEST_IDLE (TLFS, "Virtual Processor Idle Sleep State").
@Suite struct GuestIdleTests {
  private let vtl0 = ContextID(0, 0)
  private let vtl1 = ContextID(0, 1)
  private static let idle = Code.rdmsr(0x4000_00F0)

  private func machine(_ main: [UInt8], handlers: [UInt8: [UInt8]] = [:]) throws -> MachineRun {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + main, handlers: handlers), vtls: 1)
    machine.run(for: .microseconds(20))
    return machine
  }

  /// How it was put to sleep and woken, in order.
  private func sleeps(_ machine: MachineRun) -> [EventKind] {
    machine.events.map(\.kind).filter { [.idled, .halted, .woke].contains($0) }
  }

  @Test func `an interrupt wakes it with IF = 0, and is taken behind STI`() throws {
    let machine = try machine(
      Code.cli + Self.idle + Code.transmit(0x57) + Code.sti + Code.nop + Code.transmit(0x58) + Code.spin)
    #expect(try machine.context(0, 0).activity == .idle)
    #expect(try !machine.context(0, 0).interruptsEnabled)
    #expect(machine.partition.isIdle)
    #expect(machine.recorder.text == "")
    #expect(machine.perform(fire(0x40)).taken(by: vtl0) == [])
    #expect(try machine.context(0, 0).activity == .running)
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "WX")
    #expect(machine.events.taken(by: vtl0) == [0x40])
    #expect(sleeps(machine) == [.idled, .woke])
  }

  @Test func `the read gives 0 and is over: its RIP is behind it`() throws {
    let set = Code.set(.rax, 0x5A) + Code.set(.rdx, 0x5A)
    let machine = try machine(set + Code.cli + Self.idle + Code.spin)
    let context = try machine.context(0, 0)
    #expect(context.rip == CodeGuest.mainAt + UInt64((Code.prologue + set + Code.cli + Self.idle).count))
    #expect(machine.partition.vps[0].processor[.rax] == 0)
    #expect(machine.partition.vps[0].processor[.rdx] == 0)
  }

  @Test func `with IF = 1 the interrupt is taken at once`() throws {
    let machine = try machine(Code.sti + Self.idle + Code.transmit(0x57) + Code.spin)
    #expect(machine.perform(fire(0x40)).taken(by: vtl0) == [0x40])
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "W")
  }

  @Test func `an interrupt that is there already lets it not sleep`() throws {
    // To itself, by the ICR.
    let machine = try machine(
      Code.cli + Code.store(0x4_4040, at: 0xFEE0_0300) + Self.idle + Code.transmit(0x57) + Code.spin)
    #expect(machine.recorder.text == "W")
    #expect(sleeps(machine) == [.idled, .woke])
    #expect(machine.events.count(of: .woke(after: .zero)) == 1)
    #expect(machine.events.taken(by: vtl0) == [])
  }

  @Test func `a vector behind the TPR does not wake it`() throws {
    let machine = try machine(
      Code.setTaskPriorityClass(5) + Code.cli + Self.idle + Code.transmit(0x57) + Code.spin)
    machine.perform(fire(0x5F))
    machine.run(for: .microseconds(5))
    #expect(try machine.context(0, 0).activity == .idle)
    #expect(machine.recorder.text == "")
    machine.perform(fire(0x60))
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "W")
  }

  @Test func `an NMI wakes it and is taken`() throws {
    let machine = try machine(
      Code.cli + Self.idle + Code.transmit(0x57) + Code.spin, handlers: [2: Code.transmit(0x4E) + Code.iretq])
    machine.perform(fire(0, mode: .nmi))
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "NW")
  }

  @Test func `VTL1 takes the VP from an idle VTL0, sees what it waits for, and leaves it idle`() throws {
    let secure = Code.sti + Code.loop(Code.vtlReturn)
    let main = Code.cli + Self.idle + Code.transmit(0x57) + Code.spin
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + Code.enableVTL1 + Code.vtlCall + main, secure: secure))
    machine.run(for: .microseconds(20))
    #expect(try machine.context(0, 0).activity == .idle)
    // Idle suspend is bit 2 (TLFS, HV_REGISTER_INTERNAL_ACTIVITY_STATE).
    #expect(MachineVPRegisters(partition: machine.partition).read(.internalActivityState, of: vtl0) == 4)
    let events = machine.perform(fire(0x50, group: 1))
    #expect(events.switches(of: 0) == [VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt)])
    #expect(events.taken(by: vtl1) == [0x50])
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).isActive)
    #expect(try machine.context(0, 0).activity == .idle)
    #expect(machine.recorder.text == "")
    machine.perform(fire(0x40))
    machine.run(for: .microseconds(10))
    #expect(machine.recorder.text == "W")
  }

  @Test func `writing it is #GP, and leaves it running`() throws {
    let write = Code.wrmsr(0x4000_00F0, 0)
    let machine = try machine(write + Code.transmit(0x57) + Code.spin, handlers: [13: Code.skip(2, hasErrorCode: true)])
    #expect(machine.recorder.text == "W")
    #expect(sleeps(machine) == [])
  }
}
