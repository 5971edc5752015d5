import Architecture
import Journal

extension Rule {
  /// S17: a broadcast, shorthand or logical request in a group other than 0 that found nobody, although the group has
  /// other members, because of how groups are told apart. In a correct core this cannot happen.
  ///
  /// Gone once the same kind of request is delivered again. One that names no member (S19), that no enabled member can
  /// take (S10) or that leaves out the only member is not this. When the events are gone from the log, the request that
  /// still stands in the ICR is resolved again: that is likely the one that was lost.
  static var groupRequestLost: Rule {
    Rule(.groupRequestLost, "a request to many in a group other than 0 reached nobody", lost: isGroupLoss) {
      lost, scene in
      let others = list(otherMembers(lost, scene))
      return Finding(
        .groupRequestLost, lost.certainty, .high, lost.subject, since: lost.first.time,
        title: "\(lost.last.message.text) lost: nobody in group \(lost.last.route.group.rawValue) was reached",
        evidence: [
          .init(lost.text(scene)),
          .init("group \(lost.last.route.group.rawValue) has other members: \(others)"),
          .init("turned down because \(reasonText(lost.last.route.reason))"),
          .init("any local APIC was reached", holds: false),
        ] + lost.common(scene),
        cause: "\(encodingText(scene)); \(lost.origin(scene))",
        remedy: "explicit groups; or one physical request per processor", journey: lost.last.journey)
    }
  }

  @Sendable private static func isGroupLoss(_ lost: LostRequest, _ scene: Scene) -> Bool {
    lost.cause == .group && lost.last.message.isWide && lost.last.route.group > GroupID(0)
      && !otherMembers(lost, scene).isEmpty
  }

  private static func otherMembers(_ lost: LostRequest, _ scene: Scene) -> [ContextID] {
    scene.snapshot.contexts.filter {
      $0.isEnabled && $0.group == lost.last.route.group && $0.id != lost.last.sender && $0.isAPICEnabled
    }.map(\.id)
  }

  private static func reasonText(_ reason: Rejection?) -> String {
    switch reason {
    case .groupNotZero: "the candidate's group is not 0"
    case .groupBitsInDestination: "the destination carries group bits"
    case .otherGroup: "the candidate is in another group"
    default: "no reason given"
    }
  }

  static func encodingText(_ scene: Scene) -> String {
    if case .rfc2023(let bits) = scene.snapshot.machine.groupEncoding {
      return "groups are encoded in \(bits) ID bits, as posted in 2023"
    }
    return "groups are explicit: this is a defect of the core"
  }
}
