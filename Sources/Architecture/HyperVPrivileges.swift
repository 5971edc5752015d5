/// What a partition may use: HV_PARTITION_PRIVILEGE_MASK, CPUID leaf 40000003h EAX (31:0) and EBX (63:32).
///
/// Only the privileges that this core can grant are named.
public struct HyperVPrivileges: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var vpRuntime: Self { Self(rawValue: 1 << 0) }
  public static var referenceCounter: Self { Self(rawValue: 1 << 1) }
  /// The SynIC registers.
  public static var synic: Self { Self(rawValue: 1 << 2) }
  public static var syntheticTimers: Self { Self(rawValue: 1 << 3) }
  /// EOI, ICR and TPR as MSRs, and the VP assist page.
  public static var interruptControl: Self { Self(rawValue: 1 << 4) }
  public static var hypercallMSRs: Self { Self(rawValue: 1 << 5) }
  public static var vpIndex: Self { Self(rawValue: 1 << 6) }
  public static var reset: Self { Self(rawValue: 1 << 7) }
  /// The reference TSC page.
  public static var referenceTSC: Self { Self(rawValue: 1 << 9) }
  /// HV_X64_MSR_GUEST_IDLE.
  public static var guestIdle: Self { Self(rawValue: 1 << 10) }
  public static var frequencies: Self { Self(rawValue: 1 << 11) }
  /// EBX bit 4: HvCallPostMessage.
  public static var postMessages: Self { Self(rawValue: 1 << 36) }
  /// EBX bit 5: HvCallSignalEvent.
  public static var signalEvents: Self { Self(rawValue: 1 << 37) }
  /// EBX bit 15: lists to flush may hold ranges of large pages.
  public static var extendedFlushRanges: Self { Self(rawValue: 1 << 47) }
  /// EBX bit 16: VTLs.
  public static var accessVSM: Self { Self(rawValue: 1 << 48) }
  /// EBX bit 17: the hypercalls that get and set VP registers.
  public static var accessVPRegisters: Self { Self(rawValue: 1 << 49) }
  /// EBX bit 20: hypercalls 8000h and above.
  public static var extendedHypercalls: Self { Self(rawValue: 1 << 52) }
  /// EBX bit 21.
  public static var startVirtualProcessor: Self { Self(rawValue: 1 << 53) }
}

/// Where Hyper-V's CPUID leaves are (TLFS, "Feature and Interface Discovery").
public enum HyperVLeaf {
  public static var vendor: UInt32 { 0x4000_0000 }
  public static var interface: UInt32 { 0x4000_0001 }
  public static var version: UInt32 { 0x4000_0002 }
  public static var features: UInt32 { 0x4000_0003 }
  public static var recommendations: UInt32 { 0x4000_0004 }
  public static var limits: UInt32 { 0x4000_0005 }
  public static var hardware: UInt32 { 0x4000_0006 }
}
