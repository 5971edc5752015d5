import Architecture

/// MUL, IMUL, DIV and IDIV (SDM Vol. 1, 5.1.2). SF, ZF and PF are undefined after a multiplication: here the
/// result's low half gives them.
extension Interpreter {
  /// The accumulator times rm, into (R/E)DX:(R/E)AX, or AX for bytes.
  func multiply(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let factor = try unarySource(c, op)
    let isSigned = op.pointee.detail & 7 == 5
    let (low, high) = wideProduct(c.register(0, width), factor, width, isSigned)
    if width == 1 {
      c.setR16(0, UInt16(truncatingIfNeeded: low))
    } else {
      c.setRegister(0, width, low)
      c.setRegister(16, width, high)
    }
    let lowHalf = signExtend(low, width)
    let upper = width == 1 ? low &>> 8 : high
    let expected = isSigned && Int64(bitPattern: lowHalf) < 0 ? widthMask(width) : 0
    let overflow = upper & widthMask(width) != expected
    c.setGivenFlags(lowHalf, carry: overflow, overflow: overflow)
  }

  /// The low and high halves. For bytes the low one has all 16 bits.
  private func wideProduct(_ a: UInt64, _ b: UInt64, _ width: UInt8, _ isSigned: Bool) -> (UInt64, UInt64) {
    guard width == 8 else {
      let product =
        isSigned ? signExtend(a, width) &* signExtend(b, width) : (a & widthMask(width)) &* (b & widthMask(width))
      return (product, product &>> (UInt64(width) &* 8))
    }
    if isSigned {
      let product = Int64(bitPattern: a).multipliedFullWidth(by: Int64(bitPattern: b))
      return (product.low, UInt64(bitPattern: product.high))
    }
    let product = a.multipliedFullWidth(by: b)
    return (product.low, product.high)
  }

  /// IMUL with two or three operands: the destination is the register `a`.
  func multiplySigned(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let left =
      op.pointee.isMemory ? try load(c, try address(c, op), width, op.pointee.segment) : c.register(op.pointee.b, width)
    let right = op.pointee.hasImmediate ? op.pointee.immediate : c.register(op.pointee.a, width)
    let a = Int64(bitPattern: signExtend(left, width))
    let b = Int64(bitPattern: signExtend(right, width))
    let (product, wrapped) = a.multipliedReportingOverflow(by: b)
    let result = signExtend(UInt64(bitPattern: product), width)
    let overflow = wrapped || UInt64(bitPattern: product) != result
    c.setRegister(op.pointee.a, width, result)
    c.setGivenFlags(result, carry: overflow, overflow: overflow)
  }

  @inline(__always)
  func product64(_ c: CPU, _ op: OpPointer, _ left: UInt64, _ right: UInt64) {
    let (result, overflow) = Int64(bitPattern: left).multipliedReportingOverflow(by: Int64(bitPattern: right))
    c.setA64(op, UInt64(bitPattern: result))
    c.setGivenFlags(UInt64(bitPattern: result), carry: overflow, overflow: overflow)
  }

  @inline(__always)
  func product32(_ c: CPU, _ op: OpPointer, _ left: UInt32, _ right: UInt32) {
    let product = Int64(Int32(bitPattern: left)) &* Int64(Int32(bitPattern: right))
    let result = UInt32(truncatingIfNeeded: product)
    let overflow = UInt64(bitPattern: product) != extended(result)
    c.setA32(op, result)
    c.setGivenFlags(extended(result), carry: overflow, overflow: overflow)
  }

  /// DIV and IDIV: #DE when the divisor is 0 or the quotient does not fit. Flags are undefined: they stay.
  func divide(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let divisor = try unarySource(c, op)
    let isSigned = op.pointee.detail & 7 == 7
    guard width == 8 else {
      try divideNarrow(c, divisor, width, isSigned)
      return
    }
    let high = c[.rdx]
    let low = c[.rax]
    guard divisor != 0 else { throw c.fail(.divideError) }
    if isSigned {
      let (quotient, remainder) = try divideSigned(c, high, low, Int64(bitPattern: divisor))
      c[.rax] = quotient
      c[.rdx] = remainder
    } else {
      guard high < divisor else { throw c.fail(.divideError) }
      let (quotient, remainder) = divisor.dividingFullWidth((high, low))
      c[.rax] = quotient
      c[.rdx] = remainder
    }
  }

