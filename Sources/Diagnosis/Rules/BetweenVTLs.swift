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
        !(holder.activity == .halted && !holder.interruptsEnabled)
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
        .init(
          "\(context.id) is \(context.activity == .halted ? "halted" : "running"), and not the active context of its VP"
        ),
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
        "\(vtl) at \(scene.place(holder.rip)), IF \(holder.interruptsEnabled ? 1 : 0), \(holder.activity == .halted ? "halted" : "running"); "
        + "entered \(scene.moment(holder.entryTime))" + (holder.entryReason.map { " by \($0.text)" } ?? ""),
      remedy: vina.isEnabled ? "\(vtl) returns, and clears VinaAsserted" : "\(vtl) returns (v), or enables VINA",
      doubt: "resolves by itself if \(vtl) returns", journey: highest.journey)
  }

  /// S26: a request for a VTL that is not enabled where it goes.
  static var targetVTLNotEnabled: Rule {
    Rule(
      .targetVTLNotEnabled, "a request for a VTL that is not enabled there",
      lost: { lost, _ in
        if case .notEnabled = lost.cause { true } else { false }
      }
    ) { lost, scene in
      let named: [ContextID] = if case .notEnabled(let all) = lost.cause { all } else { [] }
      let vtl = named.first?.vtl ?? VTL(Int(lost.last.route.group.rawValue))
      let partition = VTLSet(rawValue: scene.snapshot.machine.enabledVTLs)
      let vp = named.first?.vp
      let own = scene.snapshot.contexts.filter { $0.id.vp == vp && $0.isEnabled }.map { "\($0.id.vtl.rawValue)" }
      let failure = lost.last.sender.flatMap(scene.facts.layout.place).flatMap { scene.facts.vtls.failures[$0] }
      return Finding(
        .targetVTLNotEnabled, lost.certainty, lost.severity(scene), lost.subject, since: lost.first.time,
        title: "vector \(lost.last.message.command.vector.text) for VTL\(vtl.rawValue)"
          + (vp.map { " of VP \($0.rawValue)" } ?? "") + ": it is not enabled there",
        evidence: [
          .init(lost.text(scene)),
          .init("VTL\(vtl.rawValue) is enabled for the partition (\(partition.list))", holds: partition.contains(vtl)),
          .init(
            "VTL\(vtl.rawValue) is enabled on VP \(vp.map { "\($0.rawValue)" } ?? "?") (\(own.isEmpty ? "none" : own.joined(separator: " ")))",
            holds: false),
          .init(
            failure.map { "a hypercall about VTLs failed: \($0.text), \(scene.moment($0.time))" }
              ?? "a hypercall about VTLs failed", holds: failure != nil),
        ] + lost.common(scene),
        effect: lost.effect(scene),
        cause: lost.origin(scene) + (lost.last.source == .hypercall ? "; the hypercall succeeds all the same" : ""),
        remedy: "HvCallEnableVpVtl for that VP" + (partition.contains(vtl) ? "" : ", after HvCallEnablePartitionVtl"),
        journey: lost.last.journey)
    }
  }

  /// S27: a higher VTL returns with an interrupt that it does not take because of its IF = 0, is entered by it again at
  /// once, and so on: neither VTL gets anywhere.
  static var returnBounces: Rule {
    Rule(.returnBounces, "a higher VTL returns without taking the interrupt that brings it in") { context, scene in
      guard context.id.vtl > .vtl0, let bounce = scene.facts.vtls.bounces[context.id.vp], bounce.context == context.id,
        bounce.count >= leastBounces, !scene.isOld(bounce.last, scene.thresholds.blocked), !context.interruptsEnabled
      else { return nil }
      let pending = context.pending.contains { $0.vector == bounce.vector }
      guard pending else { return nil }
      let vtl = "VTL\(context.id.vtl.rawValue)"
      return Finding(
        .returnBounces, .proved, .high, .context(context.id), since: bounce.since,
        title:
          "\(vtl) returned \(bounce.count) times without taking \(bounce.vector.text), and is entered again at once",
        evidence: [
          .init("\(count(bounce.count, "return")) of \(vtl) in a row, each undone by \(bounce.vector.text)"),
          .init("\(bounce.vector.text) is still pending there", holds: pending),
          .init("\(vtl) took it in between", holds: false),
          .init("IF of \(context.id) is 0"),
        ],
        effect: "the VTL below makes no progress",
        cause: "\(vtl) returns with IF = 0; RIP \(scene.place(context.rip)), since \(bounce.since.pointText) s",
        remedy: "\(vtl) takes its interrupt (STI) before it returns, or raises its TPR over it",
        journey: context.pending.first { $0.vector == bounce.vector }?.journey)
    }
  }

  private static var leastBounces: Int { 8 }
}

extension VTLSet {
  fileprivate var list: String {
    let all = (0..<16).filter { rawValue.bit($0) }.map(String.init)
    return all.isEmpty ? "none" : all.joined(separator: " ")
  }
}

extension VTLFacts.Failure {
  fileprivate var text: String {
    "\(code.name ?? hex(code.rawValue)) -> \(status.name ?? hex(status.rawValue))"
  }
}
