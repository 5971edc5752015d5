import Architecture
import Interrupts
import Journal

/// Requests of one sender and one form that reached nobody, with what the registers say of them now.
struct LostRequest {
  var subject: Subject
  var first: Request
  var last: Request
  var count: Int
  /// The log has lost it: it stands in the ICR still.
  var isStanding = false
  /// Sent now, it would reach nobody again.
  var isLostStill: Bool
  var cause: Cause

  enum Cause: Hashable {
    /// Named, and off in SVR.
    case softwareDisabled([ContextID])
    /// Named, and off in IA32_APIC_BASE.
    case hardwareDisabled([ContextID])
    /// Named, and the VTL is not enabled there.
    case notEnabled([ContextID])
    /// How groups are told apart in the rfc-2023 mode.
    case group
    /// A physical destination that nobody has.
    case noSuchID
    /// A logical destination that names nobody.
    case noLogicalID
    /// Somebody matches: it was the choice among the candidates that came out empty.
    case arbitration
    case other
  }
}

extension Scene {
  /// More forms of lost requests than this, of a log that somebody made up, are not looked into.
  private static var formLimit: Int { 256 }

  mutating func findLost() -> [LostRequest] {
    let newest = facts.requests.lost.sorted {
      ($0.value.last.time, $0.value.last.journey) > ($1.value.last.time, $1.value.last.journey)
    }
    var lost = newest.prefix(Self.formLimit).compactMap { form, loss in
      subject(form).map { describe($0, loss.first, loss.last, loss.count) }
    }
    for context in snapshot.contexts where context.isEnabled {
      if let standing = standing(context) { lost.append(standing) }
    }
    return lost
  }

  private func subject(_ form: RequestFacts.Form) -> Subject? {
    guard let sender = form.sender else { return form.origin }
    return snapshot[sender]?.isEnabled == true ? .context(sender) : nil
  }

  private func describe(
    _ subject: Subject, _ first: Request, _ last: Request, _ count: Int, isStanding: Bool = false
  ) -> LostRequest {
    let isLost = last.source == .hypercall || resolve(last.message, from: last.sender, in: last.route.group).count == 0
    return LostRequest(
      subject: subject, first: first, last: last, count: count, isStanding: isStanding, isLostStill: isLost,
      cause: cause(of: last))
  }

  /// The request in the ICR, when it would be lost if it were sent again, and none of the sender is in the log.
  private func standing(_ context: ContextSnapshot) -> LostRequest? {
    guard context.counters.undelivered > 0, let place = facts.layout.place(context.id),
      facts.requests.last[place] == nil
    else { return nil }
    let isWide = RoutingRegisters(context).mode == .x2APIC
    let (high, low) = (context.apic[0x310], context.apic[0x300])
    let command =
      isWide
      ? InterruptCommand(rawValue: UInt64(high) << 32 | UInt64(low)) : InterruptCommand(xAPICHigh: high, low: low)
    let message = InterruptMessage(command, isNarrow: !isWide)
    guard sendRejection(of: command) == nil, command.deliveryMode.isInterrupt else { return nil }
    let route = resolve(message, from: context.id, in: context.group)
    guard route.count == 0 else { return nil }
    let request = Request(
      sender: context.id, time: context.since, rip: context.rip, journey: .none, source: .interruptCommand,
      message: message, route: Event.RouteSummary(route))
    return describe(
      .context(context.id), request, request, Int(clamping: context.counters.undelivered), isStanding: true)
  }

  private func cause(of request: Request) -> LostRequest.Cause {
    switch request.route.reason {
    case .otherGroup, .groupNotZero, .groupBitsInDestination: return .group
    case .contextNotEnabled: return .notEnabled(named(request, .contextNotEnabled))
    case .softwareDisabled: return .softwareDisabled(named(request, .softwareDisabled))
    case .hardwareDisabled: return .hardwareDisabled(named(request, .hardwareDisabled))
    case .noSuchID, .idDiffers, .logicalMismatch, .logicalUnusable: return unmatched(request)
    case .arbitrationLost, nil: return .arbitration
    default: return .other
    }
  }

  private func unmatched(_ request: Request) -> LostRequest.Cause {
    if request.source == .hypercall { return .noSuchID }
    let off = named(request, .hardwareDisabled) + turnedOff(request)
    if !off.isEmpty { return .hardwareDisabled(off) }
    return request.message.command.isLogical ? .noLogicalID : .noSuchID
  }

