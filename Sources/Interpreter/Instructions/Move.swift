import Architecture

/// MOV, MOVZX, MOVSX, MOVSXD, LEA, CMOVcc, SETcc, MOVBE and BSWAP (SDM Vol. 1, 5.1.1).
extension Interpreter {
  /// MOV of 8 or 16 bits between registers, and every other form without an operation of its own.
  func move(_ c: CPU, _ op: OpPointer) throws(Stop) {
    if op.pointee.detail & Detail.fromMemory != 0 {
      c.setRegister(op.pointee.a, op.pointee.width, try source(c, op))
    } else {
      let value = op.pointee.hasImmediate ? op.pointee.immediate : c.register(op.pointee.b, op.pointee.width)
      try setDestination(c, op, value)
    }
  }

  /// MOVZX and MOVSX: the low byte of `detail` is the source's width, negative for MOVSX.
  func extend(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let signed = op.pointee.detail & 0x80 != 0
    let width = UInt8(op.pointee.detail & 0xF)
    let value =
      if op.pointee.isMemory {
        try load(c, try address(c, op, size: UInt64(width)), width, op.pointee.segment)
      } else {
        c.register(op.pointee.b, width)
      }
    c.setRegister(op.pointee.a, op.pointee.width, signed ? signExtend(value, width) : value)
  }

  func loadEffective(_ c: CPU, _ op: OpPointer) {
    c.setRegister(op.pointee.a, op.pointee.width, offset(c, op))
  }

  /// CMOVcc reads its source, and clears the upper half of a 32-bit destination, even when it does not move.
  func moveIf(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let value = try source(c, op)
    let holds = c.condition(UInt8(op.pointee.detail & 0xF))
    c.setRegister(op.pointee.a, op.pointee.width, holds ? value : c.register(op.pointee.a, op.pointee.width))
  }

  func setIf(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try setDestination(c, op, c.condition(UInt8(op.pointee.detail & 0xF)) ? 1 : 0)
  }

  func swapBytes(_ c: CPU, _ op: OpPointer) {
    let value = c.r64(op.pointee.a)
    switch op.pointee.width {
    case 8: c.setR64(op.pointee.a, value.byteSwapped)
    case 4: c.setR32(op.pointee.a, UInt32(truncatingIfNeeded: value).byteSwapped)
    // Undefined for 16 bits; processors clear the register's low word.
    default: c.setR16(op.pointee.a, 0)
    }
  }

  func moveSwapped(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    if op.pointee.detail & Detail.fromMemory != 0 {
      c.setRegister(op.pointee.a, width, swapped(try source(c, op), width))
    } else {
      try setDestination(c, op, swapped(c.register(op.pointee.b, width), width))
    }
  }

  private func swapped(_ value: UInt64, _ width: UInt8) -> UInt64 { value.byteSwapped &>> (64 &- UInt64(width) &* 8) }

  /// CBW, CWDE, CDQE: the accumulator's lower half is extended into all of it.
  func extendAccumulator(_ c: CPU, _ op: OpPointer) {
    let width = op.pointee.width
    c.setRegister(0, width, signExtend(c.r64(0), width &>> 1))
  }

  /// CWD, CDQ, CQO: the accumulator's sign fills (R/E)DX.
  func extendIntoData(_ c: CPU, _ op: OpPointer) {
    let width = op.pointee.width
    c.setRegister(16, width, Int64(bitPattern: signExtend(c.r64(0), width)) < 0 ? .max : 0)
  }

  /// XLAT: AL from [(R)BX + AL].
  func translateByte(_ c: CPU, _ op: OpPointer) throws(Stop) {
    var offset = c[.rbx] &+ UInt64(c.r8(0))
    offset &= widthMask(op.pointee.addressWidth)
    let address = try linear(c, op.pointee.segment, offset, 1, isWrite: false)
    c.setR8(0, try load8(c, address, op.pointee.segment))
  }
}

extension Decoder {
  /// 88...8B.
  mutating func decodeMove(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    if opcode < 0x8A {
      operandsToRM(width)
      set(isMemory ? storeOperation(width) : moveOperation(width))
    } else {
      operandsFromRM(width)
      if isMemory { op.detail |= Detail.fromMemory }
      set(isMemory ? loadOperation(width) : moveOperation(width))
    }
  }

  private func moveOperation(_ width: UInt8) -> Operation {
    width == 8 ? .move64rr : width == 4 ? .move32rr : .move
  }
  private func storeOperation(_ width: UInt8) -> Operation {
    switch width {
    case 1: .store8
    case 2: .store16
    case 4: .store32
    default: .store64
    }
  }
  private func loadOperation(_ width: UInt8) -> Operation {
    switch width {
    case 1: .load8
    case 2: .load16
    case 4: .load32
    default: .load64
    }
  }

