import Architecture

/// The x87 unit's transcendental functions, to the last place or two of 64 bits as the manual asks (SDM Vol. 1, 8.3.10).
/// Operands that its tables exclude give what they give.
extension FloatEnvironment {
  mutating func round(_ value: Fine) -> FloatBits {
    guard !value.isZero else { return format.zero(isNegative: value.isNegative) }
    // Never exact: what is beyond the 128 bits counts as something.
    return round(value.isNegative, value.exponent, value.significand | 1)
  }

  /// F2XM1.
  mutating func exponentialMinusOne(_ a: Number) -> FloatBits {
    if let nan = nan(a, a) { return nan }
    if a.kind == .zero { return format.zero(isNegative: a.isNegative) }
    if a.kind == .infinity {
      return a.isNegative ? exact(Number(-1)) : format.infinity(isNegative: false)
    }
    if a.isDenormal { raise(FloatException.denormal) }
    if a.exponent >= 0 {
      // 1 and -1 are exact; beyond them the result is undefined, and here the operand stays.
      guard a.exponent == 0, a.significand == 1 << 63 else { return exact(a) }
      return a.isNegative ? exact(Number(isNegative: true, exponent: -1, significand: 1 << 63)) : exact(Number(1))
    }
    return round(Fine.exponentialMinusOne(Fine(a) * .naturalLogOf2))
  }

  /// FYL2X: y times the binary logarithm of x.
  mutating func logarithm(_ x: Number, times y: Number) -> FloatBits {
    if let nan = nan(x, y) { return nan }
    if x.kind == .zero {
      if y.kind == .zero { return invalid() }
      if y.kind == .finite { raise(FloatException.divideByZero) }
      return format.infinity(isNegative: !y.isNegative)
    }
    if x.isNegative { return invalid() }
    let isOne = x.kind == .finite && x.exponent == 0 && x.significand == 1 << 63
    if x.kind == .infinity {
      if y.kind == .zero { return invalid() }
      noteDenormals(x, y)
      return format.infinity(isNegative: y.isNegative)
    }
    let isBelow = x.exponent < 0
    if y.kind == .infinity {
      if isOne { return invalid() }
      noteDenormals(x, y)
      return format.infinity(isNegative: y.isNegative != isBelow)
    }
    noteDenormals(x, y)
    if isOne || y.kind == .zero {
      return format.zero(isNegative: isOne ? y.isNegative : y.isNegative != isBelow)
    }
    // x = m * 2^k with m between the square roots of 1/2 and 2.
    var mantissa = Fine(x)
    var power = mantissa.exponent
    mantissa.exponent = 0
    if mantissa.significand >> 64 > 0xB504_F333_F9DE_6484 {
      mantissa.exponent = -1
      power += 1
    }
    let logarithm = Fine.logarithm(ofRatio: (mantissa - .one) / (mantissa + .one)) / .naturalLogOf2
    let result = (logarithm + Fine(power)) * Fine(y)
    return x.significand == 1 << 63 ? roundExactly(result) : round(result)
  }

  /// A power of 2 has a logarithm that is an integer, so its product with y may need no rounding.
  private mutating func roundExactly(_ value: Fine) -> FloatBits {
    round(value.isNegative, value.exponent, value.significand)
  }

  /// FYL2XP1: y times the binary logarithm of 1 + x.
  mutating func logarithmPlusOne(_ x: Number, times y: Number) -> FloatBits {
    if let nan = nan(x, y) { return nan }
    let isNegative = x.isNegative != y.isNegative
    if x.kind == .zero {
      if y.kind == .infinity { return invalid() }
      noteDenormals(x, y)
      return format.zero(isNegative: isNegative)
    }
    let isTooLow = x.isNegative && (x.kind == .infinity || x.exponent >= 0)
    if isTooLow { return invalid() }
    if x.kind == .infinity || y.kind == .infinity {
      if y.kind == .zero { return invalid() }
      noteDenormals(x, y)
      return format.infinity(isNegative: isNegative)
    }
    noteDenormals(x, y)
    if y.kind == .zero { return format.zero(isNegative: isNegative) }
    let ratio = Fine(x) / (Fine(x) + Fine(2))
    return round(Fine.logarithm(ofRatio: ratio) / .naturalLogOf2 * Fine(y))
  }

  /// FPATAN: the angle of the point (x, y).
  mutating func arctangent(_ y: Number, _ x: Number) -> FloatBits {
    if let nan = nan(y, x) { return nan }
    noteDenormals(y, x)
    let eighth = Fine.quarterTurnHalf
    func turn(_ eighths: Int) -> Fine {
      var angle = eighth * Fine(eighths)
      angle.isNegative = y.isNegative
      return angle
    }
    if y.kind == .infinity { return round(turn(x.kind == .infinity ? (x.isNegative ? 3 : 1) : 2)) }
    if x.kind == .infinity || y.kind == .zero {
      return x.isNegative ? round(turn(4)) : format.zero(isNegative: y.isNegative)
    }
    if x.kind == .zero { return round(turn(2)) }
    let (a, b) = (Fine(y).magnitude, Fine(x).magnitude)
    var angle = b.isSmaller(than: a) ? turn(2).magnitude - Fine.arctangent(b / a) : Fine.arctangent(a / b)
    if x.isNegative { angle = turn(4).magnitude - angle }
    angle.isNegative = y.isNegative
    return round(angle)
  }

  /// The angle less a number of quarter turns, and that number's low bits; nil from 2^63 on.
  private func reduce(_ a: Number) -> (angle: Fine, quarter: Int)? {
    guard a.exponent < 63 else { return nil }
    let angle = Fine(a).magnitude
    let turns = angle / .quarterTurn
    // To the nearest.
    let half = Fine(exponent: -1, significand: 1 << 127)
    let raised = turns + half
    let count =
      raised.exponent < 0 ? 0 : UInt64(truncatingIfNeeded: raised.significand >> UInt128(127 - raised.exponent))
    var rest = angle
    if count != 0 {
      let whole = Fine(exponent: 127, significand: UInt128(count))
      rest = angle - whole * .quarterTurn
    }
    return (rest, Int(count & 3))
  }

  /// Sine and cosine; nil when the angle is too large to be reduced.
  mutating func sineAndCosine(_ a: Number) -> (sine: Fine, cosine: Fine)? {
    guard let (angle, quarter) = reduce(a) else { return nil }
    let (s, k) = Fine.sineAndCosine(angle)
    var (sine, cosine) =
      switch quarter {
      case 0: (s, k)
      case 1: (k, -s)
      case 2: (-s, -k)
      default: (-k, s)
      }
    if a.isNegative { sine = -sine }
    if cosine.isZero { cosine.isNegative = false }
    return (sine, cosine)
  }
}
