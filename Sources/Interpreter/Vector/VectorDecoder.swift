import Architecture

/// From opcodes to vector operations. The maps: 1 is 0F, 2 is 0F 38, 3 is 0F 3A.
extension Decoder {
  /// Which of the four prefix columns: 0 none, 1 66h, 2 F3h, 3 F2h.
  var vectorPrefix: Int {
    if repeatPrefix == 0xF3 { return 2 }
    if repeatPrefix == 0xF2 { return 3 }
    return hasOperandPrefix ? 1 : 0
  }

  /// The feature of the encoding without VEX, AVX, or what 256 bits need.
  func has(_ plain: CPUFeatures, wide: CPUFeatures = .avx) -> Bool {
    guard hasVEX else { return features.contains(plain) }
    return features.contains(vexIsLong ? wide : .avx)
  }

  /// `a` is ModRM.reg and `b` a register rm, or the other way about for stores; `third` the register of VEX.vvvv, or
  /// what is overwritten.
  mutating func vectorOperands(_ width: UInt8? = nil, form: UInt8 = 0, isStore: Bool = false) {
    readModRM()
    op.form = form
    if hasVEX { op.form |= vexIsLong ? Form.vex | Form.long : Form.vex }
    op.width = width ?? (form & Form.mmx != 0 ? 8 : hasVEX && vexIsLong ? 32 : 16)
    let isMMX = form & Form.mmx != 0
    let first = isMMX ? reg : extendedReg &* 2
    let second = isMMX ? modRM & 7 : extendedRM &* 2
    if isStore {
      op.b = first
      if !isMemory { op.a = second }
    } else {
      op.a = first
      if !isMemory { op.b = second }
    }
    op.third = hasVEX ? vexRegister &* 2 : op.a
  }

  mutating func vector(_ operation: Operation, _ kind: UInt8, detail: UInt16 = 0) {
    op.vector = kind
    set(operation, detail: detail)
  }

  /// VEX.vvvv has no register to name: it must be 1111b.
  var namesNoThird: Bool { !hasVEX || vexRegister == 0 }

  mutating func decodeVectorMap(_ map: UInt8, _ opcode: UInt8) {
    if let entry = LaneEntry.find(map, vectorPrefix == 0 ? lanePrefix(map, opcode) : vectorPrefix, opcode) {
      if decodeLanes(entry) { return }
      return setInvalid()
    }
    switch map {
    case 1: decodeVectorFirst(opcode)
    case 2: decodeVectorSecond(opcode)
    case 3: decodeVectorThird(opcode)
    default: setInvalid()
    }
  }

  /// Without a prefix the integer rows are those of 66h, on MMX registers.
  private func lanePrefix(_ map: UInt8, _ opcode: UInt8) -> Int {
    guard let entry = LaneEntry.find(map, 1, opcode), entry.mmx != nil else { return 0 }
    return 1
  }

  private mutating func decodeLanes(_ entry: LaneEntry) -> Bool {
    let isMMX = vectorPrefix == 0 && entry.mmx != nil
    if isMMX {
      guard !hasVEX, let feature = entry.mmx, features.contains(feature) else { return false }
    } else {
      guard has(entry.feature, wide: entry.wide), hasVEX || !entry.needsVEX else { return false }
    }
    let isShift = entry.kind.isShiftByCount
    var width: UInt8?
    if isShift, !isMMX { width = 16 }
    // MOVDDUP reads 8 bytes; PHMINPOSUW has no 256 bits.
    if entry.kind == .duplicateDoubles, !vexIsLong { width = 8 }
    if entry.kind == .minimumPosition, hasVEX, vexIsLong { return false }
    vectorOperands(width, form: isMMX ? Form.mmx : 0)
    if entry.isUnary, !namesNoThird { return false }
    if entry.hasImmediate { op.immediate = UInt64(next8()) }
    vector(.vectorLanes, entry.kind.rawValue)
    return true
  }

  // MARK: 0F

  private mutating func decodeVectorFirst(_ opcode: UInt8) {
    switch opcode {
    case 0x10...0x13, 0x16, 0x17, 0x28, 0x29, 0x2B, 0x50, 0x6E, 0x6F, 0x7E, 0x7F, 0xD6, 0xD7, 0xE7, 0xF0, 0xF7:
      decodeVectorMove(opcode)
    case 0x2A, 0x2C, 0x2D, 0x5A, 0x5B, 0xE6: decodeConversion(opcode)
    case 0x2E, 0x2F: decodeOrderedCompare(opcode)
    case 0x51...0x53, 0x58, 0x59, 0x5C...0x5F, 0x7C, 0x7D, 0xC2, 0xD0: decodeFloatArithmetic(opcode)
    case 0x70: decodeShuffleMMX()
    case 0x71...0x73: decodeVectorShift(opcode)
    case 0x77: decodeEmpty()
    case 0xC4, 0xC5: decodeWordElement(opcode)
    default: setInvalid()
    }
  }

  /// PSHUFW.
  private mutating func decodeShuffleMMX() {
    guard !hasVEX, vectorPrefix == 0, features.contains(.sse) else { return setInvalid() }
    vectorOperands(form: Form.mmx)
    op.immediate = UInt64(next8())
    vector(.insertVector, VectorInsert.shuffleWordsOfMMX.rawValue)
  }

