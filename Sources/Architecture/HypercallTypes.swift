/// Which VTL a hypercall is about: one byte (TLFS, HV_INPUT_VTL).
public struct HypercallInputVTL: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
  public init(_ vtl: VTL) { rawValue = (vtl.rawValue & 15) | 0x10 }

  /// The caller's own VTL.
  public static var current: Self { Self(rawValue: 0) }
  /// Bits 3:0, which count only when `usesTarget`.
  public var target: VTL { VTL(rawValue: rawValue & 15) }
  /// Bit 4.
  public var usesTarget: Bool { rawValue.bit(4) }
  /// Bits 7:5.
  public var areReservedBitsZero: Bool { rawValue &>> 5 == 0 }
}

/// Special values of the fields that most hypercalls begin with (TLFS).
public enum HypercallConstant {
  /// HV_PARTITION_ID_SELF.
  public static var partitionSelf: UInt64 { .max }
  /// HV_VP_INDEX_SELF.
  public static var vpIndexSelf: UInt32 { 0xFFFF_FFFE }
}

/// How a hypercall flushes TLBs (TLFS, HV_FLUSH_FLAGS).
///
/// That each is a flush of everything is allowed with any of them; only the VPs differ.
public struct HypercallFlushFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Of every VP, whatever the mask or set says.
  public static var allProcessors: Self { Self(rawValue: 1 << 0) }
  /// Of every address space, whatever CR3 says.
  public static var allVirtualAddressSpaces: Self { Self(rawValue: 1 << 1) }
  /// Global translations may stay. Means nothing for a list, and is refused there.
  public static var nonGlobalMappingsOnly: Self { Self(rawValue: 1 << 2) }
  /// The ranges of a list may be of large pages.
  public static var extendedRangeFormat: Self { Self(rawValue: 1 << 3) }

  /// Those that a flush of an address space takes.
  public static var ofSpace: Self { [.allProcessors, .allVirtualAddressSpaces, .nonGlobalMappingsOnly] }
  /// Those that a flush of a list takes.
  public static var ofList: Self { [.allProcessors, .allVirtualAddressSpaces, .extendedRangeFormat] }
}

/// A set of VPs as hypercalls carry it (TLFS, HV_VP_SET): format, mask of valid banks, one bank of 64 VPs per
/// set bit.
public struct HypercallVPSet: Hashable, Sendable {
  /// Every VP of the partition, or those of the banks.
  public enum Format: UInt64, Hashable, Sendable {
    case sparse4K = 0
    case all = 1
  }
  public var format: Format
  public var validBanks: UInt64
  public var banks: [UInt64]

  /// Reads the set at `offset` of `bytes`, with `bankCount` banks; nil for a format that does not exist.
  public init?(_ bytes: [UInt8], at offset: Int, bankCount: Int) {
    guard let format = Format(rawValue: bytes.uint64(at: offset)) else { return nil }
    self.format = format
    validBanks = bytes.uint64(at: offset + 8)
    banks = (0..<max(bankCount, 0)).map { bytes.uint64(at: offset + 16 + 8 * $0) }
  }

  /// There is a bank for each valid bit, as there has to be.
  public var isComplete: Bool { format == .all || validBanks.nonzeroBitCount == banks.count }

  /// The members in ascending order. `vpCount` is how many VPs "all" means.
  public func members(vpCount: Int) -> [VPIndex] {
    guard format == .sparse4K else { return (0..<vpCount).map { VPIndex($0) } }
    var result: [VPIndex] = []
    var rest = validBanks
    for bank in banks where rest != 0 {
      let first = rest.trailingZeroBitCount * 64
      rest &= rest &- 1
      for bit in 0..<64 where bank.bit(bit) { result.append(VPIndex(first + bit)) }
    }
    return result
  }
}