  private func divideNarrow(_ c: CPU, _ rawDivisor: UInt64, _ width: UInt8, _ isSigned: Bool) throws(Stop) {
    let bits = UInt64(width) &* 8
    let mask = widthMask(width)
    let dividend =
      width == 1 ? UInt64(c.r16(0)) : (c.register(16, width) & mask) &<< bits | c.register(0, width) & mask
    let quotient: UInt64
    let remainder: UInt64
    if isSigned {
      let divisor = Int64(bitPattern: signExtend(rawDivisor, width))
      let signedDividend = Int64(bitPattern: signExtend(dividend, width &* 2))
      guard divisor != 0 else { throw c.fail(.divideError) }
      let (q, overflow) = signedDividend.dividedReportingOverflow(by: divisor)
      guard !overflow, signExtend(UInt64(bitPattern: q), width) == UInt64(bitPattern: q) else {
        throw c.fail(.divideError)
      }
      quotient = UInt64(bitPattern: q)
      remainder = UInt64(bitPattern: signedDividend &- q &* divisor)
    } else {
      let divisor = rawDivisor & mask
      guard divisor != 0, dividend / divisor <= mask else { throw c.fail(.divideError) }
      quotient = dividend / divisor
      remainder = dividend % divisor
    }
    if width == 1 {
      c.setR16(0, UInt16(truncatingIfNeeded: quotient & 0xFF | (remainder & 0xFF) &<< 8))
    } else {
      c.setRegister(0, width, quotient)
      c.setRegister(16, width, remainder)
    }
  }

  private func divideSigned(
    _ c: CPU, _ high: UInt64, _ low: UInt64, _ divisor: Int64
  ) throws(Stop) -> (UInt64, UInt64) {
    let isNegative = Int64(bitPattern: high) < 0
    var magnitudeLow = low
    var magnitudeHigh = high
    if isNegative {
      magnitudeLow = 0 &- low
      magnitudeHigh = ~high &+ (low == 0 ? 1 : 0)
    }
    let magnitude = divisor.magnitude
    guard magnitudeHigh < magnitude else { throw c.fail(.divideError) }
    let (quotient, remainder) = magnitude.dividingFullWidth((magnitudeHigh, magnitudeLow))
    let isQuotientNegative = isNegative != (divisor < 0)
    let limit: UInt64 = isQuotientNegative ? 1 &<< 63 : (1 &<< 63) &- 1
    guard quotient <= limit else { throw c.fail(.divideError) }
    return (isQuotientNegative ? 0 &- quotient : quotient, isNegative ? 0 &- remainder : remainder)
  }

  private func unarySource(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    guard op.pointee.isMemory else { return c.register(op.pointee.a, op.pointee.width) }
    return try load(c, try address(c, op), op.pointee.width, op.pointee.segment)
  }
}

extension Decoder {
  /// Group 3, F6 and F7: TEST, NOT, NEG, MUL, IMUL, DIV, IDIV.
  mutating func decodeGroup3(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    operandRM(width)
    switch reg {
    case 0, 1:
      op.immediate = immediate(width)
      op.detail |= Detail.immediate
      setArithmetic(ALU.test)
    case 2: setArithmetic(ALU.not)
    case 3: setArithmetic(ALU.negate)
    case 4, 5: set(.multiply, detail: UInt16(reg))
    default: set(.divide, detail: UInt16(reg))
    }
  }

  /// 0F AF, 69 and 6B.
  mutating func decodeMultiplySigned(_ opcode: UInt8) {
    let width = operandWidth
    operandsFromRM(width)
    if opcode != 0xAF {
      op.immediate = opcode == 0x6B ? signed8() : immediate(width)
      op.detail |= Detail.immediate
    }
    guard width >= 4, !isMemory else { return set(.multiplySigned) }
    if width == 8 {
      set(op.hasImmediate ? .multiply64rri : .multiply64rr)
    } else {
      set(op.hasImmediate ? .multiply32rri : .multiply32rr)
    }
  }
}
