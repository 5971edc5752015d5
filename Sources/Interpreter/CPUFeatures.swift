import Architecture

/// What of the instruction set is there beside x86-64's baseline. CPUID has to say the same.
public struct CPUFeatures: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var popcnt: Self { Self(rawValue: 1 << 0) }
  public static var movbe: Self { Self(rawValue: 1 << 1) }
  /// Without it the encoding of LZCNT is BSR.
  public static var lzcnt: Self { Self(rawValue: 1 << 2) }
  /// Without it the encoding of TZCNT is BSF.
  public static var bmi1: Self { Self(rawValue: 1 << 3) }
  public static var bmi2: Self { Self(rawValue: 1 << 4) }
  public static var adx: Self { Self(rawValue: 1 << 5) }
  public static var cmpxchg16b: Self { Self(rawValue: 1 << 6) }
  public static var fsgsbase: Self { Self(rawValue: 1 << 7) }
  public static var rdtscp: Self { Self(rawValue: 1 << 8) }
  public static var rdpid: Self { Self(rawValue: 1 << 9) }
  public static var clflushopt: Self { Self(rawValue: 1 << 10) }
  public static var syscall: Self { Self(rawValue: 1 << 11) }

  public static var mmx: Self { Self(rawValue: 1 << 32) }
  public static var fxsr: Self { Self(rawValue: 1 << 33) }
  public static var sse: Self { Self(rawValue: 1 << 34) }
  public static var sse2: Self { Self(rawValue: 1 << 35) }
  public static var sse3: Self { Self(rawValue: 1 << 36) }
  public static var ssse3: Self { Self(rawValue: 1 << 37) }
  public static var sse41: Self { Self(rawValue: 1 << 38) }
  public static var sse42: Self { Self(rawValue: 1 << 39) }
  public static var xsave: Self { Self(rawValue: 1 << 40) }
  public static var xsaveopt: Self { Self(rawValue: 1 << 41) }
  public static var avx: Self { Self(rawValue: 1 << 42) }
  public static var avx2: Self { Self(rawValue: 1 << 43) }
  /// The x87 unit.
  public static var fpu: Self { Self(rawValue: 1 << 44) }

  public static var noExecute: Self { Self(rawValue: 1 << 16) }
  public static var smep: Self { Self(rawValue: 1 << 17) }
  public static var smap: Self { Self(rawValue: 1 << 18) }
  public static var umip: Self { Self(rawValue: 1 << 19) }
  public static var protectionKeys: Self { Self(rawValue: 1 << 20) }
  public static var pcid: Self { Self(rawValue: 1 << 21) }
  public static var invpcid: Self { Self(rawValue: 1 << 22) }

  // Not the interpreter's business: the local APIC and the machine heed them.
  public static var x2apic: Self { Self(rawValue: 1 << 24) }
  public static var tscDeadline: Self { Self(rawValue: 1 << 25) }
  /// IA32_TSC_ADJUST.
  public static var tscAdjust: Self { Self(rawValue: 1 << 26) }

  /// Everything there is.
  public static var all: Self {
    [
      .popcnt, .movbe, .lzcnt, .bmi1, .bmi2, .adx, .cmpxchg16b, .fsgsbase, .rdtscp, .rdpid, .clflushopt, .syscall,
      .noExecute, .smep, .smap, .umip, .protectionKeys, .pcid, .invpcid, .x2apic, .tscDeadline, .tscAdjust, .fpu, .mmx,
      .fxsr, .sse, .sse2, .sse3, .ssse3, .sse41, .sse42, .xsave, .xsaveopt, .avx, .avx2,
    ]
  }

  /// What MOV to CR4 accepts; any other bit is #GP.
  var controls: CR4 {
    var bits = CR4.always
    if contains(.fsgsbase) { bits.insert(.fsgsbase) }
    if contains(.smep) { bits.insert(.supervisorExecutionPrevention) }
    if contains(.smap) { bits.insert(.supervisorAccessPrevention) }
    if contains(.umip) { bits.insert(.userModeInstructionPrevention) }
    if contains(.protectionKeys) { bits.insert(.protectionKeys) }
    if contains(.pcid) { bits.insert(.processContextIdentifiers) }
    if contains(.xsave) { bits.insert(.osxsave) }
    return bits
  }

  /// What WRMSR to EFER accepts.
  var enables: EFER {
    var bits: EFER = [.longModeEnable, .longModeActive]
    if contains(.syscall) { bits.insert(.syscall) }
    if contains(.noExecute) { bits.insert(.noExecute) }
    return bits
  }
}
