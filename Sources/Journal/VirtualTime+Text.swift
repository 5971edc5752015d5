import Architecture

extension VirtualTime {
  /// A span the way people say it: two to four digits and a unit, such as `850ns`, `41.2us`, `3.1ms` or
  /// `12.4s`.
  ///
  /// At most seven columns up to 27 hours. Cut off, not rounded, so that a span never reads longer than it
  /// is.
  public var spanText: String {
    switch rawValue {
    case ..<1_000: "\(rawValue)ns"
    case ..<1_000_000: Self.tenths(rawValue / 100, "us")
    case ..<1_000_000_000: Self.tenths(rawValue / 100_000, "ms")
    default: Self.tenths(rawValue / 100_000_000, "s")
    }
  }

  /// A point on the clock: seconds, then microseconds in groups of three, such as `12.481 903`.
  public var pointText: String {
    let micro = rawValue / 1_000
    return "\(micro / 1_000_000).\(Self.padded(micro / 1_000 % 1_000)) \(Self.padded(micro % 1_000))"
  }

  private static func tenths(_ value: UInt64, _ unit: String) -> String {
    "\(value / 10).\(value % 10)\(unit)"
  }

  private static func padded(_ value: UInt64) -> String {
    let digits = String(value)
    return String(repeating: "0", count: 3 - digits.count) + digits
  }
}
