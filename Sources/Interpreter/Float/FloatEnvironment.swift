import Architecture

/// How results are rounded and what was met on the way: MXCSR's, or the x87 control and status words' (SDM Vol. 1, 4.8.4
/// and 4.9).
struct FloatEnvironment {
  /// 0 to nearest even, 1 down, 2 up, 3 toward zero.
  var rounding: UInt8
  var format: FloatFormat
  /// Bits of the significand that are kept: fewer than the format has under the x87 precision control.
  var precision: Int
  /// A bit set: the exception has a default result (bits as in `FloatException`).
  var masks: UInt8
  var flushesToZero = false
  var zeroesDenormals = false
  /// The x87 unit's rules: which NaN wins, and results of exceptions that are not masked.
  var isStack = false

  /// The exceptions met.
  var raised: UInt8 = 0
  /// The last result's magnitude was rounded up: C1.
  var isRoundedUp = false

  /// From MXCSR.
  init(mxcsr: UInt32, _ format: FloatFormat) {
    rounding = UInt8(truncatingIfNeeded: mxcsr &>> 13) & 3
    self.format = format
    precision = format.precision
    masks = UInt8(truncatingIfNeeded: mxcsr &>> 7) & 0x3F
    flushesToZero = mxcsr & 0x8000 != 0
    zeroesDenormals = mxcsr & 0x40 != 0
  }

  /// From the x87 control word.
  init(control: UInt16, format: FloatFormat = .extended) {
    rounding = UInt8(truncatingIfNeeded: control &>> 10) & 3
    self.format = format
    precision = format.precision
    if format == .extended {
      switch control &>> 8 & 3 {
      case 0: precision = 24
      case 2: precision = 53
      default: break
      }
    }
    masks = UInt8(truncatingIfNeeded: control) & 0x3F
    isStack = true
  }

  mutating func raise(_ exception: UInt8) { raised |= exception }
  /// Some exception met has no default result.
  var isUnmasked: Bool { raised & ~masks != 0 }
}

/// The six exceptions, as bits of MXCSR and of the x87 status word.
enum FloatException {
  static var invalid: UInt8 { 1 }
  static var denormal: UInt8 { 2 }
  static var divideByZero: UInt8 { 4 }
  static var overflow: UInt8 { 8 }
  static var underflow: UInt8 { 0x10 }
  static var precision: UInt8 { 0x20 }
  /// Found before anything is computed.
  static var early: UInt8 { 7 }
}

extension FloatEnvironment {
  /// An operand; denormals are zeroes where MXCSR says so.
  @inline(__always)
  func number(_ bits: FloatBits, _ format: FloatFormat) -> Number {
    let number = Number(bits, format)
    return number.isDenormal && zeroesDenormals ? Number(.zero, isNegative: number.isNegative) : number
  }
  @inline(__always)
  func number(_ bits: UInt64) -> Number { number(FloatBits(low: bits), format) }

  mutating func invalid() -> FloatBits {
    raise(FloatException.invalid)
    return format.indefinite
  }

  mutating func noteDenormals(_ a: Number, _ b: Number) {
    if a.isDenormal || b.isDenormal { raise(FloatException.denormal) }
  }

  /// The result where an operand is a NaN or unsupported; nil where none is (SDM Vol. 1, tables 4-7 and 4-8).
  mutating func nan(_ a: Number, _ b: Number) -> FloatBits? {
    if a.kind == .unsupported || b.kind == .unsupported { return invalid() }
    guard a.isNaN || b.isNaN else { return nil }
    if a.kind == .signaling || b.kind == .signaling { raise(FloatException.invalid) }
    guard a.isNaN, b.isNaN else { return format.quiet(a.isNaN ? a : b) }
    guard isStack else { return format.quiet(a) }
    // A QNaN wins over an SNaN, then the larger significand, then the positive one.
    if a.kind != b.kind { return format.quiet(a.kind == .quiet ? a : b) }
    if a.significand != b.significand { return format.quiet(a.significand > b.significand ? a : b) }
    return format.quiet(a.isNegative ? b : a)
  }

  // MARK: Rounding

  private struct Kept {
    /// `precision` bits, right-aligned, or one more after a carry.
    var bits: UInt64
    var isInexact: Bool
    var isUp: Bool
    var carries: Bool
  }

