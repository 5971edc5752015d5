import Architecture

/// An exception that a higher VTL gives to a lower one: register PendingEvent0 (TLFS, HV_X64_PENDING_EXCEPTION_EVENT).
public struct PendingEvent: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt128
  public init(rawValue: UInt128) { self.rawValue = rawValue }

  /// Pending 0, type 3:1 (0 exception), error code valid 8, vector 31:16, error code 63:32, parameter 127:64 (CR2).
  public init(_ fault: Fault) {
    rawValue = 1 | UInt128(fault.vector) << 16 | UInt128(fault.address) << 64
    if let code = fault.errorCode { rawValue |= 1 << 8 | UInt128(code) << 32 }
  }

  public var isPending: Bool { rawValue & 1 != 0 }

  /// The exception; nil for another kind of event, a vector that is none of the processor's own exceptions, an error
  /// code where the vector has none, and reserved bits.
  public var fault: Fault? {
    let low = UInt64(truncatingIfNeeded: rawValue)
    let vector = UInt8(truncatingIfNeeded: low.field(16, 16))
    guard isPending, low & 0xFF00_FEFE == 0, Fault.vectors.contains(vector) else { return nil }
    guard low.bit(8) else { return Fault(vector: vector, address: UInt64(truncatingIfNeeded: rawValue >> 64)) }
    guard Fault.vectorsWithCode.contains(vector) else { return nil }
    return Fault(vector: vector, errorCode: UInt32(low >> 32), address: UInt64(truncatingIfNeeded: rawValue >> 64))
  }
}

extension VPRegisterName {
  /// What a VTL takes before its next instruction, given by one above it.
  public static var pendingEvent0: Self { Self(rawValue: 0x0001_0004) }
}
