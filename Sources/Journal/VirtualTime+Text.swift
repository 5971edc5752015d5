import Architecture

extension VirtualTime {
  /// A span the way people say it, such as `850ns`, `41.2us`, `3.1ms`, `12.4s` or `3.4h`: at most seven
  /// columns.
  ///
  /// Cut off, not rounded, so that a span never reads longer than it is.
  public var spanText: String {
    switch rawValue {
    case .max: "never"
    case ..<1_000: "\(rawValue)ns"
    case ..<1_000_000: tenths(of: 1_000) + "us"
    case ..<1_000_000_000: tenths(of: 1_000_000) + "ms"
    case ..<1_000_000_000_000: tenths(of: 1_000_000_000) + "s"
    case ..<3_600_000_000_000_000: tenths(of: 60_000_000_000) + "m"
    default: tenths(of: 3_600_000_000_000) + "h"
    }
  }

  /// A point on the clock: seconds, then microseconds in groups of three, such as `12.481 903`.
  public var pointText: String {
    let micro = rawValue / 1_000
    return "\(micro / 1_000_000).\(Self.padded(micro / 1_000 % 1_000)) \(Self.padded(micro % 1_000))"
  }

  private func tenths(of unit: UInt64) -> String { "\(rawValue / unit).\(rawValue % unit / (unit / 10))" }

  private static func padded(_ value: UInt64) -> String {
    let digits = String(value)
    return String(repeating: "0", count: 3 - digits.count) + digits
  }
}
