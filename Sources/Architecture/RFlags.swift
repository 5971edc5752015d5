/// The flags register (SDM Vol. 1, 3.4.3).
public struct RFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var carry: Self { Self(rawValue: 1 << 0) }
  /// Bit 1 always reads as 1.
  public static var reserved1: Self { Self(rawValue: 1 << 1) }
  public static var parity: Self { Self(rawValue: 1 << 2) }
  public static var auxiliaryCarry: Self { Self(rawValue: 1 << 4) }
  public static var zero: Self { Self(rawValue: 1 << 6) }
  public static var sign: Self { Self(rawValue: 1 << 7) }
  /// TF: a debug exception after every instruction.
  public static var trap: Self { Self(rawValue: 1 << 8) }
  /// IF: maskable interrupts are taken.
  public static var interruptEnable: Self { Self(rawValue: 1 << 9) }
  public static var direction: Self { Self(rawValue: 1 << 10) }
  public static var overflow: Self { Self(rawValue: 1 << 11) }
  /// IOPL, bits 13:12.
  public static var ioPrivilege: Self { Self(rawValue: 3 << 12) }
  public static var nestedTask: Self { Self(rawValue: 1 << 14) }
  public static var resume: Self { Self(rawValue: 1 << 16) }
  public static var virtual8086: Self { Self(rawValue: 1 << 17) }
  /// AC: alignment check at CPL 3, and with SMAP the licence to touch user pages at CPL 0.
  public static var alignmentCheck: Self { Self(rawValue: 1 << 18) }
  public static var virtualInterrupt: Self { Self(rawValue: 1 << 19) }
  public static var virtualInterruptPending: Self { Self(rawValue: 1 << 20) }
  public static var identification: Self { Self(rawValue: 1 << 21) }

  /// OF, SF, ZF, AF, PF and CF.
  public static var arithmetic: Self { Self(rawValue: 0x8D5) }
  /// Every bit that can be set.
  public static var defined: Self { Self(rawValue: 0x3F_7FD7) }
}
