import Architecture

/// BMI1, BMI2, ADX and CRC32 (SDM Vol. 1, 5.1.16, 5.1.2 and 5.12).
enum BitManipulation: UInt16 {
  case andNot, extractField, lowestBit, maskToLowest, resetLowest
  case zeroHigh, multiplyQuiet, deposit, extract, rotateQuiet, shiftLeftQuiet, shiftRightQuiet
  case shiftArithmeticQuiet
  case addWithCarry, addWithOverflow
}

extension Interpreter {
  /// `a` is the destination, rm the first source, `third` the register of VEX.vvvv.
  func bitManipulation(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard let kind = BitManipulation(rawValue: op.pointee.detail & 0xFF) else { throw c.fail(.invalidOpcode) }
    // VEX is there in protected mode only (SDM Vol. 2, 2.3.2).
    if kind.rawValue < BitManipulation.addWithCarry.rawValue, !c.isProtected { throw c.fail(.invalidOpcode) }
    let width = op.pointee.width
    let value = try source(c, op) & widthMask(width)
    let other = c.register(op.pointee.third, width)
    let destination = op.pointee.a
    switch kind {
    case .andNot: setLogic(c, destination, width, ~other & value)
    case .extractField: extractField(c, op, value, other)
    case .lowestBit: setLowest(c, op, value & (0 &- value), carry: value != 0)
    case .maskToLowest: setLowest(c, op, value ^ (value &- 1), carry: value == 0)
    case .resetLowest: setLowest(c, op, value & (value &- 1), carry: value == 0)
    case .zeroHigh:
      let count = other & 0xFF
      let bits = UInt64(width) &* 8
      let result = count < bits ? value & ((1 &<< count) &- 1) : value
      c.setRegister(destination, width, result)
      c.setGivenFlags(signExtend(result, width), carry: count >= bits, overflow: false)
    case .multiplyQuiet: multiplyQuiet(c, op, value)
    case .deposit: c.setRegister(destination, width, depositBits(other, value))
    case .extract: c.setRegister(destination, width, extractBits(other, value))
    case .rotateQuiet: c.setRegister(destination, width, rotateRight(value, op.pointee.immediate, width))
    case .shiftLeftQuiet, .shiftRightQuiet, .shiftArithmeticQuiet:
      c.setRegister(destination, width, shiftQuiet(kind, value, other, width))
    case .addWithCarry, .addWithOverflow: addCarry(c, op, value, isOverflow: kind == .addWithOverflow)
    }
  }

  private func setLogic(_ c: CPU, _ destination: UInt8, _ width: UInt8, _ result: UInt64) {
    c.setRegister(destination, width, result)
    c.setLogicFlags(signExtend(result & widthMask(width), width))
  }

  /// BLSI, BLSMSK and BLSR go into the register of VEX.vvvv.
  private func setLowest(_ c: CPU, _ op: OpPointer, _ result: UInt64, carry: Bool) {
    let width = op.pointee.width
    c.setRegister(op.pointee.third, width, result)
    c.setGivenFlags(signExtend(result & widthMask(width), width), carry: carry, overflow: false)
  }

  private func extractField(_ c: CPU, _ op: OpPointer, _ value: UInt64, _ control: UInt64) {
    let start = control & 0xFF
    let length = control &>> 8 & 0xFF
    var result = start < 64 ? value &>> start : 0
    if length < 64 { result &= (1 &<< length) &- 1 }
    c.setRegister(op.pointee.a, op.pointee.width, result)
    c.setGivenFlags(signExtend(result, op.pointee.width), carry: false, overflow: false)
  }

  /// MULX: RDX times rm; the low half first, so that one register for both keeps the high half.
  private func multiplyQuiet(_ c: CPU, _ op: OpPointer, _ value: UInt64) {
    let width = op.pointee.width
    if width == 8 {
      let product = c[.rdx].multipliedFullWidth(by: value)
      c.setR64(op.pointee.third, product.low)
      c.setR64(op.pointee.a, product.high)
    } else {
      let product = UInt64(c.r32(16)) &* value
      c.setR32(op.pointee.third, UInt32(truncatingIfNeeded: product))
      c.setR32(op.pointee.a, UInt32(truncatingIfNeeded: product &>> 32))
    }
  }

  private func depositBits(_ value: UInt64, _ mask: UInt64) -> UInt64 {
    var (rest, result, value) = (mask, UInt64(0), value)
    while rest != 0 {
      let lowest = rest & (0 &- rest)
      if value & 1 != 0 { result |= lowest }
      value &>>= 1
      rest ^= lowest
    }
    return result
  }

  private func extractBits(_ value: UInt64, _ mask: UInt64) -> UInt64 {
    var (rest, result, place) = (mask, UInt64(0), UInt64(0))
    while rest != 0 {
      let lowest = rest & (0 &- rest)
      if value & lowest != 0 { result |= 1 &<< place }
      place &+= 1
      rest ^= lowest
    }
    return result
  }

