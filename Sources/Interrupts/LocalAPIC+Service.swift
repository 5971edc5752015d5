import Architecture
import Journal

extension LocalAPIC {
  /// CR8: bits 7:4 of the TPR (SDM Vol. 3A, 12.8.6).
  public var cr8: UInt64 { UInt64(taskPriority &>> 4) }

  /// MOV to CR8. The caller has checked that bits 63:4 are 0. Works while the APIC is disabled, too.
  public mutating func writeCR8(_ value: UInt64, at now: VirtualTime, rip: UInt64) -> APICEffect {
    setTaskPriority(UInt8(truncatingIfNeeded: value) &<< 4, at: now, rip: rip)
  }

  /// Writes the whole TPR.
  public mutating func setTaskPriority(_ value: UInt8, at now: VirtualTime, rip: UInt64) -> APICEffect {
    let old = taskPriority
    lastTaskPriorityWrite = LastWrite(time: now, rip: rip, value: UInt64(value))
    guard value != old else { return .none }
    taskPriority = value
    updatePriority()
    return .taskPriorityChanged(from: old, to: value)
  }

  /// The processor takes the highest deliverable vector: IRR to ISR. SDM Vol. 3A, 12.8.4.
  ///
  /// An auto-EOI vector (TLFS, SINT bit 17) is not marked in service: no EOI is needed. With nothing
  /// deliverable the answer is the spurious vector.
  public mutating func acknowledge(at now: VirtualTime, autoEOI: Bool = false) -> Acknowledgement {
    guard let vector = highestDeliverable, var state = pendingVectors.popLast() else {
      return Acknowledgement(vector: spuriousVector.vector, waited: .zero, journey: .none, isSpurious: true)
    }
    requests.remove(vector)
    let waited = now - state.since
    if !autoEOI {
      service.insert(vector)
      isServiceFresh = true
      state.since = now
      servedVectors.append(state)
    }
    updatePriority()
    return Acknowledgement(vector: vector, waited: waited, journey: state.journey, isSpurious: false)
  }

  /// A write to EOI: the highest vector in service is done. SDM Vol. 3A, 12.8.5.
  public mutating func endOfInterrupt(at now: VirtualTime, rip: UInt64) -> APICEffect {
    guard let state = servedVectors.popLast() else {
      lastEndOfInterrupt = LastWrite(time: now, rip: rip, value: 0)
      counters.spuriousEOIs &+= 1
      return .spuriousEOI
    }
    lastEndOfInterrupt = LastWrite(time: now, rip: rip, value: UInt64(state.vector.rawValue))
    counters.endOfInterrupts &+= 1
    service.remove(state.vector)
    isServiceFresh = false
    clearRemoteIRR(of: state.vector)
    updatePriority()
    let broadcasts = triggerModes.contains(state.vector) && !spuriousVector.suppressesEOIBroadcast
    return .endOfInterrupt(
      EndOfInterrupt(
        vector: state.vector, journey: state.journey, inService: now - state.since, broadcasts: broadcasts))
  }

  private mutating func clearRemoteIRR(of vector: VectorNumber) {
    for pin in [LocalVector.lint0, .lint1] where self[pin].isRemoteIRRSet && self[pin].vector == vector {
      self[pin].isRemoteIRRSet = false
      updatePins()
    }
  }
}
