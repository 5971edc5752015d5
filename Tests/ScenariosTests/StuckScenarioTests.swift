import Architecture
import Diagnosis
import Journal
import Machine
import Scenarios
import Testing

@Suite struct StuckScenarioTests {
  private func run(_ name: String) throws -> GuestRun {
    try GuestRun(try #require(Scenario.named(name)), for: .milliseconds(300))
  }

  /// What is found, without the contexts that merely wait for a stuck one.
  private func findings(_ run: GuestRun) -> [String] {
    diagnose(run.partition.snapshot(), run.events).filter { $0.code != .waitsForOther }
      .map { "\($0.code.rawValue) \($0.context)" }
  }

  @Test(arguments: [
    ("demo", []), ("lost-broadcast", ["S17 1.1"]), ("tpr-block", ["S1 2.0"]), ("hlt-cli", ["S5 2.0"]),
    ("no-sipi", ["S7 3.0"]),
  ])
  func `a scenario is stuck in exactly the way it is named for`(name: String, expected: [String]) throws {
    let run = try run(name)
    #expect(run.partition.stopCause == .timeReached)
    #expect(findings(run) == expected)
  }

  @Test(arguments: ["lost-broadcast", "tpr-block", "hlt-cli", "no-sipi"])
  func `processor 0 keeps ticking while another is stuck`(name: String) throws {
    let run = try run(name)
    let ticks = run.events.filter { event in
      guard case .acknowledged(let vector, _) = event.body else { return false }
      return vector.rawValue == 0xE0 && event.context == ContextID(0, 0)
    }
    #expect(ticks.count >= 25)
  }

  @Test func `with explicit groups the broadcast of lost-broadcast is answered`() throws {
    var scenario = try #require(Scenario.named("lost-broadcast"))
    scenario.configuration.groupEncoding = .explicit
    let run = try GuestRun(scenario, for: .milliseconds(300))
    #expect(run.lines.last == "lost-broadcast: all 3 others have answered")
    #expect(run.exitValue == 0)
  }
}
