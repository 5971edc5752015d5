/// The hypercall input value: RCX, or EDX:EAX outside 64-bit mode (TLFS, "Hypercall Inputs").
public struct HypercallInput: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public init(
    _ code: HypercallCode, isFast: Bool = false, variableHeader: Int = 0, repCount: Int = 0, repStart: Int = 0
  ) {
    rawValue = UInt64(code.rawValue)
    rawValue.setBit(16, isFast)
    rawValue.setField(17, 10, UInt64(truncatingIfNeeded: variableHeader))
    rawValue.setField(32, 12, UInt64(truncatingIfNeeded: repCount))
    rawValue.setField(48, 12, UInt64(truncatingIfNeeded: repStart))
  }

  /// Bits 15:0.
  public var code: HypercallCode { HypercallCode(rawValue: UInt16(truncatingIfNeeded: rawValue)) }
  /// Bit 16: the parameters are in registers.
  public var isFast: Bool { rawValue.bit(16) }
  /// Bits 26:17, in units of 8 bytes.
  public var variableHeaderSize: Int { Int(rawValue.field(17, 10)) }
  /// Bit 31: for the hypervisor at the bottom of a nest. Means nothing without nesting.
  public var isNested: Bool { rawValue.bit(31) }
  /// Bits 43:32; 0 for a simple call.
  public var repCount: Int { Int(rawValue.field(32, 12)) }
  /// Bits 59:48: the first element that has not been done yet.
  public var repStart: Int {
    get { Int(rawValue.field(48, 12)) }
    set { rawValue.setField(48, 12, UInt64(truncatingIfNeeded: newValue)) }
  }
  /// Bits 30:27, 47:44 and 63:60 are zero, as they have to be.
  public var areReservedBitsZero: Bool { rawValue & 0xF000_F000_7800_0000 == 0 }
}

/// The hypercall result value: RAX, or EDX:EAX outside 64-bit mode (TLFS, "Hypercall Outputs").
public struct HypercallResult: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public init(_ status: HypercallStatus, repsCompleted: Int = 0) {
    rawValue = UInt64(status.rawValue)
    rawValue.setField(32, 12, UInt64(truncatingIfNeeded: repsCompleted))
  }

  /// Bits 15:0.
  public var status: HypercallStatus { HypercallStatus(rawValue: UInt16(truncatingIfNeeded: rawValue)) }
  /// Bits 43:32: counts elements of earlier continuations too.
  public var repsCompleted: Int { Int(rawValue.field(32, 12)) }
}
