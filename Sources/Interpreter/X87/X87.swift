import Architecture

/// The x87 instructions: loads, stores, comparisons and what changes registers without arithmetic.
extension Interpreter {
  func x87(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard let kind = X87Operation(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    try checkFloat(c)
    if kind.waits { try checkPendingFloat(c) }
    if kind.isControl { return try floatControl(c, op, kind) }
    let place = op.pointee.isMemory ? try floatAddress(c, op, kind) : 0
    switch kind {
    case .loadNumber, .loadInteger, .loadDecimal: try loadFloat(c, op, kind, place)
    case .storeNumber: try storeNumber(c, op, place)
    case .storeInteger, .storeIntegerTruncated:
      try storeInteger(c, op, place, truncates: kind == .storeIntegerTruncated)
    case .storeDecimal: try storeDecimal(c, op, place)
    case .arithmetic: try floatArithmetic(c, op, place)
    default: moveFloat(c, op, kind)
    }
    remember(c, op)
  }

  /// FOP, FIP and FDP (SDM Vol. 1, 8.1.8 and 8.1.9); the selectors are not kept, as CPUID says.
  private func remember(_ c: CPU, _ op: OpPointer) {
    c.pointee.fpuOpcode = UInt16(truncatingIfNeeded: op.pointee.immediate & 0x7FF)
    c.pointee.fpuInstruction = c.r64(Offset.page) &+ UInt64(op.pointee.next) &- UInt64(op.pointee.length)
    if op.pointee.isMemory { c.pointee.fpuData = effective(c, op) }
  }

  private func floatAddress(_ c: CPU, _ op: OpPointer, _ kind: X87Operation) throws(Stop) -> UInt64 {
    let isStore: Bool =
      switch kind {
      case .storeNumber, .storeInteger, .storeIntegerTruncated, .storeDecimal: true
      default: false
      }
    return try address(c, op, size: UInt64(op.pointee.width), isWrite: isStore)
  }

  // MARK: Loads

  /// 10 bytes.
  func loadExtended(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) -> FloatBits {
    let low = try load64(c, place, segment)
    return FloatBits(low: low, high: try load16(c, linear(c, place &+ 8), segment))
  }
  func storeExtended(_ c: CPU, _ place: UInt64, _ segment: UInt8, _ value: FloatBits) throws(Stop) {
    if place & 0xFFF > 4096 - 10 { try probeStore(c, place, 10, segment) }
    try store64(c, place, value.low, segment)
    try store16(c, linear(c, place &+ 8), value.high, segment)
  }

  private func loadFloat(_ c: CPU, _ op: OpPointer, _ kind: X87Operation, _ place: UInt64) throws(Stop) {
    let (width, segment) = (op.pointee.width, op.pointee.segment)
    var environment = floatEnvironment(c)
    environment.precision = 64
    let value: FloatBits
    if kind == .loadDecimal {
      value = environment.exact(try loadDecimal(c, place, segment))
    } else if width == 10 {
      value = try loadExtended(c, place, segment)
    } else {
      let raw = try load(c, place, width, segment)
      if kind == .loadInteger {
        value = environment.exact(Number(Int64(bitPattern: signExtend(raw, width))))
      } else {
        guard c.isEmpty(7) else { return pushFloat(c, FloatFormat.extended.indefinite) }
        value = environment.convert(Number(FloatBits(low: raw), width == 4 ? .single : .double))
      }
    }
    guard c.isEmpty(7) else { return pushFloat(c, value) }
    settleFloat(c, environment)
    // A denormal is loaded even where its exception is not masked.
    if environment.raised & ~environment.masks & FloatException.invalid == 0 { pushFloat(c, value) }
  }

  /// 18 packed decimal digits and a sign.
  private func loadDecimal(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) -> Number {
    let bits = try loadExtended(c, place, segment)
    var magnitude: UInt64 = 0
    for i in (0..<2).reversed() { magnitude = magnitude &* 10 &+ UInt64(bits.high &>> UInt16(i &* 4)) & 15 }
    for i in (0..<16).reversed() { magnitude = magnitude &* 10 &+ (bits.low &>> UInt64(i &* 4)) & 15 }
    let isNegative = bits.high & 0x8000 != 0
    if magnitude == 0 { return Number(.zero, isNegative: isNegative) }
    return Number(isNegative: isNegative, exponent: 63, significand: magnitude)
  }

  // MARK: Stores

  /// ST(0) for a store to memory; nil when the store is not to be made.
  private func storable(_ c: CPU) -> (value: FloatBits, isEmpty: Bool)? {
    guard c.isEmpty(0) else { return (c.float(0), false) }
    return stackFault(c, isOverflow: false) ? (FloatFormat.extended.indefinite, true) : nil
  }

  private func popIfAsked(_ c: CPU, _ op: OpPointer) {
    if op.pointee.detail & X87Detail.pops != 0 { c.popFloat() }
  }

  private func storeNumber(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let (width, segment) = (op.pointee.width, op.pointee.segment)
    // A fault comes before the unit changes.
    try probeStore(c, place, Int(width), segment)
    guard let (value, isEmpty) = storable(c) else { return }
    if width == 10 {
      try storeExtended(c, place, segment, value)
      if !isEmpty { c.pointee.fpuStatus &= ~FloatStatus.c1 }
      return popIfAsked(c, op)
    }
    let format: FloatFormat = width == 4 ? .single : .double
    var environment = floatEnvironment(c, format)
    let number = Number(value, .extended)
    let bits = isEmpty ? format.indefinite : environment.convert(number, reportsDenormals: false)
    guard isEmpty || settleFloat(c, environment, toMemory: true) else { return }
    try store(c, place, width, bits.low, segment)
    popIfAsked(c, op)
  }

  private func storeInteger(_ c: CPU, _ op: OpPointer, _ place: UInt64, truncates: Bool) throws(Stop) {
    let (width, segment) = (op.pointee.width, op.pointee.segment)
    try probeStore(c, place, Int(width), segment)
    guard let (value, isEmpty) = storable(c) else { return }
    var environment = floatEnvironment(c)
    let integer = environment.integer(Number(value, .extended), bits: Int(width) &* 8, truncates: truncates)
    guard isEmpty || settleFloat(c, environment, toMemory: true) else { return }
    try store(c, place, width, UInt64(bitPattern: integer), segment)
    popIfAsked(c, op)
  }

  private func storeDecimal(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let segment = op.pointee.segment
    try probeStore(c, place, 10, segment)
    guard let (value, isEmpty) = storable(c) else { return }
    var environment = floatEnvironment(c)
    let number = Number(value, .extended)
    let integer = environment.integer(number, bits: 64, truncates: false)
    if integer.magnitude > 999_999_999_999_999_999 { environment.raised = FloatException.invalid }
    guard isEmpty || settleFloat(c, environment, toMemory: true) else { return }
    var bits = FloatBits(low: 0xC000_0000_0000_0000, high: 0xFFFF)
    if !isEmpty, environment.raised & FloatException.invalid == 0 {
      bits = Self.decimal(integer.magnitude, isNegative: number.isNegative)
    }
    try storeExtended(c, place, segment, bits)
    popIfAsked(c, op)
  }

  private static func decimal(_ magnitude: UInt64, isNegative: Bool) -> FloatBits {
    var bits = FloatBits(low: 0, high: isNegative ? 0x8000 : 0)
    var rest = magnitude
    for i in 0..<18 {
      let digit = rest % 10
      rest /= 10
      if i < 16 { bits.low |= digit &<< UInt64(i &* 4) } else { bits.high |= UInt16(digit) &<< UInt16((i &- 16) &* 4) }
    }
    return bits
  }

  // MARK: Registers

  private func moveFloat(_ c: CPU, _ op: OpPointer, _ kind: X87Operation) {
    let i = Int(op.pointee.third)
    let pops = op.pointee.detail & X87Detail.pops != 0
    switch kind {
    case .loadStack:
      if c.isEmpty(i) {
        guard stackFault(c, isOverflow: false) else { return }
        return pushFloat(c, FloatFormat.extended.indefinite)
      }
      let value = c.float(i)
      c.pointee.fpuStatus &= ~FloatStatus.c1
      pushFloat(c, value)
    case .storeStack:
      guard requireFloats(c, 0, 0, target: i, pops: pops ? 1 : 0) else { return }
      c.pointee.fpuStatus &= ~FloatStatus.c1
      c.setFloat(i, c.float(0))
      if pops { c.popFloat() }
    case .exchange: exchangeFloats(c, i)
    case .moveIf:
      guard requireFloats(c, 0, i) else { return }
      // B, E, BE and P.
      let number = UInt8(op.pointee.detail & 3)
      let isInverted = op.pointee.detail & 4 != 0
      if c.condition(number == 3 ? 10 : 2 &+ number &* 2) != isInverted { c.setFloat(0, c.float(i)) }
    case .free:
      c.freeFloat(i)
      if pops { c.popFloat() }
    case .incrementTop, .decrementTop:
      c.pointee.fpuStatus &= ~FloatStatus.c1
      c.floatTop = c.floatTop &+ (kind == .incrementTop ? 1 : -1)
    case .none: break
    default: computeFloat(c, op, kind)
    }
  }

  private func exchangeFloats(_ c: CPU, _ i: Int) {
    if c.isEmpty(0) || c.isEmpty(i) {
      guard stackFault(c, isOverflow: false) else { return }
      for register in [0, i] where c.isEmpty(register) { c.setFloat(register, FloatFormat.extended.indefinite) }
    } else {
      c.pointee.fpuStatus &= ~FloatStatus.c1
    }
    let (top, other) = (c.float(0), c.float(i))
    c.setFloat(0, other)
    c.setFloat(i, top)
  }
}
