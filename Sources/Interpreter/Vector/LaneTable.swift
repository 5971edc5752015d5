/// Which opcode is which lane operation (SDM Vol. 2D, tables ).
struct LaneEntry {
  var kind: LaneOperation
  /// What the encoding without VEX belongs to.
  var feature: CPUFeatures
  /// The encoding without a prefix works on MMX registers, with this feature.
  var mmx: CPUFeatures?
  /// What 256 bits belong to.
  var wide: CPUFeatures = .avx2
  var hasImmediate = false
  /// The first source is not used.
  var isUnary = false
  /// There is no encoding without VEX.
  var needsVEX = false

  init(_ kind: LaneOperation, _ feature: CPUFeatures, mmx: CPUFeatures? = nil) {
    self.kind = kind
    self.feature = feature
    self.mmx = mmx
  }

  func immediate() -> Self { with { $0.hasImmediate = true } }
  func unary() -> Self { with { $0.isUnary = true } }
  /// On numbers: 256 bits came with AVX already.
  func numbers() -> Self { with { $0.wide = .avx } }
  func vexOnly() -> Self { with { $0.needsVEX = true } }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  static func find(_ map: UInt8, _ prefix: Int, _ opcode: UInt8) -> LaneEntry? {
    switch map {
    case 1: prefix == 1 ? first(opcode) ?? numbers(prefix, opcode) : numbers(prefix, opcode)
    case 2: prefix == 1 ? second(opcode) : nil
    case 3: prefix == 1 ? third(opcode) : nil
    default: nil
    }
  }

  /// Map 0F where all prefixes but 66h mean something else, or MMX.
  private static func first(_ opcode: UInt8) -> LaneEntry? {
    if let kind = oldIntegers[opcode] { return LaneEntry(kind, .sse2, mmx: .mmx) }
    // What SSE added to MMX, and SSE2.
    if let kind = newIntegers[opcode] { return LaneEntry(kind, .sse2, mmx: .sse) }
    return switch opcode {
    case 0x6C: LaneEntry(.unpackLowQ, .sse2)
    case 0x6D: LaneEntry(.unpackHighQ, .sse2)
    case 0x70: LaneEntry(.shuffleD, .sse2).immediate().unary()
    case 0xD4: LaneEntry(.addQ, .sse2, mmx: .sse2)
    case 0xF4: LaneEntry(.multiplyUnsignedD, .sse2, mmx: .sse2)
    case 0xFB: LaneEntry(.subQ, .sse2, mmx: .sse2)
    default: nil
    }
  }

  private static let oldIntegers: [UInt8: LaneOperation] = [
    0x60: .unpackLowB, 0x61: .unpackLowW, 0x62: .unpackLowD, 0x63: .packSignedW, 0x64: .greaterB, 0x65: .greaterW,
    0x66: .greaterD, 0x67: .packUnsignedW, 0x68: .unpackHighB, 0x69: .unpackHighW, 0x6A: .unpackHighD,
    0x6B: .packSignedD, 0x74: .equalB, 0x75: .equalW, 0x76: .equalD, 0xD1: .shiftRightW, 0xD2: .shiftRightD,
    0xD3: .shiftRightQ, 0xD5: .multiplyLowW, 0xD8: .subUnsignedB, 0xD9: .subUnsignedW, 0xDB: .and,
    0xDC: .addUnsignedB, 0xDD: .addUnsignedW, 0xDF: .andNot, 0xE1: .shiftArithmeticW, 0xE2: .shiftArithmeticD,
    0xE5: .multiplyHighW, 0xE8: .subSignedB, 0xE9: .subSignedW, 0xEB: .or, 0xEC: .addSignedB, 0xED: .addSignedW,
    0xEF: .xor, 0xF1: .shiftLeftW, 0xF2: .shiftLeftD, 0xF3: .shiftLeftQ, 0xF5: .multiplyAddW, 0xF8: .subB,
    0xF9: .subW, 0xFA: .subD, 0xFC: .addB, 0xFD: .addW, 0xFE: .addD,
  ]
  private static let newIntegers: [UInt8: LaneOperation] = [
    0xDA: .minUnsignedB, 0xDE: .maxUnsignedB, 0xE0: .averageB, 0xE3: .averageW, 0xE4: .multiplyHighUnsignedW,
    0xEA: .minSignedW, 0xEE: .maxSignedW, 0xF6: .sumOfDifferences,
  ]

