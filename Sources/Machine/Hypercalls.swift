import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// VMCALL: Hyper-V's interface once a guest has written GUEST_OS_ID; until then it is KVM's.
extension Partition {
  /// True when the VP yields.
  func hypercall(_ vp: Int) -> Bool {
    guard hyperV.isEnlightened else { return paravirtualCall(vp) }
    let processor = vps[vp].processor
    var registers = hypercallRegisters(vp)
    switch hyperV.decode(registers, on: VPIndex(vp)) {
    case .fault(let fault): interpreter.fail(processor, with: fault)
    case .answer(let result):
      record(.hypercall(registers.summary(refused: result)), context: active(vp), rip: processor.rip)
      let before = registers
      registers.complete(result)
      store(registers, vp, except: before)
      interpreter.completeWrite(of: processor)
    case .vtlCall(let target):
      interpreter.completeWrite(of: processor)
      switchVTL(vp, to: target, reason: .call)
    case .vtlReturn(let target, let isFast):
      interpreter.completeWrite(of: processor)
      return returnFromVTL(vp, to: target, isFast: isFast)
    case .request(let request): return execute(request, vp, &registers)
    }
    return false
  }

  private func execute(_ request: HypercallRequest, _ vp: Int, _ registers: inout HypercallRegisters) -> Bool {
    if let denied = firstDenied(request) { return interceptMemory(denied, vp) }
    let id = request.caller
    let rip = vps[vp].processor.rip
    var access = MachineVPRegisters(partition: self)
    // What Hyper-V keeps is changed in a copy, so that a page which turns out to be no RAM takes it back.
    let before = registers
    var state = hyperV
    var outcome = state.execute(
      request, memory: input(of: request), at: clock, runTime: runTime(vp), registers: &access)
    if let holder = lockHolder(against: outcome, by: id) {
      interpreter.retry(vps[vp].processor)
      wait(id, for: holder)
      return true
    }
    var yields = false
    if outcome.effects.allSatisfy(canApply) {
      hyperV = state
      for effect in outcome.effects where apply(effect, vp) { yields = true }
    } else {
      outcome.status = .invalidParameter
      outcome.repsCompleted = request.control.repStart
      outcome.isSuspended = false
    }
    record(.hypercall(outcome.summary), context: id, rip: rip)
    if let output = outcome.memoryOutput { _ = memory.write(output.bytes, at: output.address, vtl: id.vtl) }
    outcome.store(in: &registers)
    store(registers, vp, except: before)
    if outcome.isSuspended {
      interpreter.retry(vps[vp].processor)
      return true
    }
    interpreter.completeWrite(of: vps[vp].processor)
    return yields
  }

  /// The caller's input, with the view of memory of its VTL; nil when some of it, or of the output, is not RAM.
  private func input(of request: HypercallRequest) -> [UInt8]? {
    if case .memory(let address, let count) = request.output,
      memory.read(address, count: count, vtl: request.caller.vtl) == nil
    {
      return nil
    }
    guard case .memory(let address, let count) = request.input else { return [] }
    return memory.read(address, count: count, vtl: request.caller.vtl)
  }

  /// How long the VP has run: one tick an instruction.
  func runTime(_ vp: Int) -> VirtualTime { VirtualTime(ticks: vps[vp].processor.instructions) }

  private func hypercallRegisters(_ vp: Int) -> HypercallRegisters {
    let processor = vps[vp].processor
    let mode: HypercallMode =
      processor.isIn64BitMode ? .long64 : processor.isIn(.protection) ? .protected32 : .real
    var registers = HypercallRegisters(mode: mode, cpl: processor.cpl)
    registers.rax = processor[.rax]
    registers.rbx = processor[.rbx]
    registers.rcx = processor[.rcx]
    registers.rdx = processor[.rdx]
    registers.rsi = processor[.rsi]
    registers.rdi = processor[.rdi]
    registers.r8 = processor[.r8]
    guard registers.needsXMM else { return registers }
    for i in 0..<6 { (registers.xmm[2 * i], registers.xmm[2 * i + 1]) = processor.vector(i) }
    return registers
  }

  /// Puts back what the hypercall changed, and only that: it may have set registers of this VP itself.
  private func store(_ registers: HypercallRegisters, _ vp: Int, except before: HypercallRegisters) {
    let processor = vps[vp].processor
    let changes: [(GeneralRegister, UInt64, UInt64)] = [
      (.rax, registers.rax, before.rax), (.rbx, registers.rbx, before.rbx), (.rcx, registers.rcx, before.rcx),
      (.rdx, registers.rdx, before.rdx), (.rsi, registers.rsi, before.rsi), (.rdi, registers.rdi, before.rdi),
      (.r8, registers.r8, before.r8),
    ]
    for (register, new, old) in changes where new != old { processor[register] = new }
    guard registers.needsXMM else { return }
    for i in 0..<6 {
      let (low, high) = (registers.xmm[2 * i], registers.xmm[2 * i + 1])
      guard low != before.xmm[2 * i] || high != before.xmm[2 * i + 1] else { continue }
      processor.setVector(i, low: low, high: high)
    }
  }

