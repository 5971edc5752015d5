/// A number with 128 bits, for intermediate results that are rounded to 64 at the end.
struct Fine {
  var isNegative = false
  /// The value is significand x 2^(exponent - 127), with bit 127 set; 0 for zero.
  var exponent = 0
  var significand: UInt128 = 0

  static var zero: Fine { Fine() }
  static var one: Fine { Fine(exponent: 0, significand: 1 << 127) }

  init(isNegative: Bool = false, exponent: Int = 0, significand: UInt128 = 0) {
    let shift = significand == 0 ? 0 : significand.leadingZeroBitCount
    self.isNegative = isNegative
    self.exponent = exponent &- shift
    self.significand = significand &<< UInt128(shift)
  }
  init(_ number: Number) {
    self.init(
      isNegative: number.isNegative, exponent: number.exponent, significand: UInt128(number.significand) &<< 64)
  }
  init(_ value: Int) {
    self.init(isNegative: value < 0, exponent: 127, significand: UInt128(value.magnitude))
  }

  var isZero: Bool { significand == 0 }
  var magnitude: Fine { Fine(exponent: exponent, significand: significand) }

  static prefix func - (a: Fine) -> Fine {
    Fine(isNegative: !a.isNegative, exponent: a.exponent, significand: a.significand)
  }

  static func + (a: Fine, b: Fine) -> Fine {
    if a.isZero { return b }
    if b.isZero { return a }
    let (large, small) = a.isSmaller(than: b) ? (b, a) : (a, b)
    let distance = large.exponent &- small.exponent
    // One bit of room for the carry.
    let wide = large.significand &>> 1
    let other = distance > 126 ? 0 : small.significand &>> UInt128(distance &+ 1)
    let sum = large.isNegative == small.isNegative ? wide &+ other : wide &- other
    return Fine(isNegative: large.isNegative, exponent: large.exponent &+ 1, significand: sum)
  }
  static func - (a: Fine, b: Fine) -> Fine { a + -b }

  static func * (a: Fine, b: Fine) -> Fine {
    guard !a.isZero, !b.isZero else { return .zero }
    let product = a.significand.multipliedFullWidth(by: b.significand)
    return Fine(
      isNegative: a.isNegative != b.isNegative, exponent: a.exponent &+ b.exponent &+ 1, significand: product.high)
  }

  /// `b` is not 0.
  static func / (a: Fine, b: Fine) -> Fine {
    guard !a.isZero else { return .zero }
    let quotient = b.significand.dividingFullWidth((a.significand &>> 1, 0)).quotient
    return Fine(
      isNegative: a.isNegative != b.isNegative, exponent: a.exponent &- b.exponent, significand: quotient)
  }

  /// Of magnitudes.
  func isSmaller(than b: Fine) -> Bool {
    if isZero || b.isZero { return isZero && !b.isZero }
    return exponent != b.exponent ? exponent < b.exponent : significand < b.significand
  }

  func scaled(by power: Int) -> Fine {
    Fine(isNegative: isNegative, exponent: exponent &+ power, significand: significand)
  }

  // ln 2 and pi / 4 to 128 bits.
  static var naturalLogOf2: Fine {
    Fine(exponent: -1, significand: UInt128(0xB172_17F7_D1CF_79AB) << 64 | UInt128(0xC9E3_B398_03F2_F6AF))
  }
  static var quarterTurnHalf: Fine {
    Fine(exponent: -1, significand: UInt128(0xC90F_DAA2_2168_C234) << 64 | UInt128(0xC4C6_628B_80DC_1CD1))
  }
  /// pi / 2 as the unit reduces angles by: 66 bits of it (SDM Vol. 1, 8.3.8).
  static var quarterTurn: Fine {
    Fine(exponent: 0, significand: UInt128(0xC90F_DAA2_2168_C234) << 64 | UInt128(0xC) << 60)
  }

  /// The sum of terms until they no longer count; `next` makes a term out of the one before it.
  static func series(_ first: Fine, _ next: (Int, Fine) -> Fine, weight: (Int, Fine) -> Fine = { $1 }) -> Fine {
    var sum = weight(0, first)
    var power = first
    for n in 1..<120 {
      power = next(n, power)
      let term = weight(n, power)
      if term.isZero || term.exponent < sum.exponent &- 130 { break }
      sum = sum + term
    }
    return sum
  }

  /// e^y - 1.
  static func exponentialMinusOne(_ y: Fine) -> Fine { series(y) { n, term in term * y / Fine(n + 1) } }

  /// ln((1 + s) / (1 - s)), for small s.
  static func logarithm(ofRatio s: Fine) -> Fine {
    let square = s * s
    return series(s, { $1 * square }, weight: { n, power in power / Fine(2 * n + 1) }).scaled(by: 1)
  }

  /// Of 0...1.
  static func arctangent(_ t: Fine) -> Fine {
    // Above the tangent of pi / 8 the complement is nearer.
    if t.exponent >= -1, !t.isSmaller(than: Fine(exponent: -2, significand: UInt128(0xD413_CCCF_E779_9211) << 64)) {
      return quarterTurnHalf - arctangent((.one - t) / (.one + t))
    }
    if t.isZero { return .zero }
    let square = t * t
    return series(t, { -($1 * square) }, weight: { n, power in power / Fine(2 * n + 1) })
  }

  /// Sine and cosine of a small angle.
  static func sineAndCosine(_ r: Fine) -> (sine: Fine, cosine: Fine) {
    let square = r * r
    let sine = r.isZero ? Fine.zero : series(r) { n, term in -(term * square) / Fine(2 * n * (2 * n + 1)) }
    let cosine = series(.one) { n, term in -(term * square) / Fine(2 * n * (2 * n - 1)) }
    return (sine, cosine)
  }
}
