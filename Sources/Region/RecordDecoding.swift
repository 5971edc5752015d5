import Architecture
import CVTLScope
import Journal

// A copied frame into a snapshot. The bytes may be hostile: every number that selects something is checked.

extension RegionReader {
  func decode(_ layout: FrameLayout) throws(RegionError) -> Snapshot {
    let machine = try decode(layout.machine.load(0, buffer) as vtlscope_machine)
    var contexts: [ContextSnapshot] = []
    contexts.reserveCapacity(header.contextCount)
    for index in 0..<header.contextCount {
      contexts.append(try decodeContext(at: layout.contexts.place(of: index), index, stamps: layout.stamps[index]))
    }
    var groups: [GroupSnapshot] = []
    for index in 0..<header.groupCount {
      let entries = layout.mapEntries.place(of: index * Int(header.raw.map_capacity))
      groups.append(try decode(layout.groups.load(index, buffer) as vtlscope_group, index, entries: entries))
    }
    return Snapshot(
      machine: machine, contexts: contexts, groups: groups, platform: try decodePlatform(layout),
      memory: try decodeMemory(layout))
  }

  private func decode(_ record: vtlscope_machine) throws(RegionError) -> MachineSnapshot {
    let encoding: GroupEncoding
    switch UInt32(record.group_encoding) {
    case VTLSCOPE_GROUPS_EXPLICIT: encoding = .explicit
    case VTLSCOPE_GROUPS_RFC_2023: encoding = .rfc2023(bits: record.group_bits)
    default: throw damaged("group encoding \(record.group_encoding)")
    }
    guard let runState = RunState(rawValue: record.run_state) else {
      throw damaged("run state \(record.run_state)")
    }
    let stopCause = StopCause(rawValue: record.stop_cause)
    guard stopCause != nil || record.stop_cause == 0 else { throw damaged("stop cause \(record.stop_cause)") }

    var machine = MachineSnapshot(
      vpCount: UInt32(vpCount), vtlCount: UInt8(vtlCount), memoryBytes: record.memory_bytes,
      groupEncoding: encoding)
    machine.epoch = record.epoch
    machine.time = VirtualTime(rawValue: record.time)
    machine.runState = runState
    machine.stopCause = stopCause
    machine.exitStatus = record.exit_status
    machine.enabledVTLs = record.enabled_vtls
    machine.instructions = record.instructions
    machine.nextEvent = record.next_event
    machine.undelivered = record.undelivered
    machine.mapDisagreements = record.map_disagreements
    machine.idleUntil = record.idle_until.time(if: record.present & VTLSCOPE_MACHINE_IDLE_UNTIL)
    machine.paceMilli = record.pace_milli
    machine.commands = record.commands
    return machine
  }

  private func decodeContext(at place: Int, _ index: Int, stamps: Int) throws(RegionError) -> ContextSnapshot {
    let record = (buffer.baseAddress! + place).assumingMemoryBound(to: vtlscope_context.self)
    let id = ContextID(index / vtlCount, index % vtlCount)
    guard record.pointee.vp == id.vp.rawValue, record.pointee.vtl == id.vtl.rawValue else {
      // A context that was never written is all zeros; the region was closed before its first whole frame.
      throw damaged("context \(id) is recorded as \(record.pointee.vp).\(record.pointee.vtl)")
    }
    var context = ContextSnapshot(id: id, group: GroupID(rawValue: record.pointee.group))
    guard let activity = Activity(rawValue: record.pointee.activity) else {
      throw damaged("context \(id): activity \(record.pointee.activity)")
    }
    let reason = VTLSwitchReason(rawValue: record.pointee.entry_reason)
    guard reason != nil || record.pointee.entry_reason == 0 else {
      throw damaged("context \(id): entry reason \(record.pointee.entry_reason)")
    }
    guard let latch = InitLatch(rawValue: record.pointee.init_latch),
      let lazyEOI = LazyEOI(rawValue: record.pointee.lazy_eoi)
    else {
      throw damaged("context \(id): INIT latch \(record.pointee.init_latch), lazy EOI \(record.pointee.lazy_eoi)")
    }
    guard record.pointee.instruction_count <= 16 else {
      throw damaged("context \(id): \(record.pointee.instruction_count) instruction bytes")
    }
    context.activity = activity
    context.initLatch = latch
    context.lazyEOI = lazyEOI
    context.lazyEOIAddress = record.pointee.lazy_eoi_address
    context.entryReason = reason
    context.since = VirtualTime(rawValue: record.pointee.since)
    for i in 0..<64 {
      context.apic.registers[i] = buffer.load(fromByteOffset: place + i * 16, as: UInt32.self)
    }
    decodeProcessor(record, &context)
    try decodeTimer(record, &context)
    try decodeHistory(record, &context)
    context.counters = ContextCounters(record)
    decodeSynIC(record, &context)
    decodeVSM(record, &context)
    guard stamps >= 0 else { return context }
    context.pending = vectors(record.pointee.pending, record.pointee.pending_level, stamps)
    let second = MemoryLayout<vtlscope_stamps>.offset(of: \.in_service)!
    context.inService = vectors(record.pointee.in_service, record.pointee.in_service_level, stamps + second)
    return context
  }

