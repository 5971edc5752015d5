import Architecture
import Interrupts
import Journal
import Machine
import Scenarios
import Testing

/// A VTL switch by the operator's hand: what is exchanged, what stays, and when it is refused.
@Suite struct OperatorSwitchTests {
  /// VTL1 sends R12 and, once entered again, the entry reason in its assist page to COM1.
  private static let secure =
    Code.enableAssistPage + Code.vtlReturn + Code.transmitR12
    + Code.transmit(at: UInt32(CodeGuest.assistPageAt) + 8) + Code.spin

  private func guest() throws -> MachineRun {
    let main = Code.prologue + Code.enableVTL1 + Code.vtlCall + Code.set(.r12, 0x5A) + Code.spin
    let machine = try MachineRun(CodeGuest(main: main, secure: Self.secure))
    machine.run(for: .microseconds(10))
    machine.perform(.pause)
    return machine
  }

  @Test func `private state is exchanged and neither side's moves on`() throws {
    let machine = try guest()
    let before = try (machine.context(0, 0), machine.context(0, 1))
    #expect(before.0.isActive && !before.1.isActive)
    #expect(before.0.rip != before.1.rip && before.0.rsp != before.1.rsp)
    let events = machine.perform(.switchVTL(VPIndex(0), to: .vtl1))
    #expect(events.switches(of: 0) == [VTLSwitch(from: .vtl0, to: .vtl1, reason: .operator)])
    #expect(events.count == 2)
    let after = try (machine.context(0, 0), machine.context(0, 1))
    #expect(!after.0.isActive && after.1.isActive)
    for (old, new) in [(before.0, after.0), (before.1, after.1)] {
      #expect(
        [new.rip, new.rsp, new.rflags, new.cr0, new.cr3, new.cr4, new.efer]
          == [old.rip, old.rsp, old.rflags, old.cr0, old.cr3, old.cr4, old.efer])
      #expect(new.apic == old.apic)
      #expect(new.activity == old.activity)
    }
    #expect(after.1.entryReason == .operator)
    machine.perform(.switchVTL(VPIndex(0), to: .vtl0))
    let back = try machine.context(0, 0)
    #expect((back.rip, back.rsp, back.rflags) == (before.0.rip, before.0.rsp, before.0.rflags))
  }

  @Test func `general registers are shared, and no assist page is written`() throws {
    let machine = try guest()
    machine.perform(.switchVTL(VPIndex(0), to: .vtl1))
    machine.perform(.run)
    machine.run(for: .microseconds(10))
    // R12 of VTL0, and no reason: the one VTL call was before the page was there.
    #expect(machine.recorder.output == [0x5A, 0])
  }

  @Test func `a VTL call does write the reason`() throws {
    let main = Code.prologue + Code.enableVTL1 + Code.vtlCall + Code.set(.r12, 0x5A) + Code.vtlCall + Code.spin
    let machine = try MachineRun(CodeGuest(main: main, secure: Self.secure))
    machine.run(for: .microseconds(10))
    #expect(machine.recorder.output == [0x5A, 1])
  }

  @Test func `switching to and fro leaves the demo right`() throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(30))
    for round in 0..<40 {
      machine.perform(.pause)
      let vp = round & 3
      let isInVTL1 = try machine.context(vp, 1).isActive
      let events = machine.perform(.switchVTL(VPIndex(vp), to: isInVTL1 ? .vtl0 : .vtl1))
      #expect(events.switches(of: vp).first?.reason == .operator)
      machine.perform(.run)
      machine.run(for: .microseconds(37))
    }
    machine.run(for: .milliseconds(5))
    #expect(machine.partition.runState == .running)
    #expect(!machine.recorder.text.contains("error"))
  }

  /// In VTL1, which stays there.
  private func inVTL1(_ secure: [UInt8]) throws -> MachineRun {
    let main = Code.prologue + Code.enableVTL1 + Code.vtlCall + Code.spin
    let machine = try MachineRun(CodeGuest(main: main, secure: secure + Code.spin))
    machine.run(for: .microseconds(10))
    machine.perform(.pause)
    #expect(try machine.context(0, 1).isActive)
    return machine
  }

  @Test func `an interrupt of the higher VTL that only its IF holds back wins at once`() throws {
    let machine = try inVTL1(Code.cli)
    #expect(machine.perform(fire(0x50, group: 1)).taken(by: ContextID(0, 1)) == [])
    #expect(
      machine.perform(.switchVTL(VPIndex(0), to: .vtl0)).switches(of: 0) == [
        VTLSwitch(from: .vtl1, to: .vtl0, reason: .operator), VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt),
      ])
    #expect(try machine.context(0, 1).isActive)
  }

  @Test func `an interrupt of the higher VTL that its TPR holds back does not`() throws {
    let machine = try inVTL1(Code.setTaskPriorityClass(5) + Code.sti)
    #expect(machine.perform(fire(0x50, group: 1)).taken(by: ContextID(0, 1)) == [])
    #expect(
      machine.perform(.switchVTL(VPIndex(0), to: .vtl0)).switches(of: 0) == [
        VTLSwitch(from: .vtl1, to: .vtl0, reason: .operator)
      ])
    #expect(try machine.context(0, 0).isActive)
  }

  @Test func `who has the VP after a switch is what the snapshot before it said`() throws {
    var random = Seeded(5)
    var (switched, refused, won) = (0, 0, 0)
    for start in [300, 2_000, 20_000] as [UInt64] {
      let machine = try MachineRun(.demo)
      machine.run(until: .microseconds(start))
      for _ in 0..<80 where machine.partition.runState != .stopped {
        machine.partition.perform(.pause)
        let vp = VPIndex(random.below(5))
        let target = VTL(random.below(3))
        // The second is of a higher class perhaps, and waits for VTL1's IF.
        for _ in 0..<random.below(3) {
          machine.partition.perform(
            fire(UInt8(0x30 + random.below(0xD0)), to: vp.rawValue, group: random.chance(75) ? 1 : 0))
        }
        let before = machine.partition.snapshot()
        let contexts = before.contexts.filter { $0.id.vp == vp }
        let winner = preemptionTarget(active: target, contexts: contexts.map { ContextGates($0) })
        let refusal = machine.partition.perform(.switchVTL(vp, to: target))
        #expect(refusal == Self.refusal(of: target, contexts))
        let after = machine.partition.snapshot().contexts.first { $0.id.vp == vp && $0.isActive }?.id.vtl
        if refusal == nil {
          #expect(after == winner ?? target)
          switched += 1
          won += winner == nil ? 0 : 1
        } else {
          #expect(after == contexts.first { $0.isActive }?.id.vtl)
          refused += 1
        }
        machine.partition.perform(.run)
        let progress = machine.partition.advance(slices: random.pick([1, 2, 30]))
        if case .idle(let until?) = progress { machine.partition.warp(to: until) }
      }
    }
    #expect(switched > 30)
    #expect(refused > 30)
    #expect(won > 2)
  }

  /// The rules: the VTL exists, is enabled on the VP and is another one; and neither side waits for a SIPI.
  private static func refusal(of target: VTL, _ contexts: [ContextSnapshot]) -> CommandRefusal? {
    guard let context = contexts.first(where: { $0.id.vtl == target }) else { return .noSuchContext }
    if !context.isEnabled { return .vtlNotEnabled }
    if context.isActive { return .alreadyActive }
    let waits = contexts.contains { ($0.isActive || $0.id.vtl == target) && $0.activity == .waitForStartup }
    return waits ? .waitsForStartup : nil
  }

  @Test func `a VP that has halted in one VTL runs in the other, and is still halted afterwards`() throws {
    let main = Code.prologue + Code.enableVTL1 + Code.vtlCall + Code.sti + Code.hlt + Code.transmit(0x58) + Code.spin
    let machine = try MachineRun(CodeGuest(main: main, secure: Code.vtlReturn + Code.transmit(0x31) + Code.spin))
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).activity == .halted)
    machine.perform(.switchVTL(VPIndex(0), to: .vtl1))
    machine.run(for: .microseconds(10))
    #expect(machine.recorder.text == "1")
    machine.perform(.switchVTL(VPIndex(0), to: .vtl0))
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).activity == .halted)
    #expect(machine.partition.isIdle)
    #expect(machine.recorder.text == "1")
  }

  @Test func `a VP that waits for a SIPI is not switched`() throws {
    let machine = try guest()
    machine.perform(fire(0, group: 1, mode: .initialize))
    // VTL1 of the bootstrap processor begins at its reset vector again: it does not wait.
    #expect(try machine.context(0, 1).activity == .running)
    let stuck = try MachineRun(scenario: "no-sipi")
    stuck.run(until: .milliseconds(20))
    #expect(stuck.partition.perform(.switchVTL(VPIndex(3), to: .vtl0)) == .alreadyActive)
  }

  @Test func `an AP whose VTL1 got an INIT waits, and is not switched`() throws {
    let machine = try MachineRun(.demo)
    machine.run(until: .milliseconds(30))
    machine.perform(fire(0, to: 2, group: 1, mode: .initialize))
    #expect(try machine.context(2, 1).activity == .waitForStartup)
    #expect(try machine.context(2, 1).isActive)
    #expect(machine.partition.perform(.switchVTL(VPIndex(2), to: .vtl0)) == .waitsForStartup)
    #expect(machine.partition.perform(.switchVTL(VPIndex(1), to: .vtl0)) == .alreadyActive)
  }
}
