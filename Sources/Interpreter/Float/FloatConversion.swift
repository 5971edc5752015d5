import Architecture

/// Comparisons, and what goes between numbers and integers (SDM Vol. 1, 4.8.3 and 4.9).
extension FloatEnvironment {
  enum Order {
    case less, equal, greater, unordered
  }

  /// Signaling comparisons are invalid for every NaN, quiet ones for signaling NaNs.
  mutating func compare(_ a: Number, _ b: Number, isSignaling: Bool) -> Order {
    if a.kind == .unsupported || b.kind == .unsupported {
      raise(FloatException.invalid)
      return .unordered
    }
    if a.isNaN || b.isNaN {
      if isSignaling || a.kind == .signaling || b.kind == .signaling { raise(FloatException.invalid) }
      return .unordered
    }
    noteDenormals(a, b)
    if a.kind == .zero, b.kind == .zero { return .equal }
    let (x, y) = (Self.rank(a), Self.rank(b))
    if x != y { return x < y ? .less : .greater }
    guard a.kind == .finite else { return .equal }
    let isSmaller =
      a.exponent != b.exponent ? a.exponent < b.exponent : a.significand < b.significand
    if a.exponent == b.exponent, a.significand == b.significand { return .equal }
    return isSmaller != a.isNegative ? .less : .greater
  }

  /// Tells infinities, negative, zero and positive numbers apart in their order.
  private static func rank(_ a: Number) -> Int {
    switch a.kind {
    case .zero: 0
    case .finite: a.isNegative ? -1 : 1
    default: a.isNegative ? -2 : 2
    }
  }

  /// MINPS and MAXPS: the second operand unless the first is smaller, or larger; so for NaNs and for two zeroes.
  mutating func choose(_ a: UInt64, _ b: UInt64, isMaximum: Bool) -> UInt64 {
    let (x, y) = (number(a), number(b))
    let order = compare(x, y, isSignaling: true)
    let takesFirst = isMaximum ? order == .greater : order == .less
    let chosen = takesFirst ? x : y
    // A denormal that counts as zero is a zero in the result as well.
    if chosen.kind == .zero { return format.zero(isNegative: chosen.isNegative).low }
    return takesFirst ? a : b
  }

  // MARK: Integers

  /// Rounded to an integer's magnitude; nil when it has more than 64 bits.
  private mutating func integerMagnitude(_ a: Number, truncates: Bool) -> (magnitude: UInt64, isInexact: Bool)? {
    if a.kind == .zero { return (0, false) }
    if a.exponent > 63 { return nil }
    let shift = 63 &- a.exponent
    let wide = UInt128(a.significand) &<< 64
    let whole = shift > 64 ? 0 : UInt64(truncatingIfNeeded: wide &>> UInt128(64 &+ shift))
    let fraction: UInt128 = shift > 64 ? 1 : wide &<< UInt128(64 &- shift)
    guard fraction != 0 else { return (whole, false) }
    let half: UInt128 = 1 &<< 127
    let isUp: Bool
    switch truncates ? 3 : rounding {
    case 0: isUp = shift <= 64 && (fraction > half || (fraction == half && whole & 1 != 0))
    case 1: isUp = a.isNegative
    case 2: isUp = !a.isNegative
    default: isUp = false
    }
    isRoundedUp = isUp
    let (result, overflow) = whole.addingReportingOverflow(isUp ? 1 : 0)
    return overflow ? nil : (result, true)
  }

  /// A signed integer of `bits` bits; the integer indefinite, 100...0, with an invalid exception where it does not fit.
  mutating func integer(_ a: Number, bits: Int, truncates: Bool) -> Int64 {
    let indefinite = Int64.min &>> Int64(64 &- bits)
    guard a.isOrdinary, let (magnitude, isInexact) = integerMagnitude(a, truncates: truncates) else {
      raise(FloatException.invalid)
      return indefinite
    }
    let limit: UInt64 = 1 &<< UInt64(bits &- 1)
    guard magnitude < limit || (magnitude == limit && a.isNegative) else {
      raise(FloatException.invalid)
      return indefinite
    }
    if isInexact { raise(FloatException.precision) }
    let value = Int64(bitPattern: magnitude)
    return a.isNegative ? 0 &- value : value
  }

  /// Rounded to an integer that stays a number: ROUNDPS and FRNDINT. SSE's form does not tell of denormals.
  mutating func roundToInteger(_ a: Number, reportsPrecision: Bool = true) -> FloatBits {
    if let nan = nan(a, a) { return nan }
    if isStack, a.isDenormal { raise(FloatException.denormal) }
    if a.kind == .infinity { return format.infinity(isNegative: a.isNegative) }
    // What has no fraction in its 64 bits is an integer already.
    if a.kind == .finite, a.exponent >= 63 { return exact(a) }
    guard let (magnitude, isInexact) = integerMagnitude(a, truncates: false) else { return exact(a) }
    if isInexact, reportsPrecision { raise(FloatException.precision) }
    if magnitude == 0 { return format.zero(isNegative: a.isNegative) }
    return exact(Number(isNegative: a.isNegative, exponent: 63, significand: magnitude))
  }

  /// A number that has the format's precision already.
  func exact(_ a: Number) -> FloatBits {
    if a.kind == .zero { return format.zero(isNegative: a.isNegative) }
    return format.pack(isNegative: a.isNegative, field: a.exponent &+ format.bias, significand: a.significand)
  }
}
