import Architecture

/// BT, BTS, BTR, BTC, BSF, BSR, TZCNT, LZCNT and POPCNT (SDM Vol. 1, 5.1.6).
enum BitOperation {
  static var test: UInt16 { 0 }
  static var set: UInt16 { 1 }
  static var reset: UInt16 { 2 }
  static var complement: UInt16 { 3 }

  static func apply(_ kind: UInt16, _ value: UInt64, _ mask: UInt64) -> UInt64 {
    switch kind {
    case set: value | mask
    case reset: value & ~mask
    case complement: value ^ mask
    default: value
    }
  }
}

enum BitScan {
  static var forward: UInt16 { 0 }
  static var reverse: UInt16 { 1 }
  static var trailingZeros: UInt16 { 2 }
  static var leadingZeros: UInt16 { 3 }
  static var population: UInt16 { 4 }
}

extension Interpreter {
  /// Only CF changes. With a register as the bit number, memory is a bit string that reaches beyond the operand.
  func bitTest(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let kind = op.pointee.detail & 3
    let width = op.pointee.width
    let bits = UInt64(width) &* 8
    let number = op.pointee.hasImmediate ? op.pointee.immediate : c.register(op.pointee.b, width)
    let mask: UInt64 = 1 &<< (number & (bits &- 1))
    let value: UInt64
    if op.pointee.isMemory {
      let address = try bitStringAddress(c, op, number, isWrite: kind != BitOperation.test)
      let segment = op.pointee.segment
      if kind == BitOperation.test {
        value = try load(c, address, width, segment)
      } else {
        value = try loadForWrite(c, address, width, segment)
        try store(c, address, width, BitOperation.apply(kind, value, mask), segment)
      }
    } else {
      value = c.register(op.pointee.a, width)
      if kind != BitOperation.test {
        c.setRegister(op.pointee.a, width, BitOperation.apply(kind, value, mask))
      }
    }
    let others = c.arithmeticFlags & ~1
    c.pointee.setArithmetic(others | (value & mask != 0 ? 1 : 0))
  }

  private func bitStringAddress(
    _ c: CPU, _ op: OpPointer, _ number: UInt64, isWrite: Bool
  ) throws(Stop) -> UInt64 {
    let width = op.pointee.width
    guard !op.pointee.hasImmediate else { return try address(c, op, size: UInt64(width), isWrite: isWrite) }
    let shift: Int64 = width == 8 ? 6 : width == 4 ? 5 : 4
    let unit = Int64(bitPattern: signExtend(number, width)) &>> shift
    var moved = op.pointee
    moved.displacement &+= UInt64(bitPattern: unit &* Int64(width))
    return try withUnsafeMutablePointer(to: &moved) { (moved) throws(Stop) in
      try address(c, moved, size: UInt64(width), isWrite: isWrite)
    }
  }

  /// BSF and BSR of 0 set ZF and leave the destination; the others count the operand's width then.
  func bitScan(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let bits = UInt64(width) &* 8
    let value = try source(c, op) & widthMask(width)
    switch op.pointee.detail & 7 {
    case BitScan.forward:
      if value != 0 { c.setRegister(op.pointee.a, width, UInt64(value.trailingZeroBitCount)) }
      c.setLogicFlags(value)
    case BitScan.reverse:
      if value != 0 { c.setRegister(op.pointee.a, width, UInt64(63 &- value.leadingZeroBitCount)) }
      c.setLogicFlags(value)
    case BitScan.trailingZeros:
      let count = value == 0 ? bits : UInt64(value.trailingZeroBitCount)
      c.setRegister(op.pointee.a, width, count)
      c.setGivenFlags(count, carry: value == 0, overflow: false)
    case BitScan.leadingZeros:
      let count = UInt64(value.leadingZeroBitCount) &- (64 &- bits)
      c.setRegister(op.pointee.a, width, count)
      c.setGivenFlags(count, carry: value == 0, overflow: false)
    default:
      c.setRegister(op.pointee.a, width, UInt64(value.nonzeroBitCount))
      c.pointee.setArithmetic(value == 0 ? 0x40 : 0)
    }
  }
}

extension Decoder {
  /// 0F A3, AB, B3, BB: the bit number is a register.
  mutating func decodeBitTest(_ opcode: UInt8) {
    operandsToRM(operandWidth)
    setBitTest(UInt16(opcode &>> 3) & 3)
  }

  /// Group 8, 0F BA: the bit number is an immediate.
  mutating func decodeBitTestImmediate() {
    operandRM(operandWidth)
    op.immediate = UInt64(next8())
    op.detail |= Detail.immediate
    guard reg >= 4 else { return setInvalid() }
    setBitTest(UInt16(reg & 3))
  }

  private mutating func setBitTest(_ kind: UInt16) {
    if kind != BitOperation.test { op.detail |= Detail.lockable }
    set(.bitTest, detail: kind)
  }

  /// 0F BC, BD and B8.
  mutating func decodeBitScan(_ opcode: UInt8) {
    operandsFromRM(operandWidth)
    switch opcode {
    case 0xB8:
      guard repeatPrefix == 0xF3, features.contains(.popcnt) else { return setInvalid() }
      set(.bitScan, detail: BitScan.population)
    case 0xBC:
      let counts = repeatPrefix == 0xF3 && features.contains(.bmi1)
      set(.bitScan, detail: counts ? BitScan.trailingZeros : BitScan.forward)
    default:
      let counts = repeatPrefix == 0xF3 && features.contains(.lzcnt)
      set(.bitScan, detail: counts ? BitScan.leadingZeros : BitScan.reverse)
    }
  }
}
