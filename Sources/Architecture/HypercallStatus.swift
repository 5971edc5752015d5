/// What a hypercall answers: HV_STATUS, bits 15:0 of the result value (TLFS, "Hypercall Status Codes").
///
/// Only the codes that this core answers with are named.
public struct HypercallStatus: RawRepresentable, Hashable, Error {
  public let rawValue: UInt16
  @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static var success: Self { Self(rawValue: 0x0000) }
  /// HV_STATUS_INVALID_HYPERCALL_CODE: no such hypercall here.
  public static var invalidHypercallCode: Self { Self(rawValue: 0x0002) }
  /// HV_STATUS_INVALID_HYPERCALL_INPUT: the control word does not fit the hypercall.
  public static var invalidHypercallInput: Self { Self(rawValue: 0x0003) }
  /// HV_STATUS_INVALID_ALIGNMENT: a parameter address is misaligned, crosses a page or is out of range.
  public static var invalidAlignment: Self { Self(rawValue: 0x0004) }
  /// HV_STATUS_INVALID_PARAMETER.
  public static var invalidParameter: Self { Self(rawValue: 0x0005) }
  /// HV_STATUS_ACCESS_DENIED.
  public static var accessDenied: Self { Self(rawValue: 0x0006) }
  /// HV_STATUS_INVALID_PARTITION_ID.
  public static var invalidPartitionID: Self { Self(rawValue: 0x000D) }
  /// HV_STATUS_INVALID_VP_INDEX.
  public static var invalidVPIndex: Self { Self(rawValue: 0x000E) }
  /// HV_STATUS_INVALID_PORT_ID: the connection leads to a port of the other kind.
  public static var invalidPortID: Self { Self(rawValue: 0x0011) }
  /// HV_STATUS_INVALID_CONNECTION_ID.
  public static var invalidConnectionID: Self { Self(rawValue: 0x0012) }
  /// HV_STATUS_INSUFFICIENT_BUFFERS: all message buffers of the port are in use.
  public static var insufficientBuffers: Self { Self(rawValue: 0x0013) }
  /// HV_STATUS_INVALID_VP_STATE.
  public static var invalidVPState: Self { Self(rawValue: 0x0015) }
  /// HV_STATUS_INVALID_SYNIC_STATE: the target's SynIC, page or source is off.
  public static var invalidSynICState: Self { Self(rawValue: 0x0018) }
  /// HV_STATUS_INVALID_REGISTER_VALUE.
  public static var invalidRegisterValue: Self { Self(rawValue: 0x0050) }
  /// HV_STATUS_INVALID_VTL_STATE.
  public static var invalidVTLState: Self { Self(rawValue: 0x0051) }
  /// HV_STATUS_INVALID_DEVICE_ID: no device has it.
  public static var invalidDeviceID: Self { Self(rawValue: 0x0057) }
  /// HV_STATUS_VTL_ALREADY_ENABLED.
  public static var vtlAlreadyEnabled: Self { Self(rawValue: 0x0086) }

  /// The name the specification gives it, without the prefix; nil for a code not named here.
  public var name: String? {
    switch self {
    case .success: "SUCCESS"
    case .invalidHypercallCode: "INVALID_HYPERCALL_CODE"
    case .invalidHypercallInput: "INVALID_HYPERCALL_INPUT"
    case .invalidAlignment: "INVALID_ALIGNMENT"
    case .invalidParameter: "INVALID_PARAMETER"
    case .accessDenied: "ACCESS_DENIED"
    case .invalidPartitionID: "INVALID_PARTITION_ID"
    case .invalidVPIndex: "INVALID_VP_INDEX"
    case .invalidPortID: "INVALID_PORT_ID"
    case .invalidConnectionID: "INVALID_CONNECTION_ID"
    case .insufficientBuffers: "INSUFFICIENT_BUFFERS"
    case .invalidVPState: "INVALID_VP_STATE"
    case .invalidSynICState: "INVALID_SYNIC_STATE"
    case .invalidRegisterValue: "INVALID_REGISTER_VALUE"
    case .invalidVTLState: "INVALID_VTL_STATE"
    case .invalidDeviceID: "INVALID_DEVICE_ID"
    case .vtlAlreadyEnabled: "VTL_ALREADY_ENABLED"
    default: nil
    }
  }
}
