/// How a local APIC is enabled: IA32_APIC_BASE bits 11 (EN) and 10 (EXTD). SDM Vol. 3A, table 12-5.
public enum APICMode: UInt8, Hashable, Sendable, CaseIterable {
  case disabled = 0
  /// EXTD without EN: no processor can be in it.
  case invalid = 1
  case xAPIC = 2
  case x2APIC = 3
}

/// The IA32_APIC_BASE MSR (1Bh). SDM Vol. 3A, 12.4.4 and 12.12.1.
public struct APICBase: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var msr: UInt32 { 0x1B }
  /// Where the register page is after power-up.
  public static var defaultAddress: GPA { GPA(0xFEE0_0000) }

  /// Bit 8: this is the bootstrap processor.
  public var isBootstrap: Bool {
    get { rawValue.bit(8) }
    set { rawValue.setBit(8, newValue) }
  }
  /// Bits 11:10.
  @inline(__always) public var mode: APICMode {
    get { APICMode(rawValue: UInt8(truncatingIfNeeded: rawValue.field(10, 2))).unsafelyUnwrapped }
    set { rawValue.setField(10, 2, UInt64(newValue.rawValue)) }
  }
  /// Bits 51:12: the page of the registers in xAPIC mode.
  public var address: GPA { GPA(rawValue & 0x000F_FFFF_FFFF_F000) }
}
