import Architecture

/// What a system instruction does; `Op.detail`'s low byte.
enum SystemKind: UInt16 {
  case halt, pause, clearInterrupts, setInterrupts, popFlags
  case readTSC, readTSCP, cpuid, readMSR, writeMSR, readPMC
  case systemCall, systemReturn, sysenter, sysexit, swapGS
  case interruptReturn, interrupt, breakpoint, interruptOverflow, debugTrap
  case moveFromControl, moveToControl, moveFromDebug, moveToDebug, clearTaskSwitched
  case loadGlobalTable, loadInterruptTable, storeGlobalTable, storeInterruptTable
  case loadMachineStatus, storeMachineStatus, invalidatePage, invalidateCache
  case storeLocalTable, storeTask, loadLocalTable, loadTask, verifyRead, verifyWrite, loadRights, loadLimit
  case vmcall, vmmcall
  case moveFromSegment, moveToSegment, popSegment, loadFarPointer
  case portIn, portOut
  case setAccess, clearAccess
  case readFSBase, readGSBase, writeFSBase, writeGSBase
  case readKeyRights, writeKeyRights, invalidateContext, readProcessorID, readExtendedControl, writeExtendedControl
}

/// Instructions that end a block because control, rights, time or the machine may be concerned. RIP is after the
/// instruction when they start.
extension Interpreter {
  func system(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard let kind = SystemKind(rawValue: op.pointee.detail & 0xFF) else { throw c.fail(.invalidOpcode) }
    switch kind {
    case .halt:
      try requireLevel0(c)
      throw retire(c, .halted)
    case .pause:
      spend(c, 139)
      throw retire(c, .pause)
    case .clearInterrupts: try setInterruptFlag(c, false)
    case .setInterrupts: try setInterruptFlag(c, true)
    case .popFlags: try popFlags(c, op)
    case .readTSC, .readTSCP, .readPMC: try readTime(c, kind)
    case .cpuid: throw c.leave(.cpuid(leaf: c.r32(0), subleaf: c.r32(8)), .cpuid, op)
    case .readMSR, .writeMSR: try modelSpecific(c, op, isWrite: kind == .writeMSR)
    case .systemCall: try systemCall(c)
    case .systemReturn: try systemReturn(c, op)
    case .sysenter: try sysenter(c)
    case .sysexit: try sysexit(c, op)
    case .swapGS:
      try requireLevel0(c)
      swap(&c.segment(5).pointee.base, &c.pointee.kernelGSBase)
    case .interruptReturn: try interruptReturn(c, op)
    case .interrupt:
      softwareInterrupt(c, op, Fault(vector: UInt8(truncatingIfNeeded: op.pointee.immediate)), .software)
    case .breakpoint: softwareInterrupt(c, op, .breakpoint, .software)
    case .interruptOverflow: if c.overflow { softwareInterrupt(c, op, .overflow, .software) }
    // INT1 is like an interrupt from outside: no privilege is checked (SDM Vol. 2, "INT n").
    case .debugTrap: softwareInterrupt(c, op, .debug, .exception)
    case .moveFromControl, .moveToControl: try control(c, op, isWrite: kind == .moveToControl)
    case .moveFromDebug, .moveToDebug: try debug(c, op, isWrite: kind == .moveToDebug)
    case .clearTaskSwitched: try clearTaskSwitched(c, op)
    case .loadGlobalTable, .loadInterruptTable: try loadTable(c, op, isGlobal: kind == .loadGlobalTable)
    case .storeGlobalTable: try storeTable(c, op, c.pointee.gdtr)
    case .storeInterruptTable: try storeTable(c, op, c.pointee.idtr)
    case .loadMachineStatus: try loadMachineStatus(c, op)
    case .storeMachineStatus:
      try requireSystemView(c)
      try storeWord(c, op, c.pointee.cr0)
    case .invalidatePage:
      try requireLevel0(c)
      // A large page is held as many small ones, and INVLPG may forget more than it names (SDM Vol. 3A, 4.10.4.1).
      flushTranslations(c)
    case .invalidateCache: try requireLevel0(c)
    case .storeLocalTable, .storeTask:
      guard c.isProtected else { throw c.fail(.invalidOpcode) }
      try requireSystemView(c)
      try storeWord(c, op, UInt64(c.segment(kind == .storeTask ? 6 : 7).pointee.selector))
    case .loadLocalTable, .loadTask:
      guard c.isProtected else { throw c.fail(.invalidOpcode) }
      try requireLevel0(c)
      let selector = UInt16(truncatingIfNeeded: try word(c, op))
      if kind == .loadTask { try loadTask(c, op, selector) } else { try loadLocalTable(c, op, selector) }
    case .verifyRead, .verifyWrite, .loadRights, .loadLimit: try inspectSegment(c, op, kind)
    case .vmcall, .vmmcall: throw c.leave(.hypercall(isVMMCALL: kind == .vmmcall), .write, op)
    case .moveFromSegment: try storeWord(c, op, UInt64(c.segment(UInt8(op.pointee.immediate)).pointee.selector))
    case .moveToSegment, .popSegment: try changeSegment(c, op, isPop: kind == .popSegment)
    case .loadFarPointer: try loadFarPointer(c, op)
    case .portIn, .portOut: try port(c, op, isWrite: kind == .portOut)
    case .setAccess, .clearAccess: try setAccess(c, kind == .setAccess)
    case .readFSBase, .readGSBase, .writeFSBase, .writeGSBase: try segmentBase(c, op, kind)
    case .readKeyRights, .writeKeyRights: try keyRights(c, isWrite: kind == .writeKeyRights)
    case .readExtendedControl, .writeExtendedControl:
      try extendedControl(c, op, isWrite: kind == .writeExtendedControl)
    case .invalidateContext: try invalidateContext(c, op)
    case .readProcessorID: c.setRegister(op.pointee.a, op.pointee.width, c.pointee.tscAux & 0xFFFF_FFFF)
    }
  }

