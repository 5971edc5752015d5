import Guests
import Machine
import Scenarios
import Testing

@Suite struct ScenarioTests {
  @Test func `the list is the demo and one scenario per way to get stuck`() {
    #expect(Scenario.all.map(\.name) == ["demo", "lost-broadcast", "tpr-block", "hlt-cli", "no-sipi"])
  }

  @Test(arguments: Scenario.all)
  func `a scenario has a guest, a machine that can be built, and one line`(scenario: Scenario) {
    #expect(GuestImage.names.contains(scenario.guest))
    #expect(scenario.configuration.problem == nil)
    #expect(!scenario.summary.contains("\n") && scenario.summary.count < 100)
    #expect(Scenario.named(scenario.name)?.guest == scenario.guest)
  }

  @Test func `a name that no scenario has gives nothing`() {
    #expect(Scenario.named("nobody") == nil)
  }
}
