import Architecture
import Journal

extension Rule {
  /// S34: two requests of a vector, one interrupt: the second came while the first was pending (SDM Vol. 3A, 12.8.4).
  ///
  /// By design, and healthy guests do it all the time. It is worth a word only when it may matter: the vector still
  /// waits, or the second sender has sent nothing since and looks as if it waited: it is still where it sent it, or sent
  /// both and sleeps.
  static var requestsMerged: Rule {
    Rule(
      .requestsMerged, "two requests of a vector, one interrupt",
      scene: { scene in
        var found: [ContextID: Finding] = [:]
        for merge in scene.facts.requests.lastMerge {
          guard let merge, let target = scene.snapshot[merge.at], target.isEnabled,
            let finding = finding(merge, target, scene)
          else { continue }
          if found[target.id].map({ $0.since > finding.since }) ?? true { found[target.id] = finding }
        }
        return Array(found.values)
      })
  }

  private static func finding(
    _ merge: RequestFacts.Merge, _ target: ContextSnapshot, _ scene: Scene
  ) -> Finding? {
    let vector = merge.request.message.command.vector
    guard merge.request.message.command.deliveryMode.isFixed else { return nil }
    let pending = target.pending.first { $0.vector == vector }
    let stillWaits = pending.map { scene.isOld($0.since, scene.thresholds.slow) } ?? false
    let senderWaits = pending == nil && waits(merge, scene)
    guard stillWaits || senderWaits else { return nil }
    let first = "#\(merge.into.rawValue)"
    let sender = merge.request.sender.map { "\($0)" } ?? "a device"
    return Finding(
      .requestsMerged, senderWaits ? .likely : .proved, senderWaits ? .low : .info, .context(target.id),
      since: merge.request.time,
      title: "two requests of \(vector.text), one interrupt: #\(merge.request.journey.rawValue) merged with \(first)",
      evidence: [
        .init("\(first) was pending when #\(merge.request.journey.rawValue) came, from \(sender)"),
        .init("\(vector.text) still waits", holds: stillWaits),
        .init("\(sender) has sent nothing since, and looks as if it waited", holds: waits(merge, scene)),
        .init("\(target.counters.merged) merged here so far"),
      ],
      effect: senderWaits ? "\(sender) may wait for a second interrupt that will not come" : "",
      cause: "one bit per vector: sent at \(scene.place(merge.request.rip)), \(scene.moment(merge.request.time))",
      remedy: "nothing, unless the guest counts interrupts: then one request per answer",
      doubt: "by design; a guest that counts work, and not interrupts, does not notice", journey: merge.request.journey)
  }

  /// Its sender looks as if it waited for what the request should have brought about.
  private static func waits(_ merge: RequestFacts.Merge, _ scene: Scene) -> Bool {
    guard let sender = merge.request.sender.flatMap({ scene.snapshot[$0] }), sender.isEnabled, sender.isActive,
      scene.isOld(merge.request.time, scene.thresholds.slow)
    else { return false }
    return scene.isStill(sender, near: merge.request.rip) || merge.isOwn && sender.idle != nil
  }
}

extension DeliveryMode {
  fileprivate var isFixed: Bool { self == .fixed || self == .lowestPriority }
}
