import Architecture
import HyperV
import Interrupts
import Journal

/// What an operator does to the machine, between slices.
extension Partition {
  /// Carries a command out, or says why not. Either way it goes to the command log and the event log.
  @discardableResult
  public func perform(_ command: Command) -> CommandRefusal? {
    let place = (clock, instructions, nextEvent)
    let refusal = refusal(of: command)
    record(.command(command.kind, refusal: refusal), context: contextNamed(by: command))
    if refusal == nil { carryOut(command) }
    commandLog.append(
      CommandRecord(
        time: place.0, instructions: place.1, nextEvent: place.2, command: command, refusal: refusal))
    return refusal
  }

  private func contextNamed(by command: Command) -> ContextID? {
    let id: ContextID? =
      switch command {
      case .pause, .run, .step, .serialInput: nil
      case .fire(let request): if case .context(let id) = request.origin { id } else { nil }
      case .switchVTL(let vp, let vtl): ContextID(vp: vp, vtl: vtl)
      case .endOfInterrupt(let id), .reset(let id): id
      }
    return id.flatMap { exists($0) ? $0 : nil }
  }

  private func refusal(of command: Command) -> CommandRefusal? {
    if runState == .stopped { return .machineStopped }
    switch command {
    case .pause, .run: return nil
    case .step: return runState == .paused ? nil : .notPaused
    case .fire(let request): return refusal(of: request)
    case .switchVTL(let vp, let vtl): return refusalOfSwitch(vp, vtl)
    case .endOfInterrupt(let id):
      guard exists(id), context(id).pointee.isEnabled else { return .noSuchContext }
      return apic(id).pointee.service.highest == nil ? .nothingInService : nil
    case .reset(let id):
      guard exists(id), context(id).pointee.isEnabled else { return .noSuchContext }
      return id.vtl > .vtl0 || hyperV.deniesStartupMessages(to: id) ? .cannotBeReset : nil
    case .serialInput(let bytes):
      return devices.serial.incoming.hasRoom(for: bytes.count) ? nil : .serialInputFull
    }
  }

  private func refusal(of request: FireRequest) -> CommandRefusal? {
    switch request.origin {
    case .context(let id):
      guard exists(id) else { return .noSuchContext }
      guard context(id).pointee.isEnabled else { return .vtlNotEnabled }
      return apic(id).pointee.isHardwareEnabled ? nil : .apicDisabled
    case .message(let group): return group.index < configuration.vtlCount ? nil : .noSuchGroup
    }
  }

  /// A switch is refused where the VTL is not enabled, or where the VP waits for a SIPI.
  private func refusalOfSwitch(_ vp: VPIndex, _ vtl: VTL) -> CommandRefusal? {
    let id = ContextID(vp: vp, vtl: vtl)
    guard exists(id) else { return .noSuchContext }
    guard context(id).pointee.isEnabled else { return .vtlNotEnabled }
    guard vps[vp.index].activeVTL != vtl else { return .alreadyActive }
    let waits = [id, active(vp.index)].contains { context($0).pointee.activity == .waitForStartup }
    return waits ? .waitsForStartup : nil
  }

  private func carryOut(_ command: Command) {
    switch command {
    case .pause:
      runState = .paused
      stepUntil = nil
    case .run:
      runState = .running
      stepUntil = nil
    case .step(let events):
      runState = .running
      let (last, overflow) = nextEvent.addingReportingOverflow(max(1, events) - 1)
      stepUntil = overflow ? .max : last
    case .fire(let request): fire(request)
    case .switchVTL(let vp, let vtl): switchVTL(vp.index, to: vtl, reason: .operator)
    case .endOfInterrupt(let id):
      // It may be over already, and nobody has looked yet.
      settleLazyEOI(id)
      guard apic(id).pointee.service.highest != nil else { break }
      apply(apic(id).pointee.endOfInterrupt(at: clock, rip: 0), to: id)
    case .reset(let id): powerOn(id)
    case .serialInput(let bytes):
      devices.serial.type(bytes, at: clock)
      platformGeneration &+= 1
      updatePlatformDue()
    }
    switch command {
    case .pause, .run, .step, .serialInput: break
    case .fire, .switchVTL, .endOfInterrupt, .reset: settle()
    }
  }

  private func fire(_ request: FireRequest) {
    switch request.origin {
    case .context(let id): fire(request.message, from: id)
    case .message(let group):
      send(request.message, source: .message, from: nil, group: group)
    }
  }

  /// As an ICR write would send it; the registers of the sender stay as they are, its ICR and ESR as well.
  private func fire(_ message: InterruptMessage, from id: ContextID) {
    let group = group(of: id.vtl)
    guard let rejection = sendRejection(of: message.command) else {
      send(message, source: .operator, from: id, group: group)
      return
    }
    let route = Route(group: group, path: .direct, targets: .none, candidates: 0, reason: rejection)
    deliver(message, route, source: .operator, from: id, rip: 0)
  }

  /// Lets what the command caused take effect at once, so that the next frame shows it.
  private func settle() {
    for vp in 0..<configuration.vpCount where vps[vp].needsEvaluation && runState != .stopped { evaluate(vp) }
    rebuildStaleGroups()
  }
}
