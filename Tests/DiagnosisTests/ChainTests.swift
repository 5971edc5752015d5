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

@Test func `a sender whose last request waits at a blocked context is in the chain of its finding`() throws {
  let findings = diagnose(blocked, [sent()])
  #expect(findings.map(\.code) == [.taskPriorityBlocks])
  #expect(
    findings[0].chain == [
      Link(
        waiter: ContextID(2, 0), what: .pending(JourneyID(rawValue: 5409)), target: .context(ContextID(1, 0)),
        since: .milliseconds(7_800), code: .taskPriorityBlocks)
    ])
  #expect(findings[0].paths == ["2.0 waits #5409 > 1.0 S1"])
}

@Test func `who waits for one that waits is farther up the chain`() {
  let snapshot = blocked.with(2, 0) {
    $0.rflags = 2
    $0.setPending(0x41, since: .milliseconds(9_970), journey: 5500)
  }
  let first = requested(
    5500, at: .milliseconds(9_970), by: ContextID(3, 0), vector: 0x41, destination: 2, delivered: 1, journey: 5500)
  let findings = diagnose(snapshot, [sent(), first])
  #expect(findings.map { $0.paths } == [["3.0 waits #5500 > 2.0 waits #5409 > 1.0 S1"]])
  let report = Report(snapshot, findings: findings)
  #expect([1, 2, 3].map { report.only(ContextID($0, 0)).findings.count } == [1, 1, 1])
  #expect(report.only(ContextID(0, 0)).findings.isEmpty)
}

@Test func `a request that merged into the waiting one waits with it`() {
  let merged = Event(
    sequence: 5513, time: .milliseconds(9_000), journey: JourneyID(rawValue: 5512), context: ContextID(1, 0),
    .accepted(VectorNumber(0x4F), .fixed, .merged(with: JourneyID(rawValue: 5409))))
  let findings = diagnose(blocked, [sent(journey: 5512, at: .milliseconds(9_000)), merged])
  #expect(findings.map(\.code) == [.taskPriorityBlocks, .requestsMerged])
  #expect(findings[0].paths == ["2.0 waits #5512 > 1.0 S1"])
  #expect(findings[1].severity == .info)
}

@Test func `a sender that went on to send something else is not chained`() {
  let later = requested(
    5600, at: .seconds(9), by: ContextID(2, 0), destination: 3, delivered: 1, candidates: 1, journey: 5600)
  let findings = diagnose(blocked, [sent(), later])
  #expect(findings.map(\.code) == [.taskPriorityBlocks])
  #expect(findings[0].chain.isEmpty)
}

@Test func `a request younger than 10 ms is not chained`() {
  let snapshot = blocked.with(1, 0) { $0.setPending(0x41, since: .milliseconds(9_995), journey: 6000) }
  let findings = diagnose(snapshot, [sent(journey: 6000, at: .milliseconds(9_995))])
  #expect(findings.map(\.code) == [.taskPriorityBlocks])
  #expect(findings[0].chain.isEmpty)
}

@Test func `two contexts that wait for each other are one finding, with what is wrong with each inside`() throws {
  let snapshot = blocked.with(2, 0) {
    $0.setPending(0x41, since: .milliseconds(7_900), journey: 5410)
    $0.setTaskPriority(0x40, at: .milliseconds(7_790))
  }
  let back = requested(
    5410, at: .milliseconds(7_900), by: ContextID(1, 0), vector: 0x41, destination: 2, delivered: 1,
    candidates: 1, journey: 5410)
  let findings = diagnose(snapshot, [sent(), back])
  #expect(findings.map(\.title) == ["1.0 and 2.0 wait for each other"])
  let circle = try #require(findings.first)
  #expect(circle.isCycle)
  #expect(circle.severity == .high)
  #expect(circle.since == .milliseconds(7_900))
  #expect(circle.paths == ["1.0 waits #5410 > 2.0 S1 waits #5409 > 1.0 S1 (cycle)"])
  #expect(circle.causes.map { "\($0.code.rawValue) \($0.subject)" } == ["S1 1.0", "S1 2.0"])
  let report = Report(snapshot, findings: findings)
  #expect(report.only(ContextID(2, 0)).findings == findings)
}

