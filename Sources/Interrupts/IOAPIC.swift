import Architecture
import Journal

/// An IOAPIC: interrupt lines in, interrupt messages out (82093AA data sheet; SDM Vol. 3A, 12.8.5 for its part in EOI).
///
/// A value: a change of a line, a register write and an EOI change it and *return* what they want done, in order.
/// After a `.send` the caller says with `complete` what became of the message, before anything else happens here.
public struct IOAPIC: Sendable {
  /// What kind of IOAPIC it is. Fixed at creation.
  public struct Configuration: Hashable, Sendable {
    public var base: GPA
    /// The global system interrupt of pin 0.
    public var firstInterrupt: UInt32
    /// Version 20h, with an EOI register, in place of 11h.
    public var hasEOIRegister: Bool
    /// As KVM has it: a level-triggered message that the slow scan found nobody for sets remote IRR as well.
    public var wedgesOnNobody: Bool

    public init(
      base: GPA = IOAPIC.defaultBase, firstInterrupt: UInt32 = 0, hasEOIRegister: Bool = false,
      wedgesOnNobody: Bool = false
    ) {
      self.base = base
      self.firstInterrupt = firstInterrupt
      self.hasEOIRegister = hasEOIRegister
      self.wedgesOnNobody = wedgesOnNobody
    }
  }

  public static var defaultBase: GPA { GPA(0xFEC0_0000) }
  public static var pinCount: Int { 24 }
  /// How many re-fires in a row, each by an EOI that finds the line still up, are a storm.
  ///
  /// A driver that cannot quiet its device would never get on with anything else: on hardware an EOI takes a while to
  /// come round, and KVM holds such a pin back as well, after as many re-fires and for as long. Both are counted in
  /// the machine's own terms here, so that every run has the same storms.
  public static var stormLength: Int { 10_000 }
  /// How long a stormy pin waits before its next message.
  public static var stormPause: VirtualTime { .milliseconds(10) }

  public let configuration: Configuration
  /// Bits 27:24 of the ID register.
  public internal(set) var id: UInt8 = 0
  /// IOREGSEL.
  var select: UInt8 = 0
  var pins: [Pin]

  /// A pin: what there is to see of it, and what it remembers beside.
  struct Pin: Sendable {
    var state: PinSnapshot
    /// Raised again while remote IRR was set.
    var waits = false
    /// EOIs in a row that found the line up and sent again.
    var refires = 0
    /// A storm: no message before this.
    var heldUntil: VirtualTime?
  }

  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    pins = (0..<Self.pinCount).map { Pin(state: PinSnapshot(index: UInt8($0))) }
  }

  /// Names what is on a pin's line, for those who look.
  public mutating func name(_ device: String, on pin: Int) { pins[pin].state.device = device }

  /// Sets the group that a pin's messages are resolved in.
  public mutating func setGroup(_ group: GroupID, of pin: Int) { pins[pin].state.group = group }

  public subscript(pin: Int) -> PinSnapshot { pins[pin].state }

  /// Everything there is to see.
  public var snapshot: IOAPICSnapshot {
    IOAPICSnapshot(
      id: id, version: version, base: configuration.base.rawValue, firstInterrupt: configuration.firstInterrupt,
      pins: pins.map(\.state))
  }

  /// Whether a pin of the group wants to hear of this vector's EOI.
  public func handles(_ vector: VectorNumber, in group: GroupID) -> Bool {
    pins.contains { pin in
      pin.state.group == group && pin.state.entry.isLevelTriggered && pin.state.entry.vector == vector
    }
  }

  /// When a pin that is held back sends next.
  public var due: VirtualTime? { pins.lazy.compactMap(\.heldUntil).min() }
}

/// What the IOAPIC wants done or known.
public enum IOAPICEffect: Hashable, Sendable {
  /// A pin was looked at and sends nothing now.
  case looked(pin: UInt8, PinCause, PinOutcome, isHigh: Bool)
  /// A pin sends: resolve the message in the group, then call `complete`.
  case send(pin: UInt8, PinCause, InterruptMessage, GroupID)
  case routeWritten(pin: UInt8, from: RedirectionEntry, to: RedirectionEntry)
  case remoteIRRCleared(pin: UInt8, VectorNumber, RemoteIRRClearing, JourneyID)
}

/// What became of a message, all the local APICs it was for taken together.
public enum MessageDelivery: Hashable, Sendable {
  /// Nobody answers to the address. On the slow scan KVM's delivery function returns -1.
  case unmatched(RoutePath)
  /// It reached a local APIC that turned it down. KVM: 0.
  case discarded
  /// It is pending in at least one.
  case accepted
  /// Every IRR bit it was for was set already. KVM counts it as delivered.
  case merged

  public var isDelivered: Bool { self == .accepted || self == .merged }

  /// Before any of the local APICs on the route has answered.
  public init(_ route: Route) {
    // A software-disabled APIC answers to its address.
    self = route.count > 0 || route.reason == .softwareDisabled ? .discarded : .unmatched(route.path)
  }

  /// Takes the answer of one of them.
  public mutating func add(_ acceptance: Acceptance) {
    switch acceptance {
    case .pending: self = .accepted
    case .merged where self != .accepted: self = .merged
    case .merged, .rejected: break
    }
  }
}
