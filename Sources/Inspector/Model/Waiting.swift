import Architecture
import Diagnosis
import Journal

/// What a context's highest pending interrupt waits for, in words: the gate is diagnosis's, the words are a
/// sentence.
public struct Waiting: Hashable, Sendable {
  /// The highest vector of the IRR, and what holds it; nil when nothing is pending.
  public var highest: VectorState?
  public var gate: Gate?
  private var context: ContextSnapshot

  public init(_ context: ContextSnapshot, in snapshot: Snapshot) {
    self.context = context
    guard context.isEnabled, let first = context.pending.first else { return }
    highest = first
    gate = Gate(first.vector, in: context, snapshot)
  }

  /// Whether something that is pending is kept waiting.
  public var isHeld: Bool { gate != nil && gate != .open }

  /// `VTL1 is active`, `4f class 4 <= PPR 50 class 5`, `nothing pending`.
  public var text: String {
    guard context.isEnabled else { return "VTL not enabled on this VP" }
    guard let highest, let gate else {
      switch context.activity {
      case .waitForStartup: return "waits for SIPI"
      case .shutdown: return "shut down after a triple fault"
      case .running, .halted: return "nothing pending"
      }
    }
    switch gate {
    case .open: return "\(highest.vector.text) is taken next"
    case .otherVTL(let vtl): return "\(highest.vector.text) waits: VTL\(vtl.rawValue) is active"
    case .taskPriority, .inService:
      let ppr = context.processorPriority
      let (ours, its) = (TextForm.hex(highest.vector.rawValue >> 4), TextForm.hex(ppr >> 4))
      return "\(highest.vector.text) class \(ours) <= PPR \(TextForm.hex(ppr, 2)) class \(its)"
    case .interruptsDisabled: return "\(highest.vector.text) waits: IF is 0"
    case .behind, .apicDisabled, .waitsForStartup, .shutDown, .shadow:
      return "\(highest.vector.text) waits: \(gate.text)"
    }
  }
}
