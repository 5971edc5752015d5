/// What is done to 128 bits at a time: the same for MMX, SSE and each half of AVX2.
enum LaneOperation: UInt8 {
  case and, andNot, or, xor
  case addB, addW, addD, addQ, subB, subW, subD, subQ
  case addSignedB, addSignedW, addUnsignedB, addUnsignedW, subSignedB, subSignedW, subUnsignedB, subUnsignedW
  case equalB, equalW, equalD, equalQ, greaterB, greaterW, greaterD, greaterQ
  case minUnsignedB, minSignedB, minUnsignedW, minSignedW, minUnsignedD, minSignedD
  case maxUnsignedB, maxSignedB, maxUnsignedW, maxSignedW, maxUnsignedD, maxSignedD
  case averageB, averageW, multiplyLowW, multiplyHighW, multiplyHighUnsignedW, multiplyLowD, multiplyUnsignedD
  case multiplySignedD, multiplyAddW, multiplyAddB, multiplyRoundW, sumOfDifferences, multipleSums
  case packSignedW, packUnsignedW, packSignedD, packUnsignedD
  case unpackLowB, unpackLowW, unpackLowD, unpackLowQ, unpackHighB, unpackHighW, unpackHighD, unpackHighQ
  case shiftLeftW, shiftLeftD, shiftLeftQ, shiftRightW, shiftRightD, shiftRightQ, shiftArithmeticW, shiftArithmeticD
  case shiftLeftBytes, shiftRightBytes
  case shuffleB, shuffleD, shuffleLowW, shuffleHighW, shuffleSingles, shuffleDoubles, alignRight
  case addPairsW, addPairsD, addPairsSignedW, subPairsW, subPairsD, subPairsSignedW
  case signB, signW, signD, absoluteB, absoluteW, absoluteD
  case blendW, blendSingles, blendDoubles, duplicateDoubles, duplicateEvenSingles, duplicateOddSingles
  case shiftLeftEachD, shiftLeftEachQ, shiftRightEachD, shiftRightEachQ, shiftArithmeticEachD
  case permuteSingles, permuteDoubles, permuteDoublesByImmediate, minimumPosition

  /// The count is the low half of the second operand, for both halves of a 256-bit register.
  var isShiftByCount: Bool { rawValue >= Self.shiftLeftW.rawValue && rawValue <= Self.shiftArithmeticD.rawValue }

  /// MMX: both operands make up one register of 128 bits first, because pairs or halves of each go to halves of the
  /// result.
  var joinsForMMX: Bool {
    switch self {
    case .packSignedW, .packUnsignedW, .packSignedD, .addPairsW, .addPairsD, .addPairsSignedW, .subPairsW, .subPairsD,
      .subPairsSignedW:
      true
    default: false
    }
  }
}

extension SIMD2 where Scalar == UInt64 {
  @inline(__always) var bytes: SIMD16<UInt8> { unsafeBitCast(self, to: SIMD16<UInt8>.self) }
  @inline(__always) var words: SIMD8<UInt16> { unsafeBitCast(self, to: SIMD8<UInt16>.self) }
  @inline(__always) var doubles: SIMD4<UInt32> { unsafeBitCast(self, to: SIMD4<UInt32>.self) }
  @inline(__always) var signedBytes: SIMD16<Int8> { unsafeBitCast(self, to: SIMD16<Int8>.self) }
  @inline(__always) var signedWords: SIMD8<Int16> { unsafeBitCast(self, to: SIMD8<Int16>.self) }
  @inline(__always) var signedDoubles: SIMD4<Int32> { unsafeBitCast(self, to: SIMD4<Int32>.self) }
  @inline(__always) var signedQuads: SIMD2<Int64> { unsafeBitCast(self, to: SIMD2<Int64>.self) }

  @inline(__always) init(_ v: SIMD16<UInt8>) { self = unsafeBitCast(v, to: Self.self) }
  @inline(__always) init(_ v: SIMD8<UInt16>) { self = unsafeBitCast(v, to: Self.self) }
  @inline(__always) init(_ v: SIMD4<UInt32>) { self = unsafeBitCast(v, to: Self.self) }
  @inline(__always) init(_ v: SIMD16<Int8>) { self = unsafeBitCast(v, to: Self.self) }
  @inline(__always) init(_ v: SIMD8<Int16>) { self = unsafeBitCast(v, to: Self.self) }
  @inline(__always) init(_ v: SIMD4<Int32>) { self = unsafeBitCast(v, to: Self.self) }

  // Ones where the mask is set.
  @inline(__always) init(mask: SIMDMask<SIMD16<Int8>>) {
    self.init(SIMD16<UInt8>.zero.replacing(with: .max, where: mask))
  }
  @inline(__always) init(mask: SIMDMask<SIMD8<Int16>>) {
    self.init(SIMD8<UInt16>.zero.replacing(with: .max, where: mask))
  }
  @inline(__always) init(mask: SIMDMask<SIMD4<Int32>>) {
    self.init(SIMD4<UInt32>.zero.replacing(with: .max, where: mask))
  }
  @inline(__always) init(mask: SIMDMask<SIMD2<Int64>>) { self = Self.zero.replacing(with: .max, where: mask) }
}