  /// A local APIC that is off in APIC_BASE has no ID to see; it is known by its number, unless it was rewritten.
  private func turnedOff(_ request: Request) -> [ContextID] {
    let command = request.message.command
    guard !command.isLogical, command.shorthand == .none else { return [] }
    return snapshot.contexts.filter {
      $0.isEnabled && !$0.apicBase.bit(11) && $0.group == request.route.group
        && $0.id.vp.rawValue == command.destination
    }.map(\.id)
  }

  /// The local APICs that the request names and that turn it down for `reason`.
  private func named(_ request: Request, _ reason: Rejection) -> [ContextID] {
    if request.source == .hypercall {
      // A hypercall names VPs; the log keeps the first of them in place of an APIC ID.
      guard let vtl = routing.vtl(of: request.route.group) else { return [] }
      let vp = VPIndex(rawValue: request.message.command.destination)
      return snapshot[ContextID(vp: vp, vtl: vtl)].map { [$0.id] } ?? []
    }
    return explain(request.message, from: request.sender, in: request.route.group)
      .filter { $0.rejection == reason }.map(\.context)
  }

  /// It is the last that its sender sent, and its answer is overdue: what the sender waits for, if it waits.
  func isAwaited(_ lost: LostRequest) -> Bool {
    guard let sender = lost.last.sender, !lost.isStanding else { return false }
    return last(of: sender)?.journey == lost.last.journey && isOld(lost.last.time, thresholds.blocked)
  }

  func last(of sender: ContextID) -> Request? {
    facts.layout.place(sender).flatMap { facts.requests.last[$0] }
  }
}

extension DeliveryMode {
  /// Not a part of the start-up protocol, which guests send on the chance that somebody is there.
  var isInterrupt: Bool {
    switch self {
    case .fixed, .lowestPriority, .nmi, .smi: true
    case .initialize, .startup, .reserved3, .external: false
    }
  }
}

// MARK: - Words

extension LostRequest {
  /// "#77 id 9 2f from 1.0 at 9.000 000 s".
  func text(_ scene: Scene) -> String {
    if isStanding { return "\(last.message.text) stands in the ICR of \(subject); the event is not in the log" }
    return "#\(last.journey.rawValue) \(last.message.text) from \(subject) in group \(last.route.group.rawValue) "
      + "at \(last.time.pointText) s"
  }

  var pathText: String {
    "path: \(last.route.path.text), \(last.route.candidates) asked, \(last.route.rejected) turned down"
  }

  /// Where it was sent from.
  func origin(_ scene: Scene) -> String {
    if isStanding { return "RIP now \(scene.place(last.rip))" }
    switch subject {
    case .context: return "\(last.source.text) at \(scene.place(last.rip)), \(scene.moment(last.time))"
    case .pin, .route: return "\(last.source.text), \(scene.moment(last.time))"
    }
  }

  /// Whether somebody waits for it decides how bad it is.
  func severity(_ scene: Scene) -> Finding.Severity {
    scene.isAwaited(self) || last.sender == nil ? .high : .medium
  }

  /// Empty when nobody seems to wait for it.
  func effect(_ scene: Scene) -> String {
    scene.isAwaited(self) ? "\(subject) has sent nothing since: it may wait for an answer" : ""
  }

  var certainty: Finding.Certainty { isStanding ? .likely : .proved }

  /// The checks all rules about lost requests share, at the end.
  func common(_ scene: Scene) -> [Finding.Evidence] {
    var checks: [Finding.Evidence] = [
      .init(pathText),
      .init("sent now, it would reach nobody", holds: isLostStill),
      .init("a later request of this form was delivered", holds: false),
    ]
    if !isStanding, last.sender != nil {
      checks.append(
        .init("its sender has sent nothing since", holds: scene.last(of: last.sender!)?.journey == last.journey))
    }
    return checks + [.init("\(count) lost since \(first.time.pointText) s")]
  }
}

extension LostRequest {
  /// One for all: the newest, with what is true of them together.
  static func joined(_ all: [LostRequest]) -> LostRequest? {
    guard var joined = all.max(by: { ($0.last.time, $0.last.journey) < ($1.last.time, $1.last.journey) }) else {
      return nil
    }
    joined.count = all.reduce(0) { $0 + $1.count }
    joined.first = all.map(\.first).min { ($0.time, $0.journey) < ($1.time, $1.journey) } ?? joined.first
    return joined
  }
}
