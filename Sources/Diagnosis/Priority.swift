import Architecture
import Journal

/// Task and processor priority of a context, from its registers (SDM Vol. 3A, 12.8.3).
extension ContextSnapshot {
  /// The task-priority register, 080h.
  public var taskPriority: UInt8 { UInt8(truncatingIfNeeded: apic[0x80]) }

  /// The vector of the highest in-service interrupt, or 0.
  var highestInService: UInt8 { inService.first?.vector.rawValue ?? 0 }

  /// The processor priority: the whole TPR when its class is not below that of the highest ISR bit, else the
  /// ISR's class.
  public var processorPriority: UInt8 {
    taskPriority & 0xF0 >= highestInService & 0xF0 ? taskPriority : highestInService & 0xF0
  }

  /// Whether the PPR is what it is because of the TPR.
  var priorityComesFromTask: Bool { taskPriority & 0xF0 >= highestInService & 0xF0 }

  /// The highest pending vector when its class is above the PPR, the full byte of it; only that one is
  /// considered.
  public var deliverable: VectorState? {
    guard let first = pending.first, first.vector.priorityClass > processorPriority else { return nil }
    return first
  }

  /// IA32_APIC_BASE.EN and SVR bit 8.
  var isAPICEnabled: Bool { apicBase.bit(11) && apic[0xF0].bit(8) }
}
