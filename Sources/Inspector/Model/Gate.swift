import Architecture
import Diagnosis
import Journal

/// What stands between a context and its highest pending interrupt, the outermost gate first.
public enum Gate: Hashable, Sendable {
  case notEnabled
  case waitsForStartup
  case shutDown
  case nothingPending
  /// IA32_APIC_BASE.EN or SVR bit 8 is 0.
  case apicDisabled
  /// The class of the vector is not above that of the PPR.
  case priority(VectorState, ppr: UInt8)
  /// Another VTL of the VP is active, and it is a higher one.
  case inactive(behind: ContextID)
  /// STI or MOV SS has just been executed.
  case shadow(VectorState)
  /// RFLAGS.IF is 0. Looked at only in the active context: a higher VTL is entered whatever its IF.
  case interruptsOff(VectorState)
  /// Nothing: it is taken at the next instruction boundary.
  case open(VectorState)

  public init(_ context: ContextSnapshot, in snapshot: Snapshot) {
    self = Self.closed(context, in: snapshot)
  }

  private static func closed(_ context: ContextSnapshot, in snapshot: Snapshot) -> Gate {
    guard context.isEnabled else { return .notEnabled }
    if context.activity == .waitForStartup { return .waitsForStartup }
    if context.activity == .shutdown { return .shutDown }
    guard let highest = context.pending.first else { return .nothingPending }
    guard context.apicBase.bit(11), context.apic[0xF0].bit(8) else { return .apicDisabled }
    guard context.deliverable != nil else { return .priority(highest, ppr: context.processorPriority) }
    guard context.isActive else {
      guard let active = snapshot.activeContext(of: context.id.vp), active.id.vtl > context.id.vtl else {
        return .open(highest)
      }
      return .inactive(behind: active.id)
    }
    if context.interruptShadow { return .shadow(highest) }
    return context.interruptsEnabled ? .open(highest) : .interruptsOff(highest)
  }

  public var text: String {
    switch self {
    case .notEnabled: "VTL not enabled on this VP"
    case .waitsForStartup: "waits for SIPI"
    case .shutDown: "shut down after a triple fault"
    case .nothingPending: "nothing pending"
    case .apicDisabled: "local APIC disabled"
    case .priority(let state, let ppr):
      "class \(TextForm.hex(state.vector.rawValue >> 4)) of \(state.vector.text) <= class \(TextForm.hex(ppr >> 4)) of PPR"
    case .inactive(let active): "VTL\(active.vtl.rawValue) is active"
    case .shadow: "interrupt shadow"
    case .interruptsOff: "IF is 0"
    case .open(let state): "\(state.vector.text) is taken next"
    }
  }

  /// Whether something that is pending is kept waiting.
  public var isBlocking: Bool {
    switch self {
    case .notEnabled, .waitsForStartup, .shutDown, .nothingPending, .open: false
    case .apicDisabled, .priority, .inactive, .shadow, .interruptsOff: true
    }
  }
}
