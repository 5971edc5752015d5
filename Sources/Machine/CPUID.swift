import Architecture

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
  }

  static var maxBasicLeaf: UInt32 { 0xB }
  static var maxExtendedLeaf: UInt32 { 0x8000_0008 }
  /// Physical and linear address bits, as paging implements them.
  static var physicalAddressBits: UInt32 { 40 }

  static func leaf(_ leaf: UInt32, _ subleaf: UInt32, _ asker: Asker) -> Leaf {
    switch leaf {
    case 0: Leaf(a: maxBasicLeaf, b: 0x756E_6547, c: 0x6C65_746E, d: 0x4965_6E69)  // GenuineIntel
    case 1: features(asker)
    case 7: Leaf(b: subleaf == 0 ? 1 << 0 | 1 << 7 | 1 << 20 : 0)  // FSGSBASE, SMEP, SMAP
    case 0xB: topology(subleaf, asker)
    case 0x8000_0000: Leaf(a: maxExtendedLeaf)
    case 0x8000_0001: Leaf(c: 1 << 0, d: 1 << 11 | 1 << 20 | 1 << 27 | 1 << 29)  // LAHF64; SYSCALL NX RDTSCP LM
    case 0x8000_0002...0x8000_0004: brand(leaf)
    case 0x8000_0007: Leaf(d: 1 << 8)  // invariant TSC
    case 0x8000_0008: Leaf(a: physicalAddressBits | 48 << 8)
    default: Leaf()
    }
  }

  private static func features(_ asker: Asker) -> Leaf {
    // ECX: CMPXCHG16B 13, x2APIC 21, MOVBE 22, POPCNT 23, TSC deadline 24, hypervisor 31.
    let c: UInt32 = 1 << 13 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 31
    // EDX: PSE 3, TSC 4, MSR 5, PAE 6, CX8 8, APIC 9, SEP 11, PGE 13, CMOV 15, PAT 16, CLFSH 19. No FPU, FXSR, SSE or
    // SSE2: the moves and integer operations that compilers emit work, but none of the four is there as a whole.
    var d: UInt32 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 11 | 1 << 13 | 1 << 15 | 1 << 16 | 1 << 19
    if asker.isAPICEnabled { d |= 1 << 9 }
    let count = UInt32(min(asker.vpCount, 255))
    return Leaf(a: 0x0006_06A0, b: asker.initialID.rawValue << 24 | count << 16 | 8 << 8, c: c, d: d)
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
