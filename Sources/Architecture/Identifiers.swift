/// A virtual processor, counted from 0. The same number in every VTL (TLFS: VP index).
public struct VPIndex: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: Int) { rawValue = UInt32(value) }
  @inline(__always) public var index: Int { Int(rawValue) }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A virtual trust level, 0 the least privileged (TLFS, "Virtual Secure Mode").
///
/// The architecture numbers 0...15; this core offers 0...2.
public struct VTL: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: Int) { rawValue = UInt8(value) }
  @inline(__always) public var index: Int { Int(rawValue) }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static var vtl0: Self { VTL(rawValue: 0) }
  public static var vtl1: Self { VTL(rawValue: 1) }
  public static var vtl2: Self { VTL(rawValue: 2) }
  /// How many VTLs the core can be configured with.
  public static var countLimit: Int { 3 }
}

/// An APIC group: the local APICs that can reach one another by APIC ID.
///
/// Today a group's id equals the number of the VTL it serves, but the two are different things and nothing
/// may compute one from the other except where a group is created.
public struct GroupID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: Int) { rawValue = UInt8(value) }
  @inline(__always) public var index: Int { Int(rawValue) }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An APIC ID as a guest sees it: 8 bits in xAPIC mode, 32 bits in x2APIC mode (SDM Vol. 3A, 12.4.6 and 12.12.5).
public struct ApicID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt32
  @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: Int) { rawValue = UInt32(value) }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An interrupt vector, 0...255. Vectors below 16 are illegal for fixed delivery (SDM Vol. 3A, 12.5.2).
public struct VectorNumber: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt8
  @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: Int) { rawValue = UInt8(value) }
  @inline(__always) public var index: Int { Int(rawValue) }
  /// The priority class in place: bits 7:4 (SDM Vol. 3A, 12.8.3).
  @inline(__always) public var priorityClass: UInt8 { rawValue & 0xF0 }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One VTL of one VP: the unit that has a CPU state, a local APIC and a view of memory. Written `5.0`.
public struct ContextID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var vp: VPIndex
  public var vtl: VTL
  @inline(__always) public init(vp: VPIndex, vtl: VTL) {
    self.vp = vp
    self.vtl = vtl
  }
  @inline(__always) public init(_ vp: Int, _ vtl: Int) { self.init(vp: VPIndex(vp), vtl: VTL(vtl)) }
  /// VP first, then VTL: the order of tables.
  public static func < (a: Self, b: Self) -> Bool { (a.vp, a.vtl) < (b.vp, b.vtl) }
  public var description: String { "\(vp.rawValue).\(vtl.rawValue)" }

  /// Reads the written form, such as `5.0`; nil when it is not one.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let vp = UInt32(parts[0]), let vtl = UInt8(parts[1]) else { return nil }
    self.init(vp: VPIndex(rawValue: vp), vtl: VTL(rawValue: vtl))
  }
}

/// A guest physical address.
public struct GPA: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: UInt64) { rawValue = value }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  /// The guest page number: the address in units of 4 KiB.
  @inline(__always) public var pageNumber: UInt64 { rawValue &>> 12 }
  @inline(__always) public var pageOffset: UInt64 { rawValue & 0xFFF }
  @inline(__always) public static func + (a: Self, b: UInt64) -> Self { GPA(a.rawValue &+ b) }
}

/// A guest virtual (linear) address.
public struct GVA: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  @inline(__always) public init(_ value: UInt64) { rawValue = value }
}
