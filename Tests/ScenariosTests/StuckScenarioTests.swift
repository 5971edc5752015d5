import Architecture
import Diagnosis
import Journal
import Machine
import Scenarios
import Testing

@Suite struct StuckScenarioTests {
  /// What is found, without the contexts that merely wait for a stuck one.
  private func findings(_ run: GuestRun) -> [String] {
    diagnose(run.partition.snapshot(), run.events).filter { $0.code != .waitsForOther }
      .map { "\($0.code.rawValue) \($0.context)" }
  }

  /// How often processor 0 took its timer, vector E0h, every 10 ms.
  private func ticks(_ run: GuestRun) -> Int {
    run.events.count { event in
      guard case .acknowledged(let vector, _) = event.body else { return false }
      return vector.rawValue == 0xE0 && event.context == ContextID(0, 0)
    }
  }

  @Test(arguments: [
    ("lost-broadcast", ["S17 1.1"]), ("tpr-block", ["S1 2.0"]), ("hlt-cli", ["S5 2.0"]), ("no-sipi", ["S7 3.0"]),
  ])
  func `a scenario is stuck in exactly the way it is named for, and processor 0 goes on`(
    name: String, expected: [String]
  ) throws {
    let run = try GuestRun(try #require(Scenario.named(name)), for: .milliseconds(65))
    #expect(run.partition.stopCause == .timeReached)
    #expect(findings(run) == expected)
    #expect(ticks(run) == 6)
  }

  @Test(arguments: [0, 1, 7, 30, 77, 140])
  func `nothing is found on the demo at any time`(milliseconds: UInt64) throws {
    let run = try GuestRun(.demo, for: .milliseconds(milliseconds))
    #expect(findings(run) == [])
  }

  @Test func `with explicit groups the broadcast of lost-broadcast is answered`() throws {
    var scenario = try #require(Scenario.named("lost-broadcast"))
    scenario.configuration.groupEncoding = .explicit
    let run = try GuestRun(scenario, for: .milliseconds(300))
    #expect(run.lines.last == "lost-broadcast: all 3 others have answered")
    #expect(run.exitValue == 0)
  }
}
