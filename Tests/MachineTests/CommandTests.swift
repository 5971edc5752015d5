import Architecture
import Journal
import Machine
import Scenarios
import Testing

/// Pause, run, step, fire: what an operator does, and that the machine goes on afterwards.
@Suite struct CommandTests {
  /// Halts with interrupts enabled, again after each of them.
  private let halting = CodeGuest(main: Code.prologue + Code.sti + Code.loop(Code.hlt))

  @Test func `an interrupt fired at a paused, halted VP is served as soon as the machine runs`() throws {
    let machine = try MachineRun(halting, vtls: 1)
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).activity == .halted)
    machine.perform(.pause)
    let before = machine.partition.instructions
    let fired = machine.perform(fire(0x40))
    let journey = try #require(fired.first { $0.journey != .none }?.journey)
    #expect(machine.partition.advance(slices: 10) == .halted)
    #expect(machine.partition.instructions == before)
    machine.perform(.run)
    #expect(machine.partition.advance(slices: 10) == .idle(until: nil))
    // PUSH, MOV, MOV, POP, IRETQ, JMP and HLT.
    #expect(machine.partition.instructions == before + 7)
    #expect(machine.events.last { $0.journey == journey }?.body.isEndOfInterrupt == true)
    #expect(machine.events.count { $0.body.isEndOfInterrupt } == 1)
  }

  @Test func `the same of a spinning VP, and of one that halts with interrupts disabled it is not`() throws {
    let spinning = try MachineRun(CodeGuest(main: Code.prologue + Code.sti + Code.spin), vtls: 1)
    let closed = try MachineRun(CodeGuest(main: Code.prologue + Code.hlt), vtls: 1)
    for machine in [spinning, closed] {
      machine.run(for: .microseconds(10))
      machine.perform(.pause)
      machine.perform(fire(0x40))
      machine.perform(.run)
      machine.run(for: .microseconds(10))
    }
    #expect(spinning.events.count { $0.body.isEndOfInterrupt } == 1)
    #expect(closed.events.taken(by: ContextID(0, 0)) == [])
    #expect(try closed.context(0, 0).pending.map(\.vector) == [VectorNumber(0x40)])
  }

  @Test(arguments: [0, 1, 2, 3])
  func `the demo goes on after pause, fire and run, and the journey ends in EOI`(target: Int) throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(40))
    machine.perform(.pause)
    let journey = try #require(machine.perform(fire(0x77, to: UInt32(target))).first { $0.journey != .none }?.journey)
    let before = machine.partition.instructions
    machine.perform(.run)
    machine.run(for: .milliseconds(2))
    #expect(machine.partition.instructions > before)
    let steps = machine.events.filter { $0.journey == journey }
    #expect(steps.count == 4)
    #expect(steps.last?.body.isEndOfInterrupt == true)
    #expect(steps.last?.context == ContextID(target, 0))
  }

  @Test func `a step runs until something has happened, and no further`() throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(40))
    machine.perform(.pause)
    for _ in 0..<100 {
      let before = machine.partition.nextEvent
      // The command is an event as well.
      machine.perform(.stepEvent)
      #expect(machine.partition.nextEvent == before + 1)
      var slices = 0
      while machine.partition.runState == .running, slices < 10_000 {
        if case .idle(let until?) = machine.partition.advance(slices: 1) { machine.partition.warp(to: until) }
        slices += 1
      }
      #expect(machine.partition.runState == .paused)
      #expect(machine.partition.nextEvent > before + 1)
      let after = machine.partition.nextEvent
      #expect(machine.partition.advance(slices: 100) == .halted)
      #expect(machine.partition.nextEvent == after)
    }
  }

  @Test func `a step of many events runs until that many have happened`() throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(40))
    machine.perform(.pause)
    for count: UInt64 in [2, 10, 1_000] {
      let first = machine.partition.nextEvent + 1
      machine.perform(.step(events: count))
      machine.run(for: .milliseconds(200))
      #expect(machine.partition.runState == .paused)
      // What one instruction makes happen is not cut in two.
      #expect((count..<count + 32).contains(machine.partition.nextEvent - first))
    }
  }

  @Test func `run and pause both end a step that is under way`() throws {
    for command in [Command.pause, .run] {
      let machine = try MachineRun(.demo)
      machine.run(until: .milliseconds(10))
      machine.perform(.pause)
      machine.perform(.stepEvent)
      machine.perform(command)
      if command == .pause { machine.perform(.run) }
      machine.run(for: .milliseconds(5))
      #expect(machine.partition.runState == .running)
    }
  }

  @Test func `every refusal has its reason and leaves the machine as it was`() throws {
    let machine = try MachineRun(halting, vps: 2)
    machine.run(for: .microseconds(10))
    let before = machine.partition.snapshot()
    let message = InterruptMessage(vector: VectorNumber(0x40), to: ApicID(0))
    func from(_ vp: Int, _ vtl: Int) -> Command {
      .fire(FireRequest(origin: .context(ContextID(vp, vtl)), message: message))
    }
    let refused: [(Command, CommandRefusal)] = [
      (.stepEvent, .notPaused), (from(2, 0), .noSuchContext), (from(0, 2), .noSuchContext),
      (from(0, 1), .vtlNotEnabled), (fire(0x40, group: 2), .noSuchGroup),
      (.switchVTL(VPIndex(2), to: .vtl0), .noSuchContext), (.switchVTL(VPIndex(0), to: .vtl2), .noSuchContext),
      (.switchVTL(VPIndex(0), to: .vtl0), .alreadyActive), (.switchVTL(VPIndex(0), to: .vtl1), .vtlNotEnabled),
      (.endOfInterrupt(ContextID(0, 0)), .nothingInService), (.endOfInterrupt(ContextID(2, 0)), .noSuchContext),
    ]
    for (command, reason) in refused {
      let events = machine.events { #expect(machine.partition.perform(command) == reason) }
      #expect(events.map(\.body) == [.command(command.kind, refusal: reason)])
    }
    var after = machine.partition.snapshot()
    #expect(after.machine.commands == UInt64(refused.count))
    after.machine.commands = 0
    after.machine.nextEvent = before.machine.nextEvent
    #expect(after == before)
  }

  @Test func `a reset leaves processor and local APIC as at power-on, and the VP waits for a SIPI`() throws {
    let machine = try MachineRun(scenario: "tpr-block")
    machine.run(until: .milliseconds(40))
    machine.perform(.pause)
    let id = ContextID(3, 0)
    let before = try machine.context(3, 0)
    try #require(before.isEnabled && before.activity != .waitForStartup && before.apic[0xF0] != 0xFF)
    let events = machine.perform(.reset(id))
    #expect(events.prefix(2).map(\.body) == [.command(.reset, refusal: nil), .initialized])
    #expect(events.allSatisfy { $0.context == nil || $0.context == id })
    let after = try machine.context(3, 0)
    // SDM Vol. 3A, table 10-1 and 12.4.7: RFLAGS 2, RIP FFF0h, CR0 60000010h; SVR FFh, the LVT masked.
    #expect(after.activity == .waitForStartup)
    #expect(after.rflags == 2 && after.rip & 0xFFFF == 0xFFF0)
    #expect(after.apic[0xF0] == 0xFF && after.apic[0x320] == 0x10000)
    #expect(after.pending.isEmpty && after.inService.isEmpty && after.timer.due == nil)
    #expect(after.lastInit == nil)
    machine.perform(.run)
    machine.run(for: .milliseconds(2))
    #expect(try machine.context(3, 0).activity == .waitForStartup)
    // It can be started again.
    machine.perform(fire(0x90, to: 3, mode: .startup))
    #expect(try machine.context(3, 0).activity != .waitForStartup)
  }

  @Test func `a VTL above 0, and what is below one, cannot be reset`() throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(40))
    try #require(try machine.context(0, 1).isEnabled)
    for id in [ContextID(0, 0), ContextID(0, 1)] {
      #expect(machine.partition.perform(.reset(id)) == .cannotBeReset)
    }
    #expect(machine.partition.perform(.reset(ContextID(99, 0))) == .noSuchContext)
  }

  @Test func `an SMI is recorded where it goes, and dropped there`() throws {
    let machine = try MachineRun(halting, vtls: 1)
    machine.run(for: .microseconds(10))
    let events = machine.perform(fire(0, mode: .smi))
    #expect(events.contains { $0.body == .accepted(VectorNumber(0), .smi, .rejected(.noSystemManagementMode)) })
    #expect(try machine.context(0, 0).counters.systemManagementInterrupts == 1)
  }

  @Test func `a machine that has stopped refuses everything`() throws {
    let machine = try MachineRun(CodeGuest(main: Code.undefined), vtls: 1)
    machine.run(for: .microseconds(10))
    #expect(machine.partition.stopCause == .tripleFault)
    let commands = [Command.pause, .run, .stepEvent, fire(0x40), .endOfInterrupt(ContextID(0, 0))]
    for command in commands { #expect(machine.partition.perform(command) == .machineStopped) }
    #expect(machine.partition.advance(slices: 1) == .halted)
  }

  @Test func `EOI on behalf of a context ends what is in service there`() throws {
    // A handler that never writes EOI.
    let guest = CodeGuest(main: Code.prologue + Code.sti + Code.spin, handlers: [0x40: Code.spin])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(for: .microseconds(10))
    machine.perform(fire(0x40))
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).inService.map(\.vector) == [VectorNumber(0x40)])
    #expect(machine.perform(.endOfInterrupt(ContextID(0, 0))).contains { $0.body.isEndOfInterrupt })
    #expect(try machine.context(0, 0).inService.isEmpty)
    #expect(machine.partition.perform(.endOfInterrupt(ContextID(0, 0))) == .nothingInService)
  }
}

extension Event.Body {
  var isEndOfInterrupt: Bool { if case .endOfInterrupt = self { true } else { false } }
}
