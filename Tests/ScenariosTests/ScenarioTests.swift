import Guests
import Machine
import Scenarios
import Testing

@Suite struct ScenarioTests {
  @Test func `the list is the healthy scenarios and one per signature, each name and signature once`() {
    #expect(Scenario.all.first?.name == "demo")
    #expect(Set(Scenario.all.map(\.name)).count == Scenario.all.count)
    let signatures = Scenario.all.compactMap(\.signature)
    #expect(Set(signatures).count == signatures.count && signatures.count == Scenario.all.count - 2)
    #expect(Scenario.all.prefix { $0.signature == nil }.map(\.name) == ["demo", "guarded"])
  }

  @Test func `the list is ordered by topic, then by signature`() {
    let order = Scenario.all.map { ($0.topic.rawValue, Int($0.signature?.dropFirst() ?? "0") ?? -1) }
    #expect(zip(order, order.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test(arguments: Scenario.all)
  func `a scenario has a guest, a machine that can be built, and one line`(scenario: Scenario) {
    #expect(GuestImage.names.contains(scenario.guest))
    #expect(scenario.configuration.problem == nil)
    #expect(!scenario.summary.contains("\n") && scenario.summary.count < 80)
    #expect(Scenario.named(scenario.name)?.guest == scenario.guest)
  }

  @Test func `a near miss is the same guest on the same machine, told so on its command line`() throws {
    let scenario = try #require(Scenario.named("tpr-block"))
    let nearMiss = try #require(scenario.nearMiss)
    #expect(nearMiss.guest == scenario.guest && nearMiss.configuration.vpCount == scenario.configuration.vpCount)
    #expect(nearMiss.configuration.commandLine == "near-miss")
    #expect(Scenario.demo.nearMiss == nil)
  }

  @Test func `a name that no scenario has gives nothing`() {
    #expect(Scenario.named("nobody") == nil)
  }
}