  private func rotateRight(_ value: UInt64, _ count: UInt64, _ width: UInt8) -> UInt64 {
    let bits = UInt64(width) &* 8
    let by = count & (bits &- 1)
    return by == 0 ? value : value &>> by | value &<< (bits &- by)
  }

  private func shiftQuiet(_ kind: BitManipulation, _ value: UInt64, _ rawCount: UInt64, _ width: UInt8) -> UInt64 {
    let count = rawCount & (width == 8 ? 63 : 31)
    switch kind {
    case .shiftLeftQuiet: return value &<< count
    case .shiftRightQuiet: return value &>> count
    default: return UInt64(bitPattern: Int64(bitPattern: signExtend(value, width)) &>> Int64(count))
    }
  }

  /// ADCX and ADOX: an addition that uses and changes CF alone, or OF alone.
  private func addCarry(_ c: CPU, _ op: OpPointer, _ value: UInt64, isOverflow: Bool) {
    let width = op.pointee.width
    let bit: UInt64 = isOverflow ? RFlags.overflow.rawValue : RFlags.carry.rawValue
    let flags = c.arithmeticFlags
    let left = c.register(op.pointee.a, width)
    let (sum, first) = left.addingReportingOverflow(value)
    let (total, second) = sum.addingReportingOverflow(flags & bit != 0 ? 1 : 0)
    let carries = width == 8 ? first || second : total >> 32 != 0
    c.setRegister(op.pointee.a, width, total)
    c.pointee.setArithmetic(flags & ~bit | (carries ? bit : 0))
  }

  /// CRC32 with the polynomial 11EDC6F41h; the source's width is in `third`.
  func checksum(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.third
    let value =
      if op.pointee.isMemory {
        try load(c, try address(c, op, size: UInt64(width)), width, op.pointee.segment)
      } else {
        c.register(op.pointee.b, width)
      }
    var sum = c.r32(op.pointee.a)
    for i in 0..<width {
      sum ^= UInt32(truncatingIfNeeded: (value &>> UInt64(i &* 8)) & 0xFF)
      for _ in 0..<8 { sum = sum & 1 != 0 ? sum &>> 1 ^ 0x82F6_3B78 : sum &>> 1 }
    }
    c.setR64(op.pointee.a, UInt64(sum))
  }
}

extension Decoder {
  private var wideOrLong: UInt8 { is64 && hasREXW ? 8 : 4 }

  private mutating func bitManipulation(_ kind: BitManipulation) {
    op.third = vexRegister &* 8
    set(.bitManipulation, detail: kind.rawValue)
  }

  /// The general-register instructions of VEX maps 2 and 3; VEX.L is 0.
  mutating func decodeVEXGeneral(_ map: UInt8, _ opcode: UInt8) {
    guard !vexIsLong else { return setInvalid() }
    operandsFromRM(wideOrLong)
    let prefix = vectorPrefix
    switch (map, opcode, prefix) {
    case (2, 0xF2, 0) where features.contains(.bmi1): bitManipulation(.andNot)
    case (2, 0xF3, 0) where features.contains(.bmi1):
      let kinds: [UInt8: BitManipulation] = [1: .resetLowest, 2: .maskToLowest, 3: .lowestBit]
      if let kind = kinds[reg] { bitManipulation(kind) } else { setInvalid() }
    case (2, 0xF7, 0) where features.contains(.bmi1): bitManipulation(.extractField)
    case (2, 0xF5, 0) where features.contains(.bmi2): bitManipulation(.zeroHigh)
    case (2, 0xF5, 2) where features.contains(.bmi2): bitManipulation(.extract)
    case (2, 0xF5, 3) where features.contains(.bmi2): bitManipulation(.deposit)
    case (2, 0xF6, 3) where features.contains(.bmi2): bitManipulation(.multiplyQuiet)
    case (2, 0xF7, 1) where features.contains(.bmi2): bitManipulation(.shiftLeftQuiet)
    case (2, 0xF7, 2) where features.contains(.bmi2): bitManipulation(.shiftArithmeticQuiet)
    case (2, 0xF7, 3) where features.contains(.bmi2): bitManipulation(.shiftRightQuiet)
    case (3, 0xF0, 3) where features.contains(.bmi2) && vexRegister == 0:
      op.immediate = UInt64(next8())
      bitManipulation(.rotateQuiet)
    default: setInvalid()
    }
  }

  /// 0F 38 F6 with 66h or F3h: ADCX and ADOX.
  mutating func decodeAddCarry() {
    guard features.contains(.adx), vectorPrefix == 1 || vectorPrefix == 2 else { return setInvalid() }
    operandsFromRM(wideOrLong)
    set(
      .bitManipulation,
      detail: (vectorPrefix == 1 ? BitManipulation.addWithCarry : BitManipulation.addWithOverflow).rawValue)
  }

  /// 0F 38 F0 and F1 with F2h.
  mutating func decodeChecksum(_ opcode: UInt8) {
    guard features.contains(.sse42) else { return setInvalid() }
    let width = opcode == 0xF0 ? 1 : operandWidth
    operandsFromRM(hasREXW ? 8 : 4, sourceWidth: width)
    op.third = width
    set(.checksum)
  }
}
