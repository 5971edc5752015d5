import Architecture
import Interrupts
import Journal

/// Task and processor priority of a context, from its registers (SDM Vol. 3A, 12.8.3).
extension ContextSnapshot {
  /// The task-priority register, 080h.
  public var taskPriority: UInt8 { UInt8(truncatingIfNeeded: apic[0x80]) }

  /// The vector of the highest in-service interrupt, or 0.
  var highestInService: UInt8 { inService.first?.vector.rawValue ?? 0 }

  /// The PPR, of the TPR and the highest ISR bit.
  public var processorPriority: UInt8 {
    Interrupts.processorPriority(taskPriority: taskPriority, inService: highestInService)
  }

  /// The highest pending vector when its class is above the PPR, the full byte of it; only that one is
  /// considered.
  public var deliverable: VectorState? {
    guard let first = pending.first, isDeliverable(first.vector, above: processorPriority) else { return nil }
    return first
  }

  /// IA32_APIC_BASE.EN and SVR bit 8.
  var isAPICEnabled: Bool { apicBase.bit(11) && apic[0xF0].bit(8) }
}
