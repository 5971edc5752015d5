import Architecture
import Interpreter

/// What CPUID says: what the core has, and nothing else (SDM Vol. 2A, CPUID).
struct CPUIDTable {
  struct Leaf: Hashable {
    var a: UInt32 = 0
    var b: UInt32 = 0
    var c: UInt32 = 0
    var d: UInt32 = 0
  }

  /// What leaf 1 and leaf Bh report of the asking context.
  struct Asker {
    var initialID: ApicID
    var vpCount: Int
    /// IA32_APIC_BASE.EN: leaf 1 EDX bit 9 follows it (SDM Vol. 3A, 12.4.3).
    var isAPICEnabled: Bool
    var features: CPUFeatures
    /// Leaves 1 and 7 repeat CR4.OSXSAVE and CR4.PKE.
    var controls: CR4
    /// XCR0: leaf Dh tells the size of what it enables.
    var enabledState = ExtendedState.x87
    var enables = MiscellaneousEnables.atReset
  }

  static var maxBasicLeaf: UInt32 { 0xD }
  static var maxExtendedLeaf: UInt32 { 0x8000_0008 }
  /// Physical and linear address bits, as paging implements them.
  static var physicalAddressBits: UInt32 { 40 }

  static func leaf(_ leaf: UInt32, _ subleaf: UInt32, _ asker: Asker) -> Leaf {
    switch leaf {
    // GenuineIntel
    case 0: Leaf(a: asker.enables.limitsLeaves ? 2 : maxBasicLeaf, b: 0x756E_6547, c: 0x6C65_746E, d: 0x4965_6E69)
    case 1: features(asker)
    case 7: subleaf == 0 ? structuredFeatures(asker) : Leaf()
    case 0xB: topology(subleaf, asker)
    case 0xD: extendedState(subleaf, asker)
    case ParavirtualInterface.signatureLeaf:
      Leaf(a: ParavirtualInterface.featuresLeaf, b: 0x4B4D_564B, c: 0x564B_4D56, d: 0x4D)  // KVMKVMKVM
    case ParavirtualInterface.featuresLeaf: Leaf(a: ParavirtualInterface.features.rawValue)
    case 0x8000_0000: Leaf(a: maxExtendedLeaf)
    case 0x8000_0001: extendedFeatures(asker)
    case 0x8000_0002...0x8000_0004: brand(leaf)
    case 0x8000_0007: Leaf(d: 1 << 8)  // invariant TSC
    case 0x8000_0008: Leaf(a: physicalAddressBits | 48 << 8)
    default: Leaf()
    }
  }

  /// The bits of those features that are there.
  private static func bits(_ asker: Asker, _ table: [(CPUFeatures, UInt32)]) -> UInt32 {
    table.reduce(0) { asker.features.contains($1.0) ? $0 | 1 << $1.1 : $0 }
  }

  private static func features(_ asker: Asker) -> Leaf {
    // ECX: hypervisor 31.
    var c: UInt32 = 1 << 31
    c |= bits(
      asker,
      [
        (.sse3, 0), (.ssse3, 9), (.cmpxchg16b, 13), (.pcid, 17), (.sse41, 19), (.sse42, 20), (.x2apic, 21),
        (.movbe, 22), (.popcnt, 23), (.tscDeadline, 24), (.xsave, 26), (.avx, 28),
      ])
    if asker.controls.contains(.osxsave) { c |= 1 << 27 }
    // EDX: DE 2, PSE 3, TSC 4, MSR 5, PAE 6, MCE 7, CX8 8, APIC 9, SEP 11, PGE 13, MCA 14, CMOV 15, PAT 16, PSE-36 17,
    // CLFSH 19.
    var d: UInt32 = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 11 | 1 << 13 | 1 << 14
    d |= 1 << 15 | 1 << 16 | 1 << 17 | 1 << 19
    d |= bits(asker, [(.fpu, 0), (.mmx, 23), (.fxsr, 24), (.sse, 25), (.sse2, 26)])
    if asker.isAPICEnabled { d |= 1 << 9 }
    let count = UInt32(min(asker.vpCount, 255))
    return Leaf(a: 0x0006_06A0, b: asker.initialID.rawValue << 24 | count << 16 | 8 << 8, c: c, d: d)
  }

