/// CR0 (SDM Vol. 3A, 2.5).
public struct CR0: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var protection: Self { Self(rawValue: 1 << 0) }
  public static var monitorCoprocessor: Self { Self(rawValue: 1 << 1) }
  public static var emulation: Self { Self(rawValue: 1 << 2) }
  public static var taskSwitched: Self { Self(rawValue: 1 << 3) }
  /// ET reads as 1 and cannot be changed.
  public static var extensionType: Self { Self(rawValue: 1 << 4) }
  public static var numericError: Self { Self(rawValue: 1 << 5) }
  public static var writeProtect: Self { Self(rawValue: 1 << 16) }
  public static var alignmentMask: Self { Self(rawValue: 1 << 18) }
  public static var notWriteThrough: Self { Self(rawValue: 1 << 29) }
  public static var cacheDisable: Self { Self(rawValue: 1 << 30) }
  public static var paging: Self { Self(rawValue: 1 << 31) }
  public static var defined: Self { Self(rawValue: 0xE005_003F) }
}

/// CR4 (SDM Vol. 3A, 2.5), the bits this core knows.
public struct CR4: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var virtual8086Extensions: Self { Self(rawValue: 1 << 0) }
  public static var protectedVirtualInterrupts: Self { Self(rawValue: 1 << 1) }
  public static var timeStampDisable: Self { Self(rawValue: 1 << 2) }
  public static var debuggingExtensions: Self { Self(rawValue: 1 << 3) }
  public static var pageSizeExtensions: Self { Self(rawValue: 1 << 4) }
  public static var physicalAddressExtension: Self { Self(rawValue: 1 << 5) }
  public static var machineCheckEnable: Self { Self(rawValue: 1 << 6) }
  public static var pageGlobalEnable: Self { Self(rawValue: 1 << 7) }
  public static var performanceCounterEnable: Self { Self(rawValue: 1 << 8) }
  public static var fxsave: Self { Self(rawValue: 1 << 9) }
  public static var simdExceptions: Self { Self(rawValue: 1 << 10) }
  /// UMIP: SGDT, SIDT, SLDT, SMSW and STR are #GP outside CPL 0.
  public static var userModeInstructionPrevention: Self { Self(rawValue: 1 << 11) }
  public static var fsgsbase: Self { Self(rawValue: 1 << 16) }
  public static var processContextIdentifiers: Self { Self(rawValue: 1 << 17) }
  public static var osxsave: Self { Self(rawValue: 1 << 18) }
  public static var supervisorExecutionPrevention: Self { Self(rawValue: 1 << 20) }
  public static var supervisorAccessPrevention: Self { Self(rawValue: 1 << 21) }
  public static var protectionKeys: Self { Self(rawValue: 1 << 22) }
  /// What MOV to CR4 accepts on any model of this core.
  public static var always: Self { Self(rawValue: 0x0007FF) }
}

/// The extended feature enables, MSR C0000080h (SDM Vol. 3A, 2.2.1).
public struct EFER: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var syscall: Self { Self(rawValue: 1 << 0) }
  public static var longModeEnable: Self { Self(rawValue: 1 << 8) }
  /// LMA: set by the processor while paging is on with LME.
  public static var longModeActive: Self { Self(rawValue: 1 << 10) }
  public static var noExecute: Self { Self(rawValue: 1 << 11) }
  public static var supported: Self { [.syscall, .longModeEnable, .longModeActive, .noExecute] }
}
