/// RCPPS and RSQRTPS: at most 1.5 x 2^-12 off, no exceptions, denormals as zeroes (SDM Vol. 2, "RCPPS" and "RSQRTPS").
///
/// The manual leaves the low bits to the processor. Here the exact result is rounded to 13 bits.
enum FloatApproximation {
  static func apply(_ bits: UInt32, isRoot: Bool) -> UInt64 {
    var environment = FloatEnvironment(mxcsr: 0x1F80 | 0x8040, .single)
    let number = environment.number(UInt64(bits))
    if let nan = environment.nan(number, number) { return nan.low }
    if number.kind == .zero { return FloatFormat.single.infinity(isNegative: number.isNegative).low }
    if isRoot, number.isNegative { return FloatFormat.single.indefinite.low }
    if number.kind == .infinity { return FloatFormat.single.zero(isNegative: number.isNegative).low }
    environment.precision = 13
    let one = Number(1)
    guard isRoot else { return environment.divide(one, by: number).low }
    var fine = FloatEnvironment(mxcsr: 0x1F80, .double)
    let root = Number(fine.squareRoot(number), .double)
    return environment.divide(one, by: root).low
  }
}