  /// A0...A3: the address is in the instruction, of the address size.
  mutating func decodeMoveOffset(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    op.width = width
    switch addressWidth {
    case 8: op.displacement = next64()
    case 4: op.displacement = UInt64(next32())
    default: op.displacement = UInt64(next16())
    }
    op.segment = SegmentName.ds.rawValue
    op.detail |= Detail.memory
    finishAddress()
    if opcode < 0xA2 {
      op.a = 0
      op.detail |= Detail.fromMemory
      set(loadOperation(width))
    } else {
      op.b = 0
      set(storeOperation(width))
    }
  }

  /// B0...BF. Only here may an immediate have 64 bits.
  mutating func decodeMoveImmediate(_ opcode: UInt8) {
    let width = opcode < 0xB8 ? 1 : operandWidth
    op.width = width
    op.a = register(opcode & 7 | (rex & 1) &<< 3, width)
    op.detail |= Detail.immediate
    switch width {
    case 8: op.immediate = next64()
    case 4: op.immediate = UInt64(next32())
    default: op.immediate = immediate(width)
    }
    set(width >= 4 ? .move64ri : .move)
  }

  /// C6 and C7 /0.
  mutating func decodeMoveImmediateToRM(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    operandRM(width)
    guard reg == 0 else { return setInvalid() }
    op.immediate = immediate(width)
    op.detail |= Detail.immediate
    if isMemory {
      set(width == 1 ? .store8i : width == 2 ? .store16i : width == 4 ? .store32i : .store64i)
    } else {
      if width == 4 { op.immediate &= 0xFFFF_FFFF }
      set(width >= 4 ? .move64ri : .move)
    }
  }

  /// 0F B6, B7, BE, BF: MOVZX and MOVSX from `sourceWidth`; 63: MOVSXD.
  mutating func decodeExtend(_ sourceWidth: UInt8, signed: Bool) {
    let width = operandWidth
    operandsFromRM(width, sourceWidth: sourceWidth)
    op.detail |= UInt16(sourceWidth) | (signed ? 0x80 : 0)
    set(extendOperation(sourceWidth, width, signed) ?? .extend)
  }

  private func extendOperation(_ source: UInt8, _ width: UInt8, _ signed: Bool) -> Operation? {
    guard width >= 4 else { return nil }
    switch (source, signed, width) {
    case (1, false, _): return isMemory ? .zeroExtend8m : .zeroExtend8r
    case (2, false, _): return isMemory ? .zeroExtend16m : .zeroExtend16r
    case (1, true, 4): return isMemory ? .signExtend8to32m : .signExtend8to32r
    case (1, true, _): return isMemory ? .signExtend8to64m : .signExtend8to64r
    case (2, true, 4): return isMemory ? .signExtend16to32m : .signExtend16to32r
    case (2, true, _): return isMemory ? .signExtend16to64m : .signExtend16to64r
    case (4, true, 8): return isMemory ? .signExtend32to64m : .signExtend32to64r
    default: return nil
    }
  }

  /// LEA ignores the segment.
  mutating func decodeLoadEffective() {
    segmentOverride = 255
    operandsFromRM(operandWidth)
    guard isMemory else { return setInvalid() }
    guard op.addressing & ~Addressing.segmented == 0, is64, op.width >= 4 else { return set(.loadEffective) }
    set(op.width == 8 ? .loadEffective64 : .loadEffective32)
  }

  mutating func decodeMoveIf(_ opcode: UInt8) {
    operandsFromRM(operandWidth)
    op.detail |= UInt16(opcode & 0xF)
    set(.moveIf)
  }

  mutating func decodeSetIf(_ opcode: UInt8) {
    operandRM(1)
    op.detail |= UInt16(opcode & 0xF)
    set(.setIf)
  }

  /// 0F 38 F0 and F1, without F2: MOVBE.
  mutating func decodeMoveSwapped(_ opcode: UInt8) {
    guard features.contains(.movbe), repeatPrefix == 0 else { return setInvalid() }
    if opcode == 0xF0 { operandsFromRM(operandWidth) } else { operandsToRM(operandWidth) }
    guard isMemory else { return setInvalid() }
    if opcode == 0xF0 { op.detail |= Detail.fromMemory }
    set(.moveSwapped)
  }

  mutating func decodeSwapBytes(_ opcode: UInt8) {
    op.width = operandWidth
    op.a = register(opcode & 7 | (rex & 1) &<< 3, 8)
    set(.swapBytes)
  }

  /// 98 and 99.
  mutating func decodeExtendAccumulator(_ opcode: UInt8) {
    op.width = operandWidth
    set(opcode == 0x98 ? .extendAccumulator : .extendIntoData)
  }

  mutating func decodeTranslateByte() {
    implicitAddress(24)
    op.width = 1
    set(.translateByte)
  }
}
