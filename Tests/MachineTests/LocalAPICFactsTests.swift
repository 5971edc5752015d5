import Architecture
import Journal
import Machine
import Scenarios
import Testing

/// What a snapshot tells of a local APIC beyond its registers.
@Suite struct LocalAPICFactsTests {
  @Test func `a deadline outside of its mode is an event with its place, and in the snapshot`() throws {
    let write = Code.wrmsr(0x6E0, 0x1234)
    let machine = try MachineRun(CodeGuest(main: Code.prologue + write + Code.spin), vtls: 1)
    machine.run(for: .microseconds(5))
    let ignored = machine.events.filter { $0.body == .timerWriteIgnored(.deadline, value: 0x1234) }
    #expect(ignored.map(\.context) == [ContextID(0, 0)])
    // At the WRMSR, the last two bytes.
    let rip = CodeGuest.mainAt + UInt64(Code.prologue.count + write.count) - 2
    #expect(ignored.map(\.rip) == [rip])
    let timer = try machine.context(0, 0).timer
    #expect(timer.ignoredWrites == 1)
    #expect(timer.lastWrite?.isIgnored == true)
    #expect(timer.lastWrite?.write.rip == rip)
    #expect(timer.due == nil)
  }

  @Test func `an SMI is recorded where it arrives and turned down`() throws {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + Code.spin), vtls: 1)
    machine.run(for: .microseconds(5))
    for _ in 0..<3 {
      #expect(machine.perform(fire(0, mode: .smi)).acceptances == [.rejected(.noSystemManagementMode)])
    }
    let counters = try machine.context(0, 0).counters
    #expect(counters.systemManagementInterrupts == 3)
    #expect(counters.rejected == 3)
  }

  @Test func `lowest priority takes turns among equals`() throws {
    let machine = try MachineRun(Scenario.demo)
    machine.run(until: .milliseconds(20))
    machine.perform(.pause)
    var winners: [Int] = []
    for vector in 0x30..<0x40 {
      let group = machine.partition.snapshot().contexts.filter { $0.group == GroupID(0) && $0.isEnabled }
      // SDM Vol. 3A, 12.6.2.4: the smallest PPR; who has won least often; the lowest VP.
      let best = try #require(
        group.min {
          ($0.apic[0xA0], $0.counters.arbitrationsWon, $0.id.vp.index)
            < ($1.apic[0xA0], $1.counters.arbitrationsWon, $1.id.vp.index)
        })
      var message = InterruptMessage(vector: VectorNumber(vector), to: ApicID(rawValue: .max))
      message.command.deliveryMode = .lowestPriority
      message.command.isLogical = true
      let events = machine.perform(.fire(FireRequest(origin: .message(GroupID(0)), message: message)))
      let reached = events.compactMap { if case .accepted = $0.body { $0.context } else { nil } }
      #expect(reached == [best.id])
      #expect(
        try machine.context(best.id.vp.index, 0).counters.arbitrationsWon == best.counters.arbitrationsWon + 1)
      winners.append(best.id.vp.index)
    }
    #expect(Set(winners).count > 1)
  }

  @Test func `a physical broadcast is no arbitration`() throws {
    let machine = try MachineRun(Scenario.demo)
    machine.run(until: .milliseconds(20))
    let before = machine.partition.snapshot().contexts.map(\.counters.arbitrationsWon)
    machine.perform(fire(0x38, to: .max, mode: .lowestPriority))
    #expect(machine.partition.snapshot().contexts.map(\.counters.arbitrationsWon) == before)
  }

  @Test func `errors are told one kind at a time until ESR is written`() throws {
    // LVT error = FEh; an illegal vector twice, a reserved register; ESR written; an illegal vector again.
    let illegal = Code.store(0x4005, at: 0xFEE0_0300)
    let reserved = Code.store(0, at: 0xFEE0_0290)
    let main =
      Code.prologue + Code.store(0xFE, at: 0xFEE0_0370) + Code.sti + illegal + illegal + reserved + reserved
      + Code.store(0, at: 0xFEE0_0280) + illegal + Code.spin
    let machine = try MachineRun(CodeGuest(main: main), vtls: 1)
    machine.run(for: .microseconds(5))
    let errors = machine.events.compactMap { event -> UInt8? in
      if case .apicError(let status) = event.body { status } else { nil }
    }
    #expect(errors == [0x20, 0xA0, 0x20])
    #expect(machine.events.taken(by: ContextID(0, 0)) == [0xFE, 0xFE, 0xFE])
  }
}
