import Architecture

/// A hypercall whose control word is in order: what to fetch before it can be executed.
public struct HypercallRequest: Sendable {
  public enum Input: Hashable, Sendable {
    case none
    /// Fetch `count` bytes, with the view of memory and the rights of the caller's VTL.
    case memory(GPA, count: Int)
    /// The parameters were in registers; these are they.
    case registers([UInt8])
  }
  public enum Output: Hashable, Sendable {
    case none
    /// All `count` bytes have to be writable by the caller's VTL.
    case memory(GPA, count: Int)
    /// In the register block, from this byte on.
    case registers(offset: Int)
  }

  public let caller: ContextID
  public let control: HypercallInput
  public let isLongMode: Bool
  public let input: Input
  public let output: Output
  let hypercall: any Hypercall.Type
}

/// What became of a VMCALL.
public enum HypercallDecision: Sendable {
  /// The instruction raises this; RIP stays.
  case fault(Fault)
  /// There is nothing to do but to say so: `HypercallRegisters.complete`.
  case answer(HypercallResult)
  case request(HypercallRequest)
  /// Step past VMCALL, then enter `to`.
  case vtlCall(to: VTL)
  /// Step past VMCALL, then go back to `to`. Unless fast, RAX and RCX come from the assist page of the VTL
  /// that is left.
  case vtlReturn(to: VTL, isFast: Bool)
}

/// What a hypercall did.
public struct HypercallOutcome: Sendable {
  public var code: HypercallCode
  public var isFast: Bool
  public var status: HypercallStatus
  /// Elements done, earlier continuations included.
  public var repsCompleted: Int
  /// Elements asked for; 0 for a simple hypercall.
  public var repCount: Int
  /// Elements are left: RIP stays at VMCALL, which goes on at `repsCompleted` when it is executed again.
  public var isSuspended: Bool
  /// What to store in guest memory, and where. Elements that were done are stored even when a later one
  /// failed.
  public var memoryOutput: (address: GPA, bytes: [UInt8])?
  /// The same for a fast hypercall, into the register block.
  var registerOutput: (offset: Int, bytes: [UInt8])?
  /// Who and what it was about; of a rep hypercall the last element that was tried.
  var subject = HypercallSubject()
  /// In order.
  public var effects: [HyperVEffect]

  /// What a hypercall did that was answered without being executed: nothing.
  public init(_ control: HypercallInput, answering result: HypercallResult = HypercallResult(.success)) {
    code = control.code
    isFast = control.isFast
    status = result.status
    repsCompleted = result.repsCompleted
    repCount = control.repCount
    isSuspended = false
    effects = []
  }

  public var result: HypercallResult { HypercallResult(status, repsCompleted: repsCompleted) }

  /// Puts result and output into the caller's registers. When `isSuspended` RIP stays, else it moves past
  /// VMCALL.
  public func store(in registers: inout HypercallRegisters) {
    if let (offset, bytes) = registerOutput { registers.setBlock(bytes, at: offset) }
    if isSuspended { registers.suspend(at: repsCompleted) } else { registers.complete(result) }
  }
}
