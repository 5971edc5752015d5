/// An interrupt or exception that a processor takes before its next instruction: register PendingInterruption, 64 bits
/// (TLFS, HV_X64_PENDING_INTERRUPTION_REGISTER).
public struct PendingInterruption: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case external = 0
    case nonMaskable = 2
    case exception = 3
    /// INT n.
    case softwareInterrupt = 4
    /// INT1.
    case privilegedException = 5
    /// INT3 and INTO.
    case softwareException = 6

    /// An instruction asked for it, and RIP goes on behind that.
    public var hasInstruction: Bool { rawValue >= Self.softwareInterrupt.rawValue }
  }

  public init(_ kind: Kind, vector: UInt8, errorCode: UInt32? = nil, instructionLength: Int = 0) {
    rawValue = 1 | UInt64(kind.rawValue) << 1 | UInt64(vector) << 16
    if let errorCode { rawValue |= 1 << 4 | UInt64(errorCode) << 32 }
    if kind.hasInstruction { rawValue |= UInt64(instructionLength & 15) << 5 }
  }

  /// Bit 0; the rest means nothing without it.
  public var isPending: Bool { rawValue.bit(0) }
  /// Bits 3:1.
  public var kind: Kind? { Kind(rawValue: UInt8(rawValue.field(1, 3))) }
  /// Bits 8:5, for kinds that have an instruction.
  public var instructionLength: Int { Int(rawValue.field(5, 4)) }
  /// Bits 31:16.
  public var vector: UInt8 { UInt8(truncatingIfNeeded: rawValue.field(16, 16)) }
  /// Bits 63:32, where bit 4 says that there is one.
  public var errorCode: UInt32? { rawValue.bit(4) ? UInt32(rawValue >> 32) : nil }

  /// Something a processor could have on its way: no reserved bit (15:10), nothing of a nested guest (9), and a vector
  /// and an error code that go with the kind.
  public var isValid: Bool {
    guard isPending else { return true }
    guard rawValue & 0xFE00 == 0, rawValue.field(16, 16) < 256, let kind else { return false }
    switch kind {
    case .external, .softwareInterrupt: return errorCode == nil
    case .nonMaskable: return vector == 2 && errorCode == nil
    case .exception:
      return Fault.vectors.contains(vector) && Fault.vectorsWithCode.contains(vector) == (errorCode != nil)
    case .privilegedException: return vector == 1 && errorCode == nil
    case .softwareException: return (vector == 3 || vector == 4) && errorCode == nil
    }
  }
}

extension Fault {
  /// The exceptions that software may be given: all but NMI, #VE, #VC and #SX.
  public static let vectors: Set<UInt8> = [0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 21]
  /// Those that push an error code.
  public static let vectorsWithCode: Set<UInt8> = [8, 10, 11, 12, 13, 14, 17, 21]
}

/// What a VP waits for: register InternalActivityState, read-only.
public struct InternalActivityState: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// Bit 0: a start-up IPI, or HvCallStartVirtualProcessor.
  public static var startupSuspend: Self { Self(rawValue: 1 << 0) }
  /// Bit 1: HLT.
  public static var haltSuspend: Self { Self(rawValue: 1 << 1) }
  /// Bit 2: HV_X64_MSR_GUEST_IDLE.
  public static var idleSuspend: Self { Self(rawValue: 1 << 2) }
}

extension VPRegisterName {
  public static var internalActivityState: Self { Self(rawValue: 0x0000_0004) }
  public static var pendingInterruption: Self { Self(rawValue: 0x0001_0002) }
}
