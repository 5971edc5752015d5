import Architecture
import Diagnosis
import Journal
import Testing

/// 0.0 runs; 1.0 and 2.0 were started at 1 s; 3.0 waits.
private func waiting(afterInit time: VirtualTime?) -> Snapshot {
  healthy().with(1, 0) { $0.lastStartup = .seconds(1) }.with(2, 0) { $0.lastStartup = .seconds(1) }
    .with(3, 0) { $0.waitForStartup(afterInit: time) }
}

@Test func `INIT without a SIPI is S7, proved`() throws {
  let finding = try #require(diagnose(waiting(afterInit: .milliseconds(81)), noEvents).first)
  #expect(finding.code == .waitsForStartup)
  #expect(finding.certainty == .proved)
  #expect(finding.context == ContextID(3, 0))
  #expect(finding.since == .milliseconds(81))
  #expect(finding.title == "waits for SIPI; INIT from 0.0 at 0.081 000 s")
}

@Test func `the 10 ms between INIT and SIPI are no finding`() {
  #expect(diagnose(waiting(afterInit: .milliseconds(9_985)), noEvents).isEmpty)
}

@Test func `a pending SIPI or INIT is no finding`() {
  let snapshot = waiting(afterInit: .seconds(1))
  #expect(diagnose(snapshot.with(3, 0) { $0.startupPending = VectorNumber(8) }, noEvents).isEmpty)
  #expect(diagnose(snapshot.with(3, 0) { $0.initPending = true }, noEvents).isEmpty)
}

@Test func `a processor nobody touched counts only when others were started a second ago`() throws {
  let finding = try #require(diagnose(waiting(afterInit: nil), noEvents).first)
  #expect(finding.certainty == .likely)
  #expect(finding.severity == .low)
  #expect(
    diagnose(waiting(afterInit: nil).with(2, 0) { $0.lastStartup = .milliseconds(9_500) }, noEvents).isEmpty)
}

@Test func `a guest that uses one processor is healthy`() {
  var snapshot = healthy()
  for vp in 1...3 { snapshot = snapshot.with(vp, 0) { $0.waitForStartup(afterInit: nil) } }
  #expect(diagnose(snapshot, noEvents).isEmpty)
}
