import Architecture

/// CPUID leaves 40000000h...40000006h: exactly what is there (TLFS, "Feature and Interface Discovery").
extension HyperVConfiguration {
  /// The four registers of `leaf`, or nil when it is not one of Hyper-V's.
  public func cpuid(leaf: UInt32) -> (eax: UInt32, ebx: UInt32, ecx: UInt32, edx: UInt32)? {
    switch leaf {
    case HyperVLeaf.vendor: (HyperVLeaf.hardware, 0x7263_694D, 0x666F_736F, 0x7648_2074)  // "Microsoft Hv"
    case HyperVLeaf.interface: (0x3123_7648, 0, 0, 0)  // "Hv#1"
    case HyperVLeaf.version: (1, 0x0001_0000, 0, 0)  // build 1 of version 1.0
    case HyperVLeaf.features:
      (
        UInt32(truncatingIfNeeded: privileges.rawValue),
        UInt32(truncatingIfNeeded: privileges.rawValue &>> 32), 0,
        Self.features
      )
    case HyperVLeaf.recommendations: (Self.recommendations, Self.spinCount, UInt32(physicalAddressWidth), 0)
    case HyperVLeaf.limits: (UInt32(vpCount), 0, 0, 0)
    case HyperVLeaf.hardware: (0, 0, 0, 0)
    default: nil
    }
  }

  /// Leaf 40000003h EDX: 4 XMM registers as hypercall input, 5 the guest idle state, 8 frequency MSRs, 10 crash MSRs, 15 XMM registers as hypercall
  /// output, 14 lists to flush with ranges of large pages, 17 SINTs that are polled, 18 the hypercall MSR's lock, 19 synthetic timers in direct mode.
  private static var features: UInt32 {
    1 << 4 | 1 << 5 | 1 << 8 | 1 << 10 | 1 << 14 | 1 << 15 | 1 << 17 | 1 << 18 | 1 << 19
  }

  /// Leaf 40000004h EAX: 2 flushes of other VPs' TLBs by hypercall, 3 MSRs instead of APIC registers, 5 relaxed timing,
  /// 10 cluster IPIs by hypercall, 11 VP sets instead of 64-bit masks.
  private static var recommendations: UInt32 { 1 << 2 | 1 << 3 | 1 << 5 | 1 << 10 | 1 << 11 }

  /// Leaf 40000004h EBX: how often to try a spinlock before HvCallNotifyLongSpinWait.
  private static var spinCount: UInt32 { 0x1000 }
}
