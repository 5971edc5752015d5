/// A segment register as hypercalls carry it: 16 bytes (TLFS, HV_X64_SEGMENT_REGISTER).
///
/// Base at 0 (8 bytes), limit at 8 (4), selector at 12 (2), attributes at 14 (2).
public struct HyperVSegment: Hashable, Sendable {
  public var base: UInt64
  public var limit: UInt32
  public var selector: UInt16
  /// Bits 3:0 type, 4 S, 6:5 DPL, 7 present, 12 available, 13 long, 14 default size, 15 granularity.
  public var attributes: UInt16

  public init(base: UInt64 = 0, limit: UInt32 = 0, selector: UInt16 = 0, attributes: UInt16 = 0) {
    self.base = base
    self.limit = limit
    self.selector = selector
    self.attributes = attributes
  }

  /// Takes the value a VP register holds it in.
  public init(_ value: UInt128) {
    base = UInt64(truncatingIfNeeded: value)
    limit = UInt32(truncatingIfNeeded: value &>> 64)
    selector = UInt16(truncatingIfNeeded: value &>> 96)
    attributes = UInt16(truncatingIfNeeded: value &>> 112)
  }

  public var value: UInt128 {
    UInt128(base) | UInt128(limit) &<< 64 | UInt128(selector) &<< 96 | UInt128(attributes) &<< 112
  }

  /// Attribute bit 13: a code segment of 64-bit mode.
  public var isLong: Bool { attributes.bit(13) }
}

extension HyperVSegment {
  public init(_ register: SegmentRegister) {
    self.init(
      base: register.base, limit: register.limit, selector: register.selector, attributes: register.attributes)
  }

  public var register: SegmentRegister {
    SegmentRegister(selector: selector, base: base, limit: limit, attributes: attributes)
  }
}

/// A descriptor table register as hypercalls carry it: 16 bytes (TLFS, HV_X64_TABLE_REGISTER).
///
/// Padding at 0 (6 bytes), limit at 6 (2), base at 8 (8).
public struct HyperVTable: Hashable, Sendable {
  public var base: UInt64
  public var limit: UInt16

  public init(base: UInt64 = 0, limit: UInt16 = 0) {
    self.base = base
    self.limit = limit
  }

  /// Takes the value a VP register holds it in.
  public init(_ value: UInt128) {
    limit = UInt16(truncatingIfNeeded: value &>> 48)
    base = UInt64(truncatingIfNeeded: value &>> 64)
  }

  public var value: UInt128 { UInt128(limit) &<< 48 | UInt128(base) &<< 64 }
}

/// The private state a VTL of a VP begins with: 224 bytes (TLFS, HV_INITIAL_VP_CONTEXT).
///
/// What is not in here starts from reset (KERNEL_GS_BASE, SYSENTER, STAR..., DR7), or is shared with the VTLs
/// below and keeps its value (general registers, XMM, CR2).
public struct InitialVPContext: Hashable, Sendable {
  public static var byteCount: Int { 224 }

  public var rip: UInt64 = 0
  public var rsp: UInt64 = 0
  public var rflags: UInt64 = 2
  public var cs = HyperVSegment()
  public var ds = HyperVSegment()
  public var es = HyperVSegment()
  public var fs = HyperVSegment()
  public var gs = HyperVSegment()
  public var ss = HyperVSegment()
  public var tr = HyperVSegment()
  public var ldtr = HyperVSegment()
  public var idtr = HyperVTable()
  public var gdtr = HyperVTable()
  public var efer: UInt64 = 0
  public var cr0: UInt64 = 0
  public var cr3: UInt64 = 0
  public var cr4: UInt64 = 0
  public var pat: UInt64 = 0

  public init() {}

  /// Reads the layout that begins at `offset` of `bytes`.
  public init(_ bytes: [UInt8], at offset: Int = 0) {
    func word(_ at: Int) -> UInt64 { bytes.uint64(at: offset + at) }
    func segment(_ at: Int) -> HyperVSegment { HyperVSegment(bytes.uint128(at: offset + at)) }
    func table(_ at: Int) -> HyperVTable { HyperVTable(bytes.uint128(at: offset + at)) }
    (rip, rsp, rflags) = (word(0), word(8), word(16))
    (cs, ds, es, fs) = (segment(24), segment(40), segment(56), segment(72))
    (gs, ss, tr, ldtr) = (segment(88), segment(104), segment(120), segment(136))
    (idtr, gdtr) = (table(152), table(168))
    (efer, cr0, cr3, cr4, pat) = (word(184), word(192), word(200), word(208), word(216))
  }

  /// The 224 bytes of the layout.
  public var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    func put(_ value: UInt64, at offset: Int) { bytes.setLittleEndian(value, at: offset, count: 8) }
    func put(_ value: UInt128, at offset: Int) {
      put(UInt64(truncatingIfNeeded: value), at: offset)
      put(UInt64(truncatingIfNeeded: value &>> 64), at: offset + 8)
    }
    for (i, word) in [rip, rsp, rflags].enumerated() { put(word, at: 8 * i) }
    for (i, segment) in [cs, ds, es, fs, gs, ss, tr, ldtr].enumerated() {
      put(segment.value, at: 24 + 16 * i)
    }
    put(idtr.value, at: 152)
    put(gdtr.value, at: 168)
    for (i, word) in [efer, cr0, cr3, cr4, pat].enumerated() { put(word, at: 184 + 8 * i) }
    return bytes
  }
}
