extension Interpreter {
  /// Instead of completing an exit: the instruction runs again, from its beginning.
  ///
  /// For a hypercall that goes on where it was suspended (TLFS, "Hypercall Continuation").
  public func retry(_ processor: Processor) { processor.state.pointee.pending = .none }
}
