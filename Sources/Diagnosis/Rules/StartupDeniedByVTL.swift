import Architecture
import Journal

extension Rule {
  /// S30: INIT or SIPI for a VTL below another one that is enabled on the VP: dropped (TLFS).
  ///
  /// Gone when the VTL is started after it. The second SIPI of a start that worked may find a VTL enabled meanwhile:
  /// nothing is wrong with that.
  static var startupDeniedByVTL: Rule {
    Rule(.startupDeniedByVTL, "INIT or SIPI for a VTL below another one") { context, scene in
      guard let drop = scene.startup(context).denied, scene.isOld(drop.time, scene.thresholds.startup),
        (context.lastStartup ?? .zero) <= drop.time, !isSecond(drop, context, scene)
      else { return nil }
      let above = scene.snapshot.contexts.filter {
        $0.id.vp == context.id.vp && $0.isEnabled && $0.id.vtl > context.id.vtl
      }
      let sender = drop.sender.map { "\($0)" } ?? "outside"
      let what = drop.mode == .startup ? "SIPI \(drop.vector.text)" : "INIT"
      return Finding(
        .startupDeniedByVTL, .proved, .medium, .context(context.id), since: drop.time,
        title: "\(what) from \(sender) dropped: "
          + (above.last.map { "VTL\($0.id.vtl.rawValue) is enabled there" } ?? "a VTL above 0 is not started so"),
        evidence: [
          .init("\(what) from \(sender) at \(drop.time.pointText) s"),
          .init("VTLs enabled above it: \(list(above.map(\.id)))", holds: !above.isEmpty),
          .init("it has been started since", holds: false),
        ],
        cause: "sent at \(scene.place(drop.rip)), \(scene.moment(drop.time))",
        remedy: "HvCallStartVirtualProcessor, which names the VTL", journey: drop.journey)
    }
  }

  private static func isSecond(_ drop: StartupFacts.Drop, _ context: ContextSnapshot, _ scene: Scene) -> Bool {
    guard drop.mode == .startup, let start = context.lastStartup, start <= drop.time else { return false }
    return drop.time - start < scene.thresholds.secondStartup
  }
}
