/// Which uses of their registers the VTLs below a VTL are stopped at: register CrInterceptControl (TLFS,
/// HV_REGISTER_CR_INTERCEPT_CONTROL).
public struct CRInterceptControl: OptionSet, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var cr0Write: Self { Self(rawValue: 1 << 0) }
  public static var cr4Write: Self { Self(rawValue: 1 << 1) }
  public static var xcr0Write: Self { Self(rawValue: 1 << 2) }
  public static var miscellaneousEnableRead: Self { Self(rawValue: 1 << 3) }
  public static var miscellaneousEnableWrite: Self { Self(rawValue: 1 << 4) }
  public static var lstarRead: Self { Self(rawValue: 1 << 5) }
  public static var lstarWrite: Self { Self(rawValue: 1 << 6) }
  public static var starRead: Self { Self(rawValue: 1 << 7) }
  public static var starWrite: Self { Self(rawValue: 1 << 8) }
  public static var cstarRead: Self { Self(rawValue: 1 << 9) }
  public static var cstarWrite: Self { Self(rawValue: 1 << 10) }
  public static var apicBaseRead: Self { Self(rawValue: 1 << 11) }
  public static var apicBaseWrite: Self { Self(rawValue: 1 << 12) }
  public static var eferRead: Self { Self(rawValue: 1 << 13) }
  public static var eferWrite: Self { Self(rawValue: 1 << 14) }
  public static var gdtrWrite: Self { Self(rawValue: 1 << 15) }
  public static var idtrWrite: Self { Self(rawValue: 1 << 16) }
  public static var ldtrWrite: Self { Self(rawValue: 1 << 17) }
  public static var trWrite: Self { Self(rawValue: 1 << 18) }
  public static var sysenterCSWrite: Self { Self(rawValue: 1 << 19) }
  public static var sysenterEIPWrite: Self { Self(rawValue: 1 << 20) }
  public static var sysenterESPWrite: Self { Self(rawValue: 1 << 21) }
  public static var sfmaskWrite: Self { Self(rawValue: 1 << 22) }
  public static var tscAuxWrite: Self { Self(rawValue: 1 << 23) }
  /// IA32_SGXLEPUBKEYHASH0...3. These and the MSRs of the bits above are not there: an access that is not stopped is
  /// #GP.
  public static var launchControlWrite: Self { Self(rawValue: 1 << 24) }
  public static var xssWrite: Self { Self(rawValue: 1 << 25) }
  public static var supervisorCETWrite: Self { Self(rawValue: 1 << 26) }
  /// IA32_PL0_SSP, IA32_PL1_SSP and IA32_PL2_SSP.
  public static var shadowStackWrite: Self { Self(rawValue: 1 << 27) }
  public static var interruptShadowStackWrite: Self { Self(rawValue: 1 << 28) }

  /// Bits 63:29.
  public var areReservedBitsZero: Bool { rawValue &>> 29 == 0 }

  /// The bit for RDMSR or WRMSR of a register; empty for one that has none.
  public static func msr(_ number: UInt32, isWrite: Bool) -> Self {
    switch number {
    case 0x1A0: isWrite ? .miscellaneousEnableWrite : .miscellaneousEnableRead
    case ProcessorMSR.lstar: isWrite ? .lstarWrite : .lstarRead
    case ProcessorMSR.star: isWrite ? .starWrite : .starRead
    case ProcessorMSR.cstar: isWrite ? .cstarWrite : .cstarRead
    case 0x1B: isWrite ? .apicBaseWrite : .apicBaseRead
    case ProcessorMSR.efer: isWrite ? .eferWrite : .eferRead
    default: isWrite ? writeOnly(number) : []
    }
  }

  private static func writeOnly(_ number: UInt32) -> Self {
    switch number {
    case ProcessorMSR.sysenterCS: .sysenterCSWrite
    case ProcessorMSR.sysenterEIP: .sysenterEIPWrite
    case ProcessorMSR.sysenterESP: .sysenterESPWrite
    case ProcessorMSR.sfmask: .sfmaskWrite
    case ProcessorMSR.tscAux: .tscAuxWrite
    case 0x8C...0x8F: .launchControlWrite
    case 0xDA0: .xssWrite
    case 0x6A2: .supervisorCETWrite
    case 0x6A4...0x6A6: .shadowStackWrite
    case 0x6A8: .interruptShadowStackWrite
    default: []
    }
  }
}