  private func decodeProcessor(_ record: UnsafePointer<vtlscope_context>, _ context: inout ContextSnapshot) {
    let flags = record.pointee.flags
    context.isEnabled = flags & VTLSCOPE_CONTEXT_ENABLED != 0
    context.isActive = flags & VTLSCOPE_CONTEXT_ACTIVE != 0
    context.interruptShadow = flags & VTLSCOPE_CONTEXT_INTERRUPT_SHADOW != 0
    context.nmiBlocked = flags & VTLSCOPE_CONTEXT_NMI_BLOCKED != 0
    context.initPending = flags & VTLSCOPE_CONTEXT_INIT_PENDING != 0
    context.vinaAsserted = flags & VTLSCOPE_CONTEXT_VINA_ASSERTED != 0
    context.externalPending = flags & VTLSCOPE_CONTEXT_EXTERNAL_PENDING != 0
    context.rip = record.pointee.rip
    context.rsp = record.pointee.rsp
    context.rflags = record.pointee.rflags
    context.cr0 = record.pointee.cr0
    context.cr3 = record.pointee.cr3
    context.cr4 = record.pointee.cr4
    context.efer = record.pointee.efer
    (context.instruction.low, context.instruction.high) = record.pointee.instruction
    context.instruction.count = record.pointee.instruction_count
    context.nmiPending = record.pointee.nmi_pending
    if record.pointee.present & VTLSCOPE_CONTEXT_STARTUP_VECTOR != 0 {
      context.startupPending = VectorNumber(rawValue: record.pointee.startup_vector)
    }
    context.codeSelector = record.pointee.code_selector
    context.apicBase = record.pointee.apic_base
    context.instructions = record.pointee.instructions
  }

  private func decodeTimer(
    _ record: UnsafePointer<vtlscope_context>, _ context: inout ContextSnapshot
  ) throws(RegionError) {
    let present = record.pointee.present
    context.timer.due = record.pointee.timer_due.time(if: present & VTLSCOPE_CONTEXT_TIMER_DUE)
    context.timer.period = VirtualTime(rawValue: record.pointee.timer_period)
    context.timer.deadline = record.pointee.timer_deadline
    context.timer.expired = record.pointee.timer_expired
    context.timer.expiredWhileMasked = record.pointee.timer_expired_masked
    context.timer.lastMaskedExpiry =
      record.pointee.last_masked_expiry.time(if: present & VTLSCOPE_CONTEXT_LAST_MASKED_EXPIRY)
    context.timer.lastExpiry = record.pointee.last_expiry.time(if: present & VTLSCOPE_CONTEXT_LAST_EXPIRY)
    context.timer.mergedTicks = record.pointee.merged_ticks
    context.timer.ignoredWrites = record.pointee.ignored_timer_writes
    let last = LastWrite(record.pointee.last_timer_write, if: present & VTLSCOPE_CONTEXT_LAST_TIMER_WRITE)
    guard let last else { return }
    guard let register = TimerRegister(rawValue: record.pointee.timer_register) else {
      throw damaged("context \(context.id): timer register \(record.pointee.timer_register)")
    }
    context.timer.lastWrite = TimerWrite(
      register: register, write: last, isIgnored: record.pointee.timer_ignored != 0)
  }

  private func decodeHistory(
    _ record: UnsafePointer<vtlscope_context>, _ context: inout ContextSnapshot
  ) throws(RegionError) {
    let present = record.pointee.present
    context.lastTaskPriorityWrite = LastWrite(
      record.pointee.last_tpr, if: present & VTLSCOPE_CONTEXT_LAST_TPR)
    context.lastEndOfInterrupt = LastWrite(record.pointee.last_eoi, if: present & VTLSCOPE_CONTEXT_LAST_EOI)
    context.lastHalt = LastWrite(record.pointee.last_halt, if: present & VTLSCOPE_CONTEXT_LAST_HALT)
    context.lastInit = record.pointee.last_init.time(if: present & VTLSCOPE_CONTEXT_LAST_INIT)
    context.lastStartup = record.pointee.last_startup.time(if: present & VTLSCOPE_CONTEXT_LAST_STARTUP)
    if present & VTLSCOPE_CONTEXT_LAST_INIT_SENDER != 0 {
      let sender = ContextID(
        vp: VPIndex(rawValue: record.pointee.last_init_vp), vtl: VTL(rawValue: record.pointee.last_init_vtl))
      guard isContext(sender) else { throw damaged("context \(context.id): INIT from \(sender)") }
      context.lastInitSender = sender
    }
    context.entryTime = VirtualTime(rawValue: record.pointee.entry_time)
    context.vina = record.pointee.vina
    context.assistPage = record.pointee.assist_page
    context.guestOSID = record.pointee.guest_os_id
    context.hypercallPage = record.pointee.hypercall_page
  }

