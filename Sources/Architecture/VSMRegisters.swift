/// Where the VTL stubs are in the hypercall page: register VsmCodePageOffsets, read-only.
public struct VSMCodePageOffsets: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(call: Int, return back: Int) {
    rawValue = UInt64(truncatingIfNeeded: call & 0xFFF) | UInt64(truncatingIfNeeded: back & 0xFFF) &<< 12
  }
  /// Bits 11:0.
  public var call: Int { Int(rawValue.field(0, 12)) }
  /// Bits 23:12.
  public var `return`: Int { Int(rawValue.field(12, 12)) }
}

/// The VTLs of one VP: register VsmVpStatus, read-only, the same from every VTL.
public struct VSMVPStatus: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(active: VTL, enabled: VTLSet, isModeBased: Bool) {
    rawValue = UInt64(active.rawValue & 15) | (isModeBased ? 1 << 4 : 0) | UInt64(enabled.rawValue) &<< 16
  }
  /// Bits 3:0.
  public var active: VTL { VTL(rawValue: UInt8(truncatingIfNeeded: rawValue.field(0, 4))) }
  /// Bit 4: mode-based execution control is on for the active VTL.
  public var isModeBased: Bool { rawValue.bit(4) }
  /// Bits 31:16.
  public var enabled: VTLSet { VTLSet(rawValue: UInt16(truncatingIfNeeded: rawValue.field(16, 16))) }
}

/// The VTLs of the partition: register VsmPartitionStatus, read-only.
public struct VSMPartitionStatus: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(enabled: VTLSet, maximum: VTL, modeBased: VTLSet) {
    rawValue =
      UInt64(enabled.rawValue) | UInt64(maximum.rawValue & 15) &<< 16 | UInt64(modeBased.rawValue) &<< 20
  }
  /// Bits 15:0.
  public var enabled: VTLSet { VTLSet(rawValue: UInt16(truncatingIfNeeded: rawValue.field(0, 16))) }
  /// Bits 19:16.
  public var maximum: VTL { VTL(rawValue: UInt8(truncatingIfNeeded: rawValue.field(16, 4))) }
  /// Bits 35:20: the VTLs with mode-based execution control.
  public var modeBased: VTLSet { VTLSet(rawValue: UInt16(truncatingIfNeeded: rawValue.field(20, 16))) }
}

/// Virtual interrupt notification assist (VINA) of a VTL above 0: register VsmVina.
public struct VSMVina: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bits 7:0.
  public var vector: VectorNumber { VectorNumber(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
  /// Bit 8.
  public var isEnabled: Bool { rawValue.bit(8) }
  /// Bit 9: leaving the VTL clears VinaAsserted.
  public var resetsAutomatically: Bool { rawValue.bit(9) }
  /// Bit 10: acknowledging the vector leaves no ISR bit behind.
  public var isAutoEOI: Bool { rawValue.bit(10) }
  /// Bits 63:11.
  public var areReservedBitsZero: Bool { rawValue &>> 11 == 0 }
}

/// What virtual secure mode offers: register VsmCapabilities, read-only.
///
/// The layout counts from the low end (bit 0 Dr6Shared), as shipped headers and hypervisors have it. The
/// specification's table prints the first three fields from the high end, and the guests of KVM's VSM read them there:
/// see `fromTheHighEnd`.
public struct VSMCapabilities: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bit 0: DR6 is shared by the VTLs of a VP, as on Intel processors.
  public static var dr6Shared: UInt64 { 1 << 0 }
  /// Bits 16:1, a bit for each VTL: VTL1 can be enabled with mode-based execution control, for VTL0. Both have their bit,
  /// as they have in VsmPartitionStatus then.
  public static var modeBasedVTLs: UInt64 { 1 << 1 | 1 << 2 }
  /// Bit 17: VsmPartitionConfig.DenyLowerVtlStartup works.
  public static var denyLowerVTLStartup: UInt64 { 1 << 17 }
  /// Bit 27: VsmPartitionConfig.InterceptPage works.
  public static var interceptPage: UInt64 { 1 << 27 }

  /// The value with its first three fields also where the TLFS prints them: Dr6Shared in bit 63, MbecVtlMask in 62:47,
  /// DenyLowerVtlStartup in 46. Counted from the low end these bits are reserved, and guests that count so ignore them.
  public static func fromTheHighEnd(_ value: UInt64) -> UInt64 {
    value | value.field(0, 1) << 63 | value.field(1, 16) << 47 | value.field(17, 1) << 46
  }
}

/// What a VTL above 0 imposes on the VTLs below it: register VsmPartitionConfig, one per VTL of the
/// partition.
public struct VSMPartitionConfig: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bit 0.
  public var enablesProtection: Bool { rawValue.bit(0) }
  /// Bits 4:1: read, write, kernel execute, user execute.
  public var defaultProtectionMask: UInt8 { UInt8(truncatingIfNeeded: rawValue.field(1, 4)) }
  public func keepingMask(of old: Self) -> Self { Self(rawValue: rawValue & ~0x1E | old.rawValue & 0x1E) }
  /// Bit 5: a partition reset clears memory.
  public var zeroesMemoryOnReset: Bool { rawValue.bit(5) }
  /// Bit 6: lower VTLs cannot start or reset a VP.
  public var deniesLowerVTLStartup: Bool { rawValue.bit(6) }
  /// Bit 12: intercept messages go to the VP assist page, not to SINT0.
  public var usesInterceptPage: Bool { rawValue.bit(12) }
  /// Bits 63:13 and 11:7: intercept options that are not offered, and reserved bits.
  public var otherBits: UInt64 { rawValue & ~0x107F }
}

/// What a higher VTL imposes on VTL t of one VP: register VsmVpSecureConfigVtl t.
public struct VSMVPSecureConfig: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bit 0: user execution has a right of its own, see `ProtectionMask`.
  public var isModeBased: Bool { rawValue.bit(0) }
  /// Bit 1: TLB flush hypercalls of VTL t that concern this VP wait.
  public var locksTLB: Bool { rawValue.bit(1) }
}
