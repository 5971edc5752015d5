import Architecture
import Interrupts
import Journal

extension Rule {
  /// S19: a logical destination that names no local APIC of the group: LDR 0, another DFR, another cluster, or a bit
  /// that nobody has.
  static var logicalMatchesNobody: Rule {
    Rule(.logicalMatchesNobody, "a logical destination that names nobody in the group", lost: isUnmatched) {
      lost, scene in
      let command = lost.last.message.command
      let group = lost.last.route.group
      let members = scene.snapshot.contexts.filter { $0.isEnabled && $0.group == group }
      let map = scene.snapshot.groups.first { $0.id == group }
      let isUnset = members.allSatisfy { RoutingRegisters($0).logicalModel == nil }
      return Finding(
        .logicalMatchesNobody, lost.certainty, lost.severity(scene), lost.subject, since: lost.first.time,
        title:
          "vector \(command.vector.text) to logical \(hex(command.destination)): names nobody in group \(group.rawValue)",
        evidence: [
          .init(lost.text(scene)),
          .init("an LDR of group \(group.rawValue) matches", holds: false),
        ] + members.prefix(4).map { .init(registers($0, command.destination), holds: false) } + [
          .init("logical map: \(map?.logicalMode.text ?? "none")" + mapReason(map))
        ] + lost.common(scene),
        effect: lost.effect(scene),
        cause: (isUnset
          ? "no local APIC of the group has a usable LDR and DFR"
          : "\(hex(command.destination)) shares no bit, or not the cluster, with any LDR")
          + "; \(lost.origin(scene))",
        remedy: isUnset ? "the guest sets LDR and DFR of each processor" : "a destination made of the LDRs above",
        journey: lost.last.journey)
    }
  }

  @Sendable private static func isUnmatched(_ lost: LostRequest, _ scene: Scene) -> Bool {
    lost.cause == .noLogicalID && lost.isLostStill && !scene.isWedged(lost.subject)
      && (lost.last.message.command.deliveryMode.isInterrupt || scene.isAwaited(lost))
  }

  private static func registers(_ context: ContextSnapshot, _ destination: UInt32) -> String {
    let registers = RoutingRegisters(context)
    let ldr = "LDR \(hex(registers.logicalDestination))"
    switch registers.logicalModel {
    case .x2APIC: return "\(context.id) \(ldr) (x2APIC) matches"
    case .flat: return "\(context.id) \(ldr) (flat) matches"
    case .cluster: return "\(context.id) \(ldr) (cluster) matches"
    case nil: return "\(context.id) \(ldr) DFR \(hex(registers.destinationFormat)) answers to logical destinations"
    }
  }

  private static func mapReason(_ map: GroupSnapshot?) -> String {
    guard let map, map.logicalModeReason != .none else { return "" }
    return ", because of \(map.logicalModeReason.text)"
  }
}
