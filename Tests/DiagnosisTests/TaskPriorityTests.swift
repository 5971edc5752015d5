import Architecture
import Diagnosis
import Journal
import Testing

/// 1.0 has vector 4f in its IRR since 7.8 s and wrote a TPR of 50 just before.
private func blocked(
  tpr: UInt8 = 0x50, vector: UInt8 = 0x4F, since: VirtualTime = .milliseconds(7_800),
  written: VirtualTime = .milliseconds(7_790), vtls: Int = 1
) -> Snapshot {
  healthy(vtls: vtls).with(1, 0) {
    $0.setPending(vector, since: since, journey: 5409)
    $0.setTaskPriority(tpr, at: written)
  }
}

@Test func `a vector whose class is not above the TPR for 10 ms is S1, proved`() throws {
  let findings = diagnose(blocked(), noEvents)
  let finding = try #require(findings.first)
  #expect(findings.count == 1)
  #expect(finding.code == .taskPriorityBlocks)
  #expect(finding.certainty == .proved)
  #expect(finding.severity == .high)
  #expect(finding.context == ContextID(1, 0))
  #expect(finding.since == .milliseconds(7_800))
  #expect(finding.title == "vector 4f blocked by TPR 50")
  #expect(finding.journey == JourneyID(rawValue: 5409))
  #expect(finding.remedy == "the guest writes a TPR of 3f or less")
}

@Test func `the full TPR byte counts, so TPR 31 blocks class 3 and TPR 2f does not`() {
  #expect(diagnose(blocked(tpr: 0x31, vector: 0x3F), noEvents).map(\.code) == [.taskPriorityBlocks])
  #expect(diagnose(blocked(tpr: 0x2F, vector: 0x30), noEvents).isEmpty)
}

@Test func `a TPR raised for less than 10 ms is a healthy guest`() {
  #expect(
    diagnose(blocked(since: .milliseconds(9_991), written: .milliseconds(9_980)), noEvents).isEmpty)
  #expect(
    diagnose(blocked(since: .milliseconds(9_950), written: .milliseconds(9_995)), noEvents).isEmpty)
}

@Test func `a guest that keeps rewriting its TPR while a vector waits 100 ms is likely stuck`() {
  let findings = diagnose(blocked(since: .milliseconds(9_900), written: .milliseconds(9_999)), noEvents)
  #expect(findings.map(\.certainty) == [.likely])
  #expect(findings.map(\.since) == [.milliseconds(9_900)])
}

@Test func `an interrupt held back by a higher one in service is not S1`() {
  let snapshot = blocked(tpr: 0x20).with(1, 0) { $0.setInService(0x61, since: .seconds(7)) }
  #expect(diagnose(snapshot, noEvents).map(\.code) == [.missingEOI])
}

@Test func `an inactive context waits for its VTL and not for its TPR`() {
  let snapshot = blocked(vtls: 2).with(1, 0) { $0.isActive = false }.with(1, 1) { $0.isActive = true }
  #expect(diagnose(snapshot, noEvents).isEmpty)
}

@Test func `a context that became active just now gets its time`() {
  let snapshot = blocked(vtls: 2).with(1, 1) { $0.since = .milliseconds(9_999) }
  #expect(diagnose(snapshot, noEvents).isEmpty)
}

@Test func `a context whose VTL is not enabled has no findings`() {
  #expect(diagnose(blocked().with(1, 0) { $0.isEnabled = false }, noEvents).isEmpty)
}

@Test func `a local APIC that is off in APIC_BASE offers nothing, so that is not S1`() {
  #expect(diagnose(blocked().with(1, 0) { $0.apicBase = 0xFEE0_0000 }, noEvents).isEmpty)
}

@Test func `halted with IF = 0 outranks a raised TPR`() {
  let snapshot = blocked().with(1, 0) { $0.halt(since: .seconds(8), rflags: 2) }
  #expect(diagnose(snapshot, noEvents).map(\.code) == [.haltedWithInterruptsOff])
}

@Test func `halted with IF = 1 behind a raised TPR is S1, since only a higher class wakes it`() {
  let snapshot = blocked().with(1, 0) { $0.halt(since: .seconds(8), rflags: 0x202) }
  #expect(diagnose(snapshot, noEvents).map(\.code) == [.taskPriorityBlocks])
}
