import Architecture
import CVTLScope
import Journal

// What version 1.2 appends to a context: its SynIC, synthetic timers, and what virtual secure mode holds.

extension UnsafeMutablePointer<vtlscope_context> {
  /// The fields of SINT `n`, 0...15, and of timer `n`, 0...3: an array of C is a tuple here.
  fileprivate func sint(_ n: Int) -> UnsafeMutablePointer<vtlscope_sint> {
    (UnsafeMutableRawPointer(self) + MemoryLayout<vtlscope_context>.offset(of: \.sints)!)
      .assumingMemoryBound(to: vtlscope_sint.self) + n
  }
  fileprivate func stimer(_ n: Int) -> UnsafeMutablePointer<vtlscope_stimer> {
    (UnsafeMutableRawPointer(self) + MemoryLayout<vtlscope_context>.offset(of: \.stimers)!)
      .assumingMemoryBound(to: vtlscope_stimer.self) + n
  }
}

extension RegionWriter {
  func store(synicOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>) {
    guard let synic = context.synic else { return }
    record.pointee.synic_control = synic.control
    record.pointee.message_page = synic.messagePage
    record.pointee.event_page = synic.eventPage
    for n in 0..<min(16, synic.sources.count) {
      let source = synic.sources[n]
      record.sint(n).pointee = vtlscope_sint(
        config: source.register, delivered: source.delivered, dropped: source.dropped,
        message_type: source.messageType, queued: source.queued, event_flags: source.eventFlags,
        message_pending: source.isMessagePending ? 1 : 0, reserved: (0, 0, 0))
    }
    for n in 0..<min(4, context.syntheticTimers.count) {
      let timer = context.syntheticTimers[n]
      let present =
        (timer.due == nil ? 0 : VTLSCOPE_STIMER_DUE) | (timer.lastExpiry == nil ? 0 : VTLSCOPE_STIMER_LAST_EXPIRY)
      record.stimer(n).pointee = vtlscope_stimer(
        config: timer.config, count: timer.count, due: timer.due?.rawValue ?? 0,
        last_expiry: timer.lastExpiry?.rawValue ?? 0, expired: timer.expired, skipped: timer.skipped,
        present: UInt8(present), waits: timer.isWaiting ? 1 : 0, reserved: (0, 0, 0, 0, 0, 0))
    }
  }

  func store(vsmOf context: borrowing ContextSnapshot, _ record: UnsafeMutablePointer<vtlscope_context>) {
    record.pointee.vsm_partition_config = context.vsm.partitionConfig
    if context.vsm.secureConfig.count >= 2 {
      record.pointee.vsm_secure_config = (context.vsm.secureConfig[0], context.vsm.secureConfig[1])
    }
    record.pointee.intercept_control = context.vsm.interceptControl
    record.pointee.intercept_cr0_mask = context.vsm.cr0Mask
    record.pointee.intercept_cr4_mask = context.vsm.cr4Mask
    record.pointee.intercept_misc_enable_mask = context.vsm.miscEnableMask
    record.pointee.pending_event = context.vsm.pendingEvent
    record.pointee.reference_tsc = context.vsm.referenceTSC
    record.pointee.waits_for_tlb = context.vsm.isWaitingForTLB ? 1 : 0
  }
}

/// The SynIC of a record; nothing where the writer has none.
func decodeSynIC(_ record: UnsafePointer<vtlscope_context>, _ context: inout ContextSnapshot) {
  guard record.pointee.present & VTLSCOPE_CONTEXT_SYNIC != 0 else { return }
  let record = UnsafeMutablePointer(mutating: record)
  var synic = SynICSnapshot()
  synic.control = record.pointee.synic_control
  synic.messagePage = record.pointee.message_page
  synic.eventPage = record.pointee.event_page
  for n in 0..<16 {
    let raw = record.sint(n).pointee
    synic.sources[n].register = raw.config
    synic.sources[n].delivered = raw.delivered
    synic.sources[n].dropped = raw.dropped
    synic.sources[n].messageType = raw.message_type
    synic.sources[n].queued = raw.queued
    synic.sources[n].eventFlags = raw.event_flags
    synic.sources[n].isMessagePending = raw.message_pending != 0
  }
  context.synic = synic
  context.syntheticTimers = (0..<4).map { n in
    let raw = record.stimer(n).pointee
    let present = UInt32(raw.present)
    var timer = SyntheticTimerSnapshot()
    timer.config = raw.config
    timer.count = raw.count
    timer.due = present & VTLSCOPE_STIMER_DUE == 0 ? nil : VirtualTime(rawValue: raw.due)
    timer.lastExpiry = present & VTLSCOPE_STIMER_LAST_EXPIRY == 0 ? nil : VirtualTime(rawValue: raw.last_expiry)
    timer.expired = raw.expired
    timer.skipped = raw.skipped
    timer.isWaiting = raw.waits != 0
    return timer
  }
}

func decodeVSM(_ record: UnsafePointer<vtlscope_context>, _ context: inout ContextSnapshot) {
  context.vsm.partitionConfig = record.pointee.vsm_partition_config
  context.vsm.secureConfig = [record.pointee.vsm_secure_config.0, record.pointee.vsm_secure_config.1]
  context.vsm.interceptControl = record.pointee.intercept_control
  context.vsm.cr0Mask = record.pointee.intercept_cr0_mask
  context.vsm.cr4Mask = record.pointee.intercept_cr4_mask
  context.vsm.miscEnableMask = record.pointee.intercept_misc_enable_mask
  context.vsm.pendingEvent = record.pointee.pending_event
  context.vsm.referenceTSC = record.pointee.reference_tsc
  context.vsm.isWaitingForTLB = record.pointee.waits_for_tlb != 0
}
