/// How an interrupt is delivered: ICR, LVT, RTE and MSI data bits 10:8 (SDM Vol. 3A, 12.6.1).
public enum DeliveryMode: UInt8, Hashable, Sendable, CaseIterable {
  case fixed = 0
  case lowestPriority = 1
  case smi = 2
  case reserved3 = 3
  case nmi = 4
  case initialize = 5
  case startup = 6
  case external = 7
}

/// Whom an ICR write addresses without looking at its destination field: ICR bits 19:18.
public enum DestinationShorthand: UInt8, Hashable, Sendable, CaseIterable {
  case none = 0
  case selfOnly = 1
  case allIncludingSelf = 2
  case allExcludingSelf = 3
}

/// The interrupt command register (ICR) in the x2APIC layout: MSR 830h, destination in bits 63:32.
///
/// SDM Vol. 3A, 12.6.1 and 12.12.9. The xAPIC form keeps an 8-bit destination in bits 63:56; see `init(xAPIC:)`.
public struct InterruptCommand: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Takes the xAPIC pair (ICR high at 310h, ICR low at 300h), moving the 8-bit destination to bits 39:32.
  public init(xAPICHigh high: UInt32, low: UInt32) {
    rawValue = UInt64(low) | UInt64(high &>> 24) &<< 32
  }

  /// Bits 7:0.
  public var vector: VectorNumber {
    get { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue.field(0, 8))) }
    set { rawValue.setField(0, 8, UInt64(newValue.rawValue)) }
  }
  /// Bits 10:8.
  public var deliveryMode: DeliveryMode {
    get { DeliveryMode(rawValue: UInt8(truncatingIfNeeded: rawValue.field(8, 3))).unsafelyUnwrapped }
    set { rawValue.setField(8, 3, UInt64(newValue.rawValue)) }
  }
  /// Bit 11: the destination is a logical one.
  public var isLogical: Bool {
    get { rawValue.bit(11) }
    set { rawValue.setBit(11, newValue) }
  }
  /// Bit 14: assert (1) or de-assert (0); only INIT looks at it.
  public var isAsserted: Bool {
    get { rawValue.bit(14) }
    set { rawValue.setBit(14, newValue) }
  }
  /// Bit 15: level (1) or edge (0).
  public var isLevelTriggered: Bool {
    get { rawValue.bit(15) }
    set { rawValue.setBit(15, newValue) }
  }
  /// Bits 19:18.
  public var shorthand: DestinationShorthand {
    get { DestinationShorthand(rawValue: UInt8(truncatingIfNeeded: rawValue.field(18, 2))).unsafelyUnwrapped }
    set { rawValue.setField(18, 2, UInt64(newValue.rawValue)) }
  }
  /// Bits 63:32: an APIC ID, or a logical destination.
  public var destination: UInt32 {
    get { UInt32(truncatingIfNeeded: rawValue &>> 32) }
    set { rawValue.setField(32, 32, UInt64(newValue)) }
  }
}
