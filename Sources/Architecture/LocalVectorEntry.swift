/// What an LVT timer entry makes the timer do: bits 18:17. SDM Vol. 3A, 12.5.4, table 12-2.
public enum TimerMode: UInt8, Hashable, Sendable, CaseIterable {
  case oneShot = 0
  case periodic = 1
  case deadline = 2
  case reserved = 3
}

/// One entry of the local vector table (LVT). SDM Vol. 3A, 12.5.1, figure 12-8.
public struct LocalVectorEntry: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// After power-up and INIT: masked, everything else 0.
  public static var reset: Self { Self(rawValue: 0x0001_0000) }

  /// Bits 7:0.
  public var vector: VectorNumber {
    get { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
    set { rawValue.setField(0, 8, UInt32(newValue.rawValue)) }
  }
  /// Bits 10:8. The timer and the error entry have none and are fixed.
  public var deliveryMode: DeliveryMode {
    get { DeliveryMode(rawValue: UInt8(truncatingIfNeeded: rawValue.field(8, 3))).unsafelyUnwrapped }
    set { rawValue.setField(8, 3, UInt32(newValue.rawValue)) }
  }
  /// Bit 12, read-only: sent but not accepted yet. This core accepts at once, so it reads 0.
  public var isSendPending: Bool { rawValue.bit(12) }
  /// Bit 13 of LINT0 and LINT1: active low.
  public var isActiveLow: Bool {
    get { rawValue.bit(13) }
    set { rawValue.setBit(13, newValue) }
  }
  /// Bit 14 of LINT0 and LINT1, read-only: a level interrupt was accepted and its EOI has not come.
  public var isRemoteIRRSet: Bool {
    get { rawValue.bit(14) }
    set { rawValue.setBit(14, newValue) }
  }
  /// Bit 15 of LINT0 and LINT1.
  public var isLevelTriggered: Bool {
    get { rawValue.bit(15) }
    set { rawValue.setBit(15, newValue) }
  }
  /// Bit 16.
  @inline(__always) public var isMasked: Bool {
    get { rawValue.bit(16) }
    set { rawValue.setBit(16, newValue) }
  }
  /// Bits 18:17 of the timer's entry.
  @inline(__always) public var timerMode: TimerMode {
    get { TimerMode(rawValue: UInt8(truncatingIfNeeded: rawValue.field(17, 2))).unsafelyUnwrapped }
    set { rawValue.setField(17, 2, UInt32(newValue.rawValue)) }
  }
}

/// The entries of the local vector table, in the order of their registers.
public enum LocalVector: UInt8, Hashable, Sendable, CaseIterable {
  case timer = 0
  case thermal = 1
  case performance = 2
  case lint0 = 3
  case lint1 = 4
  case error = 5
  /// Only where the version register announces a seventh entry.
  case correctedMachineCheck = 6

  /// The bits software may write. SDM Vol. 3A, figure 12-8.
  public var writableBits: UInt32 {
    switch self {
    case .timer: 0x0007_00FF
    case .thermal, .performance, .correctedMachineCheck: 0x0001_07FF
    case .lint0, .lint1: 0x0001_A7FF
    case .error: 0x0001_00FF
    }
  }

  /// The bits software may set without effect: delivery status, and remote IRR where there is one.
  public var readOnlyBits: UInt32 {
    switch self {
    case .lint0, .lint1: 0x0000_5000
    default: 0x0000_1000
    }
  }

  public var register: APICRegister {
    switch self {
    case .correctedMachineCheck: .correctedMachineCheck
    default: APICRegister(rawValue: 0x32 + rawValue)
    }
  }

  public init?(_ register: APICRegister) {
    switch register.rawValue {
    case 0x32...0x37: self.init(rawValue: register.rawValue - 0x32)
    case 0x2F: self = .correctedMachineCheck
    default: return nil
    }
  }
}