  func requireLevel0(_ c: CPU) throws(Stop) {
    guard c.pointee.cpl == 0 else { throw c.fail(.generalProtection()) }
  }

  /// An exit after the instruction: nothing is left to complete.
  func retire(_ c: CPU, _ exit: Exit) -> Stop {
    c.pointee.exit = exit
    c.pointee.pending = .none
    return .retired
  }

  private func setInterruptFlag(_ c: CPU, _ isOn: Bool) throws(Stop) {
    guard !c.isProtected || UInt64(c.pointee.cpl) <= c.pointee.systemFlags.field(12, 2) else {
      throw c.fail(.generalProtection())
    }
    let flag = RFlags.interruptEnable.rawValue
    // STI holds interrupts back for one instruction, but only if they were off (SDM Vol. 2, "STI").
    if isOn, c.pointee.systemFlags & flag == 0 { c.pointee.shadow = true }
    c.pointee.systemFlags = isOn ? c.pointee.systemFlags | flag : c.pointee.systemFlags & ~flag
  }

  private func popFlags(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let value = try peek(c, width)
    setStackPointer(c, c[.rsp] &+ UInt64(width))
    setReturnedFlags(c, value & ~RFlags.resume.rawValue, width, c.pointee.cpl)
    selectBank(c)
  }

  /// RDTSC and RDTSCP read the ticks used up to themselves. There are no performance counters: RDPMC is #GP.
  private func readTime(_ c: CPU, _ kind: SystemKind) throws(Stop) {
    guard kind != .readPMC else { throw c.fail(.generalProtection()) }
    if c.pointee.cr4 & CR4.timeStampDisable.rawValue != 0, c.pointee.cpl != 0 {
      throw c.fail(.generalProtection())
    }
    let used = UInt64(bitPattern: c.pointee.sliceTicks &- c.pointee.remaining &- 1)
    let time = c.pointee.tscBase &+ used
    c.setR32(0, UInt32(truncatingIfNeeded: time))
    c.setR32(16, UInt32(truncatingIfNeeded: time &>> 32))
    if kind == .readTSCP { c.setR32(8, UInt32(truncatingIfNeeded: c.pointee.tscAux)) }
    spend(c, 24)
  }

