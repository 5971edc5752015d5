import Architecture

/// An operation's operands by their role, so that the loop reads as a list.
extension UnsafeMutablePointer where Pointee == CPUState {
  @inline(__always) func a64(_ op: OpPointer) -> UInt64 { r64(op.pointee.a) }
  @inline(__always) func b64(_ op: OpPointer) -> UInt64 { r64(op.pointee.b) }
  @inline(__always) func a32(_ op: OpPointer) -> UInt32 { r32(op.pointee.a) }
  @inline(__always) func b32(_ op: OpPointer) -> UInt32 { r32(op.pointee.b) }
  @inline(__always) func a8(_ op: OpPointer) -> UInt8 { r8(op.pointee.a) }
  @inline(__always) func b8(_ op: OpPointer) -> UInt8 { r8(op.pointee.b) }
  @inline(__always) func setA64(_ op: OpPointer, _ value: UInt64) { setR64(op.pointee.a, value) }
  @inline(__always) func setA32(_ op: OpPointer, _ value: UInt32) { setR32(op.pointee.a, value) }
}

extension UnsafeMutablePointer where Pointee == Op {
  @inline(__always) var i64: UInt64 { pointee.immediate }
  @inline(__always) var i32: UInt32 { UInt32(truncatingIfNeeded: pointee.immediate) }
  @inline(__always) var i16: UInt16 { UInt16(truncatingIfNeeded: pointee.immediate) }
  @inline(__always) var i8: UInt8 { UInt8(truncatingIfNeeded: pointee.immediate) }
}

extension Interpreter {
  @inline(__always)
  func load8(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt8 {
    try load8(c, try address(c, op), op.pointee.segment)
  }
  @inline(__always)
  func load16(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt16 {
    try load16(c, try address(c, op), op.pointee.segment)
  }
  @inline(__always)
  func load32(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt32 {
    try load32(c, try address(c, op), op.pointee.segment)
  }
  @inline(__always)
  func load64(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    try load64(c, try address(c, op), op.pointee.segment)
  }

  /// Read, change, write. The store cannot fault any more, so `change` may set flags.
  @inline(__always)
  func modify64(_ c: CPU, _ op: OpPointer, _ change: (UInt64) -> UInt64) throws(Stop) {
    let address = try writeAddress(c, op)
    let old = try loadForWrite64(c, address, op.pointee.segment)
    try store64(c, address, change(old), op.pointee.segment)
  }
  @inline(__always)
  func modify32(_ c: CPU, _ op: OpPointer, _ change: (UInt32) -> UInt32) throws(Stop) {
    let address = try writeAddress(c, op)
    let old = try loadForWrite32(c, address, op.pointee.segment)
    try store32(c, address, change(old), op.pointee.segment)
  }

  /// The operand of ModRM.rm, or the immediate: as `Op.detail` says, zero-extended.
  func source(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    if op.pointee.detail & Detail.memory != 0 {
      return try load(c, try address(c, op), op.pointee.width, op.pointee.segment)
    }
    return op.pointee.detail & Detail.immediate != 0 ? op.pointee.immediate : c.register(op.pointee.b, op.pointee.width)
  }

  /// ModRM.rm as the destination: the register `a`, or memory.
  func setDestination(_ c: CPU, _ op: OpPointer, _ value: UInt64) throws(Stop) {
    if op.pointee.detail & Detail.memory != 0 {
      try store(c, try writeAddress(c, op), op.pointee.width, value, op.pointee.segment)
    } else {
      c.setRegister(op.pointee.a, op.pointee.width, value)
    }
  }

  /// Read, change, write for either kind of ModRM.rm. `change` must not set flags: a fault may follow for `a`.
  func modify(_ c: CPU, _ op: OpPointer, _ change: (UInt64) -> UInt64) throws(Stop) {
    let width = op.pointee.width
    guard op.pointee.detail & Detail.memory != 0 else {
      c.setRegister(op.pointee.a, width, change(c.register(op.pointee.a, width)))
      return
    }
    let address = try writeAddress(c, op)
    let old = try loadForWrite(c, address, width, op.pointee.segment)
    try store(c, address, width, change(old), op.pointee.segment)
  }
}
