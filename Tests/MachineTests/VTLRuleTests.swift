import Architecture
import Journal
import Machine
import Testing

/// Interrupts across VTLs, on one VP (TLFS, "Virtual Secure Mode").
@Suite struct VTLRuleTests {
  private let vtl0 = ContextID(0, 0)
  private let vtl1 = ContextID(0, 1)

  /// Ready, in VTL0 after `secure`'s first return, or in VTL1 when it does not return.
  private func machine(
    main: [UInt8], secure: [UInt8], _ change: (inout CodeGuest) -> Void = { _ in }
  ) throws -> MachineRun {
    var guest = CodeGuest(main: Code.prologue + Code.enableVTL1 + Code.vtlCall + main, secure: secure)
    change(&guest)
    let machine = try MachineRun(guest)
    machine.run(for: .microseconds(20))
    #expect(machine.partition.runState == .running)
    return machine
  }

  /// VTL1 that takes interrupts, and returns whenever it is entered.
  private let returning = Code.sti + Code.loop(Code.vtlReturn)

  @Test func `an interrupt for VTL1 preempts VTL0 whatever its IF`() throws {
    let machine = try machine(main: Code.cli + Code.spin, secure: returning)
    #expect(try !machine.context(0, 0).interruptsEnabled)
    let events = machine.perform(fire(0x50, group: 1))
    #expect(events.switches(of: 0) == [VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt)])
    #expect(events.taken(by: vtl1) == [0x50])
    machine.run(for: .microseconds(5))
    #expect(machine.events.last { $0.context == vtl1 && $0.body.isEndOfInterrupt } != nil)
    #expect(try machine.context(0, 0).isActive)
  }

  @Test func `VTL1's own IF decides when it is taken, not whether it is entered`() throws {
    let machine = try machine(main: Code.spin, secure: Code.cli + Code.vtlReturn + Code.spin)
    let events = machine.perform(fire(0x50, group: 1))
    #expect(events.switches(of: 0) == [VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt)])
    #expect(events.taken(by: vtl1) == [])
    #expect(try machine.context(0, 1).pending.map(\.vector) == [VectorNumber(0x50)])
  }

  @Test(arguments: [(0x50, false), (0x6F, false), (0x70, true)])
  func `the TPR of VTL1 decides whether it preempts`(vector: UInt8, preempts: Bool) throws {
    let machine = try machine(
      main: Code.spin, secure: Code.setTaskPriorityClass(6) + Code.sti + Code.loop(Code.vtlReturn))
    let events = machine.perform(fire(vector, group: 1))
    #expect(events.acceptances == [.pending])
    #expect(events.switches(of: 0).map(\.to) == (preempts ? [.vtl1] : []))
    #expect(events.taken(by: vtl1) == (preempts ? [vector] : []))
    machine.run(for: .microseconds(5))
    #expect(machine.events.taken(by: vtl1) == (preempts ? [vector] : []))
  }

  @Test func `an interrupt for VTL0 waits while VTL1 is active`() throws {
    let machine = try machine(main: Code.sti + Code.spin, secure: Code.spin)
    #expect(try machine.context(0, 1).isActive)
    #expect(machine.perform(fire(0x40)).acceptances == [.pending])
    machine.run(for: .microseconds(20))
    #expect(machine.events.taken(by: vtl0) == [])
    machine.perform(.switchVTL(VPIndex(0), to: .vtl0))
    machine.run(for: .microseconds(5))
    #expect(machine.events.taken(by: vtl0) == [0x40])
  }

  @Test func `the local APICs of the VTLs have separate registers`() throws {
    let machine = try machine(
      main: Code.setTaskPriorityClass(3) + Code.spin,
      secure: Code.setTaskPriorityClass(7) + Code.loop(Code.vtlReturn))
    #expect(try machine.context(0, 0).apic[0x80] == 0x30)
    #expect(try machine.context(0, 1).apic[0x80] == 0x70)
    // TLFS leaves it open; a higher VTL's local APIC begins software-enabled here.
    #expect(try machine.context(0, 1).apic[0xF0] == 0x1FF)
  }

  // MARK: - VINA

  /// VTL0 has its interrupts enabled when it calls VTL1 for the second time, which stays there.
  private func notified(_ register: UInt64, _ change: (inout CodeGuest) -> Void = { _ in }) throws -> MachineRun {
    let stay = Code.setNotification + Code.vtlReturn + Code.sti + Code.spin
    return try machine(main: Code.sti + Code.nop + Code.vtlCall + Code.spin, secure: stay) {
      $0.notification = register
      change(&$0)
    }
  }

  private func notifications(_ machine: MachineRun) -> Int {
    machine.events.count(of: .notificationAsserted(VectorNumber(0x90)))
  }