  private static func numbers(_ prefix: Int, _ opcode: UInt8) -> LaneEntry? {
    switch (opcode, prefix) {
    case (0x12, 2): LaneEntry(.duplicateEvenSingles, .sse3).unary().numbers()
    case (0x12, 3): LaneEntry(.duplicateDoubles, .sse3).unary().numbers()
    case (0x16, 2): LaneEntry(.duplicateOddSingles, .sse3).unary().numbers()
    case (0x14, 0): LaneEntry(.unpackLowD, .sse).numbers()
    case (0x14, 1): LaneEntry(.unpackLowQ, .sse2).numbers()
    case (0x15, 0): LaneEntry(.unpackHighD, .sse).numbers()
    case (0x15, 1): LaneEntry(.unpackHighQ, .sse2).numbers()
    case (0x54, 0...1): LaneEntry(.and, prefix == 0 ? .sse : .sse2).numbers()
    case (0x55, 0...1): LaneEntry(.andNot, prefix == 0 ? .sse : .sse2).numbers()
    case (0x56, 0...1): LaneEntry(.or, prefix == 0 ? .sse : .sse2).numbers()
    case (0x57, 0...1): LaneEntry(.xor, prefix == 0 ? .sse : .sse2).numbers()
    case (0x70, 2): LaneEntry(.shuffleHighW, .sse2).immediate().unary()
    case (0x70, 3): LaneEntry(.shuffleLowW, .sse2).immediate().unary()
    case (0xC6, 0): LaneEntry(.shuffleSingles, .sse).immediate().numbers()
    case (0xC6, 1): LaneEntry(.shuffleDoubles, .sse2).immediate().numbers()
    default: nil
    }
  }

  /// Map 0F 38 with 66h.
  private static func second(_ opcode: UInt8) -> LaneEntry? {
    if let kind = ssse3[opcode] { return LaneEntry(kind, .ssse3, mmx: .ssse3) }
    if let kind = sse41[opcode] { return LaneEntry(kind, .sse41) }
    return switch opcode {
    case 0x0C: LaneEntry(.permuteSingles, .avx).vexOnly().numbers()
    case 0x0D: LaneEntry(.permuteDoubles, .avx).vexOnly().numbers()
    case 0x1C: LaneEntry(.absoluteB, .ssse3, mmx: .ssse3).unary()
    case 0x1D: LaneEntry(.absoluteW, .ssse3, mmx: .ssse3).unary()
    case 0x1E: LaneEntry(.absoluteD, .ssse3, mmx: .ssse3).unary()
    case 0x37: LaneEntry(.greaterQ, .sse42)
    case 0x41: LaneEntry(.minimumPosition, .sse41).unary()
    default: nil
    }
  }

  private static let ssse3: [UInt8: LaneOperation] = [
    0x00: .shuffleB, 0x01: .addPairsW, 0x02: .addPairsD, 0x03: .addPairsSignedW, 0x04: .multiplyAddB, 0x05: .subPairsW,
    0x06: .subPairsD, 0x07: .subPairsSignedW, 0x08: .signB, 0x09: .signW, 0x0A: .signD, 0x0B: .multiplyRoundW,
  ]
  private static let sse41: [UInt8: LaneOperation] = [
    0x28: .multiplySignedD, 0x29: .equalQ, 0x2B: .packUnsignedD, 0x38: .minSignedB, 0x39: .minSignedD,
    0x3A: .minUnsignedW, 0x3B: .minUnsignedD, 0x3C: .maxSignedB, 0x3D: .maxSignedD, 0x3E: .maxUnsignedW,
    0x3F: .maxUnsignedD, 0x40: .multiplyLowD,
  ]

  /// Map 0F 3A with 66h.
  private static func third(_ opcode: UInt8) -> LaneEntry? {
    switch opcode {
    case 0x02: LaneEntry(.blendSingles, .avx2).immediate().vexOnly()
    case 0x04: LaneEntry(.shuffleD, .avx).immediate().unary().vexOnly().numbers()
    case 0x05: LaneEntry(.permuteDoublesByImmediate, .avx).immediate().unary().vexOnly().numbers()
    case 0x0C: LaneEntry(.blendSingles, .sse41).immediate().numbers()
    case 0x0D: LaneEntry(.blendDoubles, .sse41).immediate().numbers()
    case 0x0E: LaneEntry(.blendW, .sse41).immediate()
    case 0x0F: LaneEntry(.alignRight, .ssse3, mmx: .ssse3).immediate()
    case 0x42: LaneEntry(.multipleSums, .sse41).immediate()
    default: nil
    }
  }
}
