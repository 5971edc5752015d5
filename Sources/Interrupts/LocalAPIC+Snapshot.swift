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
  }

  /// Writes the register page only.
  public func fill(_ page: inout APICPage, at now: VirtualTime) {
    for n in UInt8(0)..<64 {
      let register = APICRegister(rawValue: n)
      let isShown = register.xAPICAccess.contains(.read)
      page[register.offset] = isShown ? value(of: register, at: now) : 0
    }
  }

  /// What routing looks at.
  public var routingRegisters: RoutingRegisters {
    RoutingRegisters(
      context: context, initialID: initialID, mode: mode, id: id, logicalDestination: logicalDestination,
      destinationFormat: destinationFormat, isSoftwareEnabled: spuriousVector.isSoftwareEnabled)
  }
}
