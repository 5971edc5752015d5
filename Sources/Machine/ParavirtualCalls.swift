import Architecture
import Interpreter
import Interrupts
import Journal

/// Hypercalls of KVM's ABI, which VMCALL and VMMCALL speak until a guest has written Hyper-V's GUEST_OS_ID.
///
/// IDs are resolved in the caller's group, see `GroupRouting.route(_:toEach:in:)`.
extension Partition {
  /// True when the VP yields.
  func paravirtualCall(_ vp: Int) -> Bool {
    let processor = vps[vp].processor
    let rip = processor.rip
    let id = active(vp)
    let isWide = processor.isIn64BitMode
    func argument(_ register: GeneralRegister) -> UInt64 { processor[register] & (isWide ? .max : 0xFFFF_FFFF) }
    let number = argument(.rax)
    var outcome = ParavirtualOutcome()
    do throws(ParavirtualError) {
      guard processor.cpl == 0 else { throw .notPermitted }
      switch ParavirtualCall(rawValue: number) {
      case .sendIPI:
        let targets = ParavirtualTargets(
          low: argument(.rbx), high: argument(.rcx), first: UInt32(truncatingIfNeeded: argument(.rdx)),
          width: isWide ? 64 : 32)
        outcome = try sendIPI(argument(.rsi), to: targets, from: id, rip)
      case .kick: outcome = kick(ApicID(rawValue: UInt32(truncatingIfNeeded: argument(.rcx))), from: id, rip)
      case .yield: outcome = yield(to: ApicID(rawValue: UInt32(truncatingIfNeeded: argument(.rbx))), from: id)
      case nil: throw .noSuchCall
      }
    } catch {
      outcome.result = -error.rawValue
    }
    record(
      .paravirtualCall(number: number, result: outcome.result, target: outcome.target), context: id, rip: rip)
    processor[.rax] = UInt64(bitPattern: outcome.result) & (isWide ? .max : 0xFFFF_FFFF)
    interpreter.completeWrite(of: processor)
    return outcome.yields
  }

  /// KVM_HC_SEND_IPI: gives how many local APICs took it.
  private func sendIPI(
    _ command: UInt64, to targets: ParavirtualTargets, from id: ContextID, _ rip: UInt64
  ) throws(ParavirtualError) -> ParavirtualOutcome {
    let icr = InterruptCommand(rawValue: command)
    guard !icr.isLogical, icr.shorthand == .none else { throw .invalid }
    var message = InterruptMessage(vector: icr.vector, to: ApicID(rawValue: targets.first))
    message.command.deliveryMode = icr.deliveryMode
    message.command.isAsserted = icr.isAsserted
    message.command.isLevelTriggered = icr.isLevelTriggered
    rebuildStaleGroups()
    let group = group(of: id.vtl)
    let route = routing.route(message, toEach: targets, in: group)
    let before = route.contexts.map { taken(by: $0) }
    deliver(message, route, source: .paravirtual, from: id, rip: rip)
    let after = route.contexts.map { taken(by: $0) }
    return ParavirtualOutcome(result: Int64(zip(before, after).count { $0 != $1 }), yields: true)
  }

  /// How many requests a local APIC has taken, merged ones among them.
  private func taken(by id: ContextID) -> UInt64 {
    apic(id).pointee.counters.accepted &+ apic(id).pointee.counters.merged
  }

  /// KVM_HC_KICK_CPU: who is halted goes on, whatever RFLAGS.IF says; who is not passes over its next HLT.
  private func kick(_ target: ApicID, from id: ContextID, _ rip: UInt64) -> ParavirtualOutcome {
    var message = InterruptMessage(vector: VectorNumber(0), to: target)
    message.command.deliveryMode = .reserved3
    let route = resolve(message, target, from: id)
    let journey = newJourney()
    record(.requested(.paravirtual, message, .init(route)), context: id, journey: journey, rip: rip)
    if route.count == 0 { undelivered &+= 1 }
    for kicked in route.contexts {
      record(.accepted(VectorNumber(0), .reserved3, wakeUp(kicked)), context: kicked, journey: journey)
      touch(kicked.vp.index)
    }
    // As in KVM, the caller makes way for it as well.
    var outcome = yield(to: route)
    outcome.target = nil
    return outcome
  }

  private func wakeUp(_ id: ContextID) -> Acceptance {
    let context = context(id)
    guard !context.pointee.activity.isAsleep else {
      wake(id)
      return .pending
    }
    guard !context.pointee.isKicked else { return .merged(with: .none) }
    context.pointee.isKicked = true
    return .pending
  }

  /// KVM_HC_SCHED_YIELD.
  private func yield(to target: ApicID, from id: ContextID) -> ParavirtualOutcome {
    var message = InterruptMessage(vector: VectorNumber(0), to: target)
    message.command.deliveryMode = .reserved3
    return yield(to: resolve(message, target, from: id))
  }

  /// Lets the VP that was found run next, if it has something to run in just that VTL.
  private func yield(to route: Route) -> ParavirtualOutcome {
    guard case .one(let target) = route.targets else { return ParavirtualOutcome() }
    let vp = target.vp.index
    guard active(vp) == target, vps[vp].isRunnable || vps[vp].needsEvaluation else {
      return ParavirtualOutcome(target: target)
    }
    cursor = vp
    return ParavirtualOutcome(target: target, yields: true)
  }

  private func resolve(_ message: InterruptMessage, _ target: ApicID, from id: ContextID) -> Route {
    rebuildStaleGroups()
    return routing.route(message, toEach: ParavirtualTargets(target), in: group(of: id.vtl))
  }
}

/// What a hypercall came to.
private struct ParavirtualOutcome {
  var result: Int64 = 0
  /// Whom a yield was for.
  var target: ContextID?
  /// The VP gives up the rest of its slice.
  var yields = false
}
