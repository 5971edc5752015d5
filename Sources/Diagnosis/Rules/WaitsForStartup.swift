import Architecture
import Journal

extension Rule {
  /// S7: a processor that waits for a SIPI nobody sends.
  ///
  /// After an INIT the multi-processor start-up protocol waits 10 ms before the SIPI (SDM Vol. 3A, 10.4), so
  /// it is a finding from 20 ms on. One that nobody has even sent an INIT may simply not be wanted by the
  /// guest: it counts only when other processors were started, the last of them more than a second ago, and
  /// then as likely.
  static var waitsForStartup: Rule {
    Rule(.waitsForStartup, "waits for a SIPI") { context, scene in
      // One that got a SIPI, only not in order, is S8; one that got none because of a VTL above it, S30.
      guard context.isActive, context.waitsForStartup, scene.misplacedSIPI(context) == nil,
        scene.startup(context).denied == nil
      else { return nil }
      return context.lastInit.map { afterInit(context, $0, scene) } ?? neverStarted(context, scene)
    }
  }

  private static func afterInit(_ context: ContextSnapshot, _ time: VirtualTime, _ scene: Scene) -> Finding? {
    guard scene.isOld(time, scene.thresholds.startup) else { return nil }
    let sender = context.lastInitSender.map { "from \($0)" } ?? "from outside"
    var evidence = common(context)
    evidence.append(.init("INIT processed at \(time.pointText) s, \(sender)"))
    evidence.append(
      .init("a SIPI came after it", holds: (context.lastStartup ?? .zero) > time))
    let start = context.id.vtl == .vtl0 ? "a SIPI to \(context.id)" : "HvCallStartVirtualProcessor for \(context.id)"
    return Finding(
      .waitsForStartup, .proved, .medium, .context(context.id), since: time,
      title: "waits for SIPI; INIT \(sender) at \(time.pointText) s", evidence: evidence,
      cause: "INIT \(sender) was not followed by a SIPI", remedy: start)
  }

  private static func neverStarted(_ context: ContextSnapshot, _ scene: Scene) -> Finding? {
    let starts = scene.snapshot.contexts.filter { $0.isEnabled && $0.id.vtl == context.id.vtl }.compactMap(
      \.lastStartup)
    guard let last = starts.max(), scene.isOld(last, scene.thresholds.untouched) else { return nil }
    var evidence = common(context)
    evidence.append(.init("an INIT was ever processed", holds: false))
    evidence.append(.init("\(starts.count) other processors were started, the last at \(last.pointText) s"))
    return Finding(
      .waitsForStartup, .likely, .low, .context(context.id), since: context.since,
      title: "waits for SIPI; nobody started this processor", evidence: evidence,
      cause: "no INIT and no SIPI since power-on", remedy: "INIT and SIPI to \(context.id), or fewer VPs",
      doubt: "the guest may not want this processor")
  }

  private static func common(_ context: ContextSnapshot) -> [Finding.Evidence] {
    [
      .init("\(context.id) waits for SIPI"),
      .init("a SIPI or INIT is pending", holds: false),
    ]
  }
}

extension ContextSnapshot {
  /// It waits for a SIPI, and neither that nor an INIT is on its way.
  var waitsForStartup: Bool { activity == .waitForStartup && startupPending == nil && !initPending }
}

extension Scene {
  /// What the log says of the INITs and SIPIs of a context.
  func startup(_ context: ContextSnapshot) -> StartupFacts {
    facts.layout.place(context.id).map { facts.startups[$0] } ?? StartupFacts()
  }
}
