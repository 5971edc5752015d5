/// The sixteen general registers, in encoding order (SDM Vol. 1, 3.7.2.1).
public enum GeneralRegister: UInt8, Hashable, Sendable, CaseIterable {
  case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
}

/// The six segment registers, in encoding order.
public enum SegmentName: UInt8, Hashable, Sendable, CaseIterable {
  case es, cs, ss, ds, fs, gs
}

/// A segment register with its hidden part (SDM Vol. 3A, 3.4.3).
public struct SegmentRegister: Hashable, Sendable {
  public var base: UInt64
  /// In bytes: the granularity bit is already applied.
  public var limit: UInt32
  public var selector: UInt16
  /// Bits 55:40 of the descriptor without the limit's nibble: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15.
  public var attributes: UInt16

  @inline(__always)
  public init(selector: UInt16 = 0, base: UInt64 = 0, limit: UInt32 = 0, attributes: UInt16 = 0) {
    self.selector = selector
    self.base = base
    self.limit = limit
    self.attributes = attributes
  }

  public var type: UInt16 { attributes & 0xF }
  public var isCodeOrData: Bool { attributes.bit(4) }
  public var privilege: UInt8 { UInt8(truncatingIfNeeded: attributes.field(5, 2)) }
  public var isPresent: Bool { attributes.bit(7) }
  public var isLong: Bool { attributes.bit(13) }
  /// D/B: 32-bit operands and addresses by default, or a 32-bit stack pointer.
  public var isDefault32: Bool { attributes.bit(14) }
  public var isCode: Bool { attributes.field(3, 2) == 3 }

  /// Flat 64-bit code at privilege level 0.
  public static func code64(_ selector: UInt16) -> Self {
    Self(selector: selector, limit: 0xFFFF_FFFF, attributes: 0xA09B)
  }
  /// Flat 32-bit code at privilege level 0.
  public static func code32(_ selector: UInt16) -> Self {
    Self(selector: selector, limit: 0xFFFF_FFFF, attributes: 0xC09B)
  }
  /// Flat writable data at privilege level 0.
  public static func data(_ selector: UInt16) -> Self {
    Self(selector: selector, limit: 0xFFFF_FFFF, attributes: 0xC093)
  }
  /// What a real-mode segment load leaves: base = selector x 16 (SDM Vol. 3A, 22.1.1).
  public static func real(_ selector: UInt16, code: Bool = false) -> Self {
    Self(selector: selector, base: UInt64(selector) << 4, limit: 0xFFFF, attributes: code ? 0x9B : 0x93)
  }
}

/// GDTR or IDTR.
public struct TableRegister: Hashable, Sendable {
  public var base: UInt64
  public var limit: UInt16
  @inline(__always)
  public init(base: UInt64 = 0, limit: UInt16 = 0) {
    self.base = base
    self.limit = limit
  }
}

/// A segment descriptor, 8 bytes (SDM Vol. 3A, 3.4.5).
public struct SegmentDescriptor: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public var base: UInt32 {
    UInt32(truncatingIfNeeded: rawValue.field(16, 24) | rawValue.field(56, 8) &<< 24)
  }
  /// In bytes, granularity applied.
  public var limit: UInt32 {
    let raw = UInt32(truncatingIfNeeded: rawValue.field(0, 16) | rawValue.field(48, 4) &<< 16)
    return rawValue.bit(55) ? raw &<< 12 | 0xFFF : raw
  }
  /// In the layout of `SegmentRegister.attributes`.
  public var attributes: UInt16 { UInt16(truncatingIfNeeded: rawValue &>> 40) & 0xF0FF }

  public func register(selector: UInt16) -> SegmentRegister {
    SegmentRegister(selector: selector, base: UInt64(base), limit: limit, attributes: attributes)
  }
}

/// A 64-bit interrupt gate: 16 bytes (SDM Vol. 3A, 6.14.1).
public struct GateDescriptor: Hashable, Sendable {
  public var low: UInt64
  public var high: UInt64
  @inline(__always)
  public init(low: UInt64, high: UInt64 = 0) {
    self.low = low
    self.high = high
  }

  public var offset: UInt64 { low.field(0, 16) | low.field(48, 16) &<< 16 | high.field(0, 32) &<< 32 }
  public var selector: UInt16 { UInt16(truncatingIfNeeded: low &>> 16) }
  /// Which stack of the TSS to switch to; 0 for none.
  public var stackTable: Int { Int(truncatingIfNeeded: low.field(32, 3)) }
  /// 5 task, 6/7 16-bit interrupt/trap, 14/15 interrupt/trap.
  public var type: UInt8 { UInt8(truncatingIfNeeded: low.field(40, 4)) }
  public var isSystem: Bool { !low.bit(44) }
  public var privilege: UInt8 { UInt8(truncatingIfNeeded: low.field(45, 2)) }
  public var isPresent: Bool { low.bit(47) }
}
