import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal

/// From a request to the IRR bits it sets.
extension Partition {
  func newJourney() -> JourneyID {
    defer { nextJourney &+= 1 }
    return JourneyID(rawValue: nextJourney)
  }

  /// Resolves a request in `group` and hands it to every local APIC it finds. `caller` asked for it by hypercall.
  @discardableResult
  func send(
    _ message: InterruptMessage, source: InterruptSource, from sender: ContextID?, group: GroupID, rip: UInt64 = 0,
    journey: JourneyID? = nil, by caller: ContextID? = nil
  ) -> MessageDelivery {
    rebuildStaleGroups()
    let priority: ArbitrationPriority = { [apics, vtlCount = configuration.vtlCount] id in
      apics[id.vp.index * vtlCount + id.vtl.index].arbitrationRank
    }
    let route = routing.route(message, from: sender, in: group, priority: priority)
    if configuration.checksMaps, !routing.check(message, from: sender, in: group, priority: priority).agrees {
      mapDisagreements &+= 1
    }
    return deliver(message, route, source: source, from: sender ?? caller, rip: rip, journey: journey)
  }

  /// Hands a resolved request to its targets, each step in the log, under a number of its own unless it has one already.
  @discardableResult
  func deliver(
    _ message: InterruptMessage, _ route: Route, source: InterruptSource, from sender: ContextID?, rip: UInt64,
    journey known: JourneyID? = nil
  ) -> MessageDelivery {
    let journey = known ?? newJourney()
    var delivery = MessageDelivery(route)
    record(.requested(source, message, .init(route)), context: sender, journey: journey, rip: rip)
    switch route.targets {
    case .none:
      undelivered &+= 1
      if let sender { apic(sender).pointee.counters.undelivered &+= 1 }
    case .one(let id):
      if message.arbitrates { apic(id).pointee.counters.arbitrationsWon &+= 1 }
      delivery.add(accept(message.command, at: id, journey, from: sender))
    case .many(let all): for id in all { delivery.add(accept(message.command, at: id, journey, from: sender)) }
    }
    return delivery
  }

  private func accept(
    _ command: InterruptCommand, at id: ContextID, _ journey: JourneyID, from sender: ContextID?
  ) -> Acceptance {
    let acceptance =
      (externalRefusal(command, id, sender) ?? startupRefusal(command, id)).map { Acceptance.rejected($0) }
      ?? apic(id).pointee.accept(command, at: clock, journey: journey, processor: condition(of: id))
    record(.accepted(command.vector, command.deliveryMode, acceptance), context: id, journey: journey)
    if command.deliveryMode == .initialize, acceptance == .pending {
      context(id).pointee.lastInit = clock
      context(id).pointee.lastInitSender = sender
    }
    raiseErrors(of: id)
    touch(id.vp.index)
    return acceptance
  }

  /// What a local APIC must know of its processor.
  func condition(of id: ContextID) -> ProcessorCondition {
    let isNMIBlocked =
      id == active(id.vp.index) ? vps[id.vp.index].processor.nmiBlocked : context(id).pointee.saved.nmiBlocked
    return ProcessorCondition(
      isNMIBlocked: isNMIBlocked, waitsForStartup: context(id).pointee.activity == .waitForStartup)
  }

  /// ExtINT is for devices: KVM's send-IPI hypercall would take it as well.
  private func externalRefusal(_ command: InterruptCommand, _ id: ContextID, _ sender: ContextID?) -> Rejection? {
    guard command.deliveryMode == .external, sender != nil else { return nil }
    apic(id).pointee.counters.rejected &+= 1
    return .unsupportedMode
  }

