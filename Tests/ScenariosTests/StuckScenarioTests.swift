import Architecture
import Journal
import Machine
import Scenarios
import Testing

@Suite struct StuckScenarioTests {
  /// What is to be found, and when.
  struct Expectation: Sendable, CustomTestStringConvertible {
    var name: String
    var findings: [String]
    var milliseconds: UInt64 = 65

    init(_ name: String, _ findings: String..., after milliseconds: UInt64 = 65) {
      self.name = name
      self.findings = findings
      self.milliseconds = milliseconds
    }

    var testDescription: String { name }
  }

  static let expectations = [
    Expectation("hlt-cli", "S5 2.0"),
    Expectation("no-sipi", "S7 3.0"),
    Expectation("sipi-out-of-state", "S8 3.0", after: 95),
    Expectation("tpr-block", "S1 2.0"),
    Expectation("missing-eoi", "S2 2.0"),
    Expectation("lazy-eoi", "S4 2.0", after: 155),
    Expectation("svr-disabled", "S10 2.0"),
    Expectation("apic-disabled", "S11 2.0"),
    Expectation("merged", "S34 2.0", after: 155),
    Expectation("masked-timer", "S12 2.0"),
    Expectation("deadline-ignored", "S13 2.0"),
    Expectation("far-timer", "S14 2.0"),
    Expectation("unicast-nowhere", "S16 1.0"),
    Expectation("lost-broadcast", "S17 1.1"),
    Expectation("group-leak", "S18 2.1"),
    Expectation("logical-nobody", "S19 1.0"),
    Expectation("lowest-starved", "S20 2.0"),
    Expectation("level-wedged", "S21 pin 17"),
    Expectation("masked-edge", "S22 pin 4"),
    Expectation("msi-misaddressed", "S23 route 0"),
    Expectation("vtl0-starved", "S24 2.0"),
    Expectation("vtl1-tpr", "S25 2.1"),
    Expectation("vtl-cannot-answer", "S26 1.1"),
    Expectation("return-bounce", "S27 2.1"),
    Expectation("startup-denied", "S30 3.0"),
  ]

  @Test func `every stuck scenario has its expectation`() {
    #expect(Self.expectations.map(\.name) == Scenario.all.filter { $0.signature != nil }.map(\.name))
  }

  @Test(arguments: expectations)
  func `a scenario is stuck in exactly the way it is named for, and processor 0 goes on`(
    expectation: Expectation
  ) throws {
    let scenario = try #require(Scenario.named(expectation.name))
    let run = try GuestRun(scenario, for: .milliseconds(expectation.milliseconds))
    #expect(run.partition.stopCause == .timeReached)
    #expect(run.findings == expectation.findings)
    #expect(run.findings.first?.split(separator: " ").first.map(String.init) == scenario.signature)
    #expect(ticks(run) >= expectation.milliseconds / 10 - 1)
  }

  /// How often processor 0 took its timer, vector E0h, every 10 ms.
  private func ticks(_ run: GuestRun) -> Int {
    run.events.count { event in
      guard case .acknowledged(let vector, _) = event.body else { return false }
      return vector.rawValue == 0xE0 && event.context == ContextID(0, 0)
    }
  }

  @Test(arguments: Scenario.all.compactMap(\.nearMiss))
  func `nothing is found on a near miss at any time, and it does not get stuck`(nearMiss: Scenario) throws {
    let run = try GuestRun(nearMiss.guest, nearMiss.configuration)
    for milliseconds in stride(from: UInt64(7), through: 147, by: 20) {
      run.run(until: .milliseconds(milliseconds))
      #expect(run.findings == [], "at \(milliseconds) ms")
    }
    #expect(run.exitValue == nil || run.exitValue == 0)
    #expect(run.partition.stopCause == nil || run.partition.stopCause == .debugExit)
  }

  @Test(arguments: [0, 1, 7, 30, 77, 140])
  func `nothing is found on the demo at any time`(milliseconds: UInt64) throws {
    let run = try GuestRun(.demo, for: .milliseconds(milliseconds))
    #expect(run.findings == [])
  }

  @Test func `nothing is found on guarded memory, however often one looks`() throws {
    let run = try GuestRun("guarded", Scenario.guarded.configuration)
    for milliseconds in stride(from: UInt64(0), through: 1_050, by: 7) {
      run.run(until: .milliseconds(milliseconds))
      #expect(run.findings == [], "at \(milliseconds) ms")
    }
    // Every 5 ms and every 4 ms.
    #expect(run.lines.last?.contains("messages 200 vtl1 250") == true, "\(run.lines)")
    #expect(run.lines.last?.hasSuffix("errors 0") == true)
  }

  @Test func `nothing is found on a demo of 64 processors, however often one looks`() throws {
    var configuration = Scenario.demo.configuration
    configuration.vpCount = 64
    let run = try GuestRun("demo", configuration)
    for milliseconds in stride(from: UInt64(0), through: 2_300, by: 23) {
      run.run(until: .milliseconds(milliseconds))
      #expect(run.findings == [], "at \(milliseconds) ms")
    }
    #expect(run.lines.last?.hasSuffix(" stray 0 errors 0") == true)
  }

  @Test func `with explicit groups the broadcast of lost-broadcast is answered`() throws {
    var scenario = try #require(Scenario.named("lost-broadcast"))
    scenario.configuration.groupEncoding = .explicit
    let run = try GuestRun(scenario, for: .milliseconds(300))
    #expect(run.lines.last == "lost-broadcast: all 3 others have answered")
    #expect(run.exitValue == 0)
  }
}
