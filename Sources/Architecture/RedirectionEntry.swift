/// An entry of an IOAPIC's redirection table: what a pin asks for, and whom (82093AA data sheet, 3.2.4).
public struct RedirectionEntry: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// After reset: masked, and nothing else.
  public static var atReset: Self { Self(rawValue: 1 &<< 16) }

  /// Bits 7:0.
  public var vector: VectorNumber {
    get { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
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
  /// Bit 12, read-only: an interrupt waits to be sent.
  public var isSendPending: Bool {
    get { rawValue.bit(12) }
    set { rawValue.setBit(12, newValue) }
  }
  /// Bit 13: the line is active low. Kept, and not looked at: lines here are high when asserted.
  public var isActiveLow: Bool {
    get { rawValue.bit(13) }
    set { rawValue.setBit(13, newValue) }
  }
  /// Bit 14, read-only: a level-triggered interrupt was accepted and its EOI has not come.
  public var isRemoteIRRSet: Bool {
    get { rawValue.bit(14) }
    set { rawValue.setBit(14, newValue) }
  }
  /// Bit 15: level (1) or edge (0).
  public var isLevelTriggered: Bool {
    get { rawValue.bit(15) }
    set { rawValue.setBit(15, newValue) }
  }
  /// Bit 16.
  public var isMasked: Bool {
    get { rawValue.bit(16) }
    set { rawValue.setBit(16, newValue) }
  }
  /// Bits 63:56: an APIC ID, or a logical destination.
  public var destination: UInt8 {
    get { UInt8(truncatingIfNeeded: rawValue &>> 56) }
    set { rawValue.setField(56, 8, UInt64(newValue)) }
  }
}
