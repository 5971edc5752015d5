import Architecture
import Interrupts
import Journal

/// What keeps an accepted interrupt in the IRR: the first closed gate on its way to the ISR.
public enum Gate: Hashable, Sendable {
  /// Nothing: it is taken at the next instruction boundary of a running machine.
  case open
  /// A higher vector of the same IRR goes first; only the highest is considered.
  case behind(VectorNumber)
  /// The local APIC is disabled in IA32_APIC_BASE or in SVR.
  case apicDisabled
  case waitsForStartup
  case shutDown
  /// Another VTL of the VP runs, and it is a higher one.
  case otherVTL(VTL)
  /// The PPR is not below its class because of the TPR.
  case taskPriority(UInt8)
  /// The PPR is not below its class because of a vector in service.
  case inService(VectorNumber)
  /// RFLAGS.IF is 0.
  case interruptsDisabled
  /// The instruction after STI or MOV SS.
  case shadow

  /// The order is the architecture's: is the processor there, which context has it, what does the APIC let
  /// through, what does the processor let in. A higher VTL's interrupt preempts a lower VTL whatever the IF
  /// of either.
  public init(_ vector: VectorNumber, in context: ContextSnapshot, _ snapshot: Snapshot) {
    self = Self.find(vector, context, snapshot)
  }

  private static func find(_ vector: VectorNumber, _ context: ContextSnapshot, _ snapshot: Snapshot) -> Gate {
    if !context.isAPICEnabled { return .apicDisabled }
    switch context.activity {
    case .waitForStartup: return .waitsForStartup
    case .shutdown: return .shutDown
    case .running, .halted: break
    }
    let running = snapshot.activeVTL(of: context.id.vp) ?? context.id.vtl
    if running > context.id.vtl { return .otherVTL(running) }
    if let first = context.pending.first, first.vector > vector { return .behind(first.vector) }
    let cause = priorityCause(
      of: vector, taskPriority: context.taskPriority, inService: context.inService.first?.vector)
    switch cause {
    case .taskPriority(let tpr): return .taskPriority(tpr)
    case .inService(let isr): return .inService(isr)
    case nil: break
    }
    guard context.isActive else { return .open }
    if !context.interruptsEnabled { return .interruptsDisabled }
    return context.interruptShadow ? .shadow : .open
  }

  public var text: String {
    switch self {
    case .open: "open"
    case .behind(let vector): "behind \(vector.text)"
    case .apicDisabled: "APIC disabled"
    case .waitsForStartup: "waits for SIPI"
    case .shutDown: "shut down"
    case .otherVTL(let vtl): "VTL\(vtl.rawValue) runs"
    case .taskPriority(let value): "PPR \(hex2(value)) (TPR)"
    case .inService(let vector): "PPR \(hex2(vector.priorityClass)) (ISR \(vector.text))"
    case .interruptsDisabled: "IF=0"
    case .shadow: "interrupt shadow"
    }
  }
}

extension Snapshot {
  /// The VTL that `vp` is in.
  public func activeVTL(of vp: VPIndex) -> VTL? {
    let count = Int(machine.vtlCount)
    for vtl in 0..<count {
      if let context = self[ContextID(vp: vp, vtl: VTL(vtl))], context.isActive { return context.id.vtl }
    }
    return nil
  }
}