  /// Plain CPU state is done here; everything else is for the machine.
  private func modelSpecific(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) {
    try requireLevel0(c)
    let number = c.r32(8)
    guard isWrite else {
      try interceptMSR(c, op, number, nil)
      guard let value = c.readMSR(number) else { throw c.leave(.readMSR(number), .readMSR, op) }
      c.setR32(0, UInt32(truncatingIfNeeded: value))
      c.setR32(16, UInt32(truncatingIfNeeded: value &>> 32))
      return
    }
    let value = UInt64(c.r32(0)) | UInt64(c.r32(16)) &<< 32
    try interceptMSR(c, op, number, value)
    if number == ProcessorMSR.efer {
      let refused = c.pointee.refusesNoExecute ? EFER.noExecute.rawValue : 0
      guard value & (~features.enables.rawValue | refused) == 0 else { throw c.fail(.generalProtection()) }
    }
    let isKnown: Bool
    do throws(Fault) { isKnown = try c.writeMSR(number, value) } catch { throw c.fail(error) }
    guard isKnown else { throw c.leave(.writeMSR(number, value: value), .write, op) }
    if number == ProcessorMSR.efer { flushTranslations(c) } else { selectBank(c) }
  }

  /// RIP is past the instruction already; a fault on the way to the handler is the instruction's own.
  /// TF is in the frame, and traps after IRET has brought it back.
  private func softwareInterrupt(_ c: CPU, _ op: OpPointer, _ event: Fault, _ kind: EventKind) {
    c.pointee.isTrapDue = false
    if kind == .exception {
      c.pointee.exceptionCount &+= 1
      c.pointee.lastException = event
      c.pointee.lastExceptionRIP = c.pointee.rip
    }
    deliver(c, event, kind, of: (c.pointee.rip &- UInt64(op.pointee.length)) & c.ripMask)
  }

  /// CLAC and STAC, whether CR4.SMAP is set or not (SDM Vol. 2A).
  private func setAccess(_ c: CPU, _ isOn: Bool) throws(Stop) {
    guard c.pointee.cpl == 0 else { throw c.fail(.invalidOpcode) }
    let flag = RFlags.alignmentCheck.rawValue
    c.pointee.systemFlags = isOn ? c.pointee.systemFlags | flag : c.pointee.systemFlags & ~flag
    selectBank(c)
  }

  /// RDPKRU and WRPKRU; the index in ECX, and for writes EDX, are 0.
  private func keyRights(_ c: CPU, isWrite: Bool) throws(Stop) {
    guard c.pointee.cr4 & CR4.protectionKeys.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    guard c.r32(8) == 0, !isWrite || c.r32(16) == 0 else { throw c.fail(.generalProtection()) }
    guard isWrite else {
      c.setR32(0, c.pointee.pkru)
      c.setR32(16, 0)
      return
    }
    c.pointee.pkru = c.r32(0)
    selectBank(c)
  }

  /// INVPCID: whatever it names, all translations are forgotten, which is allowed (SDM Vol. 3A, 4.10.4.1).
  private func invalidateContext(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireLevel0(c)
    let kind = c.register(op.pointee.a, op.pointee.width)
    let place = try address(c, op, size: 16)
    let context = try load64(c, place, op.pointee.segment)
    let target = try load64(c, linear(c, place &+ 8), op.pointee.segment)
    guard kind < 4, context >> 12 == 0 || kind > 1 else { throw c.fail(.generalProtection()) }
    if kind <= 1 {
      let hasContexts = c.pointee.cr4 & CR4.processContextIdentifiers.rawValue != 0
      guard hasContexts || context == 0 else { throw c.fail(.generalProtection()) }
      if kind == 0, !isCanonical(target) { throw c.fail(.generalProtection()) }
    }
    flushTranslations(c)
  }

