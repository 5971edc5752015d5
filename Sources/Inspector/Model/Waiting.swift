import Architecture
import Diagnosis
import Interrupts
import Journal

/// What a context's highest pending interrupt waits for, in words.
public struct Waiting: Hashable, Sendable {
  /// The highest vector of the IRR; nil when nothing is pending.
  public var highest: VectorState?
  /// What holds it; nil when nothing does.
  public var gate: DeliveryGate?
  /// What holds an interrupt of the 8259.
  private var externalGate: DeliveryGate?
  private var context: ContextSnapshot

  public init(_ context: ContextSnapshot, in snapshot: Snapshot) {
    self.context = context
    if context.externalPending { externalGate = snapshot.externalOutlook(in: context).gate }
    guard context.isEnabled, let first = context.pending.first else { return }
    highest = first
    gate = snapshot.outlook(of: first.vector, in: context).gate
  }

  /// Whether something that is pending is kept waiting.
  public var isHeld: Bool { gate != nil }

  /// `VTL1 is active`, `4f class 4 <= PPR 50 class 5`, `nothing pending`.
  public var text: String {
    guard context.isEnabled else { return "VTL not enabled on this VP" }
    guard let highest else {
      switch context.activity {
      case .waitForStartup: return "waits for SIPI"
      case .shutdown: return "shut down after a triple fault"
      case .running, .halted, .idle:
        guard context.externalPending else { return "nothing pending" }
        return externalGate.map { "ExtINT waits: \($0.text)" } ?? "ExtINT is taken next"
      }
    }
    switch gate {
    case nil: return "\(highest.vector.text) is taken next"
    case .vtlInactive(let vtl): return "\(highest.vector.text) waits: VTL\(vtl.rawValue) is active"
    case .taskPriority, .inService:
      let ppr = context.processorPriority
      let (ours, its) = (TextForm.hex(highest.vector.rawValue >> 4), TextForm.hex(ppr >> 4))
      return "\(highest.vector.text) class \(ours) <= PPR \(TextForm.hex(ppr, 2)) class \(its)"
    case .interruptsDisabled(isHalted: false): return "\(highest.vector.text) waits: IF is 0"
    case let gate?: return "\(highest.vector.text) waits: \(gate.text)"
    }
  }
}
