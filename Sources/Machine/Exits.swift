import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// What the interpreter leaves for, and who handles it. Each exit is completed before anything else happens.
extension Partition {
  /// True when the VP gives up the rest of its slice.
  func handle(_ exit: Exit, _ vp: Int) -> Bool {
    let processor = vps[vp].processor
    if exit.isAsked { settleLazyEOI(active(vp)) }
    switch exit {
    case .budget, .exception: return false
    case .pause: return true
    case .interruptWindow:
      touch(vp)
      return false
    case .halted:
      halt(vp)
      return true
    case .portIn(let port, let size): interpreter.completeRead(readPort(port, size), of: processor)
    case .portOut(let port, let size, let value): writePort(port, size, value, by: active(vp))
    case .readMSR(let msr): return readMSRExit(msr, vp)
    case .writeMSR(let msr, let value): return writeMSRExit(msr, value, vp)
    case .mmioRead(let address, let size): interpreter.completeRead(readMMIO(address, size, vp), of: processor)
    case .mmioWrite(let address, let size, let value): return writeMMIO(address, size, value, vp)
    case .cpuid(let leaf, let subleaf): answerCPUID(leaf, subleaf, vp)
    case .hypercall: return hypercall(vp)
    case .readTaskPriority: interpreter.completeRead(apic(active(vp)).pointee.cr8, of: processor)
    case .writeTaskPriority(let value):
      let effect = apic(active(vp)).pointee.writeCR8(UInt64(value), at: clock, rip: processor.rip)
      apply(effect, to: active(vp))
      interpreter.completeWrite(of: processor)
    case .memoryIntercept(let gpa, let gva, let kind, let isWalk):
      return interceptMemory(MemoryViolation(gpa: gpa, gva: gva, access: kind, isWalk: isWalk), vp)
    case .registerIntercept(let register, let low, let high):
      return interceptRegister(register, UInt128(low) | UInt128(high) &<< 64, vp)
    case .msrIntercept(let msr, let value): return interceptMSR(msr, value, vp)
    case .portIntercept(let access): return interceptPort(access, vp)
    case .shutdown: shutDown(vp)
    }
    return false
  }

  private func halt(_ vp: Int) {
    let id = active(vp)
    let processor = vps[vp].processor
    let isKicked = context(id).pointee.isKicked
    context(id).pointee.isKicked = false
    setActivity(id, .halted)
    context(id).pointee.halts &+= 1
    context(id).pointee.lastHalt = LastWrite(time: clock, rip: processor.rip, value: processor.rflags)
    record(.halted(interruptsEnabled: processor.rflags.bit(9)), context: id, rip: processor.rip)
    if isKicked { wake(id) }
    touch(vp)
  }

  private func readMSRExit(_ msr: UInt32, _ vp: Int) -> Bool {
    let processor = vps[vp].processor
    do throws(Fault) {
      interpreter.completeRead(try readMSR(msr, vp), of: processor)
    } catch {
      interpreter.fail(processor, with: error)
      return false
    }
    guard msr == SyntheticMSR.guestIdle.rawValue else { return false }
    idle(vp)
    return true
  }

  /// HV_X64_MSR_GUEST_IDLE has been read: an interrupt that is there already ends it before anybody sees it.
  private func idle(_ vp: Int) {
    let id = active(vp)
    let processor = vps[vp].processor
    setActivity(id, .idle)
    record(.idled(interruptsEnabled: processor.rflags.bit(9)), context: id, rip: processor.rip)
    touch(vp)
  }

  private func writeMSRExit(_ msr: UInt32, _ value: UInt64, _ vp: Int) -> Bool {
    let processor = vps[vp].processor
    do throws(Fault) {
      let yields = try writeMSR(msr, value, vp)
      return yields
    } catch {
      interpreter.fail(processor, with: error)
      return false
    }
  }

  private func answerCPUID(_ leaf: UInt32, _ subleaf: UInt32, _ vp: Int) {
    let answer = cpuid(leaf, subleaf, of: vp)
    interpreter.completeCPUID(eax: answer.a, ebx: answer.b, ecx: answer.c, edx: answer.d, of: vps[vp].processor)
  }

  /// What CPUID answers in the VTL that runs; of the extended state, with this XCR0 or the VP's own.
  func cpuid(_ leaf: UInt32, _ subleaf: UInt32, enabledState: UInt64? = nil, of vp: Int) -> CPUIDTable.Leaf {
    let processor = vps[vp].processor
    if let hv = hyperV.configuration.cpuid(leaf: leaf) {
      return CPUIDTable.Leaf(a: hv.eax, b: hv.ebx, c: hv.ecx, d: hv.edx)
    }
    let asker = CPUIDTable.Asker(
      initialID: ApicID(vp), vpCount: configuration.vpCount, isAPICEnabled: apic(active(vp)).pointee.isHardwareEnabled,
      features: interpreter.features, controls: CR4(rawValue: processor.cr4),
      enabledState: enabledState ?? processor.xcr0, enables: vps[vp].enables)
    return CPUIDTable.leaf(leaf, subleaf, asker)
  }

  // MARK: - Effects of a local APIC

  /// Does what a register write of a local APIC asks for. True when the VP yields: it sent an interrupt.
  @discardableResult
  func apply(_ effect: APICEffect, to id: ContextID) -> Bool {
    let rip = id == active(id.vp.index) ? vps[id.vp.index].processor.rip : 0
    switch effect {
    case .none: return false
    case .send(let message):
      send(message, source: .interruptCommand, from: id, group: group(of: id.vtl), rip: rip)
      return true
    case .sendRejected(let message, let reason):
      let route = Route(group: group(of: id.vtl), path: .direct, targets: .none, candidates: 0, reason: reason)
      deliver(message, route, source: .interruptCommand, from: id, rip: rip)
      raiseErrors(of: id)
    case .endOfInterrupt(let end):
      record(.endOfInterrupt(end.vector, inService: end.inService), context: id, journey: end.journey, rip: rip)
      if end.broadcasts { broadcastEndOfInterrupt(end.vector, from: id, rip: rip) }
      if apic(id).pointee.needsPinService { servePins(of: id) }
      retryMessages(of: id, after: end.vector)
    case .spuriousEOI: record(.spuriousEOI, context: id, rip: rip)
    case .mapChanged: invalidateMap(group(of: id.vtl))
    case .baseChanged(let from, let to):
      record(.apicBaseChanged(from: from.rawValue, to: to.rawValue), context: id, rip: rip)
      servePins(of: id)
      invalidateMap(group(of: id.vtl))
      updateDue(id.vp.index)
    case .softwareEnabled(let on):
      record(.softwareEnable(on), context: id, rip: rip)
      invalidateMap(group(of: id.vtl))
      updateDue(id.vp.index)
    case .timerChanged: updateDue(id.vp.index)
    case .pinsChanged: servePins(of: id)
    case .timerWriteIgnored(let register, let value):
      record(.timerWriteIgnored(register, value: value), context: id, rip: rip)
    case .taskPriorityChanged(let from, let to):
      record(.taskPriorityChanged(from: from, to: to), context: id, rip: rip)
    case .error: raiseErrors(of: id)
    }
    touch(id.vp.index)
    return false
  }
}
