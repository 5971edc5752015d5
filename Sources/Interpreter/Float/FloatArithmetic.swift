import Architecture

/// The exact operations, rounded once (SDM Vol. 1, 4.8). In software, because the host's unit neither tells the
/// exceptions of one operation nor has the guest's rounding, and results must not depend on the host.
extension FloatEnvironment {
  @inline(__always)
  private static func widen(_ number: Number) -> UInt128 { UInt128(number.significand) &<< 62 }

  /// Shifts right, remembering in bit 0 that a one was lost.
  @inline(__always)
  static func shiftRight(_ value: UInt128, by count: Int) -> UInt128 {
    if count == 0 { return value }
    if count > 127 { return value == 0 ? 0 : 1 }
    return value &>> UInt128(count) | (value & (1 &<< UInt128(count) &- 1) != 0 ? 1 : 0)
  }

  /// Normalizes and rounds; `wide` x 2^(exponent - 127), not 0.
  mutating func normalize(_ isNegative: Bool, _ exponent: Int, _ wide: UInt128) -> FloatBits {
    let shift = wide.leadingZeroBitCount
    return round(isNegative, exponent &- shift, wide &<< UInt128(shift))
  }

  mutating func add(_ a: Number, _ b: Number, subtracts: Bool = false) -> FloatBits {
    if let nan = nan(a, b) { return nan }
    var b = b
    if subtracts { b.isNegative.toggle() }
    if a.kind == .infinity || b.kind == .infinity {
      if a.kind == b.kind, a.isNegative != b.isNegative { return invalid() }
      noteDenormals(a, b)
      return format.infinity(isNegative: a.kind == .infinity ? a.isNegative : b.isNegative)
    }
    noteDenormals(a, b)
    if a.kind == .zero || b.kind == .zero {
      if a.kind == b.kind {
        let isNegative = a.isNegative == b.isNegative ? a.isNegative : rounding == 1
        return format.zero(isNegative: isNegative)
      }
      let other = a.kind == .zero ? b : a
      return round(other.isNegative, other.exponent, UInt128(other.significand) &<< 64)
    }
    let isSwapped = b.exponent > a.exponent
    let (large, small) = isSwapped ? (b, a) : (a, b)
    let wide = Self.widen(large)
    let other = Self.shiftRight(Self.widen(small), by: large.exponent &- small.exponent)
    // Bit 125 leads, so the sum has room.
    if large.isNegative == small.isNegative { return normalize(large.isNegative, large.exponent &+ 2, wide &+ other) }
    if wide == other { return format.zero(isNegative: rounding == 1) }
    return wide > other
      ? normalize(large.isNegative, large.exponent &+ 2, wide &- other)
      : normalize(small.isNegative, large.exponent &+ 2, other &- wide)
  }

  mutating func multiply(_ a: Number, _ b: Number) -> FloatBits {
    if let nan = nan(a, b) { return nan }
    let isNegative = a.isNegative != b.isNegative
    if a.kind == .infinity || b.kind == .infinity {
      if a.kind == .zero || b.kind == .zero { return invalid() }
      noteDenormals(a, b)
      return format.infinity(isNegative: isNegative)
    }
    noteDenormals(a, b)
    if a.kind == .zero || b.kind == .zero { return format.zero(isNegative: isNegative) }
    let product = a.significand.multipliedFullWidth(by: b.significand)
    let wide = UInt128(product.high) &<< 64 | UInt128(product.low)
    return normalize(isNegative, a.exponent &+ b.exponent &+ 1, wide)
  }

  mutating func divide(_ a: Number, by b: Number) -> FloatBits {
    if let nan = nan(a, b) { return nan }
    let isNegative = a.isNegative != b.isNegative
    if a.kind == .infinity {
      if b.kind == .infinity { return invalid() }
      noteDenormals(a, b)
      return format.infinity(isNegative: isNegative)
    }
    if b.kind == .zero {
      if a.kind == .zero { return invalid() }
      raise(FloatException.divideByZero)
      return format.infinity(isNegative: isNegative)
    }
    noteDenormals(a, b)
    if a.kind == .zero || b.kind == .infinity { return format.zero(isNegative: isNegative) }
    // 64 bits of the quotient, then 62 more, then whether anything is left.
    let isSmaller = a.significand < b.significand
    let high = isSmaller ? a.significand : a.significand &>> 1
    let low = isSmaller ? 0 : a.significand &<< 63
    let first = b.significand.dividingFullWidth((high, low))
    let second = b.significand.dividingFullWidth((first.remainder &>> 2, first.remainder &<< 62))
    var wide = UInt128(first.quotient) &<< 64 | UInt128(second.quotient) &<< 2
    if second.remainder != 0 { wide |= 1 }
    return round(isNegative, a.exponent &- b.exponent &- (isSmaller ? 1 : 0), wide)
  }

  mutating func squareRoot(_ a: Number) -> FloatBits {
    if let nan = nan(a, a) { return nan }
    if a.kind == .zero { return format.zero(isNegative: a.isNegative) }
    if a.isNegative { return invalid() }
    if a.kind == .infinity { return format.infinity(isNegative: false) }
    noteDenormals(a, a)
    let isOdd = a.exponent & 1 != 0
    let radicand = UInt128(a.significand) &<< (isOdd ? 64 : 63)
    let root = Self.integerRoot(radicand)
    let rest = radicand &- UInt128(root) &* UInt128(root)
    // A root is never halfway: above the half when the rest exceeds it.
    var wide = UInt128(root) &<< 64
    if rest > UInt128(root) { wide |= 1 &<< 63 }
    if rest != 0 { wide |= 1 }
    return round(false, (a.exponent &- (isOdd ? 1 : 0)) / 2, wide)
  }

  /// The largest integer whose square is not larger.
  static func integerRoot(_ value: UInt128) -> UInt64 {
    var root: UInt128 = 0
    var rest = value
    var bit: UInt128 = 1 &<< 126
    while bit != 0 {
      let trial = root &+ bit
      root &>>= 1
      if rest >= trial {
        rest &-= trial
        root |= bit
      }
      bit &>>= 2
    }
    return UInt64(truncatingIfNeeded: root)
  }

  /// A number in this format. Stores from the x87 stack do not tell of denormals.
  mutating func convert(_ a: Number, reportsDenormals: Bool = true) -> FloatBits {
    if let nan = nan(a, a) { return nan }
    if a.isDenormal, reportsDenormals { raise(FloatException.denormal) }
    switch a.kind {
    case .zero: return format.zero(isNegative: a.isNegative)
    case .infinity: return format.infinity(isNegative: a.isNegative)
    default: return round(a.isNegative, a.exponent, UInt128(a.significand) &<< 64)
    }
  }
}
