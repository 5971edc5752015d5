/// The number of a hypercall: bits 15:0 of its control word (TLFS, "Hypercall Interface" and appendix A).
///
/// An open set: a guest may ask for any number.
public struct HypercallCode: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt16
  @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// HvCallFlushVirtualAddressSpace.
  public static var flushVirtualAddressSpace: Self { Self(rawValue: 0x0002) }
  /// HvCallFlushVirtualAddressList.
  public static var flushVirtualAddressList: Self { Self(rawValue: 0x0003) }
  /// HvCallNotifyLongSpinWait.
  public static var notifyLongSpinWait: Self { Self(rawValue: 0x0008) }
  /// HvCallSendSyntheticClusterIpi.
  public static var sendSyntheticClusterIPI: Self { Self(rawValue: 0x000B) }
  /// HvCallModifyVtlProtectionMask.
  public static var modifyVTLProtectionMask: Self { Self(rawValue: 0x000C) }
  /// HvCallEnablePartitionVtl.
  public static var enablePartitionVTL: Self { Self(rawValue: 0x000D) }
  /// HvCallEnableVpVtl.
  public static var enableVPVTL: Self { Self(rawValue: 0x000F) }
  /// HvCallVtlCall.
  public static var vtlCall: Self { Self(rawValue: 0x0011) }
  /// HvCallVtlReturn.
  public static var vtlReturn: Self { Self(rawValue: 0x0012) }
  /// HvCallFlushVirtualAddressSpaceEx.
  public static var flushVirtualAddressSpaceEx: Self { Self(rawValue: 0x0013) }
  /// HvCallFlushVirtualAddressListEx.
  public static var flushVirtualAddressListEx: Self { Self(rawValue: 0x0014) }
  /// HvCallSendSyntheticClusterIpiEx.
  public static var sendSyntheticClusterIPIEx: Self { Self(rawValue: 0x0015) }
  /// HvCallInstallIntercept.
  public static var installIntercept: Self { Self(rawValue: 0x004D) }
  /// HvCallGetVpRegisters.
  public static var getVPRegisters: Self { Self(rawValue: 0x0050) }
  /// HvCallSetVpRegisters.
  public static var setVPRegisters: Self { Self(rawValue: 0x0051) }
  /// HvCallTranslateVirtualAddress.
  public static var translateVirtualAddress: Self { Self(rawValue: 0x0052) }
  /// HvCallPostMessage.
  public static var postMessage: Self { Self(rawValue: 0x005C) }
  /// HvCallSignalEvent.
  public static var signalEvent: Self { Self(rawValue: 0x005D) }
  /// HvCallRetargetDeviceInterrupt.
  public static var retargetDeviceInterrupt: Self { Self(rawValue: 0x007E) }
  /// HvCallAssertVirtualInterrupt.
  public static var assertVirtualInterrupt: Self { Self(rawValue: 0x0094) }
  /// HvCallStartVirtualProcessor.
  public static var startVirtualProcessor: Self { Self(rawValue: 0x0099) }
  /// HvCallGetVpIndexFromApicId.
  public static var getVPIndexFromApicID: Self { Self(rawValue: 0x009A) }
  /// HvCallTranslateVirtualAddressEx.
  public static var translateVirtualAddressEx: Self { Self(rawValue: 0x00AC) }
  /// HvCallSignalEventDirect.
  public static var signalEventDirect: Self { Self(rawValue: 0x00C0) }
  /// HvCallPostMessageDirect.
  public static var postMessageDirect: Self { Self(rawValue: 0x00C1) }
  /// HvCallCheckSparseGpaPageVtlAccess.
  public static var checkSparsePageAccess: Self { Self(rawValue: 0x00D4) }
  /// HvCallGetVpCpuidValues.
  public static var getVPCPUIDValues: Self { Self(rawValue: 0x00F4) }
  /// HvExtCallQueryCapabilities.
  public static var queryExtendedCapabilities: Self { Self(rawValue: 0x8001) }

  /// The name the specification gives it, without the prefix; nil when this core does not offer it.
  public var name: String? {
    switch self {
    case .flushVirtualAddressSpace: "FlushVirtualAddressSpace"
    case .flushVirtualAddressList: "FlushVirtualAddressList"
    case .notifyLongSpinWait: "NotifyLongSpinWait"
    case .sendSyntheticClusterIPI: "SendSyntheticClusterIpi"
    case .modifyVTLProtectionMask: "ModifyVtlProtectionMask"
    case .enablePartitionVTL: "EnablePartitionVtl"
    case .enableVPVTL: "EnableVpVtl"
    case .vtlCall: "VtlCall"
    case .vtlReturn: "VtlReturn"
    case .flushVirtualAddressSpaceEx: "FlushVirtualAddressSpaceEx"
    case .flushVirtualAddressListEx: "FlushVirtualAddressListEx"
    case .sendSyntheticClusterIPIEx: "SendSyntheticClusterIpiEx"
    case .installIntercept: "InstallIntercept"
    case .getVPRegisters: "GetVpRegisters"
    case .setVPRegisters: "SetVpRegisters"
    case .translateVirtualAddress: "TranslateVirtualAddress"
    case .postMessage: "PostMessage"
    case .signalEvent: "SignalEvent"
    case .retargetDeviceInterrupt: "RetargetDeviceInterrupt"
    case .assertVirtualInterrupt: "AssertVirtualInterrupt"
    case .startVirtualProcessor: "StartVirtualProcessor"
    case .getVPIndexFromApicID: "GetVpIndexFromApicId"
    case .translateVirtualAddressEx: "TranslateVirtualAddressEx"
    case .signalEventDirect: "SignalEventDirect"
    case .postMessageDirect: "PostMessageDirect"
    case .checkSparsePageAccess: "CheckSparseGpaPageVtlAccess"
    case .getVPCPUIDValues: "GetVpCpuidValues"
    case .queryExtendedCapabilities: "QueryExtendedCapabilities"
    default: nil
    }
  }
}