@Test func `a circle of three is found once, and who waits for it is in its chain`() throws {
  var snapshot = healthy(vps: 5)
  var events: [Event] = []
  for vp in 0..<3 {
    snapshot = snapshot.with((vp + 1) % 3, 0) {
      $0.rflags = 2
      $0.setPending(0x41, since: .milliseconds(9_900), journey: UInt64(vp + 1))
    }
    events.append(
      requested(
        UInt64(vp), at: .milliseconds(9_900), by: ContextID(vp, 0), vector: 0x41, destination: UInt32((vp + 1) % 3),
        delivered: 1, journey: UInt64(vp + 1)))
  }
  snapshot = snapshot.with(1, 0) { $0.setPending(0x42, since: .milliseconds(9_950), journey: 9) }
  events.append(
    requested(9, at: .milliseconds(9_950), by: ContextID(4, 0), vector: 0x42, destination: 1, delivered: 1, journey: 9))
  let findings = diagnose(snapshot, events)
  #expect(findings.map(\.title) == ["3 contexts wait for one another: 0.0 1.0 2.0"])
  #expect(findings[0].paths == ["4.0 waits #9 > 1.0 waits #2 > 2.0 waits #3 > 0.0 waits #1 > 1.0 (cycle)"])
}

@Test func `contexts that were answered, or wait for 9 ms, are no circle`() {
  #expect(Case.circle.with(1, 0) { $0.pending = [] }.with(1, 0) { $0.apic[0x220] = 0 }.found.isEmpty)
  #expect(Case.circle.with { $0.machine.time = .milliseconds(9_909) }.found.isEmpty)
}

@Test func `a wait that ends at a context with IF = 0 is a finding after 100 ms`() throws {
  let snapshot = healthy().with(1, 0) {
    $0.rflags = 2
    $0.setPending(0x41, since: .milliseconds(9_800), journey: 6)
  }
  let sent = requested(
    1, at: .milliseconds(9_800), by: ContextID(2, 0), vector: 0x41, destination: 1, delivered: 1, journey: 6)
  let finding = try #require(diagnose(snapshot, [sent]).first)
  #expect(finding.code == .waitsForOther)
  #expect(!finding.isCycle)
  #expect(finding.paths == ["2.0 waits #6 > 1.0"])
  var young = snapshot
  young.machine.time = .milliseconds(9_899)
  #expect(diagnose(young, [sent]).isEmpty)
  #expect(diagnose(snapshot, noEvents).isEmpty)
}

@Test func `a lower VTL whose VP a stuck VTL holds is in that one's chain`() {
  let snapshot = healthy(vtls: 2).with(1, 0) {
    $0.isActive = false
    $0.since = .seconds(9)
    $0.setPending(0xEF, since: .seconds(9))
  }.with(1, 1) {
    $0.isActive = true
    $0.halt(since: .seconds(9), rflags: 2)
  }
  let findings = diagnose(snapshot, noEvents)
  #expect(findings.map(\.code) == [.haltedWithInterruptsOff])
  #expect(findings.map(\.paths) == [["1.0 waits for its VP > 1.1 S5"]])
}

@Test func `one that sleeps until a wedged line interrupts is in the chain of the pin`() {
  let asleep = Case.wedged.with(1, 0) { $0.halt(since: .milliseconds(9_100), rflags: 0x202) }
  #expect(asleep.found == ["S21 pin 4"])
  #expect(asleep.findings[0].paths == ["1.0 sleeps until > pin 4 S21"])
  // Its own timer wakes it; or the pin does not lead to it.
  #expect(asleep.with(1, 0) { $0.timer.due = .milliseconds(10_005) }.findings[0].chain.isEmpty)
  #expect(asleep.withPin { $0.entry.destination = 2 }.findings[0].chain.isEmpty)
}

@Test func `whoever sent to a local APIC that is off waits for it`() {
  #expect(Case.softwareOff.findings[0].paths == ["0.0 waits #7 > 2.0 S10"])
}

@Test func `a machine in which nothing is wrong has no findings`() {
  #expect(diagnose(healthy(vps: 64, vtls: 2), [sent()]).isEmpty)
}

@Test func `findings do not depend on the order in which hashing visits them`() {
  var snapshot = blocked.with(3, 0) { $0.halt(since: .seconds(9), rflags: 2) }
  for vp in 0..<4 { snapshot = snapshot.with(vp, 0) { $0.counters.merged = UInt64(vp) } }
  let events = [sent()] + Case.logical.events + Case.softwareOff.events
  let first = diagnose(snapshot, events)
  for _ in 0..<20 { #expect(diagnose(snapshot, events) == first) }
}