  /// EMMS, VZEROUPPER and VZEROALL.
  private mutating func decodeEmpty() {
    guard vectorPrefix == 0, namesNoThird else { return setInvalid() }
    if hasVEX {
      guard features.contains(.avx) else { return setInvalid() }
      op.form = Form.vex
      vector(.permuteVector, (vexIsLong ? VectorPermute.clearAll : VectorPermute.clearUppers).rawValue)
    } else {
      guard features.contains(.mmx) else { return setInvalid() }
      op.form = Form.mmx
      set(.emptyMMX)
    }
  }

  /// Groups 12, 13 and 14: a shift by an immediate, of the register in rm into VEX.vvvv or into itself.
  private mutating func decodeVectorShift(_ opcode: UInt8) {
    let isMMX = vectorPrefix == 0 && !hasVEX
    guard isMMX ? features.contains(.mmx) : vectorPrefix == 1 && has(.sse2, wide: .avx2) else { return setInvalid() }
    vectorOperands(form: isMMX ? Form.mmx : 0)
    op.immediate = UInt64(next8())
    guard !isMemory else { return setInvalid() }
    let rm = op.b
    op.a = hasVEX ? vexRegister &* 2 : rm
    if opcode == 0x73, reg == 3 || reg == 7, !isMMX {
      op.third = rm
      return vector(.vectorLanes, (reg == 3 ? LaneOperation.shiftRightBytes : .shiftLeftBytes).rawValue)
    }
    let kind: LaneOperation
    switch (opcode, reg) {
    case (0x71, 2): kind = .shiftRightW
    case (0x71, 4): kind = .shiftArithmeticW
    case (0x71, 6): kind = .shiftLeftW
    case (0x72, 2): kind = .shiftRightD
    case (0x72, 4): kind = .shiftArithmeticD
    case (0x72, 6): kind = .shiftLeftD
    case (0x73, 2): kind = .shiftRightQ
    case (0x73, 6): kind = .shiftLeftQ
    default: return setInvalid()
    }
    op.third = rm
    op.detail |= Detail.immediate
    vector(.vectorLanes, kind.rawValue)
  }

  /// PINSRW and PEXTRW of map 0F.
  private mutating func decodeWordElement(_ opcode: UInt8) {
    let isMMX = vectorPrefix == 0 && !hasVEX
    guard isMMX ? features.contains(.sse) : vectorPrefix == 1 && has(.sse2) && !vexIsLong else { return setInvalid() }
    vectorOperands(2, form: isMMX ? Form.mmx : 0)
    op.immediate = UInt64(next8())
    if opcode == 0xC4 {
      if !isMemory { op.b = extendedRM &* 8 }
      return vector(.insertVector, VectorInsert.insert.rawValue, detail: 2)
    }
    guard !isMemory, namesNoThird else { return setInvalid() }
    op.a = extendedReg &* 8
    vector(.insertVector, VectorInsert.extract.rawValue, detail: 2)
  }

  // MARK: Arithmetic

  /// Sets element format and count from the prefix: none singles, 66h doubles, F3h one single, F2h one double.
  private var floatForm: UInt8 {
    switch vectorPrefix {
    case 0: 0
    case 1: Form.double
    case 2: Form.scalar
    default: Form.scalar | Form.double
    }
  }

  private func floatWidth(_ form: UInt8) -> UInt8? {
    form & Form.scalar == 0 ? nil : form & Form.double != 0 ? 8 : 4
  }

  private static let arithmetic: [UInt8: VectorFloat] = [
    0x51: .squareRoot, 0x52: .reciprocalRoot, 0x53: .reciprocal, 0x58: .add, 0x59: .multiply, 0x5C: .subtract,
    0x5D: .minimum, 0x5E: .divide, 0x5F: .maximum, 0x7C: .addPairs, 0x7D: .subtractPairs, 0xC2: .compare,
    0xD0: .addSubtract,
  ]

  private mutating func decodeFloatArithmetic(_ opcode: UInt8) {
    guard let kind = Self.arithmetic[opcode] else { return setInvalid() }
    var form = floatForm
    var feature: CPUFeatures = vectorPrefix == 0 || vectorPrefix == 2 ? .sse : .sse2
    switch opcode {
    case 0x7C, 0x7D, 0xD0:
      // 66h doubles, F2h singles.
      guard vectorPrefix & 1 != 0 else { return setInvalid() }
      form = vectorPrefix == 1 ? Form.double : 0
      feature = .sse3
    case 0x52, 0x53: guard vectorPrefix & 1 == 0 else { return setInvalid() }
    default: break
    }
    guard has(feature) else { return setInvalid() }
    vectorOperands(floatWidth(form), form: form)
    if form & Form.scalar != 0 { op.form &= ~Form.long }
    let isUnary = (0x51...0x53).contains(opcode) && form & Form.scalar == 0
    if isUnary, !namesNoThird { return setInvalid() }
    if opcode == 0xC2 { op.immediate = UInt64(next8()) & (hasVEX ? 0x1F : 7) }
    vector(.vectorFloat, kind.rawValue)
  }

  /// COMISS, COMISD, UCOMISS and UCOMISD.
  private mutating func decodeOrderedCompare(_ opcode: UInt8) {
    guard vectorPrefix <= 1, has(vectorPrefix == 0 ? .sse : .sse2), namesNoThird else { return setInvalid() }
    vectorOperands(vectorPrefix == 0 ? 4 : 8, form: vectorPrefix == 0 ? Form.scalar : Form.scalar | Form.double)
    op.form &= ~Form.long
    vector(.vectorFloat, (opcode == 0x2F ? VectorFloat.compareOrdered : .compareUnordered).rawValue)
  }
}
