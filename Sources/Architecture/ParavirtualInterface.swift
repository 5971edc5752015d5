/// KVM's paravirtual interface, as far as this core offers it.
///
/// Linux, Documentation/virt/kvm/x86: hypercalls.rst, cpuid.rst, msr.rst.
public enum ParavirtualInterface {
  /// CPUID: the signature. Where Hyper-V's leaves are offered too, KVM's stand 100h above them.
  public static var signatureLeaf: UInt32 { 0x4000_0100 }
  /// CPUID: EAX has the features.
  public static var featuresLeaf: UInt32 { 0x4000_0101 }
  /// MSR_KVM_PV_EOI_EN: bit 0 enable, bits 63:2 the guest physical address of the byte.
  public static var lazyEOIMSR: UInt32 { 0x4B56_4D04 }

  /// `featuresLeaf` EAX.
  public struct Features: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// KVM_FEATURE_PV_EOI.
    public static var lazyEOI: Self { Self(rawValue: 1 << 6) }
    /// KVM_FEATURE_PV_UNHALT.
    public static var kick: Self { Self(rawValue: 1 << 7) }
    /// KVM_FEATURE_PV_SEND_IPI.
    public static var sendIPI: Self { Self(rawValue: 1 << 11) }
    /// KVM_FEATURE_PV_SCHED_YIELD.
    public static var yield: Self { Self(rawValue: 1 << 13) }
  }

  /// What there is.
  public static var features: Features { [.lazyEOI, .kick, .sendIPI, .yield] }
}

/// The hypercalls of KVM's ABI that this core answers: the number in RAX.
public enum ParavirtualCall: UInt64, Hashable, Sendable {
  /// KVM_HC_KICK_CPU: RCX an APIC ID. Whoever is halted there goes on.
  case kick = 5
  /// KVM_HC_SEND_IPI: RBX and RCX two bitmaps, RDX the APIC ID of bit 0, RSI the ICR.
  case sendIPI = 10
  /// KVM_HC_SCHED_YIELD: RBX the APIC ID of who should run instead.
  case yield = 11
}

/// What a hypercall of KVM's ABI returns in place of a result, negated.
public enum ParavirtualError: Int64, Error, Hashable, Sendable {
  case notPermitted = 1
  case invalid = 22
  case noSuchCall = 1000
}
