import Architecture

/// ROL, ROR, RCL, RCR, SHL, SHR, SAR, SHLD and SHRD (SDM Vol. 1, 5.1.5).
///
/// The numbers are ModRM.reg of group 2; 6 is SHL again, as every processor has it.
enum Shift {
  static var rotateLeft: UInt16 { 0 }
  static var rotateRight: UInt16 { 1 }
  static var rotateCarryLeft: UInt16 { 2 }
  static var rotateCarryRight: UInt16 { 3 }
  static var left: UInt16 { 4 }
  static var right: UInt16 { 5 }
  static var arithmeticRight: UInt16 { 7 }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  // By an immediate of 1 to 31 or 63: the hot ones.

  @inline(__always)
  func shiftLeft64(_ value: UInt64, _ count: UInt64) -> UInt64 {
    let result = value &<< count
    let carry = (value &>> (64 &- count)) & 1
    setGivenFlags(result, carry: carry != 0, overflow: (result &>> 63) != carry)
    return result
  }
  @inline(__always)
  func shiftRight64(_ value: UInt64, _ count: UInt64) -> UInt64 {
    let result = value &>> count
    setGivenFlags(result, carry: (value &>> (count &- 1)) & 1 != 0, overflow: Int64(bitPattern: value) < 0)
    return result
  }
  @inline(__always)
  func shiftArithmetic64(_ value: UInt64, _ count: UInt64) -> UInt64 {
    let signed = Int64(bitPattern: value)
    let result = UInt64(bitPattern: signed &>> Int64(count))
    setGivenFlags(result, carry: (signed &>> Int64(count &- 1)) & 1 != 0, overflow: false)
    return result
  }
  @inline(__always)
  func shiftLeft32(_ value: UInt32, _ count: UInt32) -> UInt32 {
    let result = value &<< count
    let carry = (value &>> (32 &- count)) & 1
    setGivenFlags(extended(result), carry: carry != 0, overflow: (result &>> 31) != carry)
    return result
  }
  @inline(__always)
  func shiftRight32(_ value: UInt32, _ count: UInt32) -> UInt32 {
    let result = value &>> count
    setGivenFlags(
      extended(result), carry: (value &>> (count &- 1)) & 1 != 0, overflow: Int32(bitPattern: value) < 0)
    return result
  }
  @inline(__always)
  func shiftArithmetic32(_ value: UInt32, _ count: UInt32) -> UInt32 {
    let signed = Int32(bitPattern: value)
    let result = UInt32(bitPattern: signed &>> Int32(bitPattern: count))
    setGivenFlags(extended(result), carry: (signed &>> Int32(bitPattern: count &- 1)) & 1 != 0, overflow: false)
    return result
  }

  /// Any of them at any width. The count is cut to 5 bits, 6 with 64-bit operands; 0 changes nothing, flags included.
  func shift(_ kind: UInt16, _ value: UInt64, _ rawCount: UInt64, _ width: UInt8) -> UInt64 {
    let bits = UInt64(width) &* 8
    let count = rawCount & (width == 8 ? 63 : 31)
    let operand = value & widthMask(width)
    guard count != 0 else { return operand }
    switch kind {
    case Shift.rotateLeft, Shift.rotateRight: return rotate(kind, operand, count, bits)
    case Shift.rotateCarryLeft, Shift.rotateCarryRight: return rotateThroughCarry(kind, operand, count, bits)
    case Shift.right:
      let result = count < bits ? operand &>> count : 0
      let carry = count <= bits ? (operand &>> (count &- 1)).bit(0) : false
      setGivenFlags(signExtend(result, width), carry: carry, overflow: operand.bit(Int(bits) &- 1))
      return result
    case Shift.arithmeticRight:
      let signed = Int64(bitPattern: signExtend(operand, width))
      let result = UInt64(bitPattern: signed &>> Int64(min(count, 63)))
      setGivenFlags(signExtend(result, width), carry: (signed &>> Int64(count &- 1)) & 1 != 0, overflow: false)
      return result
    default:
      let result = count < bits ? operand &<< count : 0
      let carry = count <= bits ? (operand &>> (bits &- count)).bit(0) : false
      let extended = signExtend(result, width)
      setGivenFlags(extended, carry: carry, overflow: (Int64(bitPattern: extended) < 0) != carry)
      return result
    }
  }

  /// ROL and ROR change CF and OF only.
  private func rotate(_ kind: UInt16, _ value: UInt64, _ count: UInt64, _ bits: UInt64) -> UInt64 {
    let turn = count % bits
    let by = kind == Shift.rotateLeft ? turn : (bits &- turn) % bits
    let result = by == 0 ? value : (value &<< by | value &>> (bits &- by)) & widthMask(UInt8(bits / 8))
    let top = result.bit(Int(bits) &- 1)
    if kind == Shift.rotateLeft {
      setCarryAndOverflow(result.bit(0), top != result.bit(0))
    } else {
      setCarryAndOverflow(top, top != result.bit(Int(bits) &- 2))
    }
    return result
  }

