import Architecture
import Diagnosis
import Journal
import Testing

private let sender = ContextID(1, 1)
private let rfc = healthy(vtls: 2, encoding: .rfc2023(bits: 24))

private func lost(
  shorthand: DestinationShorthand = .allExcludingSelf, logical: Bool = false, destination: UInt32 = 0,
  by sender: ContextID = sender, delivered: UInt16 = 0, reason: Rejection? = .groupNotZero,
  at time: VirtualTime = .seconds(9), sequence: UInt64 = 7
) -> Event {
  requested(
    sequence, at: time, by: sender, shorthand: shorthand, logical: logical, destination: destination,
    delivered: delivered, reason: reason, journey: 5511)
}

@Test func `a shorthand of group 1 that every candidate's group turned down is S17, proved`() throws {
  let finding = try #require(diagnose(rfc, [lost()]).first)
  #expect(finding.code == .groupRequestLost)
  #expect(finding.certainty == .proved)
  #expect(finding.severity == .high)
  #expect(finding.context == sender)
  #expect(finding.since == .seconds(9))
  #expect(finding.title == "2f to all-but-self lost: nobody in group 1 was reached")
  #expect(finding.journey == JourneyID(rawValue: 5511))
}

@Test func `a logical and a broadcast request of group 1 are S17 too`() {
  #expect(
    diagnose(rfc, [lost(shorthand: .none, logical: true, destination: 3)]).map(\.code) == [.groupRequestLost])
  let broadcast = lost(shorthand: .none, destination: 0xFFFF_FFFF, reason: .groupBitsInDestination)
  #expect(diagnose(rfc, [broadcast]).map(\.title) == ["2f to broadcast lost: nobody in group 1 was reached"])
}

@Test func `a unicast to nowhere is not S17`() {
  #expect(diagnose(rfc, [lost(shorthand: .none, destination: 9, reason: .noSuchID)]).map(\.code) == [.unicastToNowhere])
}

@Test func `a request in group 0 is not S17`() {
  #expect(diagnose(rfc, [lost(by: ContextID(1, 0))]).isEmpty)
}

@Test func `a logical destination that names no member is not S17`() {
  let event = lost(shorthand: .none, logical: true, destination: 0x10, reason: .logicalMismatch)
  #expect(diagnose(rfc, [event]).map(\.code) == [.logicalMatchesNobody])
}

@Test func `all-but-self of the only member is not S17`() {
  var snapshot = rfc
  for vp in [0, 2, 3] { snapshot = snapshot.with(vp, 1) { $0.isEnabled = false } }
  #expect(diagnose(snapshot, [lost()]).isEmpty)
}

@Test func `software-disabled members are not S17`() {
  var snapshot = rfc
  for vp in [0, 2, 3] { snapshot = snapshot.with(vp, 1) { $0.apic[0xF0] = 0xFF } }
  #expect(diagnose(snapshot, [lost(reason: .softwareDisabled)]).isEmpty)
  #expect(diagnose(snapshot, [lost()]).isEmpty)
}

@Test func `one that is delivered later takes the finding back`() {
  #expect(
    diagnose(rfc, [lost(), lost(delivered: 3, reason: nil, at: .milliseconds(9_500), sequence: 8)]).isEmpty)
}

/// All-but-self, fixed, vector 2f in the ICR, and one request of it that reached nobody.
private func standing(_ snapshot: Snapshot, undelivered: UInt64 = 1) -> Snapshot {
  snapshot.with(1, 1) {
    $0.apic[0x300] = 0xC402F
    $0.counters.undelivered = undelivered
  }
}

@Test func `without the events, the request that stands in the ICR is likely the lost one`() throws {
  let finding = try #require(diagnose(standing(rfc), noEvents).first)
  #expect(finding.code == .groupRequestLost)
  #expect(finding.certainty == .likely)
  #expect(finding.context == sender)
}

@Test func `a request in the ICR that would arrive, or that was never lost, is not S17`() {
  #expect(diagnose(standing(healthy(vtls: 2)), noEvents).isEmpty)
  #expect(diagnose(standing(rfc, undelivered: 0), noEvents).isEmpty)
}

@Test func `evidence says that the request would be lost again`() throws {
  let finding = try #require(diagnose(rfc, [lost()]).first)
  #expect(finding.evidence.contains(.init("sent now, it would reach nobody")))
}
