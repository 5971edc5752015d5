import Architecture
import Journal

// LINT0 and LINT1: what is on the pins of a local APIC, and what its entries make of it (SDM Vol. 3A, 12.5.1).
//
// A pin that wants something delivered is due: after every call that may change that (a pin, a register, EOI), the machine
// asks with `takeDuePin` and calls `raise`. Only ExtINT is not raised: it is a level, offered to the processor as long as it
// lasts, and past IRR, ISR and PPR (12.1; 12.5.1, trigger mode).

/// The state of the pins.
struct LocalPins: Hashable, Sendable {
  /// Bit 0 LINT0, bit 1 LINT1: what is on the wire, and what is to be delivered for it.
  var lines: UInt8 = 0
  var due: UInt8 = 0
  /// A message in ExtINT mode has come: an edge, that lasts until INTA.
  var hasMessage = false
  /// The processor is told that a vector waits at the 8259.
  var offersExternal = false
  /// It is, by a pin, and nobody has looked yet.
  var isExternalNew = false
  /// The newest interrupt of the 8259 that was offered.
  var externalJourney = JourneyID.none

  static func bit(_ pin: LocalVector) -> UInt8 { pin == .lint0 ? 1 : 2 }
}

extension LocalAPIC {
  /// An 8259 has an interrupt for this processor: at a pin in ExtINT mode, at LINT0 with the local APIC disabled, or told by
  /// a message.
  public var isExternalPending: Bool { pins.offersExternal }

  /// Something about the pins is to be looked after: `takeDuePin`, `isExternalNew`.
  public var needsPinService: Bool { pins.due != 0 || pins.isExternalNew }

  /// A pin rises or falls. True when the processor is concerned, or somebody has to look after the pins.
  public mutating func setPin(_ pin: LocalVector, isHigh: Bool) -> Bool {
    let bit = LocalPins.bit(pin)
    guard isHigh != (pins.lines & bit != 0) else { return false }
    let wasPending = isExternalPending
    pins.lines ^= bit
    if isAsserted(pin), takesEdge(pin) { pins.due |= bit }
    updatePins()
    return needsPinService || wasPending != isExternalPending
  }

  /// A disabled local APIC lets the pins through as they are.
  private func isAsserted(_ pin: LocalVector) -> Bool {
    let isHigh = pins.lines & LocalPins.bit(pin) != 0
    return isHardwareEnabled ? isHigh != self[pin].isActiveLow : isHigh
  }

  /// An edge is lost on a masked entry. With the local APIC disabled LINT1 is the NMI pin (12.4.3).
  private func takesEdge(_ pin: LocalVector) -> Bool {
    guard isHardwareEnabled else { return pin == .lint1 }
    return !self[pin].isMasked && !isLevel(pin) && self[pin].deliveryMode != .external
  }

  /// Only LINT0 is, and only for fixed delivery: LINT1 does not do levels (12.5.1, trigger mode).
  func isLevel(_ pin: LocalVector) -> Bool {
    pin == .lint0 && self[pin].deliveryMode == .fixed && self[pin].isLevelTriggered
  }

  /// After every change of the pins, their entries, IA32_APIC_BASE or remote IRR.
  mutating func updatePins() {
    let entry = self[.lint0]
    if isHardwareEnabled, isLevel(.lint0), !entry.isMasked, !entry.isRemoteIRRSet, isAsserted(.lint0) {
      pins.due |= LocalPins.bit(.lint0)
    }
    let isOffered = pins.hasMessage || isExternal(.lint0) || isExternal(.lint1)
    if isOffered, !pins.offersExternal, !pins.hasMessage { pins.isExternalNew = true }
    if !isOffered { pins.isExternalNew = false }
    pins.offersExternal = isOffered
  }

  private func isExternal(_ pin: LocalVector) -> Bool {
    guard isHardwareEnabled else { return pin == .lint0 && isAsserted(pin) }
    return !self[pin].isMasked && self[pin].deliveryMode == .external && isAsserted(pin)
  }

  /// The next pin to `raise`.
  public mutating func takeDuePin() -> LocalVector? {
    guard pins.due != 0 else { return nil }
    let pin: LocalVector = pins.due.bit(0) ? .lint0 : .lint1
    pins.due &= ~LocalPins.bit(pin)
    return pin
  }

  /// The 8259 has something that was not there before: it wants a number.
  public var isExternalNew: Bool { pins.isExternalNew }

  /// And this is its number.
  public mutating func noteExternal(_ journey: JourneyID) {
    pins.isExternalNew = false
    pins.externalJourney = journey
  }

  /// A message in ExtINT mode.
  mutating func latchExternal(_ journey: JourneyID) -> Acceptance {
    let isMerged = isExternalPending
    pins.hasMessage = true
    updatePins()
    guard !isMerged else { return .merged(with: pins.externalJourney) }
    pins.externalJourney = journey
    return .pending
  }

  /// The processor runs the INTA cycles: they answer all that asked for them.
  public mutating func takeExternal() -> JourneyID {
    pins.hasMessage = false
    updatePins()
    return pins.externalJourney
  }
}
