import Architecture

/// Why an instruction did not run to its end. Nothing it did shows, except completed iterations of a repeated one.
enum Stop: UInt8, Error {
  /// `CPUState.fault` has to be delivered.
  case fault
  /// It touches a memory-mapped register: to be run again alone.
  case single
  /// `CPUState.exit` is for the machine.
  case exit
  /// `CPUState.exit` is for the machine, but the instruction is done and RIP has gone on.
  case retired
  /// A repeated instruction used up the slice and goes on later.
  case yield
  /// Decoded bytes have been overwritten: look RIP up again.
  case stale
}

extension UnsafeMutablePointer where Pointee == CPUState {
  @inline(never)
  func fail(_ fault: Fault) -> Stop {
    pointee.fault = fault
    return .fault
  }
  /// #SS for the stack segment, #GP for the others, with error code 0.
  @inline(never)
  func failAddress(_ segment: UInt8) -> Stop {
    fail(segment == SegmentName.ss.rawValue ? .stackSegment() : .generalProtection())
  }
  func leave(_ exit: Exit, _ pending: Pending, _ op: OpPointer) -> Stop {
    pointee.exit = exit
    pointee.pending = pending
    pointee.pendingLength = op.pointee.length
    return .exit
  }
}
