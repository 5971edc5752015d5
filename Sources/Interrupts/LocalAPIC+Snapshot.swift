import Architecture
import Journal

extension LocalAPIC {
  /// Writes all there is to see of this APIC into a snapshot of its context.
  ///
  /// `timer.due` and the stamps are virtual time; the page is the xAPIC layout in every mode.
  public func fill(_ snapshot: inout ContextSnapshot, at now: VirtualTime) {
    snapshot.apicBase = base.rawValue
    fill(&snapshot.apic, at: now)
    snapshot.pending = pendingVectors.reversed()
    snapshot.inService = servedVectors.reversed()
    timer.fill(&snapshot.timer)
    snapshot.counters = counters
    snapshot.lastTaskPriorityWrite = lastTaskPriorityWrite
    snapshot.lastEndOfInterrupt = lastEndOfInterrupt
    snapshot.nmiPending = nmiPending
    snapshot.initPending = initPending
    snapshot.startupPending = startupPending
    snapshot.externalPending = isExternalPending
  }

  /// Writes the register page only: every register that can be read, in the order of their offsets.
  ///
  /// Done for each context of each frame, so the registers are named here and not searched for.
  public func fill(_ page: inout APICPage, at now: VirtualTime) {
    func show(_ register: APICRegister) { page[register.offset] = value(of: register, at: now) }
    show(.id)
    show(.version)
    page[APICRegister.taskPriority.offset] = UInt32(taskPriority)
    page[APICRegister.processorPriority.offset] = UInt32(processorPriority)
    show(.logicalDestination)
    page[APICRegister.destinationFormat.offset] = destinationFormat
    page[APICRegister.spuriousVector.offset] = spuriousVector.rawValue
    for n in 0..<8 {
      page[APICRegister.isr.offset + n * 16] = service.dword(n)
      page[APICRegister.tmr.offset + n * 16] = triggerModes.dword(n)
      page[APICRegister.irr.offset + n * 16] = requests.dword(n)
    }
    page[APICRegister.errorStatus.offset] = UInt32(errorStatus.rawValue)
    show(.interruptCommand)
    show(.interruptCommandHigh)
    for entry in LocalVector.allCases { show(entry.register) }
    page[APICRegister.timerInitialCount.offset] = timer.initialCount
    show(.timerCurrentCount)
    show(.timerDivide)
  }

  /// What routing looks at.
  public var routingRegisters: RoutingRegisters {
    RoutingRegisters(
      context: context, initialID: initialID, mode: mode, id: id, logicalDestination: logicalDestination,
      destinationFormat: destinationFormat, isSoftwareEnabled: spuriousVector.isSoftwareEnabled)
  }
}
