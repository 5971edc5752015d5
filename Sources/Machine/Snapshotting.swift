import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// The machine as values, between slices. Each context and group has a generation, so unchanged ones can be skipped.
extension Partition {
  public var contextTotal: Int { contextCount }
  public var groupTotal: Int { configuration.vtlCount }
  /// A guest clears the byte of a lazy EOI behind the core's back, and another VP may: it belongs to the state.
  public func contextGeneration(_ index: Int) -> UInt64 {
    let generation = contexts[index].generation &<< 1
    guard apics[index].lazyEOI.isArmed else { return generation }
    return lazyEOIState(contexts[index].id) == .taken ? generation | 1 : generation
  }
  public func groupGeneration(_ index: Int) -> UInt64 { groupGenerations[index] }

  public func snapshot() -> Snapshot {
    Snapshot(
      machine: machineSnapshot(), contexts: (0..<contextCount).map(contextSnapshot),
      groups: (0..<configuration.vtlCount).map(groupSnapshot), platform: platformSnapshot(), memory: memorySnapshot())
  }

  public func machineSnapshot() -> MachineSnapshot {
    var machine = MachineSnapshot(
      vpCount: UInt32(configuration.vpCount), vtlCount: UInt8(configuration.vtlCount),
      memoryBytes: configuration.memoryBytes, groupEncoding: configuration.groupEncoding)
    machine.time = clock
    machine.runState = runState
    machine.stopCause = stopCause
    machine.exitStatus = exitStatus
    machine.enabledVTLs = hyperV.enabledVTLs.rawValue
    machine.instructions = instructions
    machine.nextEvent = nextEvent
    machine.undelivered = undelivered
    machine.mapDisagreements = mapDisagreements
    machine.idleUntil = isIdle ? nextDue() : nil
    machine.commands = UInt64(commandLog.count)
    return machine
  }

  /// Every VP waits.
  public var isIdle: Bool {
    for vp in 0..<configuration.vpCount where vps[vp].isRunnable || vps[vp].needsEvaluation { return false }
    return true
  }

  public func groupSnapshot(_ index: Int) -> GroupSnapshot {
    routing.snapshot(GroupID(index)) ?? GroupSnapshot(id: GroupID(index), vtl: VTL(index))
  }

  public func contextSnapshot(_ index: Int) -> ContextSnapshot {
    // By pointer: copying whole contexts would cost more than the snapshot.
    let state = contexts + index
    let id = state.pointee.id
    let vp = id.vp.index
    var shot = ContextSnapshot(id: id, group: group(of: id.vtl))
    shot.isEnabled = state.pointee.isEnabled
    guard shot.isEnabled else { return shot }
    shot.isActive = vps[vp].activeVTL == id.vtl
    fillState(&shot, state)
    fillProcessor(&shot, shot.isActive ? vps[vp].processor.privateState : state.pointee.saved)
    if shot.isActive {
      shot.instruction = InstructionBytes(interpreter.instructionBytes(of: vps[vp].processor, count: 15))
    }
    apics[index].fill(&shot, at: clock)
    hyperV.fill(&shot)
    fillSynIC(&shot, id)
    if apics[index].lazyEOI.isEnabled {
      shot.lazyEOI = lazyEOIState(id)
      shot.lazyEOIAddress = apics[index].lazyEOI.address.rawValue
    }
    shot.counters.halts = state.pointee.halts
    shot.counters.exceptions = state.pointee.exceptions
    shot.counters.vtlEntries = state.pointee.vtlEntries
    return shot
  }

  private func fillState(_ shot: inout ContextSnapshot, _ state: UnsafeMutablePointer<ContextState>) {
    shot.activity = state.pointee.activity
    shot.since = state.pointee.since
    shot.lastInit = state.pointee.lastInit
    shot.lastInitSender = state.pointee.lastInitSender
    shot.lastStartup = state.pointee.lastStartup
    shot.lastHalt = state.pointee.lastHalt
    shot.vsm.isWaitingForTLB = state.pointee.waitsForTLB != nil
    shot.entryReason = state.pointee.entryReason
    shot.entryTime = state.pointee.entryTime
    shot.instructions = state.pointee.instructions
  }

  private func fillProcessor(_ shot: inout ContextSnapshot, _ cpu: PrivateState) {
    shot.rip = cpu.rip
    shot.rsp = cpu.rsp
    shot.rflags = cpu.rflags
    shot.cr0 = cpu.cr0
    shot.cr3 = cpu.cr3
    shot.cr4 = cpu.cr4
    shot.efer = cpu.efer
    shot.codeSelector = cpu.cs.selector
    shot.interruptShadow = cpu.interruptShadow
    shot.nmiBlocked = cpu.nmiBlocked
    shot.vsm.pendingEvent = cpu.heldFault.map { UInt64(truncatingIfNeeded: PendingEvent($0).rawValue) } ?? 0
  }
}
