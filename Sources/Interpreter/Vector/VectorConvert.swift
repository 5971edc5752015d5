import Architecture

/// Conversions between numbers and integers (SDM Vol. 1, 11.6.13, 12.3 and table 14-8).
enum VectorConvert: UInt8 {
  case integerToScalar, scalarToInteger, scalarToIntegerTruncated
  case scalarToScalar
  case singlesToDoubles, doublesToSingles
  case integersToSingles, singlesToIntegers, singlesToIntegersTruncated
  case integersToDoubles, doublesToIntegers, doublesToIntegersTruncated
  case mmxToSingles, mmxToDoubles
  case singlesToMMX, singlesToMMXTruncated, doublesToMMX, doublesToMMXTruncated
}

extension Interpreter {
  func convertVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = VectorConvert(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    switch kind {
    case .integerToScalar: try integerToScalar(c, op)
    case .scalarToInteger, .scalarToIntegerTruncated: try scalarToInteger(c, op, kind)
    case .scalarToScalar: try scalarToScalar(c, op)
    case .singlesToDoubles: try packed(c, op, from: .single, to: .double)
    case .doublesToSingles: try packed(c, op, from: .double, to: .single)
    case .integersToSingles, .integersToDoubles: try fromIntegers(c, op, kind)
    case .singlesToIntegers, .singlesToIntegersTruncated, .doublesToIntegers, .doublesToIntegersTruncated:
      try toIntegers(c, op, kind)
    default: try throughMMX(c, op, kind)
    }
  }

  /// CVTSI2SS and CVTSI2SD, from a general register or memory of `op.width` bytes.
  private func integerToScalar(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let raw =
      op.pointee.isMemory ? try load(c, try address(c, op), width, op.pointee.segment) : c.register(op.pointee.b, width)
    let format: FloatFormat = op.pointee.isDouble ? .double : .single
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, format)
    let bits = environment.convert(Number(Int64(bitPattern: signExtend(raw, width)))).low
    try settle(c, environment)
    var result = c.lanes(op.pointee.third)
    result[0] = op.pointee.isDouble ? bits : result[0] & ~0xFFFF_FFFF | bits
    c.writeVector(op, op.pointee.a, Wide(low: result))
  }

  /// CVTSS2SI and its kin; the destination's width is in `detail`.
  private func scalarToInteger(_ c: CPU, _ op: OpPointer, _ kind: VectorConvert) throws(Stop) {
    let source = try vectorSource(c, op).low[0]
    let format: FloatFormat = op.pointee.isDouble ? .double : .single
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, format)
    let number = environment.number(op.pointee.isDouble ? source : source & 0xFFFF_FFFF)
    let width = UInt8(op.pointee.detail & 0xF)
    let value = environment.integer(number, bits: Int(width) &* 8, truncates: kind == .scalarToIntegerTruncated)
    try settle(c, environment)
    c.setRegister(op.pointee.a, width, UInt64(bitPattern: value))
  }

  /// CVTSS2SD and CVTSD2SS: `isDouble` is of the result.
  private func scalarToScalar(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let source = try vectorSource(c, op).low[0]
    let isWidening = op.pointee.isDouble
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, isWidening ? .double : .single)
    let from = FloatBits(low: isWidening ? source & 0xFFFF_FFFF : source)
    let bits = environment.convert(environment.number(from, isWidening ? .single : .double)).low
    try settle(c, environment)
    var result = c.lanes(op.pointee.third)
    result[0] = isWidening ? bits : result[0] & ~0xFFFF_FFFF | bits
    c.writeVector(op, op.pointee.a, Wide(low: result))
  }

  private func packed(_ c: CPU, _ op: OpPointer, from: FloatFormat, to: FloatFormat) throws(Stop) {
    let source = try vectorSource(c, op)
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, to)
    let (fromWidth, toWidth) = (from == .single ? 4 : 8, to == .single ? 4 : 8)
    var result = Wide(low: .zero)
    for i in 0..<(op.pointee.isLong ? 4 : 2) {
      let number = environment.number(FloatBits(low: source.element(i, fromWidth)), from)
      result.setElement(i, toWidth, environment.convert(number).low)
    }
    try settle(c, environment)
    c.writeVector(op, op.pointee.a, result)
  }

  private func fromIntegers(_ c: CPU, _ op: OpPointer, _ kind: VectorConvert) throws(Stop) {
    let source = try vectorSource(c, op)
    let isDouble = kind == .integersToDoubles
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, isDouble ? .double : .single)
    let width = isDouble ? 8 : 4
    var result = Wide(low: .zero)
    for i in 0..<((op.pointee.isLong ? 32 : 16) / width) {
      let value = Int64(bitPattern: signExtend(source.element(i, 4), 4))
      result.setElement(i, width, environment.convert(Number(value)).low)
    }
    try settle(c, environment)
    c.writeVector(op, op.pointee.a, result)
  }

  private func toIntegers(_ c: CPU, _ op: OpPointer, _ kind: VectorConvert) throws(Stop) {
    let source = try vectorSource(c, op)
    let isDouble = kind == .doublesToIntegers || kind == .doublesToIntegersTruncated
    let truncates = kind == .singlesToIntegersTruncated || kind == .doublesToIntegersTruncated
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, isDouble ? .double : .single)
    let width = isDouble ? 8 : 4
    var result = Wide(low: .zero)
    for i in 0..<((op.pointee.isLong ? 32 : 16) / width) {
      let value = environment.integer(environment.number(source.element(i, width)), bits: 32, truncates: truncates)
      result.setElement(i, 4, UInt64(bitPattern: value))
    }
    try settle(c, environment)
    c.writeVector(op, op.pointee.a, result)
  }

  /// CVTPI2PS, CVTPI2PD, CVTPS2PI, CVTPD2PI and the truncating ones.
  private func throughMMX(_ c: CPU, _ op: OpPointer, _ kind: VectorConvert) throws(Stop) {
    try checkPendingFloat(c)
    let isFromMMX = kind == .mmxToSingles || kind == .mmxToDoubles
    let isDouble = op.pointee.isDouble
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, isDouble ? .double : .single)
    let width = isDouble ? 8 : 4
    if isFromMMX {
      let source = Wide(low: Lanes(try mmxSource(c, op), 0))
      var result = Wide(low: c.lanes(op.pointee.a))
      for i in 0..<2 {
        let value = Int64(bitPattern: signExtend(source.element(i, 4), 4))
        result.setElement(i, width, environment.convert(Number(value)).low)
      }
      try settle(c, environment)
      c.setLanes(op.pointee.a, result.low)
      if !op.pointee.isMemory || kind == .mmxToSingles { enterMMX(c) }
      return
    }
    let source = try vectorSource(c, op)
    let truncates = kind == .singlesToMMXTruncated || kind == .doublesToMMXTruncated
    var result = Wide(low: .zero)
    for i in 0..<2 {
      let value = environment.integer(environment.number(source.element(i, width)), bits: 32, truncates: truncates)
      result.setElement(i, 4, UInt64(bitPattern: value))
    }
    try settle(c, environment)
    setMMX(c, op.pointee.a, result.low[0])
    enterMMX(c)
  }
}