  // MARK: - Synthetic MSRs

  func readSyntheticMSR(_ msr: UInt32, _ vp: Int) throws(Fault) -> UInt64 {
    let apic = apic(active(vp))
    switch try hyperV.readMSR(msr, on: VPIndex(vp), at: clock, runTime: runTime(vp)) {
    case .value(let value): return value
    case .interruptCommand: return apic.pointee.interruptCommandPair
    case .taskPriority: return UInt64(apic.pointee.taskPriority)
    }
  }

  func writeSyntheticMSR(_ msr: UInt32, _ value: UInt64, _ vp: Int) throws(Fault) -> Bool {
    var state = hyperV
    let effects = try state.writeMSR(msr, value, on: VPIndex(vp))
    guard effects.allSatisfy(canApply) else { throw .generalProtection() }
    if case .interruptCommand(let pair)? = effects.first { return try sendPair(pair, vp) }
    hyperV = state
    for effect in effects { apply(effect, vp) }
    interpreter.completeWrite(of: vps[vp].processor)
    return false
  }

  /// HV_X64_MSR_ICR: an ICR write like any other, so the VP yields.
  private func sendPair(_ pair: UInt64, _ vp: Int) throws(Fault) -> Bool {
    let id = active(vp)
    let effect = try apic(id).pointee.writeInterruptCommandPair(pair)
    let yields = apply(effect, to: id)
    interpreter.completeWrite(of: vps[vp].processor)
    return yields
  }

  // MARK: - Effects

  /// Overlay pages lie over RAM only; asked before anything is changed.
  private func canApply(_ effect: HyperVEffect) -> Bool {
    switch effect {
    case .mapHypercallPage(let vtl, let address):
      canMap(hypercallPages[vtl], at: address)
    case .mapReferenceTSCPage(let vtl, let address):
      canMap(referenceTSCPages[vtl], at: address)
    case .mapAssistPage(let id, let address):
      canMap(assistPages[id], at: address)
    default: true
    }
  }

  private func canMap(_ page: OverlayPage?, at address: GPA) -> Bool {
    memory.isRAM(address) && (page != nil || memory.hasFreeOverlay)
  }

  private func unmap(_ page: OverlayPage?, at address: GPA, _ vtl: VTL) {
    if let page { memory.unmapOverlay(page, at: address.pageNumber, vtl: vtl) }
  }

  /// True when the VP yields.
  @discardableResult
  private func apply(_ effect: HyperVEffect, _ vp: Int) -> Bool {
    let id = active(vp)
    let rip = vps[vp].processor.rip
    switch effect {
    case .mapHypercallPage(let vtl, let address): mapHypercallPage(vtl, at: address)
    case .unmapHypercallPage(let vtl, let address): unmap(hypercallPages[vtl], at: address, vtl)
    case .mapReferenceTSCPage(let vtl, let address): mapReferenceTSCPage(vtl, at: address)
    case .unmapReferenceTSCPage(let vtl, let address): unmap(referenceTSCPages[vtl], at: address, vtl)
    case .mapAssistPage(let id, let address): mapAssistPage(id, at: address)
    case .unmapAssistPage(let id, let address): unmap(assistPages[id], at: address, id.vtl)
    case .endOfInterrupt: apply(apic(id).pointee.endOfInterrupt(at: clock, rip: rip), to: id)
    case .interruptCommand: break  // `sendPair`, because it can fault
    case .taskPriority(let value): apply(apic(id).pointee.setTaskPriority(value, at: clock, rip: rip), to: id)
    case .resetPartition: stop(.guestReset)
    case .guestCrashed(let control, let parameters): recordCrash(control, parameters, of: id, rip)
    case .enablePartitionVTL(let vtl): record(.vtlEnabled(vtl, forPartition: true), context: id)
    case .enableVP(let target, let initial): enable(target, initial)
    case .startVP(let target, let initial, let first): start(target, initial, first: first)
    case .sendInterrupt(let vector, let vtl, let targets, let absent):
      sendSynthetic(vector, vtl, targets, absent, from: id, rip)
    case .assertInterrupt(let command, let vtl):
      send(
        InterruptMessage(command, isNarrow: false), source: .hypercall, from: nil, group: group(of: vtl), rip: rip,
        by: id)
      return true
    case .protect(let owner, let first, let count, let mask): protect(owner, first, count, mask, by: id)
    case .protectAll(let owner, let mask): protectAll(owner, mask, by: id)
    case .flush(let vtl, let targets):
      for target in targets { interpreter.flushTranslations(of: vps[target.index].processor, vtl: vtl) }
    case .tlbLock(let vtl, let holder, let isLocked): return changeTLBLock(of: vtl, by: holder, isLocked: isLocked)
    case .registerIntercepts(let target): armRegisterIntercepts(target.index)
    case .portIntercepts: portInterceptsChanged()
    case .modeBasedExecution(let target): armModeBasedExecution(target.index)
    case .postMessage(let message, let target, let sint): postMessage(message, to: target, sint: sint)
    case .signalEvent(let flag, let target, let sint): setEventFlag(flag, to: target, sint: sint)
    case .yield: return true
    }
    return false
  }

