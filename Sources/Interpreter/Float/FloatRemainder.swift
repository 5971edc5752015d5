import Architecture

/// FSCALE and FPREM on numbers.
extension FloatEnvironment {
  mutating func scale(_ a: Number, by b: Number) -> FloatBits {
    if let nan = nan(a, b) { return nan }
    if b.kind == .infinity {
      // To infinity or to zero, unless the other end is there already.
      if a.kind == (b.isNegative ? .infinity : .zero) { return invalid() }
      noteDenormals(a, b)
      return b.isNegative ? format.zero(isNegative: a.isNegative) : format.infinity(isNegative: a.isNegative)
    }
    noteDenormals(a, b)
    if a.kind == .zero { return format.zero(isNegative: a.isNegative) }
    if a.kind == .infinity { return format.infinity(isNegative: a.isNegative) }
    var distance = 0
    if b.kind == .finite, b.exponent >= 0 {
      distance = b.exponent > 16 ? 1 &<< 17 : Int(b.significand &>> UInt64(63 &- b.exponent))
    }
    return round(
      a.isNegative, a.exponent &+ (b.isNegative ? 0 &- distance : distance), UInt128(a.significand) &<< 64)
  }

  /// The remainder, the low bits of the quotient, and whether more is to be done: 63 bits of the quotient at a time.
  mutating func remainder(_ a: Number, _ b: Number, isNearest: Bool) -> (FloatBits, UInt64, isPartial: Bool) {
    if let nan = nan(a, b) { return (nan, 0, false) }
    if a.kind == .infinity || b.kind == .zero { return (invalid(), 0, false) }
    noteDenormals(a, b)
    if a.kind == .zero { return (format.zero(isNegative: a.isNegative), 0, false) }
    if b.kind == .infinity { return (exactly(a.isNegative, a.exponent, UInt128(a.significand)), 0, false) }
    let distance = a.exponent &- b.exponent
    if distance < (isNearest ? -1 : 0) { return (exactly(a.isNegative, a.exponent, UInt128(a.significand)), 0, false) }
    if distance >= 64 {
      // A part of the quotient: 32 to 63 bits of it.
      let step = 32 &+ distance & 31
      let rest = (UInt128(a.significand) &<< UInt128(step)) % UInt128(b.significand)
      let exponent = b.exponent &+ distance &- step
      return (exactly(a.isNegative, exponent, rest), 0, true)
    }
    // In units of half the divisor's last place, so that a distance of -1 is an integer too.
    let divisor = UInt128(b.significand) &<< 1
    let dividend = UInt128(a.significand) &<< UInt128(distance &+ 1)
    var quotient = UInt64(truncatingIfNeeded: dividend / divisor)
    var rest = dividend % divisor
    var isNegative = a.isNegative
    if isNearest, rest > divisor &- rest || (rest == divisor &- rest && quotient & 1 != 0) {
      quotient &+= 1
      rest = divisor &- rest
      isNegative.toggle()
    }
    if rest == 0 { isNegative = a.isNegative }
    return (exactly(isNegative, b.exponent &- 1, rest), quotient, false)
  }

  /// `value` x 2^(exponent - 63), which needs no rounding unless it is tiny.
  private mutating func exactly(_ isNegative: Bool, _ exponent: Int, _ value: UInt128) -> FloatBits {
    guard value != 0 else { return format.zero(isNegative: isNegative) }
    return normalize(isNegative, exponent &+ 64, value)
  }
}

/// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2 and FLDZ, rounded as the control word says (SDM Vol. 1, 8.3.8).
enum FloatConstant {
  static func value(_ number: UInt8, rounding: UInt8) -> FloatBits {
    if number == 0 { return FloatBits(low: 1 << 63, high: 0x3FFF) }
    if number == 6 { return FloatBits(low: 0) }
    // The significand rounded down, the exponent, and whether the nearest is the next one up.
    let (significand, high, roundsUp): (UInt64, UInt16, Bool) =
      switch number {
      case 1: (0xD49A_784B_CD1B_8AFE, 0x4000, false)
      case 2: (0xB8AA_3B29_5C17_F0BB, 0x3FFF, true)
      case 3: (0xC90F_DAA2_2168_C234, 0x4000, true)
      case 4: (0x9A20_9A84_FBCF_F798, 0x3FFD, true)
      default: (0xB172_17F7_D1CF_79AB, 0x3FFE, true)
      }
    let isUp = rounding == 2 || (rounding == 0 && roundsUp)
    return FloatBits(low: isUp ? significand + 1 : significand, high: high)
  }
}
