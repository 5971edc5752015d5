import Architecture

/// The binary floating-point formats (SDM Vol. 1, 4.2.2).
enum FloatFormat: UInt8 {
  case single, double
  /// The x87 unit's 80 bits, whose leading bit is explicit.
  case extended

  /// Bits of the significand, the leading one included.
  @inline(__always)
  var precision: Int {
    switch self {
    case .single: 24
    case .double: 53
    case .extended: 64
    }
  }
  @inline(__always)
  var exponentBits: Int {
    switch self {
    case .single: 8
    case .double: 11
    case .extended: 15
    }
  }
  @inline(__always)
  var bias: Int { 1 &<< (exponentBits &- 1) &- 1 }
  /// The exponent field of infinities and NaNs.
  @inline(__always)
  var highestField: Int { 1 &<< exponentBits &- 1 }
}

/// A number as it lies in memory or a register.
struct FloatBits: Hashable {
  /// All of it, or the significand of the extended format.
  var low: UInt64
  /// Sign and exponent of the extended format.
  var high: UInt16 = 0
}

/// A number taken apart: what it is, and for finite ones significand x 2^(exponent - 63) with bit 63 set.
struct Number {
  enum Kind: UInt8 {
    case zero, finite, infinity, quiet, signaling
    /// An encoding of the extended format that no longer means anything (SDM Vol. 1, 8.2.2).
    case unsupported
  }
  var kind: Kind
  var isNegative: Bool
  var isDenormal = false
  var exponent = 0
  /// Of NaNs: the payload below the quiet bit, which is bit 62.
  var significand: UInt64 = 0

  var isNaN: Bool { kind == .quiet || kind == .signaling }
  var isOrdinary: Bool { kind == .zero || kind == .finite }

  init(_ kind: Kind, isNegative: Bool) {
    self.kind = kind
    self.isNegative = isNegative
  }

  /// A finite number from any significand but 0.
  init(isNegative: Bool, exponent: Int, significand: UInt64) {
    let shift = significand.leadingZeroBitCount
    kind = .finite
    self.isNegative = isNegative
    self.exponent = exponent &- shift
    self.significand = significand &<< UInt64(shift)
  }

  /// A signed integer.
  init(_ value: Int64) {
    if value == 0 {
      self.init(.zero, isNegative: false)
    } else {
      self.init(isNegative: value < 0, exponent: 63, significand: value.magnitude)
    }
  }

  init(_ bits: FloatBits, _ format: FloatFormat) {
    if format == .extended {
      self.init(extended: bits)
    } else {
      self.init(interchange: bits.low, format)
    }
  }

  private init(interchange bits: UInt64, _ format: FloatFormat) {
    let fractionBits = format.precision &- 1
    let field = Int(truncatingIfNeeded: bits &>> UInt64(fractionBits)) & format.highestField
    let isNegative = (bits &>> UInt64(fractionBits &+ format.exponentBits)) & 1 != 0
    let fraction = bits & (1 &<< UInt64(fractionBits) &- 1)
    let aligned = fraction &<< UInt64(63 &- fractionBits)
    if field == format.highestField {
      self.init(aligned == 0 ? .infinity : aligned.bit(62) ? .quiet : .signaling, isNegative: isNegative)
      significand = aligned
    } else if field != 0 {
      self.init(.finite, isNegative: isNegative)
      exponent = field &- format.bias
      significand = aligned | 1 &<< 63
    } else if aligned == 0 {
      self.init(.zero, isNegative: isNegative)
    } else {
      self.init(isNegative: isNegative, exponent: 1 &- format.bias, significand: aligned)
      isDenormal = true
    }
  }

  private init(extended bits: FloatBits) {
    let field = Int(bits.high & 0x7FFF)
    let isNegative = bits.high & 0x8000 != 0
    let hasLeading = bits.low.bit(63)
    if field == 0 {
      guard bits.low != 0 else {
        self.init(.zero, isNegative: isNegative)
        return
      }
      self.init(isNegative: isNegative, exponent: -16_382, significand: bits.low)
      isDenormal = true
    } else if !hasLeading {
      self.init(.unsupported, isNegative: isNegative)
    } else if field == 0x7FFF {
      let payload = bits.low & ~(1 &<< 63)
      self.init(payload == 0 ? .infinity : payload.bit(62) ? .quiet : .signaling, isNegative: isNegative)
      significand = payload
    } else {
      self.init(.finite, isNegative: isNegative)
      exponent = field &- 16_383
      significand = bits.low
    }
  }
}

extension FloatFormat {
  /// Puts sign, exponent field and the significand's bits after the leading one together. `significand` is aligned to
  /// bit 63; its leading bit counts in the extended format only.
  @inline(__always)
  func pack(isNegative: Bool, field: Int, significand: UInt64) -> FloatBits {
    let sign: UInt64 = isNegative ? 1 : 0
    if self == .extended {
      return FloatBits(low: significand, high: UInt16(truncatingIfNeeded: UInt64(field) | sign &<< 15))
    }
    let fractionBits = UInt64(precision &- 1)
    let fraction = (significand & ~(1 &<< 63)) &>> (63 &- fractionBits)
    return FloatBits(low: sign &<< (fractionBits &+ UInt64(exponentBits)) | UInt64(field) &<< fractionBits | fraction)
  }

  func zero(isNegative: Bool) -> FloatBits { pack(isNegative: isNegative, field: 0, significand: 0) }
  func infinity(isNegative: Bool) -> FloatBits {
    pack(isNegative: isNegative, field: highestField, significand: 1 &<< 63)
  }
  /// The real indefinite QNaN (SDM Vol. 1, table 4-3).
  var indefinite: FloatBits { pack(isNegative: true, field: highestField, significand: 3 &<< 62) }
  /// A NaN made quiet, its payload cut to the format.
  func quiet(_ nan: Number) -> FloatBits {
    pack(isNegative: nan.isNegative, field: highestField, significand: nan.significand | 3 &<< 62)
  }
}
