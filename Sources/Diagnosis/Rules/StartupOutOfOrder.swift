import Architecture
import Journal

extension Rule {
  /// S8: a SIPI was dropped because it came out of order: when the processor did not wait for one, or before an INIT
  /// that took it back.
  ///
  /// The start-up protocol sends two SIPIs, and the second finds a processor that runs: nothing is wrong with that
  /// (SDM Vol. 3A, 10.4.4.1). It has the vector of the first and comes soon after.
  static var startupOutOfOrder: Rule {
    Rule(.startupOutOfOrder, "a SIPI that came out of order and was dropped") { context, scene in
      let facts = scene.startup(context)
      if context.waitsForStartup, facts.denied == nil, let drop = scene.misplacedSIPI(context) {
        guard scene.isOld(context.lastInit ?? drop.time, scene.thresholds.startup) else { return nil }
        return facts.swallowed == nil ? beforeInit(context, drop, scene) : swallowed(context, drop, scene)
      }
      guard context.isProcessing, let drop = facts.early, !drop.isWide, !scene.isSecond(drop, of: context),
        scene.isOld(drop.time, scene.thresholds.startup)
      else { return nil }
      return whileRunning(context, drop, scene)
    }
  }

  private static func swallowed(_ context: ContextSnapshot, _ drop: StartupFacts.Drop, _ scene: Scene) -> Finding {
    finding(
      context, drop, scene, title: "waits for SIPI; an INIT took back the one that was pending",
      checks: [
        .init("\(context.id) waits for SIPI"), .init("SIPI \(drop.vector.text) pending at \(drop.time.pointText) s"),
        .init("INIT behind it at \((context.lastInit ?? drop.time).pointText) s, before it was processed"),
        .init("a SIPI came after that", holds: false),
      ])
  }

  private static func beforeInit(_ context: ContextSnapshot, _ drop: StartupFacts.Drop, _ scene: Scene) -> Finding {
    finding(
      context, drop, scene, title: "waits for SIPI; the one sent came before the INIT",
      checks: [
        .init("\(context.id) waits for SIPI"),
        .init("SIPI \(drop.vector.text) dropped at \(drop.time.pointText) s: it did not wait for one"),
        .init("INIT at \((context.lastInit ?? drop.time).pointText) s"), .init("a SIPI came after that", holds: false),
      ])
  }

  private static func whileRunning(_ context: ContextSnapshot, _ drop: StartupFacts.Drop, _ scene: Scene) -> Finding {
    finding(
      context, drop, scene, title: "SIPI \(drop.vector.text) dropped: it had been started, and no INIT came before",
      checks: [
        .init("SIPI \(drop.vector.text) dropped at \(drop.time.pointText) s: it did not wait for one"),
        .init("\(context.id) is \(context.activity.text)"),
        .init("an INIT was processed before it", holds: false),
        .init("it is the second SIPI of a start that worked", holds: false),
      ])
  }

  private static func finding(
    _ context: ContextSnapshot, _ drop: StartupFacts.Drop, _ scene: Scene, title: String, checks: [Finding.Evidence]
  ) -> Finding {
    let sender = drop.sender.map { "\($0)" } ?? "outside"
    return Finding(
      .startupOutOfOrder, .proved, .medium, .context(context.id), since: drop.time, title: title, evidence: checks,
      cause: "SIPI \(drop.vector.text) sent by \(sender) at \(scene.place(drop.rip)), \(scene.moment(drop.time))",
      remedy: "INIT, 10 ms, then the SIPI (SDM Vol. 3A, 10.4.4.1)", journey: drop.journey)
  }
}

extension Scene {
  /// The second SIPI of the protocol: it has the vector of the one that started the processor, and comes soon after.
  fileprivate func isSecond(_ drop: StartupFacts.Drop, of context: ContextSnapshot) -> Bool {
    let started = startup(context).started
    // What started it may be gone from the log: then only the time says something.
    guard let start = started?.time ?? context.lastStartup, start <= drop.time,
      drop.time - start < thresholds.secondStartup
    else { return false }
    return started.map { $0.vector == drop.vector } ?? true
  }

  /// The SIPI that a processor which waits for one was sent too early: before its INIT, which took it back or came
  /// within a second.
  func misplacedSIPI(_ context: ContextSnapshot) -> StartupFacts.Drop? {
    let facts = startup(context)
    if let swallowed = facts.swallowed { return swallowed }
    guard let early = facts.early, let reset = context.lastInit, early.time <= reset,
      reset - early.time < thresholds.untouched, !isSecond(early, of: context)
    else { return nil }
    return early
  }
}
