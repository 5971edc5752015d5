import Architecture
import Journal

/// The gate that keeps something pending in a context from being delivered.
public enum DeliveryGate: Hashable, Sendable {
  /// Another VTL of the VP is active, or takes the VP before the next instruction, and this one is not above it:
  /// it waits until it is entered.
  case vtlInactive(active: VTL)
  /// The task priority is of the vector's class or above.
  case taskPriority(UInt8)
  /// This vector is in service, and of the same class or above.
  case inService(VectorNumber)
  /// This higher vector is pending, too, and goes first.
  case behind(VectorNumber)
  /// RFLAGS.IF is 0. Halted so, only NMI, SMI and INIT wake it.
  case interruptsDisabled(isHalted: Bool)
  /// The instruction after STI or MOV SS.
  case interruptShadow
  /// An NMI handler runs: until IRET.
  case nmiBlocked
  /// The processor waits for a SIPI.
  case waitForStartup
  /// The processor is shut down.
  case shutdown
  /// The local APIC is off in IA32_APIC_BASE: it offers nothing to its processor.
  case apicDisabled
}

/// How something pending goes on.
public enum Outlook: Hashable, Sendable {
  /// Taken at the next instruction boundary.
  case deliverable
  /// Taken as soon as its VTL is entered, which its being pending causes at once.
  case preempts(VTL)
  case held(DeliveryGate)
}

/// What becomes of `vector`, pending in `context`, while `active` is the VP's VTL.
///
/// `contexts` are the gates of all contexts of the VP. The order of the gates is the order to look at them:
/// is there a processor, is it this context's turn, priority, IF, shadow.
public func outlook(
  for vector: VectorNumber, in context: ContextGates, active: VTL, contexts: [ContextGates],
  order: PrivilegeOrder = .highestFirst
) -> Outlook {
  if let stopped = stoppedGate(context) { return .held(stopped) }
  if !context.isHardwareEnabled { return .held(.apicDisabled) }
  if let gate = turnGate(context, active, contexts, order) { return .held(gate) }
  if let cause = priorityCause(
    of: vector, taskPriority: context.taskPriority, inService: context.highestInService)
  {
    switch cause {
    case .taskPriority(let tpr): return .held(.taskPriority(tpr))
    case .inService(let served): return .held(.inService(served))
    }
  }
  if let top = context.highestRequest, top > vector { return .held(.behind(top)) }
  return maskableOutlook(in: context, active, contexts, order)
}

/// What becomes of an NMI that is pending in `context`.
public func nmiOutlook(
  in context: ContextGates, active: VTL, contexts: [ContextGates], order: PrivilegeOrder = .highestFirst
) -> Outlook {
  if let gate = stoppedGate(context) ?? turnGate(context, active, contexts, order) { return .held(gate) }
  if context.nmiBlocked { return .held(.nmiBlocked) }
  guard context.vtl == active else { return preemption(by: context, active, contexts, order) }
  return context.interruptShadow ? .held(.interruptShadow) : .deliverable
}

/// What becomes of an interrupt of the 8259 that is offered to `context`: no priority holds it back.
public func externalOutlook(
  in context: ContextGates, active: VTL, contexts: [ContextGates], order: PrivilegeOrder = .highestFirst
) -> Outlook {
  if let gate = stoppedGate(context) ?? turnGate(context, active, contexts, order) { return .held(gate) }
  return maskableOutlook(in: context, active, contexts, order)
}

private func stoppedGate(_ context: ContextGates) -> DeliveryGate? {
  switch context.activity {
  case .running, .halted, .idle: nil
  case .waitForStartup: .waitForStartup
  case .shutdown: .shutdown
  }
}

private func isAbove(_ vtl: VTL, _ active: VTL, _ order: PrivilegeOrder) -> Bool {
  order == .highestFirst ? vtl > active : vtl < active
}

/// A more privileged context that wants the processor, too, goes first.
private func preemption(
  by context: ContextGates, _ active: VTL, _ contexts: [ContextGates], _ order: PrivilegeOrder
) -> Outlook {
  let winner = preemptionTarget(active: active, contexts: contexts, order: order)
  guard let winner, winner != context.vtl, isAbove(winner, context.vtl, order) else {
    return .preempts(context.vtl)
  }
  return .held(.vtlInactive(active: winner))
}

/// Whether it is the context's turn: its VTL is active and stays so, or is above the active one.
private func turnGate(
  _ context: ContextGates, _ active: VTL, _ contexts: [ContextGates], _ order: PrivilegeOrder
) -> DeliveryGate? {
  guard context.vtl == active else {
    return isAbove(context.vtl, active, order) ? nil : .vtlInactive(active: active)
  }
  return preemptionTarget(active: active, contexts: contexts, order: order).map { .vtlInactive(active: $0) }
}

/// How an interrupt goes on that only IF and the shadow may still hold back.
private func maskableOutlook(
  in context: ContextGates, _ active: VTL, _ contexts: [ContextGates], _ order: PrivilegeOrder
) -> Outlook {
  guard context.vtl == active else { return preemption(by: context, active, contexts, order) }
  guard context.interruptsEnabled else {
    return .held(.interruptsDisabled(isHalted: context.activity == .halted))
  }
  return context.interruptShadow ? .held(.interruptShadow) : .deliverable
}