  /// Keeps the upper `precision` bits.
  @inline(__always)
  private func keep(_ wide: UInt128, _ isNegative: Bool) -> Kept {
    let shift = UInt128(128 &- precision)
    let lost = wide & (1 &<< shift &- 1)
    var bits = UInt64(truncatingIfNeeded: wide &>> shift)
    let isUp: Bool
    switch rounding {
    case 0:
      let half: UInt128 = 1 &<< (shift &- 1)
      isUp = lost > half || (lost == half && bits & 1 != 0)
    case 1: isUp = isNegative && lost != 0
    case 2: isUp = !isNegative && lost != 0
    default: isUp = false
    }
    if isUp { bits &+= 1 }
    let carries = precision == 64 ? isUp && bits == 0 : bits &>> UInt64(precision) != 0
    return Kept(bits: bits, isInexact: lost != 0, isUp: isUp, carries: carries)
  }

  /// `wide` x 2^(exponent - 127), with bit 127 set and what was lost on the way in bit 0, as a number of the format.
  mutating func round(_ isNegative: Bool, _ exponent: Int, _ wide: UInt128) -> FloatBits {
    let kept = keep(wide, isNegative)
    let field = exponent &+ format.bias &+ (kept.carries ? 1 : 0)
    if field >= format.highestField { return overflow(isNegative, field, kept) }
    if field < 1 { return underflow(isNegative, exponent &+ format.bias, wide, kept, field) }
    return finish(isNegative, field, kept)
  }

  private mutating func finish(_ isNegative: Bool, _ field: Int, _ kept: Kept) -> FloatBits {
    if kept.isInexact { raise(FloatException.precision) }
    isRoundedUp = kept.isUp
    let significand = kept.carries ? 1 &<< 63 : kept.bits &<< UInt64(64 &- precision)
    return format.pack(isNegative: isNegative, field: field, significand: significand)
  }

  /// What the x87 unit adds to or takes from an exponent that is out of range, where the exception is not masked.
  private static var adjustment: Int { 24_576 }

  /// FSCALE can leave the range that the adjustment reaches, too (SDM Vol. 1, 8.5.4 and 8.5.5).
  private mutating func massive(isUp: Bool, _ result: FloatBits) -> FloatBits {
    raise(FloatException.precision)
    isRoundedUp = isUp
    return result
  }

  private mutating func overflow(_ isNegative: Bool, _ field: Int, _ kept: Kept) -> FloatBits {
    raise(FloatException.overflow)
    if masks & FloatException.overflow == 0 {
      guard isStack, format == .extended else {
        if kept.isInexact, !isStack { raise(FloatException.precision) }
        return format.infinity(isNegative: isNegative)
      }
      let adjusted = field &- Self.adjustment
      guard adjusted < format.highestField else {
        return massive(isUp: true, format.infinity(isNegative: isNegative))
      }
      return finish(isNegative, adjusted, kept)
    }
    raise(FloatException.precision)
    let staysFinite = rounding == 3 || (rounding == 1 && !isNegative) || (rounding == 2 && isNegative)
    isRoundedUp = !staysFinite
    guard staysFinite else { return format.infinity(isNegative: isNegative) }
    return format.pack(
      isNegative: isNegative, field: format.highestField &- 1, significand: .max &<< UInt64(64 &- precision))
  }

  /// A result that is tiny even after rounding with an exponent of any size.
  private mutating func underflow(
    _ isNegative: Bool, _ field: Int, _ wide: UInt128, _ kept: Kept, _ rounded: Int
  ) -> FloatBits {
    if masks & FloatException.underflow == 0 {
      raise(FloatException.underflow)
      guard isStack, format == .extended else {
        if kept.isInexact, !isStack { raise(FloatException.precision) }
        return format.zero(isNegative: isNegative)
      }
      let adjusted = rounded &+ Self.adjustment
      guard adjusted > 0 else { return massive(isUp: false, format.zero(isNegative: isNegative)) }
      return finish(isNegative, adjusted, kept)
    }
    if flushesToZero {
      raise(FloatException.underflow | FloatException.precision)
      return format.zero(isNegative: isNegative)
    }
    let shift = 1 &- field
    let denormal = keep(Self.shiftRight(wide, by: shift), isNegative)
    if denormal.isInexact { raise(FloatException.underflow) }
    let becameNormal = denormal.bits &>> UInt64(precision &- 1) != 0
    return finish(isNegative, becameNormal ? 1 : 0, denormal)
  }
}
