import Architecture

/// The rows of moves and of conversions in map 0F.
extension Decoder {
  private mutating func move(_ kind: VectorMove, memoryOnly: Bool = false, registerOnly: Bool = false) {
    if memoryOnly, !isMemory { return setInvalid() }
    if registerOnly, isMemory { return setInvalid() }
    let isWhole = op.form & Form.mmx == 0 && isMemory
    let fast: Operation? = !isWhole ? nil : kind == .load ? .loadVector : kind == .store ? .storeVector : nil
    vector(fast ?? .moveVector, kind.rawValue)
  }

  mutating func decodeVectorMove(_ opcode: UInt8) {
    let prefix = vectorPrefix
    let isSSE2 = prefix == 1 || prefix == 3 || opcode >= 0x60
    guard has(isSSE2 ? .sse2 : .sse, wide: .avx) || isMMXMove(opcode) else { return setInvalid() }
    switch (opcode, prefix) {
    case (0x10, 0...1), (0x6F, 2): whole(.load, form: Form.unaligned)
    case (0x11, 0...1), (0x7F, 2): whole(.store, form: Form.unaligned)
    case (0x28, 0...1), (0x6F, 1): whole(.load, form: Form.aligned)
    case (0x29, 0...1), (0x7F, 1): whole(.store, form: Form.aligned)
    case (0x2B, 0...1), (0xE7, 1): whole(.store, form: Form.aligned, memoryOnly: true)
    case (0xF0, 3):
      if features.contains(.sse3) { whole(.load, form: Form.unaligned, memoryOnly: true) } else { setInvalid() }
    case (0x10, _), (0x11, _): scalar(opcode == 0x11, width: prefix == 2 ? 4 : 8)
    case (0x12, 0...1), (0x16, 0...1): loadHalf(opcode, prefix)
    case (0x13, 0...1), (0x17, 0...1):
      guard noLong, namesNoThird else { return setInvalid() }
      vectorOperands(8, isStore: true)
      move(opcode == 0x13 ? .storeLow : .storeHigh, memoryOnly: true)
    case (0x50, 0...1): signMask(prefix == 1 ? .doubleMask : .singleMask)
    case (0xD7, 1): if has(.sse2, wide: .avx2) { signMask(.byteMask) } else { setInvalid() }
    case (0x6E, 1), (0x7E, 1): general(isStore: opcode == 0x7E, isMMX: false)
    case (0x7E, 2):
      guard noLong, namesNoThird else { return setInvalid() }
      vectorOperands(8)
      move(.loadQuad)
    case (0xD6, 1):
      guard noLong, namesNoThird else { return setInvalid() }
      vectorOperands(8, isStore: true)
      move(.storeQuad)
    case (0xF7, 1):
      guard noLong, namesNoThird else { return setInvalid() }
      vectorOperands()
      maskedStore(.maskedStore)
    default: decodeMMXMove(opcode)
    }
  }

  private var noLong: Bool { !hasVEX || !vexIsLong }

  private mutating func whole(_ kind: VectorMove, form: UInt8, memoryOnly: Bool = false) {
    guard namesNoThird else { return setInvalid() }
    vectorOperands(form: form, isStore: kind == .store)
    move(kind, memoryOnly: memoryOnly)
  }

  private mutating func scalar(_ isStore: Bool, width: UInt8) {
    vectorOperands(width, form: Form.scalar, isStore: isStore)
    op.form &= ~Form.long
    if isMemory, !namesNoThird { return setInvalid() }
    move(isStore ? .storeScalar : .loadScalar)
  }

  /// MOVLPS, MOVHLPS, MOVHPS and MOVLHPS.
  private mutating func loadHalf(_ opcode: UInt8, _ prefix: Int) {
    guard noLong else { return setInvalid() }
    vectorOperands(8)
    if isMemory { return move(opcode == 0x12 ? .loadLow : .loadHigh) }
    guard prefix == 0 else { return setInvalid() }
    move(opcode == 0x12 ? .highToLow : .lowToHigh)
  }

  private mutating func signMask(_ kind: VectorMove) {
    guard namesNoThird else { return setInvalid() }
    vectorOperands()
    op.a = extendedReg &* 8
    move(kind, registerOnly: true)
  }

  /// MOVD and MOVQ between a vector and a general register or memory.
  private mutating func general(isStore: Bool, isMMX: Bool) {
    guard noLong, namesNoThird else { return setInvalid() }
    let width: UInt8 = hasREXW ? 8 : 4
    vectorOperands(width, form: isMMX ? Form.mmx : 0, isStore: isStore)
    if !isMemory {
      if isStore { op.a = extendedRM &* 8 } else { op.b = extendedRM &* 8 }
    }
    if isMMX {
      move(isStore ? .toGeneralFromMMX : .fromGeneralToMMX)
    } else {
      move(isStore ? .toGeneral : .fromGeneral)
    }
  }

  /// MASKMOVQ and MASKMOVDQU: the address is [(R/E)DI].
  private mutating func maskedStore(_ kind: VectorMove) {
    guard !isMemory else { return setInvalid() }
    op.third = op.a
    implicitAddress(56)
    move(kind)
  }

  // MARK: MMX

