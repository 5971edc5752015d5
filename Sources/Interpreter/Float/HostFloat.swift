/// The host's own arithmetic where it gives the guest's bits for certain: operands and result normal, rounding to nearest,
/// and an inexact result already noted in MXCSR, so that nothing but the result can come of it.
///
/// IEEE 754 leaves no choice there, so the result is the same on every host; measured, it is some ten times as fast.
enum HostFloat {
  /// PM set, RC nearest, PE set: nothing else of MXCSR matters for normal numbers.
  @inline(__always)
  private static func suits(_ mxcsr: UInt32) -> Bool { mxcsr & 0x7020 == 0x1020 }

  @inline(__always)
  static func apply(_ kind: VectorFloat, _ a: UInt64, _ b: UInt64, isDouble: Bool, mxcsr: UInt32) -> UInt64? {
    guard suits(mxcsr), kind.rawValue <= VectorFloat.divide.rawValue || kind == .squareRoot else { return nil }
    return isDouble
      ? apply(kind, Double(bitPattern: a), Double(bitPattern: b))?.bitPattern
      : apply(kind, Float(bitPattern: UInt32(truncatingIfNeeded: a)), Float(bitPattern: UInt32(truncatingIfNeeded: b)))
        .map { UInt64($0.bitPattern) }
  }

  @inline(__always)
  private static func apply<Value: BinaryFloatingPoint>(_ kind: VectorFloat, _ x: Value, _ y: Value) -> Value? {
    guard y.isNormal, kind == .squareRoot ? y > 0 : x.isNormal else { return nil }
    let result =
      switch kind {
      case .add: x + y
      case .subtract: x - y
      case .multiply: x * y
      case .divide: x / y
      default: y.squareRoot()
      }
    // Next to the smallest normal number the exact result may have been tiny.
    guard result.isNormal, result.magnitude > .leastNormalMagnitude else { return nil }
    return result
  }
}
