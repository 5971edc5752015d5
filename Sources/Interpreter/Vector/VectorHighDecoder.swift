import Architecture

/// The maps 0F 38 and 0F 3A, apart from their lane operations. All of them need 66h.
extension Decoder {
  private mutating func permute(_ kind: VectorPermute, detail: UInt16 = 0) {
    vector(.permuteVector, kind.rawValue, detail: detail)
  }

  mutating func decodeVectorSecond(_ opcode: UInt8) {
    guard vectorPrefix == 1 else { return setInvalid() }
    switch opcode {
    case 0x10, 0x14, 0x15: decodeBlendByMask(opcode)
    case 0x17: decodeTest(.test, .sse41)
    case 0x0E, 0x0F:
      if hasVEX, !hasREXW { decodeTest(opcode == 0x0E ? .testSingles : .testDoubles, .avx) } else { setInvalid() }
    case 0x20...0x25, 0x30...0x35: decodeWiden(opcode)
    case 0x2A:
      guard has(.sse41, wide: .avx2), namesNoThird else { return setInvalid() }
      vectorOperands(form: Form.aligned)
      if isMemory { vector(.loadVector, VectorMove.load.rawValue) } else { setInvalid() }
    default: if hasVEX { decodeVEXSecond(opcode) } else { setInvalid() }
    }
  }

  /// PBLENDVB, BLENDVPS and BLENDVPD with XMM0.
  private mutating func decodeBlendByMask(_ opcode: UInt8) {
    guard !hasVEX, features.contains(.sse41) else { return setInvalid() }
    vectorOperands()
    permute(opcode == 0x10 ? .blendByMaskB : opcode == 0x14 ? .blendByMaskSingles : .blendByMaskDoubles)
  }

  private mutating func decodeTest(_ kind: VectorInsert, _ feature: CPUFeatures) {
    guard has(feature), namesNoThird else { return setInvalid() }
    vectorOperands()
    vector(.insertVector, kind.rawValue)
  }

