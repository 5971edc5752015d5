import Architecture

/// The hypercalls that are offered, ordered by code. VTL call and VTL return are not among them: they carry
/// no parameters and answer no status, see `VTLSwitching.swift`.
enum HypercallTable {
  static let all: [any Hypercall.Type] = [
    FlushVirtualAddressSpace.self,  // 0x0002
    FlushVirtualAddressList.self,  // 0x0003
    NotifyLongSpinWait.self,  // 0x0008
    SendSyntheticClusterIPI.self,  // 0x000B
    ModifyVTLProtectionMask.self,  // 0x000C
    EnablePartitionVTL.self,  // 0x000D
    EnableVPVTL.self,  // 0x000F
    FlushVirtualAddressSpaceEx.self,  // 0x0013
    FlushVirtualAddressListEx.self,  // 0x0014
    SendSyntheticClusterIPIEx.self,  // 0x0015
    InstallIntercept.self,  // 0x004D
    GetVPRegisters.self,  // 0x0050
    SetVPRegisters.self,  // 0x0051
    TranslateVirtualAddress.self,  // 0x0052
    PostMessage.self,  // 0x005C
    SignalEvent.self,  // 0x005D
    RetargetDeviceInterrupt.self,  // 0x007E
    AssertVirtualInterrupt.self,  // 0x0094
    StartVirtualProcessor.self,  // 0x0099
    GetVPIndexFromApicID.self,  // 0x009A
    TranslateVirtualAddressEx.self,  // 0x00AC
    SignalEventDirect.self,  // 0x00C0
    PostMessageDirect.self,  // 0x00C1
    CheckSparsePageAccess.self,  // 0x00D4
    GetVPCPUIDValues.self,  // 0x00F4
    QueryExtendedCapabilities.self,  // 0x8001
  ]

  static func find(_ code: HypercallCode) -> (any Hypercall.Type)? { all.first { $0.code == code } }
}
