import Architecture

/// The processor priority (PPR) of a task priority and the highest vector in service, 0 when there is none.
///
/// SDM Vol. 3A, 12.8.3.1: the whole TPR byte when its class is at least that of ISRV; else ISRV's class with
/// the low half 0.
@inline(__always)
public func processorPriority(taskPriority tpr: UInt8, inService isrv: UInt8) -> UInt8 {
  tpr & 0xF0 >= isrv & 0xF0 ? tpr : isrv & 0xF0
}

/// Whether an APIC with this processor priority offers `vector` to its processor.
///
/// SDM Vol. 3A, 12.8.3.1 compares the classes, bits 7:4; a class is above PPR's exactly when it exceeds the
/// whole byte.
@inline(__always)
public func isDeliverable(_ vector: VectorNumber, above priority: UInt8) -> Bool {
  vector.priorityClass > priority
}

/// What holds the highest pending vector back inside its own local APIC.
public enum PriorityCause: Hashable, Sendable {
  /// The task priority (TPR, CR8) is of the vector's class or above.
  case taskPriority(UInt8)
  /// An interrupt of the same class or above is in service: no EOI yet.
  case inService(VectorNumber)
}

/// Why `vector` is not deliverable; nil when it is.
///
/// The task priority is named when both hold it back and the TPR made the PPR, as SDM Vol. 3A, 12.8.3.1
/// computes it.
public func priorityCause(
  of vector: VectorNumber, taskPriority tpr: UInt8, inService isrv: VectorNumber?
) -> PriorityCause? {
  let service = isrv?.rawValue ?? 0
  guard !isDeliverable(vector, above: processorPriority(taskPriority: tpr, inService: service)) else {
    return nil
  }
  if let isrv, tpr & 0xF0 < isrv.priorityClass { return .inService(isrv) }
  return .taskPriority(tpr)
}
