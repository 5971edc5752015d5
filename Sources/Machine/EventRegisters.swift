import Architecture
import HyperV
import Interpreter
import Journal

/// The registers by which a higher VTL sees, and sets, what a lower one takes when it runs next (TLFS, "Virtual
/// Processor Registers").
///
/// PendingEvent0 is for exceptions that a higher VTL gives. PendingInterruption is what was on its way already, such as
/// an interrupt whose delivery was intercepted. A context has one of the two; the events 1 to 3 that the specification
/// numbers are not offered.
extension Partition {
  func readEventRegister(_ name: VPRegisterName, of id: ContextID, _ state: PrivateState) -> UInt64? {
    switch name {
    case .interruptState: (state.interruptShadow ? 1 : 0) | (state.nmiBlocked ? 2 : 0)
    case .pendingInterruption: state.pendingInterruption?.rawValue ?? 0
    case .internalActivityState:
      switch context(id).pointee.activity {
      case .waitForStartup: InternalActivityState.startupSuspend.rawValue
      case .halted: InternalActivityState.haltSuspend.rawValue
      case .idle: InternalActivityState.idleSuspend.rawValue
      case .running, .shutdown: 0
      }
    default: nil
    }
  }

  /// Taken when the VTL is entered next, also by one that is halted.
  func writePendingInterruption(_ value: UInt64, of id: ContextID) -> VPRegisterWrite {
    let interruption = PendingInterruption(rawValue: value)
    guard interruption.isValid else { return .invalidValue }
    var state = privateState(of: id)
    state.pendingInterruption = interruption.isPending ? interruption : nil
    setPrivateState(state, of: id)
    if interruption.isPending {
      record(.eventInjected(id.vtl, vector: interruption.vector, errorCode: interruption.errorCode), context: id)
      wake(id)
    }
    return .written
  }
}
