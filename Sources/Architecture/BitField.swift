/// Bit fields of a register. Masking shifts and forced inlining make these as cheap as writing the shifts out.
extension FixedWidthInteger where Self: UnsignedInteger {
  /// The `width` bits from bit `low` up, moved down to bit 0.
  @inlinable @inline(__always)
  public func field(_ low: Int, _ width: Int) -> Self {
    (self &>> Self(truncatingIfNeeded: low)) & ((1 &<< Self(truncatingIfNeeded: width)) &- 1)
  }

  /// Puts the low `width` bits of `value` at bit `low`.
  @inlinable @inline(__always)
  public mutating func setField(_ low: Int, _ width: Int, _ value: Self) {
    let mask: Self = ((1 &<< Self(truncatingIfNeeded: width)) &- 1) &<< Self(truncatingIfNeeded: low)
    self = (self & ~mask) | ((value &<< Self(truncatingIfNeeded: low)) & mask)
  }

  @inlinable @inline(__always)
  public func bit(_ n: Int) -> Bool { (self &>> Self(truncatingIfNeeded: n)) & 1 != 0 }

  @inlinable @inline(__always)
  public mutating func setBit(_ n: Int, _ on: Bool) { setField(n, 1, on ? 1 : 0) }
}
