import Architecture
import Diagnosis
import Journal
import Testing

@Test(arguments: Case.all) func `a machine with one problem has one finding, and it is the right one`(one: Case) {
  #expect(one.found == one.expected)
}

@Test func `every rule has its machine`() {
  #expect(Set(Case.all.map(\.code)) == Set(Finding.Code.allCases))
  #expect(Set(Rule.all.map(\.code)).union([.waitsForOther]) == Set(Finding.Code.allCases))
}

@Test(arguments: Case.all) func `each finding says something in every place that people look at`(one: Case) throws {
  let finding = try #require(one.findings.first)
  for text in [finding.title, finding.cause, finding.remedy] + finding.evidence.map(\.text) {
    #expect(!text.isEmpty && !text.hasSuffix(" ") && !text.contains("  ") && !text.contains("Optional"))
  }
  #expect(finding.evidence.contains { $0.holds })
  #expect(finding.since <= one.snapshot.machine.time)
}

@Test(arguments: Case.all) func `a finding is gone where its VTL is not enabled`(one: Case) {
  guard case .context(let id) = one.subject else { return }
  let off = one.with(id.vp.index, id.vtl.index) { $0.isEnabled = false }
  #expect(!off.found.contains(one.expected[0]))
}

@Test(arguments: Case.all) func `what has just begun is not a finding, but for what is final at once`(one: Case) {
  // Everything in it has happened within the last half millisecond.
  var young = one
  let start = VirtualTime.seconds(10)
  young.snapshot.machine.time = .seconds(10) + .microseconds(500)
  func clamp(_ time: inout VirtualTime) { time = max(time, start) }
  for i in young.snapshot.contexts.indices {
    clamp(&young.snapshot.contexts[i].since)
    clamp(&young.snapshot.contexts[i].entryTime)
    for k in young.snapshot.contexts[i].pending.indices { clamp(&young.snapshot.contexts[i].pending[k].since) }
    for k in young.snapshot.contexts[i].inService.indices { clamp(&young.snapshot.contexts[i].inService[k].since) }
    if young.snapshot.contexts[i].lastInit != nil { young.snapshot.contexts[i].lastInit = start }
    if young.snapshot.contexts[i].timer.lastMaskedExpiry != nil {
      young.snapshot.contexts[i].timer.lastMaskedExpiry = start
    }
  }
  for i in young.snapshot.platform.ioapics.indices {
    for k in young.snapshot.platform.ioapics[i].pins.indices {
      clamp(&young.snapshot.platform.ioapics[i].pins[k].remoteIRRSince)
      clamp(&young.snapshot.platform.ioapics[i].pins[k].lineSince)
      if young.snapshot.platform.ioapics[i].pins[k].lastMaskedEdge != nil {
        young.snapshot.platform.ioapics[i].pins[k].lastMaskedEdge = start
        young.snapshot.platform.ioapics[i].pins[k].lastUnmask = start
      }
    }
  }
  for i in young.events.indices { clamp(&young.events[i].time) }
  let final: Set<Finding.Code> = [
    .haltedWithInterruptsOff, .softwareDisabled, .hardwareDisabled, .unicastToNowhere, .groupRequestLost,
    .crossGroupLeak, .logicalMatchesNobody, .messageMisaddressed, .targetVTLNotEnabled, .lowestPriorityUneven,
    .returnBounces,
  ]
  #expect(young.found == (final.contains(one.code) ? one.expected : []))
}

@Test func `thresholds are the reader's to choose`() {
  var strict = Thresholds()
  strict.blocked = .seconds(5)
  strict.slow = .seconds(5)
  #expect(diagnose(Case.taskPriority.snapshot, noEvents, thresholds: strict).isEmpty)
  strict.blocked = .seconds(1)
  #expect(diagnose(Case.taskPriority.snapshot, noEvents, thresholds: strict).count == 1)
}

@Test func `a big machine in which nothing is wrong has no findings, whatever its log holds`() {
  // The answered half of every kind of request, over and over.
  var events: [Event] = []
  for i in 0..<2_000 {
    let time = VirtualTime.milliseconds(9_000) + .microseconds(UInt64(i) * 400)
    let (from, to) = (ContextID(i % 64, 0), ContextID((i + 1) % 64, 0))
    events.append(
      requested(
        UInt64(4 * i), at: time, by: from, destination: UInt32(to.vp.rawValue), delivered: 1, target: to,
        journey: UInt64(i + 1)))
    events.append(accepted(UInt64(4 * i + 1), at: time, in: to, journey: UInt64(i + 1)))
    events.append(switched(UInt64(4 * i + 2), at: time, vp: i % 64, from: 0, to: 1, .interrupt, vector: 0xD1))
    let taken = Event.Body.acknowledged(VectorNumber(0xD1), waited: .zero)
    events.append(Event(sequence: UInt64(4 * i + 2), time: time, context: ContextID(i % 64, 1), taken))
    events.append(switched(UInt64(4 * i + 3), at: time, vp: i % 64, from: 1, to: 0, .return))
  }
  #expect(diagnose(healthy(vps: 64, vtls: 2), events).isEmpty)
}
