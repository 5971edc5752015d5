import Architecture
import Interrupts
import Journal

extension Rule {
  /// S17: a broadcast, shorthand or logical request in a group other than 0 that found nobody, although the group has
  /// other members, because of how groups are told apart. In a correct core this cannot happen.
  ///
  /// Gone once the same kind of request is delivered again. One that names no member (S19), that no enabled member can
  /// take (S10) or that leaves out the only member is not this. When the events are gone from the log, the request that
  /// still stands in the ICR is resolved again: that is likely the one that was lost.
  static var groupRequestLost: Rule {
    Rule(.groupRequestLost, "a request to many in a group other than 0 reached nobody") { context, scene in
      guard context.group > GroupID(0), context.counters.undelivered > 0 || scene.wideRequests[context.id] != nil
      else { return nil }
      let others = scene.snapshot.contexts.filter {
        $0.isEnabled && $0.group == context.group && $0.id != context.id && $0.isAPICEnabled
      }
      guard !others.isEmpty else { return nil }
      let lost = lostRequests(scene.wideRequests[context.id] ?? [])
      if let first = lost.first, let last = lost.last {
        return finding(context, first: first, last: last, count: lost.count, others: others.map(\.id), scene)
      }
      guard scene.wideRequests[context.id] == nil else { return nil }
      return standing(context, others: others.map(\.id), scene)
    }
  }

  private static func lostRequests(_ requests: [Scene.Request]) -> [Scene.Request] {
    var lost: [Scene.Request] = []
    for request in requests {
      if request.route.delivered > 0 {
        lost.removeAll { $0.message.addressText == request.message.addressText }
      } else if isGroupReason(request.route.reason) {
        lost.append(request)
      }
    }
    return lost
  }

  /// The request in the ICR, when it would be lost if it were sent again.
  private static func standing(_ context: ContextSnapshot, others: [ContextID], _ scene: Scene) -> Finding? {
    let isWide = RoutingRegisters(context).mode == .x2APIC
    let (high, low) = (context.apic[0x310], context.apic[0x300])
    let command =
      isWide
      ? InterruptCommand(rawValue: UInt64(high) << 32 | UInt64(low)) : InterruptCommand(xAPICHigh: high, low: low)
    let message = InterruptMessage(command, isNarrow: !isWide)
    guard message.isWide, context.counters.undelivered > 0 else { return nil }
    let route = resolve(message, from: context.id, scene).route
    guard route.count == 0, isGroupReason(route.reason) else { return nil }
    let request = Scene.Request(
      sender: context.id, sequence: 0, time: context.since, rip: context.rip, journey: .none,
      source: .interruptCommand, message: message, route: Event.RouteSummary(route))
    var result = finding(context, first: request, last: request, count: 1, others: others, scene)
    result.certainty = .likely
    result.journey = nil
    result.evidence[0] = .init("\(message.text) stands in the ICR of \(context.id); the event is not in the log")
    result.evidence[result.evidence.count - 1] = .init("\(context.counters.undelivered) of its requests reached nobody")
    return result
  }

  private static func resolve(_ message: InterruptMessage, from sender: ContextID, _ scene: Scene) -> FirePreview {
    preview(FireRequest(origin: .context(sender), message: message), in: scene.snapshot)
  }

  private static func isGroupReason(_ reason: Rejection?) -> Bool {
    switch reason {
    case .otherGroup, .groupNotZero, .groupBitsInDestination: true
    default: false
    }
  }

  private static func reasonText(_ reason: Rejection?) -> String {
    switch reason {
    case .groupNotZero: "the candidate's group is not 0"
    case .groupBitsInDestination: "the destination carries group bits"
    case .otherGroup: "the candidate is in another group"
    default: "no reason given"
    }
  }

  private static func finding(
    _ context: ContextSnapshot, first: Scene.Request, last: Scene.Request, count: Int, others: [ContextID],
    _ scene: Scene
  ) -> Finding {
    let what = last.message.text
    let group = last.route.group.rawValue
    let named = others.prefix(6).map(\.description).joined(separator: " ") + (others.count > 6 ? " ..." : "")
    let evidence: [Finding.Evidence] = [
      .init(
        "#\(last.journey.rawValue) \(what) from group \(group) at \(last.time.pointText) s"
      ),
      .init("group \(group) has other members: \(named)"),
      .init(
        "path: \(last.route.path.text), \(last.route.candidates) asked, \(last.route.rejected) turned down"),
      .init("turned down because \(reasonText(last.route.reason))"),
      .init("any local APIC was reached", holds: false),
      .init(
        "resolved again by this snapshot's registers it reaches nobody",
        holds: resolve(last.message, from: context.id, scene).route.count == 0),
      .init("a later request of this form was delivered", holds: false),
      .init("\(count) lost since \(first.time.pointText) s"),
    ]
    let rfc =
      if case .rfc2023(let bits) = scene.snapshot.machine.groupEncoding {
        "groups are encoded in \(bits) ID bits, as posted in 2023"
      } else { "groups are explicit: this is a defect of the core" }
    return Finding(
      code: .groupRequestLost, certainty: .proved, severity: .high, context: context.id, since: first.time,
      title: "\(what) lost: nobody in group \(group) was reached", evidence: evidence,
      cause: "\(rfc); sent from \(scene.place(last.rip))",
      remedy: "explicit groups; or one physical request per processor", journey: last.journey)
  }
}
