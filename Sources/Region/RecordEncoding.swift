import Architecture
import CVTLScope
import Journal

// Snapshots into a bank: one store per field, straight into the file, no allocation.

extension RegionWriter {
  func store(_ machine: borrowing MachineSnapshot) {
    let place = bank + Int(header.pointee.machine.offset)
    let record = place.assumingMemoryBound(to: vtlscope_machine.self)
    record.pointee.epoch = machine.epoch
    record.pointee.time = machine.time.rawValue
    record.pointee.instructions = machine.instructions
    record.pointee.next_event = machine.nextEvent
    record.pointee.undelivered = machine.undelivered
    record.pointee.map_disagreements = machine.mapDisagreements
    record.pointee.idle_until = machine.idleUntil?.rawValue ?? 0
    record.pointee.memory_bytes = machine.memoryBytes
    record.pointee.commands = machine.commands
    record.pointee.exit_status = machine.exitStatus
    record.pointee.pace_milli = machine.paceMilli
    record.pointee.present = machine.idleUntil == nil ? 0 : VTLSCOPE_MACHINE_IDLE_UNTIL
    record.pointee.enabled_vtls = machine.enabledVTLs
    record.pointee.run_state = machine.runState.rawValue
    record.pointee.stop_cause = machine.stopCause?.rawValue ?? 0
    switch machine.groupEncoding {
    case .explicit:
      record.pointee.group_encoding = UInt8(VTLSCOPE_GROUPS_EXPLICIT)
      record.pointee.group_bits = 0
    case .rfc2023(let bits):
      record.pointee.group_encoding = UInt8(VTLSCOPE_GROUPS_RFC_2023)
      record.pointee.group_bits = bits
    }
  }

  func store(_ context: borrowing ContextSnapshot, at index: Int) {
    let place = bank + Int(header.pointee.contexts.offset) + index * MemoryLayout<vtlscope_context>.stride
    // Through a pointer: indexing the array inside the snapshot copies all of it for each register.
    withUnsafeBytes(of: context.apic) { page in
      for i in 0..<64 {
        let value = page.load(fromByteOffset: i &* 4, as: UInt32.self)
        place.storeBytes(of: value, toByteOffset: i &* 16, as: UInt32.self)
      }
    }
    let record = place.assumingMemoryBound(to: vtlscope_context.self)
    record.pointee.vp = context.id.vp.rawValue
    record.pointee.vtl = context.id.vtl.rawValue
    record.pointee.group = context.group.rawValue
    record.pointee.activity = context.activity.rawValue
    record.pointee.entry_reason = context.entryReason?.rawValue ?? 0
    record.pointee.flags = context.flags
    record.pointee.present = context.present
    record.pointee.since = context.since.rawValue
    store(processorOf: context, record)
    store(timerOf: context, record)
    store(historyOf: context, record)
    store(countersOf: context, record)
    store(synicOf: context, record)
    store(vsmOf: context, record)

    let stamps = bank + Int(header.pointee.stamps.offset) + index * MemoryLayout<vtlscope_stamps>.stride
    let waiting = Self.store(context.pending, stamps)
    record.pointee.pending = waiting.set.tuple
    record.pointee.pending_level = waiting.level.tuple
    let serving = Self.store(context.inService, stamps + 256 * MemoryLayout<vtlscope_stamp>.stride)
    record.pointee.in_service = serving.set.tuple
    record.pointee.in_service_level = serving.level.tuple
  }

  private func store(
    processorOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>
  ) {
    record.pointee.rip = context.rip
    record.pointee.rsp = context.rsp
    record.pointee.rflags = context.rflags
    record.pointee.cr0 = context.cr0
    record.pointee.cr3 = context.cr3
    record.pointee.cr4 = context.cr4
    record.pointee.efer = context.efer
    record.pointee.instruction = (context.instruction.low, context.instruction.high)
    record.pointee.instruction_count = context.instruction.count
    record.pointee.nmi_pending = context.nmiPending
    record.pointee.init_latch = context.initLatch.rawValue
    record.pointee.startup_vector = context.startupPending?.rawValue ?? 0
    record.pointee.code_selector = context.codeSelector
    record.pointee.apic_base = context.apicBase
  }

