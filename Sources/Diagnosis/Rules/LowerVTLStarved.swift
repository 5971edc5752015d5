import Architecture
import Journal

extension Rule {
  /// S24: a lower VTL could take an interrupt, and a higher one keeps the VP without having been told (VINA off), or
  /// having been told once.
  ///
  /// With IF = 0 the lower VTL would not take it either. A stay is too long after 10 ms, or when it is several times
  /// what it mostly is.
  static var lowerVTLStarved: Rule {
    Rule(.lowerVTLStarved, "a higher VTL keeps the VP while a lower one has an interrupt") { context, scene in
      guard !context.isActive, let highest = context.deliverable, context.interruptsEnabled, !context.interruptShadow,
        context.isProcessing, let holder = scene.active(on: context.id.vp), holder.id.vtl > context.id.vtl,
        // That is the finding, and this context waits for it.
        !holder.isDeaf
      else { return nil }
      let vina = VSMVina(rawValue: holder.vina)
      guard !vina.isEnabled || holder.vinaAsserted else { return nil }
      let stay = max(scene.activeSince(holder), highest.since)
      let usual = scene.facts.vtls.usualStay(holder.id.vtl)
      let isUnusual = usual.map { scene.age(stay).rawValue / 4 >= $0.rawValue } ?? false
      let isLong = scene.isOld(stay, scene.thresholds.blocked)
      guard isLong || isUnusual && scene.isOld(stay, scene.thresholds.preempted) else { return nil }
      return starved(context, highest, holder, since: stay, usual, isLong ? .proved : .likely, scene)
    }
  }

  private static func starved(
    _ context: ContextSnapshot, _ highest: VectorState, _ holder: ContextSnapshot, since: VirtualTime,
    _ usual: VirtualTime?, _ certainty: Finding.Certainty, _ scene: Scene
  ) -> Finding {
    let vtl = "VTL\(holder.id.vtl.rawValue)"
    let vina = VSMVina(rawValue: holder.vina)
    let told = vina.isEnabled ? "VINA asserted and not cleared" : "VINA off"
    return Finding(
      .lowerVTLStarved, certainty, .high, .context(context.id), since: since,
      title: "starved: \(vtl) holds VP \(context.id.vp.rawValue), \(told)",
      evidence: [
        .init("\(context.id) is \(context.activity.text), and not the active context of its VP"),
        .init(
          "\(holder.id) is, for \(scene.age(scene.activeSince(holder)).spanText)"
            + (usual.map { " (p99 of \(vtl) stays: \($0.spanText))" } ?? "")),
        .init(
          "\(highest.vector.text) pending for \(scene.age(highest.since).spanText), class \(hex2(highest.vector.priorityClass)) > PPR \(hex2(context.processorPriority)), IF 1: it would be taken at once"
        ),
        .init(
          "VINA of \(holder.id) is \(hex(holder.vina)): "
            + (vina.isEnabled ? "enabled" : "disabled, so \(vtl) was never told"), holds: vina.isEnabled),
        .init("VinaAsserted is set: \(vtl) was told once, and no more until it clears it", holds: holder.vinaAsserted),
        .init("\(vtl) bounces (S27)", holds: false),
      ],
      effect: context.heldBack,
      cause:
        "\(vtl) at \(scene.place(holder.rip)), IF \(holder.interruptsEnabled ? 1 : 0), \(holder.activity.text); "
        + "entered \(scene.moment(holder.entryTime))" + (holder.entryReason.map { " by \($0.text)" } ?? ""),
      remedy: vina.isEnabled ? "\(vtl) returns, and clears VinaAsserted" : "\(vtl) returns (v), or enables VINA",
      doubt: "resolves by itself if \(vtl) returns", journey: highest.journey)
  }
}
