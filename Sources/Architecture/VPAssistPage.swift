/// The layout of the VP assist page: 4 KiB, one per VP and VTL (TLFS, HV_VP_ASSIST_PAGE). Offsets in bytes.
public enum VPAssistPage {
  /// 4 bytes: why this VTL was entered.
  public static var entryReason: Int { 0x08 }
  /// 1 byte: bit 0 is VinaAsserted.
  public static var vinaStatus: Int { 0x0C }
  /// 8 bytes: RAX after a VTL return. Outside 64-bit mode EAX, with ECX in the upper half.
  public static var returnRAX: Int { 0x10 }
  /// 8 bytes: RCX after a VTL return. Outside 64-bit mode EDX.
  public static var returnRCX: Int { 0x18 }
  /// 256 bytes: the message of the intercept that this VTL was entered for, when the intercept page is in use.
  public static var interceptMessage: Int { 0x70 }
}

/// HV_VTL_ENTRY_REASON.
public enum VTLEntryReason: UInt32, Hashable, Sendable, CaseIterable {
  /// What the field holds before the first entry.
  case reserved = 0
  case call = 1
  case interrupt = 2
  case intercept = 3
}
