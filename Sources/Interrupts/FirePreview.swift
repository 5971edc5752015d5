import Architecture
import Journal

/// What an interrupt would do if it were sent now: the inspector's what-if, from a snapshot alone.
public struct FirePreview: Hashable, Sendable {
  /// Whom it would reach.
  public var route: Route
  /// What would become of it in each of them, in ascending VP order.
  public var targets: [TargetPreview]
  /// Why it would not reach the others.
  public var others: [Explanation]
  /// It cannot be sent at all; then nothing else is filled in.
  public var refusal: CommandRefusal?

  public init(
    route: Route, targets: [TargetPreview] = [], others: [Explanation] = [], refusal: CommandRefusal? = nil
  ) {
    self.route = route
    self.targets = targets
    self.others = others
    self.refusal = refusal
  }
}

/// What would become of an interrupt in one of its targets.
public struct TargetPreview: Hashable, Sendable {
  public var context: ContextID
  public var acceptance: Acceptance
  /// How it would go on; nil when it is rejected.
  public var outlook: Outlook?

  public init(context: ContextID, acceptance: Acceptance, outlook: Outlook?) {
    self.context = context
    self.acceptance = acceptance
    self.outlook = outlook
  }
}

/// Why a local APIC would not send a message at all: the vector is below 16 where one is needed, or the mode is ExtINT,
/// which the ICR does not have (SDM Vol. 3A, 12.6.1).
///
/// The same rule for an ICR write, an operator's request in a context's name and its preview. A device's message is
/// not held back: the local APICs it reaches turn it down (SDM Vol. 3A, 12.5.3, receive illegal vector).
public func sendRejection(of command: InterruptCommand) -> Rejection? {
  if command.deliveryMode == .external { return .unsupportedMode }
  let needsVector = command.deliveryMode == .fixed || command.deliveryMode == .lowestPriority
  return needsVector && command.vector.rawValue < 16 ? .illegalVector : nil
}

/// What `request` would do in the machine of which `snapshot` is the image.
///
/// Pure, and made of the functions the machine itself uses. The machine may move on before the request
/// reaches it.
public func preview(_ request: FireRequest, in snapshot: Snapshot) -> FirePreview {
  let command = request.message.command
  let (sender, group, refusal) = origin(of: request, in: snapshot)
  if let refusal {
    let nothing = Route(
      group: group, path: .direct, targets: .none, candidates: 0, reason: .contextNotEnabled)
    return FirePreview(route: nothing, refusal: refusal)
  }
  if sender != nil, let rejection = sendRejection(of: command) {
    return FirePreview(
      route: Route(group: group, path: .direct, targets: .none, candidates: 0, reason: rejection))
  }
  let routing = GroupRouting(snapshot)
  let priority: ArbitrationPriority = { snapshot[$0]?.arbitrationRank ?? .max }
  let route = routing.route(request.message, from: sender, in: group, priority: priority)
  let all = routing.explain(request.message, from: sender, in: group, priority: priority)
  return FirePreview(
    route: route, targets: route.contexts.map { preview(command, at: $0, in: snapshot) },
    others: all.filter { $0.rejection != nil })
}

private func origin(
  of request: FireRequest, in snapshot: Snapshot
) -> (sender: ContextID?, group: GroupID, refusal: CommandRefusal?) {
  switch request.origin {
  case .message(let group):
    let exists = snapshot.groups.contains { $0.id == group }
    return (nil, group, exists ? nil : .noSuchGroup)
  case .context(let id):
    guard let context = snapshot[id] else { return (id, GroupID(0), .noSuchContext) }
    guard context.isEnabled else { return (id, context.group, .vtlNotEnabled) }
    let isThere = APICBase(rawValue: context.apicBase).mode.rawValue & 2 != 0
    return (id, context.group, isThere ? nil : .apicDisabled)
  }
}

private func preview(_ command: InterruptCommand, at id: ContextID, in snapshot: Snapshot) -> TargetPreview {
  guard let context = snapshot[id] else {
    return TargetPreview(context: id, acceptance: .rejected(.contextNotEnabled), outlook: nil)
  }
  let acceptance = context.acceptance(of: command, enabledVTLs: snapshot.enabledVTLs(of: id.vp))
  if case .rejected = acceptance { return TargetPreview(context: id, acceptance: acceptance, outlook: nil) }
  return TargetPreview(
    context: id, acceptance: acceptance, outlook: snapshot.outlook(for: command, in: context))
}

