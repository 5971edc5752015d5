import Architecture

/// The second half of a hypercall: doing it.
extension HyperVPartition {
  /// Executes `request`.
  ///
  /// `memory` is what a `.memory` input asked for, or nil when some of it could not be read (or the output
  /// could not be written), which the caller is told with INVALID_HYPERCALL_INPUT. At most `repBudget`
  /// elements are done at a time, so that a long list holds up neither interrupts nor other VPs.
  public mutating func execute(
    _ request: HypercallRequest, memory: [UInt8]?, at now: VirtualTime, runTime: VirtualTime,
    registers: inout some VPRegisterAccess, repBudget: Int = 64
  ) -> HypercallOutcome {
    let control = request.control
    var outcome = HypercallOutcome(
      control, answering: HypercallResult(.success, repsCompleted: control.repStart))
    guard let input = request.inputBytes(memory) else {
      outcome.status = .invalidHypercallInput
      return outcome
    }
    var call = HypercallInvocation(
      caller: request.caller, control: control, isLongMode: request.isLongMode, now: now, runTime: runTime,
      input: input, shape: request.hypercall.shape)
    if request.hypercall.shape.element == nil {
      do throws(HypercallStatus) {
        try request.hypercall.execute(&call, on: &self, registers: &registers)
      } catch {
        outcome.status = error
      }
    } else {
      executeReps(request.hypercall, &call, &outcome, registers: &registers, repBudget: max(repBudget, 1))
    }
    outcome.effects = call.effects
    outcome.subject = request.hypercall.subject(of: call)
    outcome.setOutput(call.output, request, elementSize: request.hypercall.shape.outputElement)
    return outcome
  }

  private mutating func executeReps(
    _ hypercall: any Hypercall.Type, _ call: inout HypercallInvocation, _ outcome: inout HypercallOutcome,
    registers: inout some VPRegisterAccess, repBudget: Int
  ) {
    let end = min(call.control.repStart + repBudget, call.control.repCount)
    for rep in call.control.repStart..<end {
      call.rep = rep
      do throws(HypercallStatus) {
        try hypercall.execute(&call, on: &self, registers: &registers)
      } catch {
        outcome.status = error
        return
      }
      outcome.repsCompleted = rep + 1
    }
    outcome.isSuspended = end < call.control.repCount
  }
}

extension HypercallRequest {
  fileprivate func inputBytes(_ memory: [UInt8]?) -> [UInt8]? {
    switch input {
    case .none: []
    case .registers(let bytes): bytes
    case .memory(_, let count): memory.flatMap { $0.count == count ? $0 : nil }
    }
  }
}

extension HypercallOutcome {
  /// The output list has a place for every element; this invocation's begin at the rep it started with.
  fileprivate mutating func setOutput(_ bytes: [UInt8], _ request: HypercallRequest, elementSize: Int) {
    guard !bytes.isEmpty else { return }
    let offset = elementSize * request.control.repStart
    switch request.output {
    case .none: break
    case .memory(let address, _): memoryOutput = (address + UInt64(offset), bytes)
    case .registers(let base): registerOutput = (base + offset, bytes)
    }
  }
}