/// A register, other than an MSR, whose writes can be intercepted.
public enum InterceptedRegister: UInt8, Hashable, Sendable, CaseIterable {
  case cr0, cr4, xcr0, gdtr, idtr, ldtr, tr

  public var name: VPRegisterName {
    switch self {
    case .cr0: .cr0
    case .cr4: .cr4
    case .xcr0: .xcr0
    case .gdtr: .gdtr
    case .idtr: .idtr
    case .ldtr: .ldtr
    case .tr: .tr
    }
  }

  public var control: CRInterceptControl {
    switch self {
    case .cr0: .cr0Write
    case .cr4: .cr4Write
    case .xcr0: .xcr0Write
    case .gdtr: .gdtrWrite
    case .idtr: .idtrWrite
    case .ldtr: .ldtrWrite
    case .tr: .trWrite
    }
  }
}

/// What a VTL has asked to hear of before the VTLs below it do it on one VP: CrInterceptControl with its three masks.
public struct RegisterIntercepts: Hashable, Sendable {
  public var control: CRInterceptControl = []
  /// The bits of CR0 and CR4 whose change is intercepted.
  public var cr0Mask: UInt64 = 0
  public var cr4Mask: UInt64 = 0
  /// The same of IA32_MISC_ENABLE.
  public var miscellaneousEnableMask: UInt64 = 0

  public init() {}

  /// Whether writing `value` over `old` is intercepted; of other registers than CR0 and CR4 the values do not matter.
  public func catches(_ register: InterceptedRegister, _ value: UInt64, over old: UInt64) -> Bool {
    guard control.contains(register.control) else { return false }
    switch register {
    case .cr0: return (value ^ old) & cr0Mask != 0
    case .cr4: return (value ^ old) & cr4Mask != 0
    default: return true
    }
  }

  /// The same of an MSR; the values matter for writes of IA32_MISC_ENABLE.
  public func catchesMSR(_ number: UInt32, isWrite: Bool, _ value: UInt64 = 0, over old: UInt64 = 0) -> Bool {
    let bit = CRInterceptControl.msr(number, isWrite: isWrite)
    guard !bit.isEmpty, control.contains(bit) else { return false }
    return bit != .miscellaneousEnableWrite || (value ^ old) & miscellaneousEnableMask != 0
  }

  /// What either of two VTLs hears of.
  public func union(_ other: Self) -> Self {
    func mask(_ path: KeyPath<Self, UInt64>, _ bit: CRInterceptControl) -> UInt64 {
      (control.contains(bit) ? self[keyPath: path] : 0) | (other.control.contains(bit) ? other[keyPath: path] : 0)
    }
    var both = Self()
    both.control = control.union(other.control)
    both.cr0Mask = mask(\.cr0Mask, .cr0Write)
    both.cr4Mask = mask(\.cr4Mask, .cr4Write)
    both.miscellaneousEnableMask = mask(\.miscellaneousEnableMask, .miscellaneousEnableWrite)
    return both
  }
}

extension VPRegisterName {
  public static var crInterceptControl: Self { Self(rawValue: 0x000E_0000) }
  public static var crInterceptCR0Mask: Self { Self(rawValue: 0x000E_0001) }
  public static var crInterceptCR4Mask: Self { Self(rawValue: 0x000E_0002) }
  public static var crInterceptMiscellaneousEnableMask: Self { Self(rawValue: 0x000E_0003) }
}
