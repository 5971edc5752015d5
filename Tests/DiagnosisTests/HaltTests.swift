import Architecture
import Diagnosis
import Journal
import Testing

private func halted(_ rflags: UInt64 = 2, vtls: Int = 1) -> Snapshot {
  healthy(vtls: vtls).with(2, 0) { $0.halt(since: .seconds(9), rflags: rflags) }
}

@Test func `HLT with IF = 0 is S5, proved at once`() throws {
  let finding = try #require(diagnose(halted(), noEvents).first)
  #expect(finding.code == .haltedWithInterruptsOff)
  #expect(finding.certainty == .proved)
  #expect(finding.severity == .medium)
  #expect(finding.context == ContextID(2, 0))
  #expect(finding.since == .seconds(9))
  #expect(finding.title == "halted with IF=0")
  #expect(finding.cause.contains("9.000 000 s (1.0s ago)"))
}

@Test func `what waits in the IRR makes HLT with IF = 0 graver`() {
  let snapshot = halted().with(2, 0) { $0.setPending(0xEF, since: .seconds(9)) }
  #expect(diagnose(snapshot, noEvents).map(\.severity) == [.high])
}

@Test func `HLT with IF = 1 is idle, with the time of its timer`() throws {
  let snapshot = halted(0x202).with(2, 0) { $0.timer.due = .milliseconds(10_003) }
  #expect(diagnose(snapshot, noEvents).isEmpty)
  let idle = try #require(snapshot[ContextID(2, 0)]?.idle)
  #expect(idle.text(at: snapshot.machine.time) == "idle, wakes in 3.0ms")
}

@Test func `the guest idle state with IF = 0 is idle, and not S5`() throws {
  let snapshot = halted().with(2, 0) {
    $0.activity = .idle
    $0.timer.due = .milliseconds(10_003)
  }
  #expect(diagnose(snapshot, noEvents).isEmpty)
  let idle = try #require(snapshot[ContextID(2, 0)]?.idle)
  #expect(idle.text(at: snapshot.machine.time) == "idle, wakes in 3.0ms")
}

@Test func `a vector behind the TPR does not end the guest idle state, and is S1`() {
  let snapshot = healthy().with(2, 0) {
    $0.activity = .idle
    $0.rflags = 2
    $0.setTaskPriority(0xF0, at: .seconds(9))
    $0.setPending(0xEF, since: .seconds(9))
  }
  let findings = diagnose(snapshot, noEvents)
  #expect(findings.map(\.code) == [.taskPriorityBlocks])
  #expect(findings.first?.evidence.first?.text == "2.0 is the active context of its VP, idle")
}

@Test func `a masked timer wakes nobody`() throws {
  let snapshot = halted(0x202).with(2, 0) {
    $0.timer.due = .milliseconds(10_003)
    $0.apic[0x320] = 0x500EF
  }
  let idle = try #require(snapshot[ContextID(2, 0)]?.idle)
  #expect(idle.text(at: snapshot.machine.time) == "idle, no wake source")
}

@Test func `a pending NMI or INIT ends HLT with IF = 0`() {
  #expect(diagnose(halted().with(2, 0) { $0.nmiPending = 1 }, noEvents).isEmpty)
  #expect(diagnose(halted().with(2, 0) { $0.initPending = true }, noEvents).isEmpty)
}

@Test func `IF of an inactive VTL does not count`() {
  let snapshot = halted(vtls: 2).with(2, 0) { $0.isActive = false }.with(2, 1) { $0.isActive = true }
  #expect(diagnose(snapshot, noEvents).isEmpty)
}

@Test func `a running context with IF = 0 is not S5`() {
  #expect(diagnose(healthy().with(2, 0) { $0.rflags = 2 }, noEvents).isEmpty)
}
