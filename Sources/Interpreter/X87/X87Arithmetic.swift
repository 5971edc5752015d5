import Architecture

/// Arithmetic, comparisons and classification (SDM Vol. 1, 8.3.3 to 8.3.6).
extension Interpreter {
  /// FADD and its kin with memory, ST(i) or into ST(i).
  func floatArithmetic(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let detail = op.pointee.detail
    let kind = detail & 7
    let i = Int(op.pointee.third)
    let operand: Number
    if op.pointee.isMemory {
      let raw = try load(c, place, op.pointee.width, op.pointee.segment)
      operand =
        detail & X87Detail.isInteger != 0
        ? Number(Int64(bitPattern: signExtend(raw, op.pointee.width)))
        : Number(FloatBits(low: raw), op.pointee.width == 4 ? .single : .double)
    } else {
      operand = floatNumber(c, i)
    }
    let other = op.pointee.isMemory ? 0 : i
    if kind == 2 || kind == 3 {
      let pops = detail & X87Detail.popsTwice != 0 ? 2 : kind == 3 ? 1 : 0
      return compareFloats(c, other, operand, isQuiet: false, pops: pops)
    }
    let target = detail & X87Detail.toStack != 0 ? i : 0
    let pops = detail & X87Detail.pops != 0 ? 1 : 0
    guard requireFloats(c, 0, other, target: target, pops: pops) else { return }
    var environment = floatEnvironment(c)
    let top = floatNumber(c, 0)
    let result =
      switch kind {
      case 0: environment.add(top, operand)
      case 1: environment.multiply(top, operand)
      case 4: environment.add(top, operand, subtracts: true)
      case 5: environment.add(operand, top, subtracts: true)
      case 6: environment.divide(top, by: operand)
      default: environment.divide(operand, by: top)
      }
    guard settleFloat(c, environment) else { return }
    c.setFloat(target, result)
    if pops != 0 { c.popFloat() }
  }

  private func compareFloats(_ c: CPU, _ other: Int, _ operand: Number, isQuiet: Bool, pops: Int) {
    if c.isEmpty(0) || c.isEmpty(other) {
      guard stackFault(c, isOverflow: false) else { return }
      c.setFloatConditions(FloatStatus.c0 | FloatStatus.c2 | FloatStatus.c3)
    } else {
      var environment = floatEnvironment(c)
      let order = environment.compare(floatNumber(c, 0), operand, isSignaling: !isQuiet)
      guard settleFloat(c, environment) else { return }
      c.setFloatConditions(order.conditions)
    }
    for _ in 0..<pops { c.popFloat() }
  }

  private func compareIntoFlags(_ c: CPU, _ op: OpPointer) {
    let i = Int(op.pointee.third)
    if c.isEmpty(0) || c.isEmpty(i) {
      guard stackFault(c, isOverflow: false) else { return }
      c.pointee.setArithmetic(0x45)
    } else {
      var environment = floatEnvironment(c)
      let isQuiet = op.pointee.detail & X87Detail.isQuiet != 0
      let order = environment.compare(floatNumber(c, 0), floatNumber(c, i), isSignaling: !isQuiet)
      guard settleFloat(c, environment) else { return }
      c.pointee.setArithmetic(order.flags)
    }
    if op.pointee.detail & X87Detail.pops != 0 { c.popFloat() }
  }

  /// Everything on ST(0), or on ST(0) and ST(1).
  func computeFloat(_ c: CPU, _ op: OpPointer, _ kind: X87Operation) {
    switch kind {
    case .compareQuietly:
      let i = Int(op.pointee.third)
      let pops = op.pointee.detail & X87Detail.popsTwice != 0 ? 2 : op.pointee.detail & X87Detail.pops != 0 ? 1 : 0
      compareFloats(c, i, floatNumber(c, i), isQuiet: true, pops: pops)
    case .compareIntoFlags: compareIntoFlags(c, op)
    case .test: compareFloats(c, 0, Number(.zero, isNegative: false), isQuiet: false, pops: 0)
    case .examine: examine(c)
    case .changeSign, .absolute:
      guard requireFloats(c, 0, 0) else { return }
      c.pointee.fpuStatus &= ~FloatStatus.c1
      var value = c.float(0)
      value.high = kind == .absolute ? value.high & 0x7FFF : value.high ^ 0x8000
      c.setFloat(0, value)
    case .constant:
      c.pointee.fpuStatus &= ~FloatStatus.c1
      pushFloat(c, FloatConstant.value(op.pointee.third, rounding: UInt8(c.pointee.fpuControl &>> 10) & 3))
    case .squareRoot: replaceTop(c) { $0.squareRoot($1) }
    case .roundToInteger: replaceTop(c) { $0.roundToInteger($1) }
    case .scale: scale(c)
    case .extract: extract(c)
    case .partialRemainder, .ieeeRemainder: remainder(c, isNearest: kind == .ieeeRemainder)
    default: transcend(c, kind)
    }
  }

