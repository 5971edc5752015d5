/// A page-table entry of 4-level or PAE paging (SDM Vol. 3A, 4.4 and 4.5).
public struct PageTableEntry: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var present: UInt64 { 1 << 0 }
  public static var writable: UInt64 { 1 << 1 }
  public static var user: UInt64 { 1 << 2 }
  public static var accessed: UInt64 { 1 << 5 }
  public static var dirty: UInt64 { 1 << 6 }
  /// PS: this entry maps a large page.
  public static var large: UInt64 { 1 << 7 }
  public static var global: UInt64 { 1 << 8 }
  public static var noExecute: UInt64 { 1 << 63 }
  /// How many physical address bits this core has (MAXPHYADDR).
  public static var physicalBits: Int { 40 }
  /// The physical address field, bits 39:12.
  public static var address: UInt64 { 0x0000_00FF_FFFF_F000 }
  /// Address bits beyond MAXPHYADDR, up to bit 51: they must be 0.
  public static var reserved: UInt64 { 0x000F_FF00_0000_0000 }
  /// Bits 62:52, which PAE paging does not ignore (SDM Vol. 3A, 4.4.2).
  public static var reservedByPAE: UInt64 { 0x7FF0_0000_0000_0000 }
  /// What must be 0 in a present PDPTE of PAE paging (SDM Vol. 3A, 4.4.1).
  public static var reservedInPointer: UInt64 { 0xFFFF_FF00_0000_01E6 }
  /// What must be 0 in an entry that maps a 4 MiB page, with MAXPHYADDR = 40 (SDM Vol. 3A, 4.3).
  public static var reservedByPSE: UInt64 { 1 << 21 }
}

/// The error code of a page fault (SDM Vol. 3A, 4.7).
public struct PageFaultCode: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static var present: Self { Self(rawValue: 1 << 0) }
  public static var write: Self { Self(rawValue: 1 << 1) }
  public static var user: Self { Self(rawValue: 1 << 2) }
  public static var reservedBit: Self { Self(rawValue: 1 << 3) }
  public static var fetch: Self { Self(rawValue: 1 << 4) }
  /// PKRU forbids the access.
  public static var protectionKey: Self { Self(rawValue: 1 << 5) }
}