  /// INIT and SIPI for a lower VTL are dropped where a higher one is enabled (TLFS; rule R29).
  private func startupRefusal(_ command: InterruptCommand, _ id: ContextID) -> Rejection? {
    let mode = command.deliveryMode
    guard mode == .initialize || mode == .startup else { return nil }
    // What the local APIC itself turns down never gets as far: it says why.
    let apicRefusal = acceptanceRejection(
      of: command, isHardwareEnabled: apic(id).pointee.isHardwareEnabled,
      isSoftwareEnabled: apic(id).pointee.isSoftwareEnabled)
    guard apicRefusal == nil else { return nil }
    // A VTL above 0 never runs in real mode, so a SIPI cannot start it; a hypercall can.
    let isDenied = hyperV.deniesStartupMessages(to: id) || mode == .startup && id.vtl > .vtl0
    if isDenied { apic(id).pointee.counters.rejected &+= 1 }
    return isDenied ? .startupDeniedByVTL : nil
  }

  // MARK: - From inside a local APIC

  /// The machine raises a fixed vector in a context itself.
  ///
  /// - Parameter begun: the number of the interrupt when what caused it has one.
  func raise(_ vector: VectorNumber, in id: ContextID, source: InterruptSource, _ begun: JourneyID? = nil) {
    let journey = begun ?? newJourney()
    let message = InterruptMessage(vector: vector, to: apic(id).pointee.id)
    let acceptance = apic(id).pointee.accept(
      message.command, at: clock, journey: journey, processor: condition(of: id))
    logLocal(message, acceptance, in: id, journey, source)
    raiseErrors(of: id)
  }

  /// An entry of the local vector table has delivered: logs it as the request it is.
  func logLocal(_ delivery: LocalDelivery, in id: ContextID, _ journey: JourneyID, _ source: InterruptSource) {
    guard case .accepted(let vector, let mode, let acceptance) = delivery else { return }
    var message = InterruptMessage(vector: vector, to: apic(id).pointee.id)
    message.command.deliveryMode = mode
    logLocal(message, acceptance, in: id, journey, source)
  }

  private func logLocal(
    _ message: InterruptMessage, _ acceptance: Acceptance, in id: ContextID, _ journey: JourneyID,
    _ source: InterruptSource
  ) {
    let route = Route(group: group(of: id.vtl), path: .direct, targets: .one(id), candidates: 1)
    record(.requested(source, message, .init(route)), context: id, journey: journey)
    record(.accepted(message.command.vector, message.command.deliveryMode, acceptance), context: id, journey: journey)
    touch(id.vp.index)
  }

  /// Raises the error interrupt when an error waits to be told (SDM Vol. 3A, 12.5.3).
  func raiseErrors(of id: ContextID) {
    // The error interrupt may meet with an error of its own: a vector below 16 in its entry. It is told as well, once.
    while apic(id).pointee.needsErrorInterrupt {
      let journey = newJourney()
      record(.apicError(status: apic(id).pointee.unreadErrors.rawValue), context: id)
      let delivery = apic(id).pointee.raise(.error, at: clock, journey: journey, processor: condition(of: id))
      logLocal(delivery, in: id, journey, .localVector)
    }
  }

  func expireTimer(_ id: ContextID) {
    let journey = newJourney()
    guard let expiry = apic(id).pointee.expireTimer(at: clock, journey: journey) else { return }
    record(.timerExpired(expiry.vector, due: expiry.due, isMasked: expiry.isMasked), context: id, journey: journey)
    logLocal(expiry.delivery, in: id, journey, .timer)
    raiseErrors(of: id)
  }

  // MARK: - Maps

  /// A register that the maps are built from has changed.
  func invalidateMap(_ group: GroupID) { staleGroups |= 1 << group.rawValue }

  func rebuildStaleGroups() {
    while staleGroups != 0 {
      let group = GroupID(staleGroups.trailingZeroBitCount)
      staleGroups &= staleGroups - 1
      rebuild(group)
    }
  }

  func rebuild(_ group: GroupID) {
    var members: [RoutingRegisters] = []
    for i in 0..<contextCount where apics[i].group == group {
      var registers = apics[i].routingRegisters
      registers.isContextEnabled = contexts[i].isEnabled
      members.append(registers)
    }
    groupGenerations[group.index] &+= 1
    if let event = routing.rebuild(group, members: members, at: clock) { record(event) }
  }
}
