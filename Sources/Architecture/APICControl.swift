/// The spurious-interrupt vector register (SVR), offset F0h, MSR 80Fh. SDM Vol. 3A, 12.9.
public struct SpuriousVector: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// After power-up and INIT: vector FFh, software-disabled.
  public static var reset: Self { Self(rawValue: 0xFF) }

  /// Bits 7:0.
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
  /// Bit 8: APIC software enable.
  @inline(__always) public var isSoftwareEnabled: Bool {
    get { rawValue.bit(8) }
    set { rawValue.setBit(8, newValue) }
  }
  /// Bit 12: an EOI of a level-triggered interrupt is not broadcast to the IOAPICs.
  public var suppressesEOIBroadcast: Bool { rawValue.bit(12) }
}

/// The local APIC version register, offset 30h, MSR 803h. SDM Vol. 3A, 12.4.8.
public struct APICVersion: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Version 14h with six LVT entries and no EOI-broadcast suppression: what KVM and QEMU show.
  public static var standard: Self { Self(rawValue: 0x0005_0014) }
  /// The same with EOI-broadcast suppression: for an IOAPIC with an EOI register.
  public static var withEOISuppression: Self { Self(rawValue: 0x0105_0014) }

  /// Bits 23:16: LVT entries minus one. 6 adds the corrected machine-check entry.
  public var highestLocalVector: UInt8 { UInt8(truncatingIfNeeded: rawValue.field(16, 8)) }
  /// Bit 24: SVR bit 12 can be set.
  public var canSuppressEOIBroadcast: Bool { rawValue.bit(24) }
}

/// The divide configuration register (TDCR), offset 3E0h, MSR 83Eh. SDM Vol. 3A, figure 12-10.
public struct TimerDivide: RawRepresentable, Hashable, Sendable {
  /// Bits 3, 1 and 0; bit 2 is reserved.
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Input clocks per count: 000 is 2, doubling up to 110 which is 128; 111 is 1.
  public var divisor: UInt64 {
    let code = rawValue & 3 | (rawValue & 8) &>> 1
    return code == 7 ? 1 : 2 &<< UInt64(code)
  }
}

/// The error status register (ESR), offset 280h, MSR 828h. SDM Vol. 3A, 12.5.3, figure 12-9.
public struct APICErrorStatus: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Bit 4: a lowest-priority IPI was sent by a processor that cannot send one. Not raised here: this one
  /// can.
  public static var redirectableIPI: Self { Self(rawValue: 1 << 4) }
  /// Bit 5: the vector written to the ICR or to SELF IPI is below 16.
  public static var sendIllegalVector: Self { Self(rawValue: 1 << 5) }
  /// Bit 6: the vector of a message, or of an LVT entry that fired, is below 16.
  public static var receiveIllegalVector: Self { Self(rawValue: 1 << 6) }
  /// Bit 7: a reserved offset of the xAPIC page was accessed.
  public static var illegalRegisterAddress: Self { Self(rawValue: 1 << 7) }
}
