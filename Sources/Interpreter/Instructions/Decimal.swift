import Architecture

/// DAA, DAS, AAA, AAS, AAM, AAD, SALC, BOUND and ARPL: what 64-bit mode no longer has (SDM Vol. 1, 5.1.3 and 5.20).
enum DecimalAdjust {
  static var afterAddition: UInt16 { 0 }
  static var afterSubtraction: UInt16 { 1 }
  static var unpackedAfterAddition: UInt16 { 2 }
  static var unpackedAfterSubtraction: UInt16 { 3 }
  static var afterMultiplication: UInt16 { 4 }
  static var beforeDivision: UInt16 { 5 }
  /// AL becomes FFh with CF set, else 0.
  static var carryIntoAccumulator: UInt16 { 6 }
}

extension Interpreter {
  func decimalAdjust(_ c: CPU, _ op: OpPointer) throws(Stop) {
    switch op.pointee.detail & 7 {
    case DecimalAdjust.afterAddition: adjustPacked(c, isSubtraction: false)
    case DecimalAdjust.afterSubtraction: adjustPacked(c, isSubtraction: true)
    case DecimalAdjust.unpackedAfterAddition: adjustUnpacked(c, isSubtraction: false)
    case DecimalAdjust.unpackedAfterSubtraction: adjustUnpacked(c, isSubtraction: true)
    case DecimalAdjust.afterMultiplication:
      let base = op.i8
      guard base != 0 else { throw c.fail(.divideError) }
      let value = c.r8(0)
      c.setR16(0, UInt16(value / base) &<< 8 | UInt16(value % base))
      setDecimalFlags(c, carry: false, auxiliary: false)
    case DecimalAdjust.beforeDivision:
      c.setR16(0, UInt16(c.r8(0) &+ c.r8(1) &* op.i8))
      setDecimalFlags(c, carry: false, auxiliary: false)
    default: c.setR8(0, c.carry ? 0xFF : 0)
    }
  }

  /// SF, ZF and PF are AL's; OF, which is undefined, is 0.
  private func setDecimalFlags(_ c: CPU, carry: Bool, auxiliary: Bool) {
    c.setGivenFlags(extended(c.r8(0)), carry: carry, overflow: false, auxiliary: auxiliary ? 0x10 : 0)
  }

  private func adjustPacked(_ c: CPU, isSubtraction: Bool) {
    let old = c.r8(0)
    let hadCarry = c.carry
    let isLowOut = old & 0xF > 9 || c.auxiliaryCarry
    let isHighOut = old > 0x99 || hadCarry
    var change: UInt8 = isLowOut ? 6 : 0
    if isHighOut { change &+= 0x60 }
    // DAS borrows out of the low digit before it looks at the high one (SDM Vol. 2, "DAS").
    let borrows = isSubtraction && isLowOut && old < 6
    c.setR8(0, isSubtraction ? old &- change : old &+ change)
    setDecimalFlags(c, carry: isHighOut || borrows, auxiliary: isLowOut)
  }

  private func adjustUnpacked(_ c: CPU, isSubtraction: Bool) {
    let isOut = c.r8(0) & 0xF > 9 || c.auxiliaryCarry
    if isOut { c.setR16(0, isSubtraction ? c.r16(0) &- 0x106 : c.r16(0) &+ 0x106) }
    c.setR8(0, c.r8(0) & 0xF)
    setDecimalFlags(c, carry: isOut, auxiliary: isOut)
  }

  /// BOUND: the signed index is between the two bounds in memory, else #BR.
  func checkBound(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let place = try address(c, op, size: UInt64(width) &* 2)
    let low = Int64(bitPattern: signExtend(try load(c, place, width, op.pointee.segment), width))
    let next = linear(c, place &+ UInt64(width))
    let high = Int64(bitPattern: signExtend(try load(c, next, width, op.pointee.segment), width))
    let index = Int64(bitPattern: signExtend(c.register(op.pointee.a, width), width))
    guard index >= low, index <= high else { throw c.fail(.boundRange) }
  }

  /// ARPL: the destination's RPL is raised to the source's, and ZF says that it was.
  func adjustRequestedLevel(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard c.isProtected else { throw c.fail(.invalidOpcode) }
    let level = UInt64(c.r16(op.pointee.b)) & 3
    var isRaised = false
    try modify(c, op) {
      isRaised = $0 & 3 < level
      return isRaised ? $0 & ~3 | level : $0
    }
    c.pointee.setArithmetic(c.arithmeticFlags & ~0x40 | (isRaised ? 0x40 : 0))
  }
}

extension Decoder {
  /// 27, 2F, 37, 3F, D4, D5, D6, none of which 64-bit mode has.
  mutating func decodeDecimal(_ opcode: UInt8) {
    guard !is64 else { return setInvalid() }
    switch opcode {
    case 0xD4, 0xD5: op.immediate = UInt64(next8())
    default: break
    }
    let kinds: [UInt8: UInt16] = [
      0x27: DecimalAdjust.afterAddition, 0x2F: DecimalAdjust.afterSubtraction,
      0x37: DecimalAdjust.unpackedAfterAddition, 0x3F: DecimalAdjust.unpackedAfterSubtraction,
      0xD4: DecimalAdjust.afterMultiplication, 0xD5: DecimalAdjust.beforeDivision,
    ]
    set(.decimalAdjust, detail: kinds[opcode] ?? DecimalAdjust.carryIntoAccumulator)
  }

  /// 62: a register there is an EVEX prefix, which this core does not have.
  mutating func decodeBound() {
    guard !is64 else { return setInvalid() }
    operandsFromRM(operandWidth)
    if isMemory { set(.checkBound) } else { setInvalid() }
  }

  /// 63 outside 64-bit mode.
  mutating func decodeAdjustLevel() {
    operandsToRM(2)
    set(.adjustRequestedLevel)
  }
}
