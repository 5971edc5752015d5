import Architecture
import Journal

extension Rule {
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