  private func store(
    timerOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>
  ) {
    record.pointee.timer_due = context.timer.due?.rawValue ?? 0
    record.pointee.timer_period = context.timer.period.rawValue
    record.pointee.timer_deadline = context.timer.deadline
    record.pointee.timer_expired = context.timer.expired
    record.pointee.timer_expired_masked = context.timer.expiredWhileMasked
    record.pointee.last_masked_expiry = context.timer.lastMaskedExpiry?.rawValue ?? 0
    record.pointee.last_expiry = context.timer.lastExpiry?.rawValue ?? 0
    record.pointee.merged_ticks = context.timer.mergedTicks
    record.pointee.ignored_timer_writes = context.timer.ignoredWrites
    record.pointee.last_timer_write = vtlscope_write(context.timer.lastWrite?.write)
    record.pointee.timer_register = context.timer.lastWrite?.register.rawValue ?? 0
    record.pointee.timer_ignored = context.timer.lastWrite?.isIgnored == true ? 1 : 0
  }

  private func store(
    historyOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>
  ) {
    record.pointee.last_tpr = vtlscope_write(context.lastTaskPriorityWrite)
    record.pointee.last_eoi = vtlscope_write(context.lastEndOfInterrupt)
    record.pointee.last_halt = vtlscope_write(context.lastHalt)
    record.pointee.last_init = context.lastInit?.rawValue ?? 0
    record.pointee.last_startup = context.lastStartup?.rawValue ?? 0
    record.pointee.last_init_vp = context.lastInitSender?.vp.rawValue ?? 0
    record.pointee.last_init_vtl = context.lastInitSender?.vtl.rawValue ?? 0
    record.pointee.entry_time = context.entryTime.rawValue
    record.pointee.vina = context.vina
    record.pointee.assist_page = context.assistPage
    record.pointee.guest_os_id = context.guestOSID
    record.pointee.hypercall_page = context.hypercallPage
    record.pointee.lazy_eoi = context.lazyEOI.rawValue
    record.pointee.lazy_eoi_address = context.lazyEOIAddress
  }

  private func store(
    countersOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>
  ) {
    record.pointee.instructions = context.instructions
    record.pointee.accepted = context.counters.accepted
    record.pointee.merged = context.counters.merged
    record.pointee.rejected = context.counters.rejected
    record.pointee.end_of_interrupts = context.counters.endOfInterrupts
    record.pointee.spurious_eois = context.counters.spuriousEOIs
    record.pointee.sent = context.counters.sent
    record.pointee.undelivered = context.counters.undelivered
    record.pointee.vtl_entries = context.counters.vtlEntries
    record.pointee.halts = context.counters.halts
    record.pointee.exceptions = context.counters.exceptions
    record.pointee.smis = context.counters.systemManagementInterrupts
    record.pointee.arbitrations_won = context.counters.arbitrationsWon
  }

  /// Stores the stamps of the vectors that have one, at the place of their vector.
  private static func store(
    _ vectors: borrowing [VectorState], _ table: UnsafeMutableRawPointer
  ) -> (set: VectorBits, level: VectorBits) {
    var set = VectorBits()
    var level = VectorBits()
    for i in 0..<vectors.count {
      let state = vectors[i]
      let vector = state.vector.index
      let place = table + vector &* MemoryLayout<vtlscope_stamp>.stride
      place.storeBytes(of: state.since.rawValue, as: UInt64.self)
      place.storeBytes(of: state.journey.rawValue, toByteOffset: 8, as: UInt64.self)
      set.insert(vector)
      if state.isLevelTriggered { level.insert(vector) }
    }
    return (set, level)
  }

