extension Interpreter {
  /// Instead of completing an exit: the instruction runs again, from its beginning.
  ///
  /// For a hypercall that goes on where it was suspended (TLFS, "Hypercall Continuation"), and for an access that a higher
  /// VTL hears of first. What it read of memory-mapped registers is forgotten.
  public func retry(_ processor: Processor) {
    if processor.state.pointee.pending.isPaid { processor.instructions &-= 1 }
    processor.state.pointee.pending = .none
    processor.state.pointee.isTrapDueOnCompletion = false
    processor.state.pointee.readCount = 0
  }
}

extension Processor {
  /// An instruction is under way: it has made some of its MMIO accesses, and has to be run to its end before anything
  /// else happens on this VP.
  public var isMidInstruction: Bool {
    state.pointee.pending != .none || state.pointee.readCount > 0 || state.pointee.writeCount > 0
  }
}
