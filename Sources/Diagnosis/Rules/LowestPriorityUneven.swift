import Architecture
import Interrupts
import Journal

extension Rule {
  /// S20: lowest-priority requests that come out empty although somebody matches, or that one candidate always gets
  /// while it cannot keep up and others could.
  ///
  /// Always the same one is no fault by itself: among equals the choice is the chipset's (SDM Vol. 3A, 12.6.2.4).
  static var lowestPriorityUneven: Rule {
    Rule(
      .lowestPriorityUneven, "lowest-priority requests that nobody, or always the same one, gets",
      scene: { scene in
        let holes = scene.lost.filter { isHole($0) }.map { hole($0, scene) }
        return holes + scene.facts.requests.arbitrations.values.compactMap { starvation($0, scene) }
      })
  }

  private static func isHole(_ lost: LostRequest) -> Bool {
    let isLowest = lost.last.message.command.deliveryMode == .lowestPriority
    return isLowest && !lost.isLostStill && lost.count > 1 && (lost.cause == .arbitration || lost.cause == .noSuchID)
  }

  private static func hole(_ lost: LostRequest, _ scene: Scene) -> Finding {
    let could = scene.willing(lost.last)
    return Finding(
      .lowestPriorityUneven, .likely, .medium, lost.subject, since: lost.first.time,
      title: "lowest-priority \(lost.last.message.text) lost \(lost.count) times; \(list(could)) could take it",
      evidence: [
        .init(lost.text(scene)), .init("it names nobody", holds: false),
        .init("enabled local APICs that match: \(list(could))"),
      ] + lost.common(scene),
      cause: "the choice fell on a place with nobody behind it; \(lost.origin(scene))",
      remedy: "another vector, or arbitration among the enabled ones only",
      doubt: "they may have been enabled since", journey: lost.last.journey)
  }

  private static var leastRequests: Int { 64 }

  private static func starvation(_ tally: RequestFacts.Arbitration, _ scene: Scene) -> Finding? {
    guard tally.isAlways, tally.count >= leastRequests, tally.merged * 4 >= tally.count,
      let winner = scene.snapshot[tally.winner], winner.isEnabled
    else { return nil }
    let others = scene.willing(tally.last).filter {
      $0 != winner.id && (scene.snapshot[$0]?.processorPriority ?? .max) <= winner.processorPriority
    }
    guard others.count > 1 else { return nil }
    let wins = others.map { "\($0) \(scene.snapshot[$0]?.counters.arbitrationsWon ?? 0)" }.prefix(6).joined(
      separator: ", ")
    return Finding(
      .lowestPriorityUneven, .likely, .low, .context(winner.id), since: tally.first.time,
      title: "all \(tally.count) lowest-priority \(tally.last.message.text) came here, \(tally.merged) merged; "
        + "\(others.count) others are willing",
      evidence: [
        .init("\(tally.count) requests with more than one candidate since \(tally.first.time.pointText) s"),
        .init("any of them went to another", holds: false),
        .init("\(tally.merged) found their vector pending already: it does not keep up"),
        .init("willing, with no higher PPR: \(list(others))"),
        .init("arbitrations won: \(winner.id) \(winner.counters.arbitrationsWon), \(wins)"),
      ],
      effect: winner.heldBack,
      cause: "arbitration looks at priorities, and \(winner.id) takes its interrupts late: "
        + (scene.gate(winner)?.text ?? "it is slow"),
      remedy: "\(winner.id) raises its TPR while it cannot take interrupts",
      doubt: "the guest may want them all on one processor", journey: tally.last.journey)
  }
}

extension Scene {
  /// The local APICs that the request names and that would take it.
  fileprivate func willing(_ request: Request) -> [ContextID] {
    explain(request.message, from: request.sender, in: request.route.group)
      .filter { $0.rejection == nil || $0.rejection == .arbitrationLost }.map(\.context)
  }
}
