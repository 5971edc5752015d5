/// The registers of a synthetic interrupt controller and its timers, as MSRs and as VP registers (TLFS, "Synthetic
/// Interrupt Controller" and "Synthetic Timers"). One instance per VP and VTL.
public enum SynICRegister: Hashable, Sendable {
  /// SCONTROL: bit 0 enable.
  case control
  /// SVERSION: 1, read-only.
  case version
  /// SIEFP: bit 0 enable, 63:12 the page of the event flags.
  case eventPage
  /// SIMP: bit 0 enable, 63:12 the page of the messages.
  case messagePage
  /// EOM: any write looks for messages that wait; reads 0.
  case endOfMessage
  /// SINT0...15.
  case source(Int)
  /// STIMER0...3_CONFIG.
  case timerConfig(Int)
  /// STIMER0...3_COUNT.
  case timerCount(Int)

  public static var sourceCount: Int { 16 }
  public static var timerCount: Int { 4 }

  /// The register behind MSR `msr`, or nil.
  public init?(msr: UInt32) {
    switch msr {
    case 0x4000_0080: self = .control
    case 0x4000_0081: self = .version
    case 0x4000_0082: self = .eventPage
    case 0x4000_0083: self = .messagePage
    case 0x4000_0084: self = .endOfMessage
    case 0x4000_0090...0x4000_009F: self = .source(Int(msr & 15))
    case 0x4000_00B0...0x4000_00B7: self = Self.timer(Int(msr & 7))
    default: return nil
    }
  }

  /// The register that a hypercall names so, or nil.
  public init?(_ name: VPRegisterName) {
    switch name.rawValue {
    case 0x000A_0000...0x000A_000F: self = .source(Int(name.rawValue & 15))
    case 0x000A_0010: self = .control
    case 0x000A_0011: self = .version
    case 0x000A_0012: self = .eventPage
    case 0x000A_0013: self = .messagePage
    case 0x000A_0014: self = .endOfMessage
    case 0x000B_0000...0x000B_0007: self = Self.timer(Int(name.rawValue & 7))
    default: return nil
    }
  }

  private static func timer(_ n: Int) -> Self { n & 1 == 0 ? .timerConfig(n / 2) : .timerCount(n / 2) }
}

/// SINTn: vector 7:0, masked 16, auto-EOI 17, polling 18 (TLFS, "SINTx Registers").
public struct SINTRegister: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var atReset: Self { Self(rawValue: 0x1_0000) }
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
  public var isMasked: Bool { rawValue.bit(16) }
  /// Acknowledging its interrupt leaves no ISR bit.
  public var isAutoEOI: Bool { rawValue.bit(17) }
  /// Messages and flags come without an interrupt.
  public var isPolled: Bool { rawValue.bit(18) }
  /// An arrival raises the vector.
  public var interrupts: Bool { !isMasked && !isPolled }
  /// Vectors below 16 are no interrupt vectors.
  public var isValid: Bool { !interrupts || vector.rawValue >= 16 }
}

/// STIMERn_CONFIG (TLFS, "Synthetic Timer Configuration Register").
public struct SyntheticTimerConfig: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public var isEnabled: Bool {
    get { rawValue.bit(0) }
    set { rawValue.setBit(0, newValue) }
  }
  public var isPeriodic: Bool { rawValue.bit(1) }
  public var isLazy: Bool { rawValue.bit(2) }
  /// Writing a COUNT other than 0 enables.
  public var isAutoEnabled: Bool { rawValue.bit(3) }
  /// Raises `vector` in place of a message.
  public var isDirect: Bool { rawValue.bit(12) }
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue &>> 4)) }
  public var sint: Int { Int(rawValue &>> 16 & 15) }
  /// Bits 15:13 and 63:20.
  public var areReservedBitsZero: Bool { rawValue & 0xFFFF_FFFF_FFF0_E000 == 0 }
  /// It has somewhere to send its expiry: SINT0 is the hypervisor's own.
  public var hasTarget: Bool { isDirect || sint != 0 }
}