  // MARK: Ports

  /// IN and OUT. A port is reachable at CPL <= IOPL, or through the TSS's bitmap (SDM Vol. 1, 19.5).
  private func port(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) {
    let width = op.pointee.width
    let port = op.pointee.hasImmediate ? UInt16(op.pointee.immediate) : c.r16(16)
    try checkPort(c, port, width)
    try interceptPort(c, op, port, isWrite: isWrite)
    c.pointee.pendingDebug |= c.portHits(port, width)
    guard isWrite else {
      c.pointee.reads[0] = MMIOAccess(gpa: 0, value: 0, size: Int(width))
      throw c.leave(.portIn(port: port, size: Int(width)), .portIn, op)
    }
    throw retire(c, .portOut(port: port, size: Int(width), value: UInt32(truncatingIfNeeded: c.register(0, width))))
  }

  func checkPort(_ c: CPU, _ port: UInt16, _ width: UInt8) throws(Stop) {
    guard c.isProtected, UInt64(c.pointee.cpl) > c.pointee.systemFlags.field(12, 2) else { return }
    let task = c.segment(6).pointee
    guard task.limit >= 0x67 else { throw c.fail(.generalProtection()) }
    let map = try systemLoad(c, task.base &+ 0x66, 2)
    let place = map &+ UInt64(port &>> 3)
    guard place &+ 1 <= UInt64(task.limit) else { throw c.fail(.generalProtection()) }
    let bits = try systemLoad(c, task.base &+ place, 2)
    let mask = (UInt64(1) &<< UInt64(width)) &- 1
    guard (bits &>> UInt64(port & 7)) & mask == 0 else { throw c.fail(.generalProtection()) }
  }

  /// INS and OUTS: one element, one exit.
  func portString(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let counterWidth = op.pointee.addressWidth
    let repeats = op.pointee.detail & Detail.repeats != 0
    let count = c.register(8, counterWidth)
    if repeats, count == 0 { return }
    let port = c.r16(16)
    let width = op.pointee.width
    try checkPort(c, port, width)
    let isInput = op.pointee.detail & 7 == StringKind.input
    if !isInput || c.pointee.readCursor >= c.pointee.readCount {
      try interceptPort(c, op, port, isWrite: !isInput, isString: true, isRepeated: repeats)
    }
    if isInput {
      guard c.pointee.readCursor < c.pointee.readCount else {
        try probeDestination(c, op)
        c.pointee.readCursor = 0
        c.pointee.reads[0] = MMIOAccess(gpa: 0, value: 0, size: Int(width))
        throw c.leave(.portIn(port: port, size: Int(width)), .mmioRead, op)
      }
      try storeDestination(c, op, c.pointee.reads[0].value)
      c.pointee.readCursor &+= 1
      c.pointee.pendingDebug |= c.portHits(port, width)
      finishPortString(c, op, repeats, count, source: false)
      return
    }
    let value = try loadSource(c, op)
    c.pointee.pendingDebug |= c.portHits(port, width)
    finishPortString(c, op, repeats, count, source: true)
    throw retire(c, .portOut(port: port, size: Int(width), value: UInt32(truncatingIfNeeded: value)))
  }

  private func finishPortString(_ c: CPU, _ op: OpPointer, _ repeats: Bool, _ count: UInt64, source: Bool) {
    advance(c, op, source: source, destination: !source)
    guard repeats else { return }
    c.setRegister(8, op.pointee.addressWidth, count &- 1)
    if count > 1 {
      // Not done: the instruction is met again, and this element's tick is no retired instruction.
      c.pointee.rip = (c.r64(Offset.page) &+ UInt64(op.pointee.next) &- UInt64(op.pointee.length)) & c.ripMask
      c.pointee.extraTicks &+= 1
      resume(c)
    }
  }
}
