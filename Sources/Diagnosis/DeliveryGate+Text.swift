import Architecture
import Interrupts
import Journal

extension DeliveryGate {
  /// Finishes "waits: ".
  public var text: String {
    switch self {
    case .vtlInactive(let active): "VTL\(active.rawValue) runs"
    case .taskPriority(let value): "TPR \(hex2(value))"
    case .inService(let vector): "\(vector.text) is in service"
    case .behind(let vector): "behind \(vector.text)"
    case .interruptsDisabled(let isHalted): isHalted ? "IF=0 and halted: never" : "IF=0"
    case .interruptShadow: "interrupt shadow"
    case .nmiBlocked: "an NMI handler runs"
    case .waitForStartup: "waits for SIPI"
    case .shutdown: "shut down"
    case .apicDisabled: "APIC off in APIC_BASE"
    }
  }
}

extension Outlook {
  /// What keeps it waiting; nil when it is taken next.
  public var gate: DeliveryGate? { if case .held(let gate) = self { gate } else { nil } }
}
