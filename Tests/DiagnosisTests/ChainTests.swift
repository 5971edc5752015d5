import Architecture
import Diagnosis
import Journal
import Testing

/// 1.0 blocks 4f by its TPR; 2.0 sent it at 7.8 s and nothing since.
private let blocked = healthy().with(1, 0) {
  $0.setPending(0x4F, since: .milliseconds(7_800), journey: 5409)
  $0.setTaskPriority(0x50, at: .milliseconds(7_790))
}

private func sent(journey: UInt64 = 5409, at time: VirtualTime = .milliseconds(7_800)) -> Event {
  requested(
    journey, at: time, by: ContextID(2, 0), vector: 0x4F, destination: 1, delivered: 1, candidates: 1,
    journey: journey)
}

@Test func `a sender whose last request waits at a blocked context is chained to its finding`() throws {
  let findings = diagnose(blocked, [sent()])
  #expect(findings.map(\.code) == [.taskPriorityBlocks, .waitsForOther])
  #expect(findings[1].context == ContextID(2, 0))
  #expect(findings[1].certainty == .likely)
  #expect(findings[1].title == "waits #5409 > 1.0 S1")
  #expect(findings[1].chain == [ContextID(1, 0)])
}

@Test func `a request that merged into the waiting one waits with it`() {
  let merged = Event(
    sequence: 5513, time: .milliseconds(9_000), journey: JourneyID(rawValue: 5512), context: ContextID(1, 0),
    .accepted(VectorNumber(0x4F), .fixed, .merged(with: JourneyID(rawValue: 5409))))
  let findings = diagnose(blocked, [sent(journey: 5512, at: .milliseconds(9_000)), merged])
  #expect(findings.map(\.title) == ["vector 4f blocked by TPR 50", "waits #5512 > 1.0 S1"])
}

@Test func `a sender that went on to send something else is not chained`() {
  let later = requested(
    5600, at: .seconds(9), by: ContextID(2, 0), destination: 3, delivered: 1, candidates: 1, journey: 5600)
  #expect(diagnose(blocked, [sent(), later]).map(\.code) == [.taskPriorityBlocks])
}

@Test func `a request younger than 10 ms is not chained`() {
  let snapshot = blocked.with(1, 0) { $0.setPending(0x41, since: .milliseconds(9_995), journey: 6000) }
  #expect(
    diagnose(snapshot, [sent(journey: 6000, at: .milliseconds(9_995))]).map(\.code) == [.taskPriorityBlocks])
}

@Test func `two contexts that wait for each other are a cycle`() {
  let snapshot = blocked.with(2, 0) {
    $0.setPending(0x41, since: .milliseconds(7_900), journey: 5410)
    $0.setTaskPriority(0x40, at: .milliseconds(7_790))
  }
  let back = requested(
    5410, at: .milliseconds(7_900), by: ContextID(1, 0), vector: 0x41, destination: 2, delivered: 1,
    candidates: 1, journey: 5410)
  let chained = diagnose(snapshot, [sent(), back]).filter { $0.code == .waitsForOther }
  #expect(
    chained.map(\.title) == [
      "waits #5410 > 2.0 S1 > 1.0 S1 (cycle)", "waits #5409 > 1.0 S1 > 2.0 S1 (cycle)",
    ])
}

@Test func `a machine in which nothing is wrong has no findings`() {
  #expect(diagnose(healthy(vps: 64, vtls: 2), [sent()]).isEmpty)
}

@Test func `findings do not depend on the order in which hashing visits them`() {
  let snapshot = blocked.with(3, 0) { $0.halt(since: .seconds(9), rflags: 2) }
  let first = diagnose(snapshot, [sent()])
  for _ in 0..<20 { #expect(diagnose(snapshot, [sent()]) == first) }
}
