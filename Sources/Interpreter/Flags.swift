import Architecture

/// The arithmetic flags, computed when somebody looks (SDM Vol. 1, 3.4.3.1).
extension UnsafeMutablePointer where Pointee == CPUState {
  @inline(__always)
  var carry: Bool {
    switch pointee.flagKind {
    case .explicit: pointee.flagBits & 1 != 0
    case .logic: false
    case .add: pointee.flagResult < pointee.flagA
    case .sub: pointee.flagA < pointee.flagB
    case .increment, .decrement, .given: pointee.flagB & 1 != 0
    }
  }

  @inline(__always)
  var zero: Bool { pointee.flagKind == .explicit ? pointee.flagBits & 0x40 != 0 : pointee.flagResult == 0 }

  @inline(__always)
  var sign: Bool {
    pointee.flagKind == .explicit ? pointee.flagBits & 0x80 != 0 : Int64(bitPattern: pointee.flagResult) < 0
  }

  @inline(__always)
  var parity: Bool {
    if pointee.flagKind == .explicit { return pointee.flagBits & 4 != 0 }
    return UInt8(truncatingIfNeeded: pointee.flagResult).nonzeroBitCount & 1 == 0
  }

  @inline(__always)
  var overflow: Bool {
    switch pointee.flagKind {
    case .explicit: pointee.flagBits & 0x800 != 0
    case .logic: false
    case .add: Int64(bitPattern: ~(pointee.flagA ^ pointee.flagB) & (pointee.flagA ^ pointee.flagResult)) < 0
    case .sub: Int64(bitPattern: (pointee.flagA ^ pointee.flagB) & (pointee.flagA ^ pointee.flagResult)) < 0
    case .increment: Int64(bitPattern: ~pointee.flagA & pointee.flagResult) < 0
    case .decrement: Int64(bitPattern: pointee.flagA & ~pointee.flagResult) < 0
    case .given: pointee.flagB & 2 != 0
    }
  }

  var auxiliaryCarry: Bool {
    switch pointee.flagKind {
    case .explicit: pointee.flagBits & 0x10 != 0
    case .logic: false
    case .add, .sub: (pointee.flagA ^ pointee.flagB ^ pointee.flagResult) & 0x10 != 0
    case .increment, .decrement: (pointee.flagA ^ pointee.flagResult) & 0x10 != 0
    case .given: pointee.flagA & 0x10 != 0
    }
  }

  @inline(__always) var signedResult: Int64 { Int64(bitPattern: pointee.flagResult) }
  @inline(__always) var signedA: Int64 { Int64(bitPattern: pointee.flagA) }
  @inline(__always) var signedB: Int64 { Int64(bitPattern: pointee.flagB) }

  /// The six arithmetic flags at their places in RFLAGS.
  var arithmeticFlags: UInt64 {
    if pointee.flagKind == .explicit { return pointee.flagBits }
    var bits: UInt64 = carry ? 1 : 0
    if parity { bits |= 4 }
    if auxiliaryCarry { bits |= 0x10 }
    if zero { bits |= 0x40 }
    if sign { bits |= 0x80 }
    if overflow { bits |= 0x800 }
    return bits
  }

  /// RFLAGS as PUSHF sees it.
  var rflags: UInt64 { pointee.systemFlags | arithmeticFlags }

  /// Condition codes 0...15 as Jcc, SETcc and CMOVcc encode them (SDM Vol. 1, appendix B).
  @inline(__always)
  func condition(_ code: UInt8) -> Bool {
    let holds =
      switch code &>> 1 {
      case 0: overflow
      case 1: carry
      case 2: zero
      case 3: carry || zero
      case 4: sign
      case 5: parity
      case 6: sign != overflow
      default: zero || sign != overflow
      }
    return holds != (code & 1 != 0)
  }
}

extension CPUState {
  mutating func setRFlags(_ value: UInt64) {
    setArithmetic(value)
    systemFlags = value & (RFlags.defined.rawValue & ~RFlags.arithmetic.rawValue) | 2
  }

  @inline(__always)
  mutating func setArithmetic(_ bits: UInt64) {
    flagBits = bits & RFlags.arithmetic.rawValue
    flagKind = .explicit
  }
}
