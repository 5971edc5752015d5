import Architecture

/// The x87 instructions that set up, save and restore the unit (SDM Vol. 1, 8.3.11).
extension Interpreter {
  func floatControl(_ c: CPU, _ op: OpPointer, _ kind: X87Operation) throws(Stop) {
    switch kind {
    case .initialize: c.initializeFloats()
    case .clearExceptions: c.pointee.fpuStatus &= 0x7F00
    case .loadControl:
      c.pointee.fpuControl = try load16(c, op) & 0x1F3F | 0x40
      c.updateFloatSummary()
    case .storeControl: try setDestination(c, op, UInt64(c.pointee.fpuControl))
    case .storeStatus: try setDestination(c, op, UInt64(c.pointee.fpuStatus))
    case .storeEnvironment:
      let place = try address(c, op, size: UInt64(op.pointee.width), isWrite: true)
      try storeEnvironment(c, op, place)
      c.pointee.fpuControl |= 0x3F
      c.updateFloatSummary()
    case .loadEnvironment:
      try loadEnvironment(c, op, try address(c, op, size: UInt64(op.pointee.width)))
      c.updateFloatSummary()
    case .save:
      let size = UInt64(op.pointee.width) &+ 80
      let place = try address(c, op, size: size, isWrite: true)
      try probeStore(c, place, Int(size), op.pointee.segment)
      try storeEnvironment(c, op, place)
      for i in 0..<8 {
        let at = linear(c, place &+ UInt64(op.pointee.width) &+ UInt64(i &* 10))
        try storeExtended(c, at, op.pointee.segment, c.float(i))
      }
      c.initializeFloats()
    default: try restoreFloats(c, op)
    }
  }

  private func restoreFloats(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let segment = op.pointee.segment
    let place = try address(c, op, size: UInt64(op.pointee.width) &+ 80)
    var values = InlineArray<8, FloatBits>(repeating: FloatBits(low: 0))
    for i in 0..<8 {
      let at = linear(c, place &+ UInt64(op.pointee.width) &+ UInt64(i &* 10))
      values[i] = try loadExtended(c, at, segment)
    }
    try loadEnvironment(c, op, place)
    let tags = c.pointee.fpuTags
    for i in 0..<8 { c.setFloat(i, values[i]) }
    c.pointee.fpuTags = tags
    c.updateFloatSummary()
  }

  /// Two bits a register: valid, zero, special, empty.
  private func tagWord(_ c: CPU) -> UInt64 {
    var word: UInt64 = 0
    for i in 0..<8 {
      var tag: UInt64 = 3
      if c.pointee.fpuTags &>> UInt8(i) & 1 != 0 {
        let bits = FloatBits(
          low: c.pointee.floats[i &* 2], high: UInt16(truncatingIfNeeded: c.pointee.floats[i &* 2 &+ 1]))
        let number = Number(bits, .extended)
        tag = number.kind == .zero ? 1 : number.kind == .finite && !number.isDenormal ? 0 : 2
      }
      word |= tag &<< UInt64(i &* 2)
    }
    return word
  }

  /// 7 words or 7 doublewords; the selectors are 0, and in real mode addresses are linear (SDM Vol. 1, figures 8-9 to
  /// 8-12).
  private func storeEnvironment(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let isNarrow = op.pointee.width == 14
    let step: UInt8 = isNarrow ? 2 : 4
    let upper: UInt64 = isNarrow ? 0 : 0xFFFF_0000
    let opcode = UInt64(c.pointee.fpuOpcode)
    let (instruction, data) = (c.pointee.fpuInstruction, c.pointee.fpuData)
    var words: InlineArray<7, UInt64> = [
      UInt64(c.pointee.fpuControl) | upper, UInt64(c.pointee.fpuStatus) | upper, tagWord(c) | upper, instruction, 0,
      data,
      upper,
    ]
    if !c.isProtected {
      words[4] = (instruction &>> 16 & 0xF) &<< 12 | (isNarrow ? opcode : 0)
      words[6] = (data &>> 16 & 0xF) &<< 12
      if !isNarrow {
        (words[3], words[5]) = (instruction & 0xFFFF | upper, data & 0xFFFF | upper)
        words[4] |= opcode
      }
    } else if !isNarrow {
      words[4] = opcode &<< 16
    }
    try probeStore(c, place, Int(op.pointee.width), op.pointee.segment)
    for i in 0..<7 {
      try store(c, linear(c, place &+ UInt64(i) &* UInt64(step)), step, words[i], op.pointee.segment)
    }
  }

  private func loadEnvironment(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let isNarrow = op.pointee.width == 14
    let step: UInt8 = isNarrow ? 2 : 4
    var words = InlineArray<7, UInt64>(repeating: 0)
    for i in 0..<7 {
      words[i] = try load(c, linear(c, place &+ UInt64(i) &* UInt64(step)), step, op.pointee.segment)
    }
    c.pointee.fpuControl = UInt16(truncatingIfNeeded: words[0]) & 0x1F3F | 0x40
    c.pointee.fpuStatus = UInt16(truncatingIfNeeded: words[1])
    var tags: UInt8 = 0
    for i in 0..<8 where words[2] &>> UInt64(i &* 2) & 3 != 3 { tags |= 1 &<< UInt8(i) }
    c.pointee.fpuTags = tags
    if c.isProtected {
      (c.pointee.fpuInstruction, c.pointee.fpuData) = (words[3], words[5])
      if !isNarrow { c.pointee.fpuOpcode = UInt16(truncatingIfNeeded: words[4] &>> 16 & 0x7FF) }
    } else {
      c.pointee.fpuInstruction = words[3] & 0xFFFF | (words[4] &>> 12 & 0xF) &<< 16
      c.pointee.fpuData = words[5] & 0xFFFF | (words[6] &>> 12 & 0xF) &<< 16
      c.pointee.fpuOpcode = UInt16(truncatingIfNeeded: words[4] & 0x7FF)
    }
  }
}
