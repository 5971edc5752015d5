import Architecture
import Journal
import Machine
import Testing

/// NMIs and the shadow of STI and MOV SS (SDM Vol. 3A, 6.7 and 6.8.3).
@Suite struct NonMaskableTests {
  private static let start = UInt64(Code.prologue.count) + CodeGuest.mainAt

  /// Interrupts are disabled but for the shadow of STI. The slice of 1,000 ticks ends at each of the three places.
  private func afterSTI() throws -> MachineRun {
    try shadowed(Code.loop(Code.sti + Code.cli))
  }

  private func shadowed(_ body: [UInt8]) throws -> MachineRun {
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + body, handlers: [2: Code.nop + Code.iretq]), vtls: 1)
    for _ in 0..<10 where try !machine.context(0, 0).interruptShadow { _ = machine.partition.advance(slices: 1) }
    #expect(try machine.context(0, 0).interruptShadow)
    machine.perform(.pause)
    return machine
  }

  private func taken(_ events: [Event]) -> [UInt64] { events.filter { $0.body == .nmiTaken }.map(\.rip) }

  @Test func `an NMI in the shadow of STI is taken at the first boundary after it`() throws {
    let machine = try afterSTI()
    #expect(taken(machine.perform(fire(0, mode: .nmi))) == [])
    machine.perform(.run)
    machine.run(for: .microseconds(5))
    // Behind the CLI.
    #expect(taken(machine.events) == [Self.start + 2])
  }

  @Test func `an NMI in the shadow of MOV SS is taken at the first boundary after it`() throws {
    // MOV EAX, 16; MOV SS, EAX; NOP; JMP.
    let load: [UInt8] = [0xB8, 16, 0, 0, 0]
    let machine = try shadowed(load + Code.loop([0x8E, 0xD0] + Code.nop))
    #expect(taken(machine.perform(fire(0, mode: .nmi))) == [])
    machine.perform(.run)
    machine.run(for: .microseconds(5))
    #expect(taken(machine.events) == [Self.start + 5 + 3])
  }

  @Test func `an interrupt is not taken between STI and CLI`() throws {
    let machine = try afterSTI()
    machine.perform(fire(0x40))
    machine.perform(.run)
    machine.run(for: .microseconds(20))
    #expect(machine.events.taken(by: ContextID(0, 0)) == [])
  }

  @Test func `an interrupt in the shadow of STI is taken behind the next instruction`() throws {
    let machine = try shadowed(Code.loop(Code.sti + Code.nop + Code.cli))
    #expect(machine.perform(fire(0x40)).taken(by: ContextID(0, 0)) == [])
    machine.perform(.run)
    machine.run(for: .microseconds(5))
    #expect(machine.events.taken(by: ContextID(0, 0)) == [0x40])
    #expect(machine.events.first { if case .acknowledged = $0.body { true } else { false } }?.rip == Self.start + 2)
  }

  @Test func `two NMIs wait while none is in service, a third merges`() throws {
    let machine = try afterSTI()
    var acceptances: [Acceptance] = []
    for _ in 0..<3 { acceptances += machine.perform(fire(0, mode: .nmi)).acceptances }
    #expect(acceptances.prefix(2) == [.pending, .pending])
    #expect(acceptances.count == 3 && acceptances[2].isMerged)
    #expect(try machine.context(0, 0).nmiPending == 2)
    machine.perform(.run)
    machine.run(for: .microseconds(20))
    // Each handler runs to its end, so the second is taken where the first returned to.
    #expect(taken(machine.events) == [Self.start + 2, Self.start + 2])
    #expect(try machine.context(0, 0).nmiPending == 0)
  }

  @Test func `while one is in service one more waits, until IRET`() throws {
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + Code.spin, handlers: [2: Code.nop + Code.iretq]), vtls: 1)
    machine.run(for: .microseconds(5))
    machine.perform(.pause)
    var acceptances: [Acceptance] = []
    for _ in 0..<3 { acceptances += machine.perform(fire(0, mode: .nmi)).acceptances }
    #expect(taken(machine.events).count == 1)
    #expect(try machine.context(0, 0).nmiBlocked)
    #expect(acceptances.prefix(2) == [.pending, .pending])
    #expect(acceptances.count == 3 && acceptances[2].isMerged)
    machine.perform(.run)
    machine.run(for: .microseconds(20))
    #expect(taken(machine.events).count == 2)
    #expect(try !machine.context(0, 0).nmiBlocked)
  }

  @Test func `an NMI wakes a VP that has halted with interrupts disabled`() throws {
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + Code.hlt + Code.transmit(0x57) + Code.hlt, handlers: [2: Code.iretq]), vtls: 1)
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "")
    machine.perform(fire(0, mode: .nmi))
    machine.run(for: .microseconds(5))
    #expect(machine.recorder.text == "W")
    #expect(try machine.context(0, 0).activity == .halted)
  }
}

extension Acceptance {
  var isMerged: Bool { if case .merged = self { true } else { false } }
}
