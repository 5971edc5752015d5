/// The synthetic MSRs of a Hyper-V partition that this core offers (TLFS, appendix "Synthetic MSRs").
///
/// Private means one instance per VTL: RDMSR and WRMSR reach the instance of the VTL that executes them.
public enum SyntheticMSR: UInt32, Hashable, Sendable, CaseIterable {
  /// HV_X64_MSR_GUEST_OS_ID: partition-wide, private.
  case guestOSID = 0x4000_0000
  /// HV_X64_MSR_HYPERCALL: 0 enable, 1 locked, 63:12 guest page number. Partition-wide, private.
  case hypercall = 0x4000_0001
  /// HV_X64_MSR_VP_INDEX: read-only.
  case vpIndex = 0x4000_0002
  /// HV_X64_MSR_RESET: writing bit 0 resets the partition; reads 0.
  case reset = 0x4000_0003
  /// HV_X64_MSR_VP_RUNTIME: read-only, 100 ns units.
  case vpRuntime = 0x4000_0010
  /// HV_X64_MSR_TIME_REF_COUNT: read-only, 100 ns units since the partition was created.
  case timeReferenceCount = 0x4000_0020
  /// HV_X64_MSR_REFERENCE_TSC: 0 enable, 63:12 guest page number. Partition-wide, private.
  case referenceTSC = 0x4000_0021
  /// HV_X64_MSR_TSC_FREQUENCY: read-only, Hz.
  case tscFrequency = 0x4000_0022
  /// HV_X64_MSR_APIC_FREQUENCY: read-only, Hz of the timer's input clock.
  case apicFrequency = 0x4000_0023
  /// HV_X64_MSR_EOI: write-only, the local APIC's EOI.
  case endOfInterrupt = 0x4000_0070
  /// HV_X64_MSR_ICR: ICR high in 63:32, ICR low in 31:0.
  case interruptCommand = 0x4000_0071
  /// HV_X64_MSR_TPR: 7:0.
  case taskPriority = 0x4000_0072
  /// HV_X64_MSR_VP_ASSIST_PAGE: 0 enable, 63:12 guest page number. Per VP, private.
  case vpAssistPage = 0x4000_0073
  /// HV_X64_MSR_GUEST_IDLE: read-only, 0; who reads it idles until an interrupt is there to take, whatever RFLAGS.IF says.
  case guestIdle = 0x4000_00F0
  /// HV_X64_MSR_CRASH_P0...4: what a guest that crashes has to say. Partition-wide.
  case crashParameter0 = 0x4000_0100
  case crashParameter1 = 0x4000_0101
  case crashParameter2 = 0x4000_0102
  case crashParameter3 = 0x4000_0103
  case crashParameter4 = 0x4000_0104
  /// HV_X64_MSR_CRASH_CTL: reads what is offered, bit 63; writing bit 63 says that the guest has crashed.
  case crashControl = 0x4000_0105
}

/// An MSR that names a page of guest memory: bit 0 enable, bits 63:12 the guest page number.
///
/// HYPERCALL and VP_ASSIST_PAGE have this layout; only HYPERCALL has bit 1, locked (TLFS).
public struct OverlayPageMSR: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public var isEnabled: Bool {
    get { rawValue.bit(0) }
    set { rawValue.setBit(0, newValue) }
  }
  /// Bit 1 of HYPERCALL: no write takes effect any more until the partition is reset.
  public var isLocked: Bool { rawValue.bit(1) }
  public var address: GPA { GPA(rawValue & ~0xFFF) }
  /// Where the page is, or nil when it is disabled.
  public var enabledAddress: GPA? { isEnabled ? address : nil }
}
