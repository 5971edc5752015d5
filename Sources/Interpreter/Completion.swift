import Architecture
import Memory

/// Completing an exit: before anything else happens to that VP.
extension Interpreter {
  /// The value of a port, an MSR, a memory-mapped register or CR8.
  public func completeRead(_ value: UInt64, of processor: Processor) {
    let c = processor.state
    let pending = c.pointee.pending
    c.pointee.pending = .none
    switch pending {
    case .portIn:
      c.setRegister(0, UInt8(c.pointee.reads[0].size), value)
      advance(processor)
    case .readMSR:
      c.setR32(0, UInt32(truncatingIfNeeded: value))
      c.setR32(16, UInt32(truncatingIfNeeded: value &>> 32))
      advance(processor)
    case .readTaskPriority:
      c.setR64(UInt8(truncatingIfNeeded: c.pointee.reads[0].size), value)
      advance(processor)
    case .mmioRead:
      let cursor = c.pointee.readCursor & 7
      c.pointee.reads[cursor].value = value & widthMask(UInt8(c.pointee.reads[cursor].size))
      c.pointee.readCount = cursor &+ 1
    default: preconditionFailure("no read to complete")
    }
  }

  public func completeCPUID(eax: UInt32, ebx: UInt32, ecx: UInt32, edx: UInt32, of processor: Processor) {
    let c = processor.state
    precondition(c.pointee.pending == .cpuid, "no CPUID to complete")
    c.pointee.pending = .none
    c.setR32(0, eax)
    c.setR32(24, ebx)
    c.setR32(8, ecx)
    c.setR32(16, edx)
    advance(processor)
  }

  /// `writeMSR`, `hypercall` and `writeTaskPriority` are done: RIP goes on.
  public func completeWrite(of processor: Processor) {
    precondition(processor.state.pointee.pending == .write, "no write to complete")
    processor.state.pointee.pending = .none
    advance(processor)
  }

  /// The instruction fails instead: RIP stays and the exception is delivered.
  public func fail(_ processor: Processor, with fault: Fault) {
    let c = processor.state
    if c.pointee.pending.isPaid { processor.instructions &-= 1 }
    c.pointee.pending = .none
    c.pointee.isTrapDueOnCompletion = false
    c.pointee.readCount = 0
    prepare(c)
    // What was intercepted may have been on the way to a handler.
    if let event = c.pointee.held {
      escalate(c, event, fault)
      deliverHeld(c)
      return
    }
    c.pointee.fault = fault
    deliverFault(c)
  }

  private func advance(_ processor: Processor) {
    let c = processor.state
    c.pointee.rip = (c.pointee.rip &+ UInt64(c.pointee.pendingLength)) & c.ripMask
    c.pointee.shadow = false
    c.pointee.stackShadow = false
    if c.pointee.isTrapDueOnCompletion {
      c.pointee.isTrapDueOnCompletion = false
      c.pointee.pendingDebug |= DR6.singleStep
    }
  }
}