  func store(_ group: borrowing GroupSnapshot, at index: Int) {
    let place = bank + Int(header.pointee.groups.offset) + index * MemoryLayout<vtlscope_group>.stride
    let record = place.assumingMemoryBound(to: vtlscope_group.self)
    record.pointee.built_at = group.builtAt.rawValue
    record.pointee.generation = group.generation
    record.pointee.members = group.members
    record.pointee.hardware_enabled = group.hardwareEnabled
    record.pointee.software_enabled = group.softwareEnabled
    record.pointee.duplicate_ids = group.duplicateIDs
    record.pointee.id = group.id.rawValue
    record.pointee.vtl = group.vtl.rawValue
    record.pointee.logical_mode = group.logicalMode.rawValue
    record.pointee.logical_mode_reason = group.logicalModeReason.rawValue

    let capacity = Int(header.pointee.map_capacity)
    let physical = min(group.physical.count, capacity)
    let logical = min(group.logical.count, capacity - physical)
    record.pointee.physical_count = UInt32(physical)
    record.pointee.logical_count = UInt32(logical)
    record.pointee.entries_dropped = UInt32(
      clamping: group.physical.count + group.logical.count - physical - logical)
    let stride = MemoryLayout<vtlscope_map_entry>.stride
    let entries = bank + Int(header.pointee.map_entries.offset) + index * capacity * stride
    Self.store(group.physical, physical, entries)
    Self.store(group.logical, logical, entries + physical * stride)
  }

  private static func store(_ entries: borrowing [MapEntry], _ count: Int, _ place: UnsafeMutableRawPointer) {
    let records = place.assumingMemoryBound(to: vtlscope_map_entry.self)
    for i in 0..<count { records[i] = vtlscope_map_entry(key: entries[i].key, vp: entries[i].vp.rawValue) }
  }
}

/// One bit per vector.
struct VectorBits {
  var words: InlineArray<4, UInt64> = [0, 0, 0, 0]

  @inline(__always) mutating func insert(_ vector: Int) { words[vector &>> 6] |= 1 &<< UInt64(vector & 63) }

  var tuple: (UInt64, UInt64, UInt64, UInt64) { (words[0], words[1], words[2], words[3]) }
}

extension vtlscope_write {
  @inline(__always) init(_ write: LastWrite?) {
    self.init(time: write?.time.rawValue ?? 0, rip: write?.rip ?? 0, value: write?.value ?? 0)
  }
}

extension ContextSnapshot {
  fileprivate var flags: UInt32 {
    (isEnabled ? VTLSCOPE_CONTEXT_ENABLED : 0) | (isActive ? VTLSCOPE_CONTEXT_ACTIVE : 0)
      | (interruptShadow ? VTLSCOPE_CONTEXT_INTERRUPT_SHADOW : 0)
      | (nmiBlocked ? VTLSCOPE_CONTEXT_NMI_BLOCKED : 0) | (initPending ? VTLSCOPE_CONTEXT_INIT_PENDING : 0)
      | (vinaAsserted ? VTLSCOPE_CONTEXT_VINA_ASSERTED : 0)
      | (externalPending ? VTLSCOPE_CONTEXT_EXTERNAL_PENDING : 0)
  }

  fileprivate var present: UInt32 {
    var present: UInt32 = 0
    if startupPending != nil { present |= VTLSCOPE_CONTEXT_STARTUP_VECTOR }
    if timer.due != nil { present |= VTLSCOPE_CONTEXT_TIMER_DUE }
    if timer.lastMaskedExpiry != nil { present |= VTLSCOPE_CONTEXT_LAST_MASKED_EXPIRY }
    if lastTaskPriorityWrite != nil { present |= VTLSCOPE_CONTEXT_LAST_TPR }
    if lastEndOfInterrupt != nil { present |= VTLSCOPE_CONTEXT_LAST_EOI }
    if lastHalt != nil { present |= VTLSCOPE_CONTEXT_LAST_HALT }
    if lastInit != nil { present |= VTLSCOPE_CONTEXT_LAST_INIT }
    if lastInitSender != nil { present |= VTLSCOPE_CONTEXT_LAST_INIT_SENDER }
    if lastStartup != nil { present |= VTLSCOPE_CONTEXT_LAST_STARTUP }
    if timer.lastExpiry != nil { present |= VTLSCOPE_CONTEXT_LAST_EXPIRY }
    if timer.lastWrite != nil { present |= VTLSCOPE_CONTEXT_LAST_TIMER_WRITE }
    if synic != nil { present |= VTLSCOPE_CONTEXT_SYNIC }
    return present
  }
}