  /// The guest goes on, if it can. Two events, as one has no room for all five parameters.
  private func recordCrash(_ control: UInt64, _ p: [UInt64], of id: ContextID, _ rip: UInt64) {
    record(.guestCrashed(flags: UInt8(control >> 56), p[0], p[1], p[2]), context: id, rip: rip)
    record(.guestCrashDetail(hasMessage: control.bit(62), p[3], p[4]), context: id, rip: rip)
  }

  /// A VTL comes into being on a VP: its private state, and a local APIC of its own.
  private func enable(_ id: ContextID, _ initial: InitialVPContext) {
    context(id).pointee.isEnabled = true
    context(id).pointee.saved = initial.privateState
    context(id).pointee.since = clock
    apic(id).pointee.reset(.powerUp)
    invalidateMap(group(of: id.vtl))
    record(.vtlEnabled(id.vtl, forPartition: false), context: id)
    rebuildStaleGroups()
  }

  /// HvCallStartVirtualProcessor: INIT, then the given state; the highest VTL enabled there runs first.
  private func start(_ id: ContextID, _ initial: InitialVPContext, first: VTL) {
    let vp = id.vp.index
    apic(id).pointee.reset(.initSignal)
    invalidateMap(group(of: id.vtl))
    updateDue(vp)
    setPrivateState(initial.privateState, of: id)
    setActivity(id, .running)
    context(id).pointee.waitsForTLB = nil
    context(id).pointee.lastStartup = clock
    record(.started(VectorNumber(0)), context: id)
    guard first != vps[vp].activeVTL else { return touch(vp) }
    let higher = ContextID(vp: id.vp, vtl: first)
    // A higher VTL that an INIT took down begins again as HvCallEnableVpVtl had it.
    if context(higher).pointee.activity == .waitForStartup, let begin = hyperV[higher].initialContext {
      context(higher).pointee.saved = begin.privateState
      setActivity(higher, .running)
    }
    switchVTL(vp, to: first, reason: .interrupt)
  }

  /// HvCallSendSyntheticClusterIpi: a fixed interrupt for one VTL of each VP named, by VP index.
  private func sendSynthetic(
    _ vector: VectorNumber, _ vtl: VTL, _ targets: [VPIndex], _ absent: Int, from sender: ContextID, _ rip: UInt64
  ) {
    let message = InterruptMessage(vector: vector, to: ApicID(rawValue: targets.first?.rawValue ?? 0))
    var found: [ContextID] = []
    var reason = Rejection.noSuchID
    for vp in targets {
      let id = ContextID(vp: vp, vtl: vtl)
      if !exists(id) || !context(id).pointee.isEnabled {
        reason = .contextNotEnabled
      } else if let refusal = acceptanceRejection(
        of: message.command, isHardwareEnabled: apic(id).pointee.isHardwareEnabled,
        isSoftwareEnabled: apic(id).pointee.isSoftwareEnabled)
      {
        reason = refusal
      } else {
        found.append(id)
      }
    }
    let group = group(of: vtl)
    let route = Route(
      group: group, path: .direct, targets: found.isEmpty ? .none : .many(found),
      candidates: targets.count + absent, reason: found.isEmpty ? reason : nil,
      rejected: targets.count + absent - found.count)
    deliver(message, route, source: .hypercall, from: sender, rip: rip)
  }
}

extension InitialVPContext {
  /// As a VTL begins: what is not named starts from reset.
  var privateState: PrivateState {
    var state = PrivateState.atReset
    state.rip = rip
    state.rsp = rsp
    state.rflags = rflags
    (state.cs, state.ds, state.es) = (cs.register, ds.register, es.register)
    (state.fs, state.gs, state.ss) = (fs.register, gs.register, ss.register)
    (state.tr, state.ldtr) = (tr.register, ldtr.register)
    state.idtr = TableRegister(base: idtr.base, limit: idtr.limit)
    state.gdtr = TableRegister(base: gdtr.base, limit: gdtr.limit)
    state.efer = efer
    state.cr0 = cr0
    state.cr3 = cr3
    state.cr4 = cr4
    state.pat = pat
    return state
  }
}