  /// Leaf 7, subleaf 0. EBX bit 13: the x87 unit keeps no selectors.
  private static func structuredFeatures(_ asker: Asker) -> Leaf {
    let b = bits(
      asker,
      [
        (.fsgsbase, 0), (.tscAdjust, 1), (.bmi1, 3), (.avx2, 5), (.smep, 7), (.bmi2, 8), (.invpcid, 10), (.fpu, 13),
        (.adx, 19), (.smap, 20), (.clflushopt, 23),
      ])
    var c = bits(asker, [(.umip, 2), (.protectionKeys, 3), (.rdpid, 22)])
    if asker.controls.contains(.protectionKeys) { c |= 1 << 4 }
    return Leaf(b: b, c: c)
  }

  /// Leaf 80000001h. ECX: LAHF in 64-bit mode 0, LZCNT 5. EDX: SYSCALL 11, NX 20, 1 GiB pages 26, RDTSCP 27, LM 29.
  private static func extendedFeatures(_ asker: Asker) -> Leaf {
    var d = bits(asker, [(.syscall, 11), (.noExecute, 20), (.rdtscp, 27)]) | 1 << 26 | 1 << 29
    if asker.enables.hidesNoExecute { d &= ~(1 << 20) }
    return Leaf(c: 1 << 0 | bits(asker, [(.lzcnt, 5)]), d: d)
  }

  /// Leaf Dh: the components of the XSAVE area (SDM Vol. 1, 13.2).
  private static func extendedState(_ subleaf: UInt32, _ asker: Asker) -> Leaf {
    guard asker.features.contains(.xsave) else { return Leaf() }
    let supported = ExtendedState.supported(asker.features)
    switch subleaf {
    case 0:
      return Leaf(
        a: UInt32(truncatingIfNeeded: supported), b: UInt32(ExtendedState.size(asker.enabledState)),
        c: UInt32(ExtendedState.size(supported)), d: UInt32(truncatingIfNeeded: supported >> 32))
    case 1: return Leaf(a: bits(asker, [(.xsaveopt, 0)]))
    case 2 where supported & ExtendedState.avx != 0:
      return Leaf(a: UInt32(ExtendedState.avxSize), b: UInt32(ExtendedState.avxOffset))
    case 9 where supported & ExtendedState.pkru != 0:
      return Leaf(a: UInt32(ExtendedState.pkruSize), b: UInt32(ExtendedState.pkruOffset))
    default: return Leaf()
    }
  }

  /// Extended topology: one thread a core, all cores in one package.
  private static func topology(_ subleaf: UInt32, _ asker: Asker) -> Leaf {
    let shift = UInt32(max(1, 32 - UInt32(max(asker.vpCount - 1, 1)).leadingZeroBitCount))
    let id = asker.initialID.rawValue
    switch subleaf {
    case 0: return Leaf(a: 0, b: 1, c: 1 << 8 | 0, d: id)
    case 1: return Leaf(a: shift, b: UInt32(asker.vpCount), c: 2 << 8 | 1, d: id)
    default: return Leaf(c: subleaf & 0xFF, d: id)
    }
  }

  private static func brand(_ leaf: UInt32) -> Leaf {
    let text = Array("vtlscope virtual processor".utf8) + [UInt8](repeating: 0, count: 48)
    let start = Int(leaf - 0x8000_0002) * 16
    func word(_ i: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(text[start + i * 4 + $1]) << UInt32($1 * 8) }
    }
    return Leaf(a: word(0), b: word(1), c: word(2), d: word(3))
  }
}
