import Architecture
import Interrupts
import Journal

extension Rule {
  /// S16: a physical destination that no local APIC of the sender's group has: the request is consumed.
  ///
  /// The trap of groups is that the ID may exist next door. A local APIC that has the ID and is off is S10 or S11, one
  /// whose VTL is not enabled S26. INIT and SIPI count only while their sender waits for what they should have started:
  /// guests send them on the chance that somebody is there.
  static var unicastToNowhere: Rule {
    Rule(.unicastToNowhere, "a physical destination that nobody in the group has", lost: isUnicast) { lost, scene in
      let message = lost.last.message
      let group = lost.last.route.group
      let elsewhere = holders(of: message.command.destination, in: scene).filter { $0.group != group }
      let target = "id \(hex(message.command.destination))"
      let what = message.command.deliveryMode.hasVector ? "vector \(message.command.vector.text)" : message.kindText
      let trap = elsewhere.map { "it exists in group \($0.group.rawValue) (\($0.id))" }.joined(separator: ", ")
      let there = scene.snapshot.contexts.filter { $0.isEnabled && $0.group == group }.map { RoutingRegisters($0).id }
      return Finding(
        .unicastToNowhere, lost.certainty, lost.severity(scene), lost.subject, since: lost.first.time,
        title: "\(what) to \(target): nobody in group \(group.rawValue) has it" + (trap.isEmpty ? "" : "; \(trap)"),
        evidence: [
          .init(lost.text(scene)),
          .init("a local APIC of group \(group.rawValue) has \(target)", holds: false),
          .init("IDs of group \(group.rawValue): \(ids(there))"),
          .init(trap.isEmpty ? "\(target) exists in another group" : trap, holds: !trap.isEmpty),
        ] + lost.common(scene),
        effect: lost.effect(scene),
        cause: lost.origin(scene) + (lost.cause == .group ? "; \(encodingText(scene))" : ""),
        remedy: trap.isEmpty
          ? "an ID that exists in the group" : "a sender in that group, or a hypercall that names the VTL",
        journey: lost.last.journey)
    }
  }

  @Sendable private static func isUnicast(_ lost: LostRequest, _ scene: Scene) -> Bool {
    guard lost.cause == .noSuchID || lost.cause == .group && !lost.last.message.isWide, lost.isLostStill,
      lost.last.source != .hypercall, !scene.isWedged(lost.subject)
    else { return false }
    return lost.last.message.command.deliveryMode.isInterrupt || scene.isAwaited(lost)
  }

  private static func holders(of id: UInt32, in scene: Scene) -> [ContextSnapshot] {
    scene.snapshot.contexts.filter { $0.isEnabled && RoutingRegisters($0).id.rawValue == id }
  }

  private static func ids(_ all: [ApicID]) -> String {
    all.prefix(8).map { hex($0.rawValue) }.joined(separator: " ") + (all.count > 8 ? " ..." : "")
  }
}

extension Scene {
  /// A level-triggered pin that waits for an EOI: what happened to its last message is told there (S21).
  func isWedged(_ subject: Subject) -> Bool {
    guard case .pin(let number) = subject, let pin = snapshot.platform.pins.first(where: { $0.number == number })?.pin
    else { return false }
    return pin.entry.isLevelTriggered && pin.entry.isRemoteIRRSet
  }
}
