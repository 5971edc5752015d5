import Architecture

/// Arithmetic on packed and scalar numbers: SSE, SSE2, SSE3, SSE4.1 and AVX (SDM Vol. 1, chapters 10 to 12 and 14).
enum VectorFloat: UInt8 {
  case add, multiply, subtract, divide, minimum, maximum, squareRoot
  /// 12 bits of the result (SDM Vol. 2, "RCPPS" and "RSQRTPS").
  case reciprocal, reciprocalRoot
  case compare, addPairs, subtractPairs, addSubtract, dotProduct, round
  case compareOrdered, compareUnordered
}

extension Interpreter {
  func vectorFloat(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = VectorFloat(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    if kind == .compareOrdered || kind == .compareUnordered { return try compareIntoFlags(c, op, kind) }
    let second = try vectorSource(c, op)
    let third = op.pointee.third
    let first = Wide(low: c.lanes(third), high: op.pointee.isLong ? c.upperLanes(third) : .zero)
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, op.pointee.isDouble ? .double : .single)
    if kind == .round { environment.chooseRounding(op.i8) }
    var result = first
    if op.pointee.isScalar {
      result.low[0] = scalar(c, op, kind, first.low[0], second.low[0], &environment)
    } else {
      result.low = half(c, op, kind, first.low, second.low, &environment)
      if op.pointee.isLong { result.high = half(c, op, kind, first.high, second.high, &environment) }
    }
    try settle(c, environment)
    c.writeVector(op, op.pointee.a, result)
  }

  /// Puts the exceptions into MXCSR; one that is not masked leaves the destination alone and is #XM, or #UD without
  /// CR4.OSXMMEXCPT (SDM Vol. 1, 11.5).
  func settle(_ c: CPU, _ environment: FloatEnvironment) throws(Stop) {
    var raised = environment.raised
    // What is found before the operation keeps it from being done.
    if raised & FloatException.early & ~environment.masks != 0 { raised &= FloatException.early }
    c.pointee.mxcsr |= UInt32(raised)
    guard raised & ~environment.masks != 0 else { return }
    let isHandled = c.pointee.cr4 & CR4.simdExceptions.rawValue != 0
    throw c.fail(isHandled ? .simdFloatingPoint : .invalidOpcode)
  }

  @inline(__always)
  private func scalar(
    _ c: CPU, _ op: OpPointer, _ kind: VectorFloat, _ a: UInt64, _ b: UInt64, _ environment: inout FloatEnvironment
  ) -> UInt64 {
    if op.pointee.isDouble { return element(c, op, kind, a, b, &environment) }
    let low = element(c, op, kind, a & 0xFFFF_FFFF, b & 0xFFFF_FFFF, &environment)
    return a & ~0xFFFF_FFFF | low
  }

  /// 128 bits.
  private func half(
    _ c: CPU, _ op: OpPointer, _ kind: VectorFloat, _ a: Lanes, _ b: Lanes, _ environment: inout FloatEnvironment
  ) -> Lanes {
    switch kind {
    case .addPairs, .subtractPairs, .addSubtract: return horizontal(op, kind, a, b, &environment)
    case .dotProduct: return dotProduct(op, a, b, &environment)
    default: break
    }
    var result = Lanes.zero
    if op.pointee.isDouble {
      for i in 0..<2 { result[i] = element(c, op, kind, a[i], b[i], &environment) }
      return result
    }
    for i in 0..<2 {
      let low = element(c, op, kind, a[i] & 0xFFFF_FFFF, b[i] & 0xFFFF_FFFF, &environment)
      result[i] = low | element(c, op, kind, a[i] &>> 32, b[i] &>> 32, &environment) &<< 32
    }
    return result
  }

  private func element(
    _ c: CPU, _ op: OpPointer, _ kind: VectorFloat, _ a: UInt64, _ b: UInt64, _ environment: inout FloatEnvironment
  ) -> UInt64 {
    if let result = HostFloat.apply(kind, a, b, isDouble: op.pointee.isDouble, mxcsr: c.pointee.mxcsr) { return result }
    switch kind {
    case .minimum, .maximum: return environment.choose(a, b, isMaximum: kind == .maximum)
    case .compare:
      let order = environment.compare(
        environment.number(a), environment.number(b), isSignaling: FloatPredicate.isSignaling(op.i8))
      return FloatPredicate.holds(op.i8, order) ? (op.pointee.isDouble ? .max : 0xFFFF_FFFF) : 0
    case .squareRoot: return environment.squareRoot(environment.number(b)).low
    case .reciprocal, .reciprocalRoot: return FloatApproximation.apply(UInt32(b), isRoot: kind == .reciprocalRoot)
    case .round: return environment.roundToInteger(environment.number(b), reportsPrecision: op.i8 & 8 == 0).low
    default: return environment.arithmetic(kind, a, b)
    }
  }