  /// RCL and RCR: CF is one more bit of the operand.
  private func rotateThroughCarry(_ kind: UInt16, _ value: UInt64, _ count: UInt64, _ bits: UInt64) -> UInt64 {
    var result = value
    var carry = carry
    var overflow = false
    for _ in 0..<(count % (bits &+ 1)) {
      if kind == Shift.rotateCarryLeft {
        let out = result.bit(Int(bits) &- 1)
        result = (result &<< 1 | (carry ? 1 : 0)) & widthMask(UInt8(bits / 8))
        carry = out
      } else {
        let out = result.bit(0)
        result = result &>> 1 | (carry ? 1 &<< (bits &- 1) : 0)
        carry = out
      }
    }
    let top = result.bit(Int(bits) &- 1)
    overflow = kind == Shift.rotateCarryLeft ? top != carry : top != result.bit(Int(bits) &- 2)
    setCarryAndOverflow(carry, overflow)
    return result
  }

  func setCarryAndOverflow(_ carry: Bool, _ overflow: Bool) {
    let others = arithmeticFlags & ~0x801
    pointee.setArithmetic(others | (carry ? 1 : 0) | (overflow ? 0x800 : 0))
  }

  /// SHLD and SHRD. A count above the operand's width is undefined for 16 bits: here the bits come round.
  func doubleShift(_ isLeft: Bool, _ left: UInt64, _ right: UInt64, _ rawCount: UInt64, _ width: UInt8) -> UInt64 {
    let bits = UInt64(width) &* 8
    let mask = widthMask(width)
    let count = rawCount & (width == 8 ? 63 : 31)
    let a = left & mask
    let b = right & mask
    guard count != 0 else { return a }
    guard count <= bits else {
      let turned =
        isLeft ? b &<< (count &- bits) | a &>> (bits &* 2 &- count) : b &>> (count &- bits) | a &<< (bits &* 2 &- count)
      setGivenFlags(signExtend(turned & mask, width), carry: false, overflow: false)
      return turned & mask
    }
    let result: UInt64
    let carry: Bool
    if isLeft {
      result = count == bits ? b : (a &<< count | b &>> (bits &- count)) & mask
      carry = (a &>> (bits &- count)).bit(0)
    } else {
      result = count == bits ? b : (a &>> count | b &<< (bits &- count)) & mask
      carry = (a &>> (count &- 1)).bit(0)
    }
    let extended = signExtend(result, width)
    setGivenFlags(extended, carry: carry, overflow: (extended ^ signExtend(a, width)).bit(63))
    return result
  }
}

extension Interpreter {
  func shift(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let count = op.pointee.hasImmediate ? op.pointee.immediate : UInt64(c.r8(8))
    let kind = op.pointee.detail & 7
    let width = op.pointee.width
    try modify(c, op) { c.shift(kind, $0, count, width) }
  }

  func doubleShift(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let count = op.pointee.hasImmediate ? op.pointee.immediate : UInt64(c.r8(8))
    let isLeft = op.pointee.detail & 1 == 0
    let width = op.pointee.width
    let source = c.register(op.pointee.b, width)
    try modify(c, op) { c.doubleShift(isLeft, $0, source, count, width) }
  }
}

extension Decoder {
  /// Group 2: C0, C1, D0...D3.
  mutating func decodeShift(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    operandRM(width)
    op.detail |= UInt16(reg)
    if opcode < 0xD2 {
      op.immediate = opcode < 0xD0 ? UInt64(next8()) : 1
      op.detail |= Detail.immediate
    }
    set(fastShift() ?? .shift)
  }

  private mutating func fastShift() -> Operation? {
    guard op.hasImmediate, !isMemory, op.width >= 4 else { return nil }
    let count = op.immediate & (op.width == 8 ? 63 : 31)
    guard count != 0 else { return nil }
    op.immediate = count
    let is64 = op.width == 8
    switch op.detail & 7 {
    case 4, 6: return is64 ? .shiftLeft64 : .shiftLeft32
    case 5: return is64 ? .shiftRight64 : .shiftRight32
    case 7: return is64 ? .shiftArithmetic64 : .shiftArithmetic32
    default: return nil
    }
  }

  /// 0F A4, A5, AC, AD.
  mutating func decodeDoubleShift(_ opcode: UInt8) {
    operandsToRM(operandWidth)
    if opcode >= 0xAC { op.detail |= 1 }
    if opcode & 1 == 0 {
      op.immediate = UInt64(next8())
      op.detail |= Detail.immediate
    }
    set(.doubleShift)
  }
}