  /// The vectors of a 256-bit set with their stamps, highest first.
  private func vectors(
    _ set: (UInt64, UInt64, UInt64, UInt64), _ level: (UInt64, UInt64, UInt64, UInt64), _ stamps: Int
  ) -> [VectorState] {
    var all: [VectorState] = []
    let words = [set.3, set.2, set.1, set.0]
    let levels = [level.3, level.2, level.1, level.0]
    for (i, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        let bit = 63 - rest.leadingZeroBitCount
        rest &= ~(1 &<< UInt64(bit))
        let vector = (3 - i) * 64 + bit
        let stamp = buffer.load(fromByteOffset: stamps + vector * 16, as: vtlscope_stamp.self)
        all.append(
          VectorState(
            vector: VectorNumber(vector), since: VirtualTime(rawValue: stamp.since),
            journey: JourneyID(rawValue: stamp.journey), isLevelTriggered: levels[i].bit(bit)))
      }
    }
    return all
  }

  private func decode(_ record: vtlscope_group, _ index: Int, entries: Int) throws(RegionError)
    -> GroupSnapshot
  {
    guard let mode = LogicalMode(rawValue: record.logical_mode),
      let reason = LogicalModeReason(rawValue: record.logical_mode_reason), Int(record.vtl) < vtlCount
    else { throw damaged("group \(index): mode \(record.logical_mode), VTL \(record.vtl)") }
    let (physical, logical) = (UInt64(record.physical_count), UInt64(record.logical_count))
    guard physical + logical <= UInt64(header.raw.map_capacity) else {
      throw damaged("group \(index): \(physical + logical) map entries")
    }
    var group = GroupSnapshot(id: GroupID(rawValue: record.id), vtl: VTL(rawValue: record.vtl))
    group.generation = record.generation
    group.builtAt = VirtualTime(rawValue: record.built_at)
    group.logicalMode = mode
    group.logicalModeReason = reason
    group.members = record.members
    group.hardwareEnabled = record.hardware_enabled
    group.softwareEnabled = record.software_enabled
    group.duplicateIDs = record.duplicate_ids
    group.physical = try mapEntries(entries, Int(physical), index)
    group.logical = try mapEntries(
      entries + Int(physical) * Int(header.raw.map_entries.stride), Int(logical), index)
    return group
  }

  private func mapEntries(_ place: Int, _ count: Int, _ group: Int) throws(RegionError) -> [MapEntry] {
    var entries: [MapEntry] = []
    entries.reserveCapacity(count)
    for i in 0..<count {
      let record = buffer.load(
        fromByteOffset: place + i * Int(header.raw.map_entries.stride), as: vtlscope_map_entry.self)
      guard record.vp < UInt32(vpCount) else {
        throw damaged("group \(group): a map entry for VP \(record.vp)")
      }
      entries.append(MapEntry(key: record.key, vp: VPIndex(rawValue: record.vp)))
    }
    return entries
  }
}

extension UInt64 {
  func time(if present: UInt32) -> VirtualTime? {
    present == 0 ? nil : VirtualTime(rawValue: self)
  }
}

extension LastWrite {
  init?(_ record: vtlscope_write, if present: UInt32) {
    guard present != 0 else { return nil }
    self.init(time: VirtualTime(rawValue: record.time), rip: record.rip, value: record.value)
  }
}

extension ContextCounters {
  fileprivate init(_ record: UnsafePointer<vtlscope_context>) {
    self.init()
    accepted = record.pointee.accepted
    merged = record.pointee.merged
    rejected = record.pointee.rejected
    endOfInterrupts = record.pointee.end_of_interrupts
    spuriousEOIs = record.pointee.spurious_eois
    sent = record.pointee.sent
    undelivered = record.pointee.undelivered
    vtlEntries = record.pointee.vtl_entries
    halts = record.pointee.halts
    exceptions = record.pointee.exceptions
    systemManagementInterrupts = record.pointee.smis
    arbitrationsWon = record.pointee.arbitrations_won
  }
}
