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
    Expectation("lost-broadcast", "S17 1.1"),
    Expectation("tpr-block", "S1 2.0"),
    Expectation("hlt-cli", "S5 2.0"),
    Expectation("no-sipi", "S7 3.0"),
  ]

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

  @Test func `with explicit groups the broadcast of lost-broadcast is answered`() throws {
    var scenario = try #require(Scenario.named("lost-broadcast"))
    scenario.configuration.groupEncoding = .explicit
    let run = try GuestRun(scenario, for: .milliseconds(300))
    #expect(run.lines.last == "lost-broadcast: all 3 others have answered")
    #expect(run.exitValue == 0)
  }
}