  func replaceTop(_ c: CPU, _ compute: (inout FloatEnvironment, Number) -> FloatBits) {
    guard requireFloats(c, 0, 0) else { return }
    var environment = floatEnvironment(c)
    let result = compute(&environment, floatNumber(c, 0))
    if settleFloat(c, environment) { c.setFloat(0, result) }
  }

  /// FXAM: what kind of number, and its sign in C1.
  private func examine(_ c: CPU) {
    let value = c.float(0)
    var bits: UInt16 = value.high & 0x8000 != 0 ? FloatStatus.c1 : 0
    if c.isEmpty(0) {
      bits |= FloatStatus.c3 | FloatStatus.c0
    } else {
      let number = Number(value, .extended)
      switch number.kind {
      case .unsupported: break
      case .quiet, .signaling: bits |= FloatStatus.c0
      case .infinity: bits |= FloatStatus.c2 | FloatStatus.c0
      case .zero: bits |= FloatStatus.c3
      case .finite: bits |= number.isDenormal ? FloatStatus.c3 | FloatStatus.c2 : FloatStatus.c2
      }
    }
    c.setFloatConditions(bits)
  }

  /// FSCALE: ST(0) times 2 to the power of ST(1) rounded toward zero.
  private func scale(_ c: CPU) {
    guard requireFloats(c, 0, 1) else { return }
    var environment = floatEnvironment(c)
    environment.precision = 64
    let result = environment.scale(floatNumber(c, 0), by: floatNumber(c, 1))
    if settleFloat(c, environment) { c.setFloat(0, result) }
  }

  /// FXTRACT: the exponent takes the operand's place, and the significand goes on top.
  private func extract(_ c: CPU) {
    guard requireFloats(c, 0, 0) else { return }
    guard c.isEmpty(7) else {
      if stackFault(c, isOverflow: true) {
        c.setFloat(0, FloatFormat.extended.indefinite)
        c.floatTop = c.floatTop &- 1
        c.setFloat(0, FloatFormat.extended.indefinite)
      }
      return
    }
    var environment = floatEnvironment(c)
    let number = floatNumber(c, 0)
    let exponent: FloatBits
    var significand = c.float(0)
    if let nan = environment.nan(number, number) {
      (exponent, significand) = (nan, nan)
    } else if number.kind == .infinity {
      exponent = FloatFormat.extended.infinity(isNegative: false)
    } else if number.kind == .zero {
      environment.raise(FloatException.divideByZero)
      exponent = FloatFormat.extended.infinity(isNegative: true)
    } else {
      if number.isDenormal { environment.raise(FloatException.denormal) }
      exponent = environment.exact(Number(Int64(number.exponent)))
      significand = FloatFormat.extended.pack(
        isNegative: number.isNegative, field: 16_383, significand: number.significand)
    }
    guard settleFloat(c, environment) else { return }
    c.setFloat(0, exponent)
    pushFloat(c, significand)
  }

  /// FPREM and FPREM1: C2 says that the remainder is a partial one, C0, C3 and C1 are the quotient's low bits.
  private func remainder(_ c: CPU, isNearest: Bool) {
    guard requireFloats(c, 0, 1) else { return }
    var environment = floatEnvironment(c)
    environment.precision = 64
    let (result, quotient, isPartial) = environment.remainder(
      floatNumber(c, 0), floatNumber(c, 1), isNearest: isNearest)
    guard settleFloat(c, environment) else { return }
    c.setFloat(0, result)
    var bits: UInt16 = isPartial ? FloatStatus.c2 : 0
    if !isPartial {
      if quotient & 1 != 0 { bits |= FloatStatus.c1 }
      if quotient & 2 != 0 { bits |= FloatStatus.c3 }
      if quotient & 4 != 0 { bits |= FloatStatus.c0 }
    }
    c.setFloatConditions(bits)
  }
}

extension FloatEnvironment.Order {
  /// As FCOM reports them.
  var conditions: UInt16 {
    switch self {
    case .greater: 0
    case .less: FloatStatus.c0
    case .equal: FloatStatus.c3
    case .unordered: FloatStatus.c0 | FloatStatus.c2 | FloatStatus.c3
    }
  }
}
