/// How an address is to be translated for another VTL: bits 55:0 of the control flags of HvCallTranslateVirtualAddress
/// (TLFS, HV_TRANSLATE_GVA_CONTROL_FLAGS).
public struct TranslationFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The page has to be readable.
  public static var validateRead: Self { Self(rawValue: 1 << 0) }
  public static var validateWrite: Self { Self(rawValue: 1 << 1) }
  /// Instructions can be fetched from it.
  public static var validateExecute: Self { Self(rawValue: 1 << 2) }
  /// Whatever the page tables say of rights and modes, SMEP and SMAP included.
  public static var privilegeExempt: Self { Self(rawValue: 1 << 3) }
  /// Accessed bits are set, and with `validateWrite` the dirty bit.
  public static var setPageTableBits: Self { Self(rawValue: 1 << 4) }
  /// The VTL's TLB is locked: nobody flushes it before the caller lets go of it or returns.
  public static var inhibitFlush: Self { Self(rawValue: 1 << 5) }
  /// As at CPL 0, whatever the CPL is; together with `userAccess`, both have to be allowed.
  public static var supervisorAccess: Self { Self(rawValue: 1 << 6) }
  /// As at CPL 3.
  public static var userAccess: Self { Self(rawValue: 1 << 7) }
  /// As if RFLAGS.AC were clear.
  public static var enforceSMAP: Self { Self(rawValue: 1 << 8) }
  /// As if RFLAGS.AC were set.
  public static var overrideSMAP: Self { Self(rawValue: 1 << 9) }

  /// Every flag but the one of shadow stacks, which this processor does not have.
  public static var known: Self { Self(rawValue: 0x3FF) }
}

/// What became of a translation (TLFS, HV_TRANSLATE_GVA_RESULT_CODE).
public enum TranslationCode: UInt32, Hashable, Sendable {
  case success = 0
  case pageNotPresent = 1
  case privilegeViolation = 2
  /// A reserved bit is set in an entry.
  case invalidPageTableFlags = 3
  /// There is no RAM.
  case gpaUnmapped = 4
  /// A VTL that is not above the caller's keeps reads or fetches away.
  case gpaNoReadAccess = 5
  /// The same of writes.
  case gpaNoWriteAccess = 6
  /// A write to a page that Hyper-V has laid there read-only.
  case gpaIllegalOverlayAccess = 7
  /// A VTL above the caller's would hear of the access.
  case intercept = 8
}

/// The answer of a translation.
public struct AddressTranslation: Hashable, Sendable {
  public var code: TranslationCode
  /// Of the page as the PAT has it: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB (TLFS, HV_CACHE_TYPE).
  public var cacheType: UInt8
  /// One of Hyper-V's own pages lies over the guest's.
  public var isOverlay: Bool
  /// Where the page tables lead; what stands there when they lead nowhere means nothing.
  public var gpa: GPA
  /// The exception that the access would have raised.
  public var fault: Fault?

  public init(
    _ code: TranslationCode, gpa: GPA = GPA(0), cacheType: UInt8 = 0, isOverlay: Bool = false, fault: Fault? = nil
  ) {
    self.code = code
    self.gpa = gpa
    self.cacheType = cacheType
    self.isOverlay = isOverlay
    self.fault = fault
  }

  /// Code in 31:0, cache type in 39:32, overlay in 40 (TLFS, HV_TRANSLATE_GVA_RESULT).
  public var result: UInt64 { UInt64(code.rawValue) | UInt64(cacheType) << 32 | (isOverlay ? 1 << 40 : 0) }
}