  @Test func `VINA tells VTL1 once, until it is reset`() throws {
    let machine = try notified(1 << 8 | 0x90)
    #expect(try machine.context(0, 1).isActive)
    #expect(try machine.context(0, 1).vina == 0x190)
    let events = machine.perform(fire(0x40))
    #expect(events.count(of: .notificationAsserted(VectorNumber(0x90))) == 1)
    #expect(try machine.context(0, 1).vinaAsserted)
    machine.perform(fire(0x41))
    machine.run(for: .microseconds(10))
    machine.perform(fire(0x42))
    #expect(notifications(machine) == 1)
    #expect(machine.events.taken(by: vtl1) == [0x90])
    #expect(machine.events.taken(by: vtl0) == [])
  }

  @Test func `VINA is silent for what VTL0's TPR holds back`() throws {
    let stay = Code.setNotification + Code.vtlReturn + Code.sti + Code.spin
    let machine = try machine(
      main: Code.setTaskPriorityClass(5) + Code.sti + Code.nop + Code.vtlCall + Code.spin, secure: stay
    ) { $0.notification = 1 << 8 | 0x90 }
    machine.perform(fire(0x5F))
    #expect(notifications(machine) == 0)
    machine.perform(fire(0x60))
    #expect(notifications(machine) == 1)
  }

  @Test func `a guest that takes VINA back with each of its frames does not hold up the host`() throws {
    // The trap gate leaves IF set and pushes RIP over VinaAsserted, always at the same place.
    let machine = try notified(1 << 10 | 1 << 8 | 0x90) {
      $0.secure = Code.enableAssistPage + $0.secure
      $0.trapVectors = [0x90]
      $0.interruptStack = CodeGuest.assistPageAt + 8 + 40
      $0.handlers[0x90] = Code.spin
    }
    machine.perform(fire(0x40))
    let before = (machine.partition.clock, machine.partition.instructions, notifications(machine))
    #expect(before.2 >= 1)
    #expect(machine.partition.advance(slices: 10) == .ran)
    #expect(machine.partition.clock > before.0)
    #expect(machine.partition.instructions > before.1)
    // The frame has indeed taken it back.
    machine.perform(fire(0x41))
    #expect(notifications(machine) > before.2)
  }

  // MARK: - INIT, SIPI, HLT

  @Test(arguments: [DeliveryMode.initialize, .startup])
  func `INIT and SIPI for VTL0 are dropped where VTL1 is enabled`(mode: DeliveryMode) throws {
    let machine = try machine(main: Code.spin, secure: returning)
    let before = try machine.context(0, 0)
    let events = machine.perform(fire(8, mode: mode))
    #expect(events.acceptances == [.rejected(.startupDeniedByVTL)])
    #expect(events.count(of: .initialized) == 0)
    #expect(try machine.context(0, 0).rip == before.rip)
    #expect(try machine.context(0, 0).counters.rejected == before.counters.rejected + 1)
  }

  @Test func `a SIPI cannot start VTL1, and an INIT does reset it`() throws {
    let machine = try machine(main: Code.spin, secure: returning)
    #expect(machine.perform(fire(8, group: 1, mode: .startup)).acceptances == [.rejected(.startupDeniedByVTL)])
    let events = machine.perform(fire(0, group: 1, mode: .initialize))
    #expect(events.acceptances == [.pending])
    #expect(events.contains { $0.body == .initialized && $0.context == vtl1 })
    #expect(events.switches(of: 0) == [VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt)])
  }

  @Test func `a halted VTL0 that VTL1 took the VP from is still halted afterwards`() throws {
    let machine = try machine(
      main: Code.sti + Code.hlt + Code.transmit(0x58) + Code.hlt, secure: returning)
    #expect(try machine.context(0, 0).activity == .halted)
    #expect(machine.perform(fire(0x50, group: 1)).taken(by: vtl1) == [0x50])
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).isActive)
    #expect(try machine.context(0, 0).activity == .halted)
    #expect(machine.partition.isIdle)
    #expect(machine.recorder.text == "")
    machine.perform(fire(0x40))
    machine.run(for: .microseconds(10))
    #expect(machine.recorder.text == "X")
  }

  @Test func `HLT in VTL1 halts the VP, and VTL0's interrupts do not wake it`() throws {
    let machine = try machine(main: Code.sti + Code.spin, secure: Code.sti + Code.loop(Code.hlt))
    #expect(try machine.context(0, 1).activity == .halted)
    #expect(machine.partition.isIdle)
    #expect(machine.perform(fire(0x40)).acceptances == [.pending])
    machine.run(for: .microseconds(10))
    #expect(machine.partition.isIdle)
    #expect(machine.events.taken(by: vtl0) == [])
    #expect(machine.perform(fire(0x50, group: 1)).taken(by: vtl1) == [0x50])
  }
}
