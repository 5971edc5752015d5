import Architecture

/// Effective and linear addresses (SDM Vol. 1, 3.7.5; Vol. 3A, 3.4 and 5.3).
extension Interpreter {
  /// The linear address of the memory operand.
  @inline(__always)
  func address(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let sum = effective(c, op)
    return op.pointee.addressing == 0 ? sum : try segmented(c, op, sum)
  }

  @inline(__always)
  func effective(_ c: CPU, _ op: OpPointer) -> UInt64 {
    c.r64(op.pointee.base) &+ (c.r64(op.pointee.index) &<< UInt64(op.pointee.scale)) &+ op.pointee.displacement
  }

  /// The offset inside the segment: what LEA gives.
  func offset(_ c: CPU, _ op: OpPointer) -> UInt64 {
    let sum = effective(c, op)
    if op.pointee.addressing & Addressing.address32 != 0 { return sum & 0xFFFF_FFFF }
    return op.pointee.addressing & Addressing.address16 != 0 ? sum & 0xFFFF : sum
  }

  @inline(never)
  private func segmented(_ c: CPU, _ op: OpPointer, _ sum: UInt64) throws(Stop) -> UInt64 {
    let offset = offset(c, op)
    guard op.pointee.addressing & Addressing.segmented != 0 else { return offset }
    return try linear(c, op.pointee.segment, offset, max(op.pointee.width, 1))
  }

  /// Adds a segment's base. In 64-bit mode only FS and GS have one, and nothing has a limit.
  func linear(_ c: CPU, _ segment: UInt8, _ offset: UInt64, _ size: UInt8) throws(Stop) -> UInt64 {
    let register = c.segment(segment)
    if c.isLong { return segment >= 4 ? register.pointee.base &+ offset : offset }
    let last = offset &+ UInt64(size &- 1)
    let limit = UInt64(register.pointee.limit)
    let attributes = register.pointee.attributes
    if attributes & 0xC == 4 {
      // Expand-down data: offsets above the limit are valid.
      let top: UInt64 = register.pointee.isDefault32 ? 0xFFFF_FFFF : 0xFFFF
      guard offset > limit, last <= top else { throw c.failAddress(segment) }
    } else {
      guard last <= limit else { throw c.failAddress(segment) }
    }
    // A null selector in protected mode.
    if attributes & 0x80 == 0 { throw c.failAddress(segment) }
    return (register.pointee.base &+ offset) & 0xFFFF_FFFF
  }
}