  private func horizontal(
    _ op: OpPointer, _ kind: VectorFloat, _ a: Lanes, _ b: Lanes, _ environment: inout FloatEnvironment
  ) -> Lanes {
    let width = op.pointee.isDouble ? 8 : 4
    let count = 16 / width
    let (first, second) = (Wide(low: a), Wide(low: b))
    var result = Wide(low: .zero)
    for i in 0..<count {
      if kind == .addSubtract {
        let sum: VectorFloat = i & 1 == 0 ? .subtract : .add
        result.setElement(
          i, width, environment.arithmetic(sum, first.element(i, width), second.element(i, width)))
        continue
      }
      let from = i < count / 2 ? first : second
      let pair = (i % (count / 2)) &* 2
      let sum: VectorFloat = kind == .addPairs ? .add : .subtract
      result.setElement(
        i, width, environment.arithmetic(sum, from.element(pair, width), from.element(pair &+ 1, width)))
    }
    return result.low
  }

  /// DPPS and DPPD: products the immediate's upper bits choose, added in pairs, to the places its lower bits choose.
  private func dotProduct(
    _ op: OpPointer, _ a: Lanes, _ b: Lanes, _ environment: inout FloatEnvironment
  ) -> Lanes {
    let width = op.pointee.isDouble ? 8 : 4
    let count = 16 / width
    let (first, second) = (Wide(low: a), Wide(low: b))
    var products = Wide(low: .zero)
    for i in 0..<count where op.i8 &>> UInt8(i &+ 4) & 1 != 0 {
      products.setElement(
        i, width, environment.arithmetic(.multiply, first.element(i, width), second.element(i, width)))
    }
    // An exception of the products that is not masked keeps the sums from being made.
    if environment.isUnmasked { return a }
    var sum = environment.arithmetic(.add, products.element(0, width), products.element(1, width))
    if count == 4 {
      let other = environment.arithmetic(.add, products.element(2, width), products.element(3, width))
      if environment.isUnmasked { return a }
      sum = environment.arithmetic(.add, sum, other)
    }
    var result = Wide(low: .zero)
    for i in 0..<count where op.i8 &>> UInt8(i) & 1 != 0 { result.setElement(i, width, sum) }
    return result.low
  }

  /// COMISS and UCOMISS.
  private func compareIntoFlags(_ c: CPU, _ op: OpPointer, _ kind: VectorFloat) throws(Stop) {
    let second = try vectorSource(c, op).low[0]
    let first = c.lanes(op.pointee.a)[0]
    let mask: UInt64 = op.pointee.isDouble ? .max : 0xFFFF_FFFF
    var environment = FloatEnvironment(mxcsr: c.pointee.mxcsr, op.pointee.isDouble ? .double : .single)
    let order = environment.compare(
      environment.number(first & mask), environment.number(second & mask), isSignaling: kind == .compareOrdered)
    try settle(c, environment)
    c.pointee.setArithmetic(order.flags)
  }
}

extension FloatEnvironment.Order {
  /// As COMISS and FCOMI report them: ZF, PF and CF.
  var flags: UInt64 {
    switch self {
    case .greater: 0
    case .less: 1
    case .equal: 0x40
    case .unordered: 0x45
    }
  }
}

extension FloatEnvironment {
  /// ROUNDPS: the immediate's own rounding, unless bit 2 says MXCSR's.
  mutating func chooseRounding(_ immediate: UInt8) {
    if immediate & 4 == 0 { rounding = immediate & 3 }
  }

  mutating func arithmetic(_ kind: VectorFloat, _ a: UInt64, _ b: UInt64) -> UInt64 {
    let (x, y) = (number(a), number(b))
    switch kind {
    case .add: return add(x, y).low
    case .subtract: return add(x, y, subtracts: true).low
    case .multiply: return multiply(x, y).low
    default: return divide(x, by: y).low
    }
  }
}

/// The 32 predicates of VCMPPS; CMPPS has the first eight (SDM Vol. 2, table 3-1).
enum FloatPredicate {
  /// Invalid for quiet NaNs too.
  static func isSignaling(_ predicate: UInt8) -> Bool {
    let low = predicate & 15
    let signals = (0x6666 as UInt16) &>> UInt16(low) & 1 != 0  // 1, 2, 5, 6, 9, 10, 13 and 14
    return signals != (predicate & 16 != 0)
  }

  static func holds(_ predicate: UInt8, _ order: FloatEnvironment.Order) -> Bool {
    let (less, equal, greater, unordered) = (
      order == .less, order == .equal, order == .greater, order == .unordered
    )
    return switch predicate & 15 {
    case 0: equal
    case 1: less
    case 2: less || equal
    case 3: unordered
    case 4: !equal
    case 5: !less
    case 6: greater || unordered
    case 7: !unordered
    case 8: equal || unordered
    case 9: less || unordered
    case 10: !greater
    case 11: false
    case 12: less || greater
    case 13: greater || equal
    case 14: greater
    default: true
    }
  }
}