  /// PMOVSX and PMOVZX.
  private mutating func decodeWiden(_ opcode: UInt8) {
    guard has(.sse41, wide: .avx2), namesNoThird else { return setInvalid() }
    let sizes: [(from: UInt16, to: UInt16)] = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (4, 3)]
    let size = sizes[Int(opcode & 7)]
    let total: UInt8 = hasVEX && vexIsLong ? 32 : 16
    vectorOperands(total / (UInt8(1 &<< size.to) / UInt8(size.from)), form: Form.unaligned)
    permute(.extend, detail: size.from | size.to &<< 4 | (opcode < 0x30 ? 0x80 : 0))
  }

  private mutating func decodeVEXSecond(_ opcode: UInt8) {
    let has2 = features.contains(.avx2)
    switch opcode {
    case 0x18: broadcast(.broadcast32, 4, .avx)
    case 0x19: broadcast(.broadcast64, 8, .avx, longOnly: true)
    case 0x1A: broadcast(.broadcast128, 16, .avx, longOnly: true)
    case 0x58: broadcast(.broadcast32, 4, .avx2)
    case 0x59: broadcast(.broadcast64, 8, .avx2)
    case 0x5A: broadcast(.broadcast128, 16, .avx2, longOnly: true)
    case 0x78: broadcast(.broadcast8, 1, .avx2)
    case 0x79: broadcast(.broadcast16, 2, .avx2)
    case 0x16, 0x36:
      guard has2, vexIsLong, !hasREXW else { return setInvalid() }
      vectorOperands()
      permute(.permuteSinglesAcross)
    case 0x2C...0x2F: masked(opcode & 1 != 0, isStore: opcode >= 0x2E, .avx)
    case 0x8C, 0x8E: masked(hasREXW, isStore: opcode == 0x8E, .avx2)
    case 0x45, 0x46, 0x47: shiftEach(opcode)
    case 0x90...0x93: decodeGather(opcode)
    default: setInvalid()
    }
  }

  /// From memory, or with AVX2 from the lowest element of a register.
  private mutating func broadcast(
    _ kind: VectorPermute, _ width: UInt8, _ feature: CPUFeatures, longOnly: Bool = false
  ) {
    guard features.contains(feature), namesNoThird, !hasREXW, vexIsLong || !longOnly else { return setInvalid() }
    vectorOperands(width, form: Form.unaligned)
    if !isMemory {
      guard kind != .broadcast128, features.contains(.avx2) else { return setInvalid() }
    }
    permute(kind)
  }

  private mutating func masked(_ isWide: Bool, isStore: Bool, _ feature: CPUFeatures) {
    guard features.contains(feature), feature == .avx2 || !hasREXW else { return setInvalid() }
    vectorOperands(isStore: isStore)
    guard isMemory else { return setInvalid() }
    if isStore {
      permute(isWide ? .maskedStore64 : .maskedStore32)
    } else {
      permute(isWide ? .maskedLoad64 : .maskedLoad32)
    }
  }

  /// VPSRLV, VPSRAV and VPSLLV.
  private mutating func shiftEach(_ opcode: UInt8) {
    guard features.contains(.avx2), opcode != 0x46 || !hasREXW else { return setInvalid() }
    vectorOperands()
    let kind: LaneOperation =
      switch opcode {
      case 0x45: hasREXW ? .shiftRightEachQ : .shiftRightEachD
      case 0x46: .shiftArithmeticEachD
      default: hasREXW ? .shiftLeftEachQ : .shiftLeftEachD
      }
    vector(.vectorLanes, kind.rawValue)
  }

  /// The index of the memory operand is a vector register (SDM Vol. 2, 2.3.12).
  private mutating func decodeGather(_ opcode: UInt8) {
    guard features.contains(.avx2) else { return setInvalid() }
    hasVectorIndex = true
    vectorOperands()
    guard isMemory, modRM & 7 == 4, addressWidth != 2 else { return setInvalid() }
    op.index = Offset.zero
    op.immediate = UInt64(vectorIndex &* 2)
    let indexWidth: UInt16 = opcode & 1 == 0 ? 4 : 8
    permute(.gather, detail: indexWidth | (hasREXW ? 8 : 4) &<< 4)
  }

  // MARK: 0F 3A

  mutating func decodeVectorThird(_ opcode: UInt8) {
    guard vectorPrefix == 1 else { return setInvalid() }
    switch opcode {
    case 0x08...0x0B: decodeRound(opcode)
    case 0x14...0x17: decodeExtract(opcode)
    case 0x20, 0x22: decodeInsert(opcode)
    case 0x21:
      guard has(.sse41), !hasVEX || !vexIsLong else { return setInvalid() }
      vectorOperands(4)
      op.immediate = UInt64(next8())
      vector(.insertVector, VectorInsert.insertSingle.rawValue)
    case 0x40, 0x41: decodeDotProduct(opcode)
    case 0x60...0x63: decodeStringCompare(opcode)
    default: if hasVEX { decodeVEXThird(opcode) } else { setInvalid() }
    }
  }

  private mutating func decodeRound(_ opcode: UInt8) {
    let isScalar = opcode >= 0x0A
    let isDouble = opcode & 1 != 0
    guard has(.sse41), isScalar || namesNoThird else { return setInvalid() }
    var form: UInt8 = isDouble ? Form.double : 0
    if isScalar { form |= Form.scalar }
    vectorOperands(isScalar ? (isDouble ? 8 : 4) : nil, form: form)
    if isScalar { op.form &= ~Form.long }
    op.immediate = UInt64(next8())
    vector(.vectorFloat, VectorFloat.round.rawValue)
  }

  private mutating func decodeDotProduct(_ opcode: UInt8) {
    guard has(.sse41), opcode == 0x40 || !hasVEX || !vexIsLong else { return setInvalid() }
    vectorOperands(form: opcode == 0x41 ? Form.double : 0)
    op.immediate = UInt64(next8())
    vector(.vectorFloat, VectorFloat.dotProduct.rawValue)
  }

  /// PEXTRB, PEXTRW, PEXTRD, PEXTRQ and EXTRACTPS.
  private mutating func decodeExtract(_ opcode: UInt8) {
    guard has(.sse41), namesNoThird, !hasVEX || !vexIsLong else { return setInvalid() }
    let widths: [UInt8] = [1, 2, hasREXW ? 8 : 4, 4]
    let width = widths[Int(opcode & 3)]
    vectorOperands(width, isStore: true)
    if !isMemory { op.a = extendedRM &* 8 }
    op.immediate = UInt64(next8())
    vector(.insertVector, VectorInsert.extract.rawValue, detail: UInt16(width))
  }

  private mutating func decodeInsert(_ opcode: UInt8) {
    guard has(.sse41), !hasVEX || !vexIsLong else { return setInvalid() }
    let width: UInt8 = opcode == 0x20 ? 1 : hasREXW ? 8 : 4
    vectorOperands(width)
    if !isMemory { op.b = extendedRM &* 8 }
    op.immediate = UInt64(next8())
    vector(.insertVector, VectorInsert.insert.rawValue, detail: UInt16(width))
  }

  private mutating func decodeStringCompare(_ opcode: UInt8) {
    guard has(.sse42), namesNoThird, !hasVEX || !vexIsLong else { return setInvalid() }
    vectorOperands(form: Form.unaligned)
    op.immediate = UInt64(next8())
    set(.compareStrings, detail: UInt16(opcode & 1) | (opcode < 0x62 ? 2 : 0) | (hasREXW ? 4 : 0))
  }

  private mutating func decodeVEXThird(_ opcode: UInt8) {
    let isLong = vexIsLong
    func needs(_ feature: CPUFeatures) -> Bool { features.contains(feature) && isLong }
    switch opcode {
    case 0x00, 0x01:
      guard needs(.avx2), hasREXW, namesNoThird else { return setInvalid() }
      vectorOperands()
      op.immediate = UInt64(next8())
      permute(.permuteQuads)
    case 0x06, 0x46:
      guard needs(opcode == 0x06 ? .avx : .avx2), !hasREXW else { return setInvalid() }
      vectorOperands()
      op.immediate = UInt64(next8())
      permute(.permute128)
    case 0x18, 0x38:
      guard needs(opcode == 0x18 ? .avx : .avx2), !hasREXW else { return setInvalid() }
      vectorOperands(16)
      op.immediate = UInt64(next8())
      permute(.insert128)
    case 0x19, 0x39:
      guard needs(opcode == 0x19 ? .avx : .avx2), !hasREXW, namesNoThird else { return setInvalid() }
      vectorOperands(16, isStore: true)
      op.immediate = UInt64(next8())
      permute(.extract128)
    case 0x4A, 0x4B, 0x4C:
      guard has(.avx, wide: opcode == 0x4C ? .avx2 : .avx), !hasREXW else { return setInvalid() }
      vectorOperands()
      op.immediate = UInt64(next8())
      permute(opcode == 0x4A ? .blendByMaskSingles : opcode == 0x4B ? .blendByMaskDoubles : .blendByMaskB)
    default: setInvalid()
    }
  }
}
