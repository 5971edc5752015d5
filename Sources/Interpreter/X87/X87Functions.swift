import Architecture

/// F2XM1, FYL2X, FYL2XP1, FPATAN, FPTAN, FSIN, FCOS and FSINCOS.
extension Interpreter {
  func transcend(_ c: CPU, _ kind: X87Operation) {
    switch kind {
    case .exponential:
      replaceTop(c) {
        $0.precision = 64
        return $0.exponentialMinusOne($1)
      }
    case .logarithm, .logarithmPlusOne, .arctangent: combine(c, kind)
    default: turn(c, kind)
    }
  }

  /// Two operands; the result takes ST(1)'s place and becomes the top.
  private func combine(_ c: CPU, _ kind: X87Operation) {
    guard requireFloats(c, 0, 1, target: 1, pops: 1) else { return }
    var environment = floatEnvironment(c)
    environment.precision = 64
    let (x, y) = (floatNumber(c, 0), floatNumber(c, 1))
    let result =
      switch kind {
      case .logarithm: environment.logarithm(x, times: y)
      case .logarithmPlusOne: environment.logarithmPlusOne(x, times: y)
      default: environment.arctangent(y, x)
      }
    guard settleFloat(c, environment) else { return }
    c.setFloat(1, result)
    c.popFloat()
  }

  /// An angle of 2^63 and more stays, with C2 set.
  private func turn(_ c: CPU, _ kind: X87Operation) {
    guard requireFloats(c, 0, 0) else { return }
    let isPushing = kind == .tangent || kind == .sineAndCosine
    if isPushing, !c.isEmpty(7) {
      if stackFault(c, isOverflow: true) {
        c.setFloat(0, FloatFormat.extended.indefinite)
        c.floatTop = c.floatTop &- 1
        c.setFloat(0, FloatFormat.extended.indefinite)
      }
      return
    }
    var environment = floatEnvironment(c)
    environment.precision = 64
    guard let (first, second) = turned(&environment, floatNumber(c, 0), kind) else {
      c.pointee.fpuStatus |= FloatStatus.c2
      return
    }
    let isDone = settleFloat(c, environment)
    c.pointee.fpuStatus &= ~FloatStatus.c2
    guard isDone else { return }
    c.setFloat(0, first)
    if isPushing { pushFloat(c, second) }
  }

  /// What goes into ST(0), and what is pushed on it.
  private func turned(
    _ environment: inout FloatEnvironment, _ a: Number, _ kind: X87Operation
  ) -> (FloatBits, FloatBits)? {
    let one = environment.exact(Number(1))
    if let nan = environment.nan(a, a) { return (nan, nan) }
    if a.kind == .infinity {
      let nan = environment.invalid()
      return (nan, nan)
    }
    if a.kind == .zero {
      let zero = FloatFormat.extended.zero(isNegative: a.isNegative)
      return (kind == .cosine ? one : zero, one)
    }
    guard let (sine, cosine) = environment.sineAndCosine(a) else { return nil }
    if a.isDenormal { environment.raise(FloatException.denormal) }
    switch kind {
    case .sine: return (environment.round(sine), one)
    case .cosine: return (environment.round(cosine), one)
    case .sineAndCosine:
      let below = environment.round(sine)
      return (below, environment.round(cosine))
    default: return (environment.round(sine / cosine), one)
    }
  }
}
