/// The name of a VP register in hypercalls: HV_REGISTER_NAME, 32 bits (TLFS).
///
/// An open set: a guest may ask for any number. Values are 16 bytes.
public struct VPRegisterName: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What CPUID says, as registers: 128 bits, EAX lowest.
extension VPRegisterName {
  public static var hypervisorVersion: Self { Self(rawValue: 0x0000_0100) }
  public static var privilegesAndFeatures: Self { Self(rawValue: 0x0000_0200) }
  public static var features: Self { Self(rawValue: 0x0000_0201) }
  public static var limits: Self { Self(rawValue: 0x0000_0202) }
  public static var hardwareFeatures: Self { Self(rawValue: 0x0000_0203) }
}

/// Processor state. General registers except RSP, CR2 and DR0...DR3 are shared by the VTLs of a VP.
extension VPRegisterName {
  public static var interruptState: Self { Self(rawValue: 0x0001_0003) }
  /// RAX RCX RDX RBX RSP RBP RSI RDI R8...R15: 0...15.
  public static func general(_ n: Int) -> Self { Self(rawValue: 0x0002_0000 | UInt32(n & 15)) }
  public static var rax: Self { general(0) }
  public static var rcx: Self { general(1) }
  public static var rdx: Self { general(2) }
  public static var rsp: Self { general(4) }
  public static var rip: Self { Self(rawValue: 0x0002_0010) }
  public static var rflags: Self { Self(rawValue: 0x0002_0011) }
  public static func xmm(_ n: Int) -> Self { Self(rawValue: 0x0003_0000 | UInt32(n & 15)) }
  public static var cr0: Self { Self(rawValue: 0x0004_0000) }
  public static var cr2: Self { Self(rawValue: 0x0004_0001) }
  public static var cr3: Self { Self(rawValue: 0x0004_0002) }
  public static var cr4: Self { Self(rawValue: 0x0004_0003) }
  public static var cr8: Self { Self(rawValue: 0x0004_0004) }
  public static var xcr0: Self { Self(rawValue: 0x0004_0005) }
  public static var dr0: Self { Self(rawValue: 0x0005_0000) }
  public static var dr1: Self { Self(rawValue: 0x0005_0001) }
  public static var dr2: Self { Self(rawValue: 0x0005_0002) }
  public static var dr3: Self { Self(rawValue: 0x0005_0003) }
  public static var dr6: Self { Self(rawValue: 0x0005_0004) }
  public static var dr7: Self { Self(rawValue: 0x0005_0005) }
  public static var es: Self { Self(rawValue: 0x0006_0000) }
  public static var cs: Self { Self(rawValue: 0x0006_0001) }
  public static var ss: Self { Self(rawValue: 0x0006_0002) }
  public static var ds: Self { Self(rawValue: 0x0006_0003) }
  public static var fs: Self { Self(rawValue: 0x0006_0004) }
  public static var gs: Self { Self(rawValue: 0x0006_0005) }
  public static var ldtr: Self { Self(rawValue: 0x0006_0006) }
  public static var tr: Self { Self(rawValue: 0x0006_0007) }
  public static var idtr: Self { Self(rawValue: 0x0007_0000) }
  public static var gdtr: Self { Self(rawValue: 0x0007_0001) }
}

/// Architectural MSRs.
extension VPRegisterName {
  public static var tsc: Self { Self(rawValue: 0x0008_0000) }
  public static var efer: Self { Self(rawValue: 0x0008_0001) }
  public static var kernelGSBase: Self { Self(rawValue: 0x0008_0002) }
  public static var apicBase: Self { Self(rawValue: 0x0008_0003) }
  public static var pat: Self { Self(rawValue: 0x0008_0004) }
  public static var sysenterCS: Self { Self(rawValue: 0x0008_0005) }
  public static var sysenterEIP: Self { Self(rawValue: 0x0008_0006) }
  public static var sysenterESP: Self { Self(rawValue: 0x0008_0007) }
  public static var star: Self { Self(rawValue: 0x0008_0008) }
  public static var lstar: Self { Self(rawValue: 0x0008_0009) }
  public static var cstar: Self { Self(rawValue: 0x0008_000A) }
  public static var sfmask: Self { Self(rawValue: 0x0008_000B) }
  public static var initialApicID: Self { Self(rawValue: 0x0008_000C) }
  public static var tscAux: Self { Self(rawValue: 0x0008_007B) }
}

/// The local APIC: 84000h + the number of the x2APIC MSR.
extension VPRegisterName {
  public static func apic(msr: UInt32) -> Self { Self(rawValue: 0x0008_4000 &+ (msr & 0xFFF)) }
  /// The x2APIC MSR (802h...83Fh) that this register mirrors, or nil.
  public var apicMSR: UInt32? {
    let msr = rawValue &- 0x0008_4000
    return (0x802...0x83F).contains(msr) ? msr : nil
  }
}

/// Synthetic registers, most of them the twin of a synthetic MSR.
extension VPRegisterName {
  public static var vpRuntime: Self { Self(rawValue: 0x0009_0000) }
  public static var hypercall: Self { Self(rawValue: 0x0009_0001) }
  public static var guestOSID: Self { Self(rawValue: 0x0009_0002) }
  public static var vpIndex: Self { Self(rawValue: 0x0009_0003) }
  public static var timeReferenceCount: Self { Self(rawValue: 0x0009_0004) }
  public static var vpAssistPage: Self { Self(rawValue: 0x0009_0013) }
  public static var referenceTSC: Self { Self(rawValue: 0x0009_0017) }
}

/// Virtual secure mode.
extension VPRegisterName {
  public static var vsmCodePageOffsets: Self { Self(rawValue: 0x000D_0002) }
  public static var vsmVPStatus: Self { Self(rawValue: 0x000D_0003) }
  public static var vsmPartitionStatus: Self { Self(rawValue: 0x000D_0004) }
  public static var vsmVina: Self { Self(rawValue: 0x000D_0005) }
  public static var vsmCapabilities: Self { Self(rawValue: 0x000D_0006) }
  public static var vsmPartitionConfig: Self { Self(rawValue: 0x000D_0007) }
  public static func vsmVPSecureConfig(_ vtl: VTL) -> Self {
    Self(rawValue: 0x000D_0010 | UInt32(vtl.rawValue & 15))
  }
  /// The VTL whose VsmVpSecureConfigVtl register this is (0...14), or nil.
  public var secureConfigVTL: VTL? {
    let n = rawValue &- 0x000D_0010
    return n < 15 ? VTL(Int(n)) : nil
  }
}
