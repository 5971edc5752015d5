/// The debug control register (SDM Vol. 3A, 18.2.4).
public struct DR7: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// GD: the next access to a debug register is a debug exception.
  public static var generalDetect: UInt64 { 1 << 13 }
  /// The bits that can be written; bit 10 reads as 1.
  public static var writable: UInt64 { 0xFFFF_23FF }
  public static var fixed: UInt64 { 0x400 }

  /// L or G is set for breakpoint `n`, 0...3.
  public func isEnabled(_ n: Int) -> Bool { rawValue.field(n * 2, 2) != 0 }
  /// R/W of breakpoint `n`: 0 execution, 1 writes, 2 I/O if CR4.DE is set, 3 reads and writes.
  public func condition(_ n: Int) -> UInt8 { UInt8(truncatingIfNeeded: rawValue.field(16 + n * 4, 2)) }
  /// LEN of breakpoint `n` in bytes: 1, 2, 4 or 8.
  public func length(_ n: Int) -> UInt64 {
    switch rawValue.field(18 + n * 4, 2) {
    case 0: 1
    case 1: 2
    case 2: 8
    default: 4
    }
  }
}

/// The debug status register (SDM Vol. 3A, 18.2.3): what a debug exception was for.
public enum DR6 {
  /// B0...B3: the breakpoints that matched.
  public static var breakpoints: UInt64 { 0xF }
  /// BD: an access to a debug register while DR7.GD was set.
  public static var generalDetect: UInt64 { 1 << 13 }
  /// BS: a single step.
  public static var singleStep: UInt64 { 1 << 14 }
  public static var writable: UInt64 { 0xE00F }
  /// What reads as 1.
  public static var fixed: UInt64 { 0xFFFF_0FF0 }
}
