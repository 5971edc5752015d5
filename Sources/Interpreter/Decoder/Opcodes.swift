import Architecture

/// The one-byte opcode map (SDM Vol. 2D, table A-2).
extension Decoder {
  mutating func decodeOpcode(_ opcode: UInt8) {
    switch opcode {
    case 0x06, 0x0E, 0x16, 0x1E: pushSegment(opcode &>> 3)
    case 0x07, 0x17, 0x1F: popSegment(opcode &>> 3)
    case 0x0F: decodeTwoByte(next8())
    case 0x27, 0x2F, 0x37, 0x3F, 0xD4...0xD6: decodeDecimal(opcode)
    case 0x00...0x3F: decodeArithmetic(opcode)
    case 0x40...0x4F: decodeShortIncrement(opcode)
    case 0x50...0x5F: decodePushRegister(opcode)
    case 0x60, 0x61: decodePushAll(opcode)
    case 0x62: decodeBound()
    case 0x63: if is64 { decodeExtend(min(operandWidth, 4), signed: true) } else { decodeAdjustLevel() }
    case 0x68, 0x6A: decodePushImmediate(opcode)
    case 0x69, 0x6B: decodeMultiplySigned(opcode)
    case 0x6C, 0x6D: decodeString(StringKind.input, opcode)
    case 0x6E, 0x6F: decodeString(StringKind.output, opcode)
    case 0x70...0x7F: decodeJumpIf(opcode, isShort: true)
    case 0x80, 0x81, 0x83: decodeArithmeticImmediate(opcode)
    case 0x82: if is64 { setInvalid() } else { decodeArithmeticImmediate(0x80) }
    case 0x84, 0x85, 0xA8, 0xA9: decodeTest(opcode)
    case 0x86, 0x87: decodeExchange(opcode)
    case 0x88...0x8B: decodeMove(opcode)
    case 0x8C: decodeFromSegment()
    case 0x8D: decodeLoadEffective()
    case 0x8E: decodeToSegment()
    case 0x8F: decodePop()
    case 0x90: decodeNop()
    case 0x91...0x97: decodeExchangeAccumulator(opcode)
    case 0x98, 0x99: decodeExtendAccumulator(opcode)
    case 0x9A, 0xEA: decodeFarDirect(opcode)
    case 0x9B: set(.wait)
    case 0x9C:
      op.width = stackWidth
      set(.pushFlags)
    case 0x9D:
      op.width = stackWidth
      system(.popFlags)
    case 0x9E: set(.storeAH)
    case 0x9F: set(.loadAH)
    case 0xA0...0xA3: decodeMoveOffset(opcode)
    case 0xA4, 0xA5: decodeString(StringKind.move, opcode)
    case 0xA6, 0xA7: decodeString(StringKind.compare, opcode)
    case 0xAA, 0xAB: decodeString(StringKind.store, opcode)
    case 0xAC, 0xAD: decodeString(StringKind.load, opcode)
    case 0xAE, 0xAF: decodeString(StringKind.scan, opcode)
    case 0xB0...0xBF: decodeMoveImmediate(opcode)
    case 0xC0, 0xC1, 0xD0...0xD3: decodeShift(opcode)
    case 0xC2, 0xC3: decodeReturn(opcode)
    case 0xC4, 0xC5: if isVEX { decodeVEX(opcode) } else { decodeFarPointer(opcode == 0xC4 ? 0 : 3) }
    case 0xC6, 0xC7: decodeMoveImmediateToRM(opcode)
    case 0xC8, 0xC9: decodeFrame(opcode)
    case 0xCA, 0xCB: decodeFarReturn(opcode)
    case 0xD7: decodeTranslateByte()
    case 0xD8...0xDF: decodeFloatingPoint(opcode)
    case 0xE0...0xE3: decodeLoop(opcode)
    case 0xE8: decodeCall()
    case 0xE9, 0xEB: decodeJump(opcode)
    case 0xF6, 0xF7: decodeGroup3(opcode)
    case 0xFE, 0xFF: decodeGroup5(opcode)
    default: decodeSystem(opcode)
    }
  }

  /// Groups 4 and 5.
  private mutating func decodeGroup5(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    operandRM(width)
    switch reg {
    case 0, 1: decodeIncrement(width)
    case 2, 4: if opcode == 0xFF { decodeIndirect() } else { setInvalid() }
    case 3, 5: if opcode == 0xFF { decodeFarIndirect() } else { setInvalid() }
    case 6: if opcode == 0xFF { setStackOperand(.push) } else { setInvalid() }
    default: setInvalid()
    }
  }

  /// Outside 64-bit mode a VEX prefix is an LDS or LES with a register, which there is not.
  private var isVEX: Bool { is64 || (position < available && bytes[position] >= 0xC0) }

  /// C4 and C5 as prefixes (SDM Vol. 2, 2.3.5). Their R, X, B and vvvv are inverted.
  private mutating func decodeVEX(_ opcode: UInt8) {
    let isForbidden = hasLock || hasOperandPrefix || repeatPrefix != 0 || rex != 0
    var map: UInt8 = 1
    var last = next8()
    rex = (last & 0x80 == 0 ? 4 : 0)
    if opcode == 0xC4 {
      map = last & 0x1F
      rex |= (~last &>> 5) & 3
      last = next8()
      if last & 0x80 != 0 { rex |= 8 }
    }
    if !is64 { rex = 0 }
    hasVEX = true
    vexRegister = ~last &>> 3 & (is64 ? 0xF : 7)
    vexIsLong = last & 4 != 0
    hasOperandPrefix = last & 3 == 1
    repeatPrefix = last & 3 == 2 ? 0xF3 : last & 3 == 3 ? 0xF2 : 0
    let code = next8()
    if isForbidden { return setInvalid() }
    switch (map, code) {
    case (1, 0xAE): decodeVEXControl()
    case (2, 0xF0...0xFF), (3, 0xF0...0xFF): decodeVEXGeneral(map, code)
    default: decodeVectorMap(map, code)
    }
  }

  /// 40...4F outside 64-bit mode.
  private mutating func decodeShortIncrement(_ opcode: UInt8) {
    op.width = operandWidth
    op.a = (opcode & 7) &* 8
    setArithmetic(opcode < 0x48 ? ALU.increment : ALU.decrement)
  }

  private mutating func decodePushAll(_ opcode: UInt8) {
    guard !is64 else { return setInvalid() }
    op.width = operandWidth
    set(opcode == 0x60 ? .pushAll : .popAll)
  }

  private mutating func decodeNop() {
    if repeatPrefix == 0xF3 { return system(.pause) }
    if rex & 1 != 0 { return decodeExchangeAccumulator(0x90) }
    set(.nop)
  }
}
