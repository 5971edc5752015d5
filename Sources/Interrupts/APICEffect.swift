import Architecture
import Journal

/// What a register write wants done: the local APIC has changed itself already, the rest is the machine's.
public enum APICEffect: Hashable, Sendable {
  case none
  /// The ICR or SELF IPI was written: route this inside the APIC's group, with this APIC's context as the
  /// sender.
  case send(InterruptMessage)
  /// A fixed or lowest-priority IPI with a vector below 16: not sent. Call `raise(.error, ...)`.
  case sendRejected(InterruptMessage, Rejection)
  /// EOI: the highest vector in service is done. See `needsPinService`: a level may be up still.
  case endOfInterrupt(EndOfInterrupt)
  /// EOI while nothing was in service.
  case spuriousEOI
  /// ID, LDR or DFR changed: rebuild the group's maps.
  case mapChanged
  /// IA32_APIC_BASE changed: rebuild the group's maps, look at `timerDue`, the pins and the page's address again.
  case baseChanged(from: APICBase, to: APICBase)
  /// SVR bit 8 changed: rebuild the group's maps, and see `needsPinService`.
  case softwareEnabled(Bool)
  /// `timerDue` may have changed.
  case timerChanged
  /// The entry of a pin was written: see `needsPinService`, and whether an 8259's interrupt is pending.
  case pinsChanged
  /// The timer's mode did not let this write do anything.
  case timerWriteIgnored(TimerRegister, value: UInt64)
  /// TPR (CR8) changed; a fall may make a pending vector deliverable.
  case taskPriorityChanged(from: UInt8, to: UInt8)
  /// A reserved offset was written. Call `raise(.error, ...)`.
  case error(APICErrorStatus)
}

/// What an EOI ended.
public struct EndOfInterrupt: Hashable, Sendable {
  public var vector: VectorNumber
  public var journey: JourneyID
  /// How long the ISR bit was set.
  public var inService: VirtualTime
  /// The vector's TMR bit was set and SVR bit 12 was not: tell the IOAPICs (SDM Vol. 3A, 12.8.5).
  public var broadcasts: Bool

  public init(vector: VectorNumber, journey: JourneyID, inService: VirtualTime, broadcasts: Bool) {
    self.vector = vector
    self.journey = journey
    self.inService = inService
    self.broadcasts = broadcasts
  }
}

/// What the processor got when it asked for an interrupt.
public struct Acknowledgement: Hashable, Sendable {
  public var vector: VectorNumber
  /// How long it had waited in the IRR.
  public var waited: VirtualTime
  public var journey: JourneyID
  /// Nothing was deliverable any more: this is the spurious vector, and no ISR bit was set (SDM Vol. 3A,
  /// 12.9).
  public var isSpurious: Bool

  public init(vector: VectorNumber, waited: VirtualTime, journey: JourneyID, isSpurious: Bool) {
    self.vector = vector
    self.waited = waited
    self.journey = journey
    self.isSpurious = isSpurious
  }
}

/// What became of an interrupt from the local vector table.
public enum LocalDelivery: Hashable, Sendable {
  /// The entry is masked, or the APIC is disabled; an error is suppressed too until ESR is written.
  case masked
  /// Delivered to this APIC itself.
  case accepted(VectorNumber, DeliveryMode, Acceptance)
  /// The entry is in ExtINT mode: an 8259 gives the vector, and `isExternalPending` says when it has one.
  case external
}

/// An expiry of the local APIC timer.
public struct TimerExpiry: Hashable, Sendable {
  /// When the last of them was due.
  public var due: VirtualTime
  /// How many expired since the timer was last looked at; more than one only when periodic and late.
  public var count: UInt64
  public var delivery: LocalDelivery
  /// The vector of the LVT entry, masked or not.
  public var vector: VectorNumber
  public var isMasked: Bool { delivery == .masked }

  public init(due: VirtualTime, count: UInt64, delivery: LocalDelivery, vector: VectorNumber) {
    self.due = due
    self.count = count
    self.delivery = delivery
    self.vector = vector
  }
}

/// What the local APIC must know of its processor to accept NMIs and SIPIs.
public struct ProcessorCondition: Hashable, Sendable {
  /// An NMI handler runs: one more NMI is remembered, not two.
  public var isNMIBlocked: Bool
  /// It waits for a SIPI.
  public var waitsForStartup: Bool

  public init(isNMIBlocked: Bool = false, waitsForStartup: Bool = false) {
    self.isNMIBlocked = isNMIBlocked
    self.waitsForStartup = waitsForStartup
  }
}

/// The two ways to start over. SDM Vol. 3A, 12.4.7.
public enum APICReset: Hashable, Sendable {
  /// Power-up or RESET: everything.
  case powerUp
  /// INIT: the APIC ID and IA32_APIC_BASE stay.
  case initSignal
}