extension ContextSnapshot {
  /// What this context's local APIC would do with `command`: `LocalAPIC.accept` as a question.
  public func acceptance(of command: InterruptCommand, enabledVTLs: UInt16) -> Acceptance {
    let registers = RoutingRegisters(self)
    let rejection = acceptanceRejection(
      of: command, isHardwareEnabled: registers.isPresent, isSoftwareEnabled: registers.isSoftwareEnabled)
    if let rejection { return .rejected(rejection) }
    switch command.deliveryMode {
    case .fixed, .lowestPriority:
      let same = pending.first { $0.vector == command.vector }
      return same.map { .merged(with: $0.journey) } ?? .pending
    case .nmi: return nmiPending < (nmiBlocked ? 1 : 2) ? .pending : .merged(with: .none)
    case .initialize, .startup:
      // A VTL above 0 never runs in real mode, so a SIPI cannot start it.
      let isDenied =
        isStartupDenied(of: id.vtl, enabledVTLs: enabledVTLs)
        || command.deliveryMode == .startup && id.vtl > .vtl0
      if isDenied { return .rejected(.startupDeniedByVTL) }
      return startAcceptance(of: command.deliveryMode)
    case .external: return externalPending ? .merged(with: .none) : .pending
    case .smi, .reserved3: return .rejected(.unsupportedMode)
    }
  }

  private func startAcceptance(of mode: DeliveryMode) -> Acceptance {
    guard mode == .startup else { return initPending ? .merged(with: .none) : .pending }
    guard initPending || activity == .waitForStartup else { return .rejected(.notWaitingForStartup) }
    return startupPending == nil ? .pending : .merged(with: .none)
  }
}

extension Snapshot {
  /// The contexts of one VP, in VTL order.
  func contexts(of vp: VPIndex) -> [ContextSnapshot] {
    (0..<Int(machine.vtlCount)).compactMap { self[ContextID(vp: vp, vtl: VTL($0))] }
  }

  /// The VTLs enabled on a VP, bit n for VTL n.
  func enabledVTLs(of vp: VPIndex) -> UInt16 {
    contexts(of: vp).reduce(0) { $1.isEnabled ? $0 | 1 << UInt16($1.id.vtl.rawValue) : $0 }
  }

  /// What becomes of `vector`, which is pending in `context`.
  public func outlook(of vector: VectorNumber, in context: ContextSnapshot) -> Outlook {
    let contexts = contexts(of: context.id.vp)
    let active = contexts.first { $0.isActive }?.id.vtl ?? context.id.vtl
    return Interrupts.outlook(
      for: vector, in: ContextGates(context), active: active, contexts: contexts.map { ContextGates($0) })
  }

  /// What becomes of the 8259's interrupt, which waits in `context`.
  public func externalOutlook(in context: ContextSnapshot) -> Outlook {
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = .external
    return outlook(for: command, in: context)
  }

  /// How `command` would go on in `context`, once accepted.
  func outlook(for command: InterruptCommand, in context: ContextSnapshot) -> Outlook {
    let contexts = contexts(of: context.id.vp)
    let active = contexts.first { $0.isActive }?.id.vtl ?? context.id.vtl
    var gates = ContextGates(context)
    let others = contexts.map { $0.id == context.id ? gates : ContextGates($0) }
    switch command.deliveryMode {
    case .fixed, .lowestPriority:
      gates.highestRequest = max(gates.highestRequest ?? command.vector, command.vector)
      return Interrupts.outlook(for: command.vector, in: gates, active: active, contexts: others)
    case .nmi: return nmiOutlook(in: gates, active: active, contexts: others)
    case .external: return Interrupts.externalOutlook(in: gates, active: active, contexts: others)
    default: return context.id.vtl == active ? .deliverable : .preempts(context.id.vtl)
    }
  }
}

extension GroupRouting {
  /// The routing of the machine of which `snapshot` is the image: same maps, same answers.
  ///
  /// In the rfc-2023 mode the IDs the map was built from are read back from the groups' physical entries.
  public init(_ snapshot: Snapshot) {
    self.init(encoding: snapshot.machine.groupEncoding, groups: snapshot.groups.map { ($0.id, $0.vtl) })
    var members: [GroupID: [RoutingRegisters]] = [:]
    for context in snapshot.contexts { members[context.group, default: []].append(RoutingRegisters(context)) }
    for group in snapshot.groups {
      var own = members[group.id] ?? []
      if case .rfc2023 = encoding { restoreInitialIDs(&own, from: group) }
      rebuild(group.id, members: own, at: group.builtAt)
    }
  }

  private func restoreInitialIDs(_ members: inout [RoutingRegisters], from group: GroupSnapshot) {
    let ids = Dictionary(group.physical.map { ($0.vp, $0.key) }) { first, _ in first }
    for i in members.indices {
      if let id = ids[members[i].context.vp] { members[i].initialID = ApicID(rawValue: id) }
    }
  }
}
