/// A point or a span of virtual time, in TSC ticks. The TSC runs at 1 GHz, so a tick is a nanosecond.
///
/// Points count from the machine's power-on. The TSC a guest reads is the same number unless it wrote the TSC.
public struct VirtualTime: RawRepresentable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  @inline(__always) public init(ticks: UInt64) { rawValue = ticks }

  public static var zero: Self { VirtualTime(rawValue: 0) }
  /// Later than anything that happens: 584 years.
  public static var never: Self { VirtualTime(rawValue: .max) }
  /// The frequency of the TSC, and of the local APIC timer's input clock, in Hz.
  public static var ticksPerSecond: UInt64 { 1_000_000_000 }

  @inline(__always) public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  /// Saturates at `never`.
  @inline(__always) public static func + (a: Self, b: Self) -> Self {
    let (sum, overflow) = a.rawValue.addingReportingOverflow(b.rawValue)
    return overflow ? .never : VirtualTime(rawValue: sum)
  }
  /// Saturates at zero: "how long ago" of a point that is not past yet is zero.
  @inline(__always) public static func - (a: Self, b: Self) -> Self {
    VirtualTime(rawValue: a.rawValue > b.rawValue ? a.rawValue &- b.rawValue : 0)
  }
  public static func += (a: inout Self, b: Self) { a = a + b }

  public var seconds: Double { Double(rawValue) / Double(Self.ticksPerSecond) }
  public static func microseconds(_ n: UInt64) -> Self { VirtualTime(rawValue: n &* 1_000) }
  public static func milliseconds(_ n: UInt64) -> Self { VirtualTime(rawValue: n &* 1_000_000) }
  public static func seconds(_ n: UInt64) -> Self { VirtualTime(rawValue: n &* 1_000_000_000) }
}
