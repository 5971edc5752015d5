import Architecture

/// Effective and linear addresses (SDM Vol. 1, 3.7.5; Vol. 3A, 3.4 and 5.3).
extension Interpreter {
  /// The linear address of a memory operand that is read.
  @inline(__always)
  func address(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let sum = effective(c, op)
    if op.pointee.addressing == 0 { return sum }
    return try segmented(c, op, sum, UInt64(max(op.pointee.width, 1)), isWrite: false)
  }

  /// The linear address of a memory operand that is written, or read and then written.
  @inline(__always)
  func writeAddress(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let sum = effective(c, op)
    if op.pointee.addressing == 0 { return sum }
    return try segmented(c, op, sum, UInt64(max(op.pointee.width, 1)), isWrite: true)
  }

  /// The same for an operand whose size is not the operand width.
  func address(_ c: CPU, _ op: OpPointer, size: UInt64, isWrite: Bool = false) throws(Stop) -> UInt64 {
    let sum = effective(c, op)
    return op.pointee.addressing == 0 ? sum : try segmented(c, op, sum, size, isWrite: isWrite)
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
  private func segmented(
    _ c: CPU, _ op: OpPointer, _ sum: UInt64, _ size: UInt64, isWrite: Bool
  ) throws(Stop) -> UInt64 {
    let offset = offset(c, op)
    guard op.pointee.addressing & Addressing.segmented != 0 else { return offset }
    return try linear(c, op.pointee.segment, offset, size, isWrite: isWrite)
  }

  /// Adds a segment's base, and checks its limit and its type. In 64-bit mode only FS and GS have a base, and nothing
  /// is checked.
  func linear(
    _ c: CPU, _ segment: UInt8, _ offset: UInt64, _ size: UInt64, isWrite: Bool
  ) throws(Stop) -> UInt64 {
    let register = c.segment(segment)
    if c.isLong { return segment >= 4 ? register.pointee.base &+ offset : offset }
    guard register.pointee.covers(offset, size), !c.isProtected || register.pointee.allows(isWrite: isWrite) else {
      throw c.failAddress(segment)
    }
    return (register.pointee.base &+ offset) & 0xFFFF_FFFF
  }
}

extension SegmentRegister {
  /// Inside the limit; a null selector of protected mode covers nothing.
  ///
  /// An access that wraps at 4 GiB is inside a segment of 4 GiB, as processors have it (SDM Vol. 3A, 5.3).
  @inline(__always)
  func covers(_ offset: UInt64, _ size: UInt64) -> Bool {
    guard attributes & 0x80 != 0 else { return false }
    let last = offset &+ size &- 1
    if attributes & 0x1C == 0x14 {
      // Expand-down data: offsets above the limit are valid.
      return offset > UInt64(limit) && last <= (isDefault32 ? 0xFFFF_FFFF : 0xFFFF)
    }
    return last <= UInt64(limit) || limit == 0xFFFF_FFFF
  }

  /// Code is never written, and read only where it is readable; data only is written where it is writable.
  @inline(__always)
  func allows(isWrite: Bool) -> Bool {
    let isCode = attributes & 8 != 0
    let isPermissive = attributes & 2 != 0
    return isWrite ? !isCode && isPermissive : !isCode || isPermissive
  }
}