  private func isMMXMove(_ opcode: UInt8) -> Bool {
    !hasVEX && features.contains(.mmx) && [0x6E, 0x6F, 0x7E, 0x7F, 0xD6, 0xD7, 0xE7, 0xF7].contains(opcode)
  }

  private mutating func decodeMMXMove(_ opcode: UInt8) {
    guard isMMXMove(opcode) else { return setInvalid() }
    switch (opcode, vectorPrefix) {
    case (0x6E, 0), (0x7E, 0): general(isStore: opcode == 0x7E, isMMX: true)
    case (0x6F, 0):
      vectorOperands(form: Form.mmx)
      move(.loadMMX)
    case (0x7F, 0), (0xE7, 0):
      vectorOperands(form: Form.mmx, isStore: true)
      move(.storeMMX, memoryOnly: opcode == 0xE7)
    case (0xD6, 2) where features.contains(.sse2):
      vectorOperands()
      op.b = modRM & 7
      move(.fromMMX, registerOnly: true)
    case (0xD6, 3) where features.contains(.sse2):
      vectorOperands()
      op.a = reg
      move(.toMMX, registerOnly: true)
    case (0xD7, 0) where features.contains(.sse):
      vectorOperands(form: Form.mmx)
      op.a = extendedReg &* 8
      move(.byteMaskMMX, registerOnly: true)
    case (0xF7, 0) where features.contains(.sse):
      vectorOperands(form: Form.mmx)
      maskedStore(.maskedStoreMMX)
    default: setInvalid()
    }
  }

  // MARK: Conversions

  private mutating func convert(_ kind: VectorConvert, detail: UInt16 = 0) {
    vector(.convertVector, kind.rawValue, detail: detail)
  }

  mutating func decodeConversion(_ opcode: UInt8) {
    let prefix = vectorPrefix
    guard has(prefix == 0 || prefix == 2 ? (opcode >= 0x5A ? .sse2 : .sse) : .sse2) else { return setInvalid() }
    switch opcode {
    case 0x2A: decodeFromInteger(prefix)
    case 0x2C, 0x2D: decodeToInteger(prefix, truncates: opcode == 0x2C)
    case 0x5A: decodePrecision(prefix)
    default: decodePackedInteger(opcode, prefix)
    }
  }

  private mutating func decodeFromInteger(_ prefix: Int) {
    if prefix <= 1 {
      guard !hasVEX, features.contains(.mmx) else { return setInvalid() }
      vectorOperands(8, form: prefix == 1 ? Form.double : 0)
      if !isMemory { op.b = modRM & 7 }
      return convert(prefix == 0 ? .mmxToSingles : .mmxToDoubles)
    }
    vectorOperands(is64 && hasREXW ? 8 : 4, form: prefix == 3 ? Form.scalar | Form.double : Form.scalar)
    op.form &= ~Form.long
    if !isMemory { op.b = extendedRM &* 8 }
    convert(.integerToScalar)
  }

  private mutating func decodeToInteger(_ prefix: Int, truncates: Bool) {
    if prefix <= 1 {
      guard !hasVEX, features.contains(.mmx) else { return setInvalid() }
      vectorOperands(prefix == 0 ? 8 : 16, form: prefix == 1 ? Form.double : 0)
      op.a = reg
      let kinds: [VectorConvert] = [.singlesToMMX, .singlesToMMXTruncated, .doublesToMMX, .doublesToMMXTruncated]
      return convert(kinds[prefix * 2 + (truncates ? 1 : 0)])
    }
    guard namesNoThird else { return setInvalid() }
    vectorOperands(prefix == 3 ? 8 : 4, form: prefix == 3 ? Form.scalar | Form.double : Form.scalar)
    op.form &= ~Form.long
    op.a = extendedReg &* 8
    convert(truncates ? .scalarToIntegerTruncated : .scalarToInteger, detail: is64 && hasREXW ? 8 : 4)
  }

  private mutating func decodePrecision(_ prefix: Int) {
    if prefix >= 2 {
      vectorOperands(prefix == 2 ? 4 : 8, form: prefix == 2 ? Form.scalar | Form.double : Form.scalar)
      op.form &= ~Form.long
      return convert(.scalarToScalar)
    }
    guard namesNoThird else { return setInvalid() }
    let isLong = hasVEX && vexIsLong
    vectorOperands(prefix == 1 ? nil : isLong ? 16 : 8, form: prefix == 1 ? 0 : Form.unaligned)
    convert(prefix == 0 ? .singlesToDoubles : .doublesToSingles)
  }

  private mutating func decodePackedInteger(_ opcode: UInt8, _ prefix: Int) {
    guard namesNoThird else { return setInvalid() }
    let isLong = hasVEX && vexIsLong
    switch (opcode, prefix) {
    case (0x5B, 0...2):
      vectorOperands()
      let kinds: [VectorConvert] = [.integersToSingles, .singlesToIntegers, .singlesToIntegersTruncated]
      convert(kinds[prefix])
    case (0xE6, 2):
      vectorOperands(isLong ? 16 : 8, form: Form.unaligned)
      convert(.integersToDoubles)
    case (0xE6, 1), (0xE6, 3):
      vectorOperands()
      convert(prefix == 1 ? .doublesToIntegersTruncated : .doublesToIntegers)
    default: setInvalid()
    }
  }
}
