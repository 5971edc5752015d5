/// The lane operations, by elements (SDM Vol. 2).
enum LaneUnit {
  /// `a` is the first source, which encodings without VEX overwrite; `b` the second.
  static func apply(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes, _ immediate: UInt8) -> Lanes {
    switch kind {
    case .and: a & b
    case .andNot: ~a & b
    case .or: a | b
    case .xor: a ^ b
    case .addB: Lanes(a.bytes &+ b.bytes)
    case .addW: Lanes(a.words &+ b.words)
    case .addD: Lanes(a.doubles &+ b.doubles)
    case .addQ: a &+ b
    case .subB: Lanes(a.bytes &- b.bytes)
    case .subW: Lanes(a.words &- b.words)
    case .subD: Lanes(a.doubles &- b.doubles)
    case .subQ: a &- b
    case .equalB: Lanes(mask: a.signedBytes .== b.signedBytes)
    case .equalW: Lanes(mask: a.signedWords .== b.signedWords)
    case .equalD: Lanes(mask: a.signedDoubles .== b.signedDoubles)
    case .equalQ: Lanes(mask: a.signedQuads .== b.signedQuads)
    case .greaterB: Lanes(mask: a.signedBytes .> b.signedBytes)
    case .greaterW: Lanes(mask: a.signedWords .> b.signedWords)
    case .greaterD: Lanes(mask: a.signedDoubles .> b.signedDoubles)
    case .greaterQ: Lanes(mask: a.signedQuads .> b.signedQuads)
    case .minUnsignedB: Lanes(pointwiseMin(a.bytes, b.bytes))
    case .minSignedB: Lanes(pointwiseMin(a.signedBytes, b.signedBytes))
    case .minUnsignedW: Lanes(pointwiseMin(a.words, b.words))
    case .minSignedW: Lanes(pointwiseMin(a.signedWords, b.signedWords))
    case .minUnsignedD: Lanes(pointwiseMin(a.doubles, b.doubles))
    case .minSignedD: Lanes(pointwiseMin(a.signedDoubles, b.signedDoubles))
    case .maxUnsignedB: Lanes(pointwiseMax(a.bytes, b.bytes))
    case .maxSignedB: Lanes(pointwiseMax(a.signedBytes, b.signedBytes))
    case .maxUnsignedW: Lanes(pointwiseMax(a.words, b.words))
    case .maxSignedW: Lanes(pointwiseMax(a.signedWords, b.signedWords))
    case .maxUnsignedD: Lanes(pointwiseMax(a.doubles, b.doubles))
    case .maxSignedD: Lanes(pointwiseMax(a.signedDoubles, b.signedDoubles))
    case .unpackLowB, .unpackLowW, .unpackLowD, .unpackLowQ, .unpackHighB, .unpackHighW, .unpackHighD, .unpackHighQ:
      unpack(kind, a, b)
    case .shuffleB, .shuffleD, .shuffleLowW, .shuffleHighW, .shuffleSingles, .shuffleDoubles, .alignRight, .blendW,
      .blendSingles, .blendDoubles, .duplicateDoubles, .duplicateEvenSingles, .duplicateOddSingles, .permuteSingles,
      .permuteDoubles, .permuteDoublesByImmediate, .shiftLeftBytes, .shiftRightBytes:
      rearrange(kind, a, b, immediate)
    case .shiftLeftW, .shiftLeftD, .shiftLeftQ, .shiftRightW, .shiftRightD, .shiftRightQ, .shiftArithmeticW,
      .shiftArithmeticD, .shiftLeftEachD, .shiftLeftEachQ, .shiftRightEachD, .shiftRightEachQ, .shiftArithmeticEachD:
      shift(kind, a, b)
    default: compute(kind, a, b, immediate)
    }
  }

  /// Everything that works element by element with a wider intermediate.
  private static func compute(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes, _ immediate: UInt8) -> Lanes {
    switch kind {
    case .addSignedB: Lanes(map(a.signedBytes, b.signedBytes) { Int8(clamping: Int($0) &+ Int($1)) })
    case .addSignedW: Lanes(map(a.signedWords, b.signedWords) { Int16(clamping: Int($0) &+ Int($1)) })
    case .addUnsignedB: Lanes(map(a.bytes, b.bytes) { UInt8(clamping: Int($0) &+ Int($1)) })
    case .addUnsignedW: Lanes(map(a.words, b.words) { UInt16(clamping: Int($0) &+ Int($1)) })
    case .subSignedB: Lanes(map(a.signedBytes, b.signedBytes) { Int8(clamping: Int($0) &- Int($1)) })
    case .subSignedW: Lanes(map(a.signedWords, b.signedWords) { Int16(clamping: Int($0) &- Int($1)) })
    case .subUnsignedB: Lanes(map(a.bytes, b.bytes) { UInt8(clamping: Int($0) &- Int($1)) })
    case .subUnsignedW: Lanes(map(a.words, b.words) { UInt16(clamping: Int($0) &- Int($1)) })
    case .averageB: Lanes(map(a.bytes, b.bytes) { UInt8((UInt16($0) &+ UInt16($1) &+ 1) &>> 1) })
    case .averageW: Lanes(map(a.words, b.words) { UInt16((UInt32($0) &+ UInt32($1) &+ 1) &>> 1) })
    case .multiplyLowW: Lanes(a.words &* b.words)
    case .multiplyHighW:
      Lanes(map(a.signedWords, b.signedWords) { Int16(truncatingIfNeeded: (Int32($0) &* Int32($1)) &>> 16) })
    case .multiplyHighUnsignedW:
      Lanes(map(a.words, b.words) { UInt16(truncatingIfNeeded: (UInt32($0) &* UInt32($1)) &>> 16) })
    case .multiplyRoundW:
      Lanes(
        map(a.signedWords, b.signedWords) {
          Int16(truncatingIfNeeded: (((Int32($0) &* Int32($1)) &>> 14) &+ 1) &>> 1)
        })
    case .multiplyLowD: Lanes(a.doubles &* b.doubles)
    case .multiplyUnsignedD: (a & 0xFFFF_FFFF) &* (b & 0xFFFF_FFFF)
    case .multiplySignedD: multiplySigned(a, b)
    case .multiplyAddW: multiplyAddWords(a.signedWords, b.signedWords)
    case .multiplyAddB: multiplyAddBytes(a.bytes, b.signedBytes)
    case .sumOfDifferences: sums(a.bytes, b.bytes)
    case .multipleSums: multipleSums(a.bytes, b.bytes, immediate)
    case .packSignedW, .packUnsignedW, .packSignedD, .packUnsignedD: pack(kind, a, b)
    case .signB: Lanes(map(a.signedBytes, b.signedBytes) { $1 < 0 ? 0 &- $0 : $1 == 0 ? 0 : $0 })
    case .signW: Lanes(map(a.signedWords, b.signedWords) { $1 < 0 ? 0 &- $0 : $1 == 0 ? 0 : $0 })
    case .signD: Lanes(map(a.signedDoubles, b.signedDoubles) { $1 < 0 ? 0 &- $0 : $1 == 0 ? 0 : $0 })
    case .absoluteB: Lanes(map(b.signedBytes, b.signedBytes) { x, _ in x < 0 ? 0 &- x : x })
    case .absoluteW: Lanes(map(b.signedWords, b.signedWords) { x, _ in x < 0 ? 0 &- x : x })
    case .absoluteD: Lanes(map(b.signedDoubles, b.signedDoubles) { x, _ in x < 0 ? 0 &- x : x })
    case .minimumPosition: minimumPosition(b.words)
    default: pairs(kind, a, b)
    }
  }

  @inline(__always)
  static func map<V: SIMD>(_ a: V, _ b: V, _ body: (V.Scalar, V.Scalar) -> V.Scalar) -> V {
    var result = a
    for i in 0..<V.scalarCount { result[i] = body(a[i], b[i]) }
    return result
  }

  private static func multiplySigned(_ a: Lanes, _ b: Lanes) -> Lanes {
    var result = Lanes.zero
    for i in 0..<2 {
      let x = Int64(a.signedDoubles[i &* 2])
      result[i] = UInt64(bitPattern: x &* Int64(b.signedDoubles[i &* 2]))
    }
    return result
  }

  private static func multiplyAddWords(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> Lanes {
    var result = SIMD4<Int32>.zero
    for i in 0..<4 {
      let low = Int32(a[i &* 2]) &* Int32(b[i &* 2])
      result[i] = low &+ Int32(a[i &* 2 &+ 1]) &* Int32(b[i &* 2 &+ 1])
    }
    return Lanes(result)
  }

  private static func multiplyAddBytes(_ a: SIMD16<UInt8>, _ b: SIMD16<Int8>) -> Lanes {
    var result = SIMD8<Int16>.zero
    for i in 0..<8 {
      let low = Int32(a[i &* 2]) &* Int32(b[i &* 2])
      result[i] = Int16(clamping: low &+ Int32(a[i &* 2 &+ 1]) &* Int32(b[i &* 2 &+ 1]))
    }
    return Lanes(result)
  }

  private static func difference(_ a: UInt8, _ b: UInt8) -> UInt16 { UInt16(a > b ? a &- b : b &- a) }

  private static func sums(_ a: SIMD16<UInt8>, _ b: SIMD16<UInt8>) -> Lanes {
    var result = Lanes.zero
    for i in 0..<16 { result[i &>> 3] &+= UInt64(difference(a[i], b[i])) }
    return result
  }

  /// MPSADBW: eight sums of four differences, the block and the start chosen by the immediate.
  private static func multipleSums(_ a: SIMD16<UInt8>, _ b: SIMD16<UInt8>, _ immediate: UInt8) -> Lanes {
    let start = Int(immediate & 4)
    let block = Int(immediate & 3) &* 4
    var result = SIMD8<UInt16>.zero
    for i in 0..<8 {
      for k in 0..<4 { result[i] &+= difference(a[start &+ i &+ k], b[block &+ k]) }
    }
    return Lanes(result)
  }

  private static func pairs(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes) -> Lanes {
    if kind == .addPairsD || kind == .subPairsD {
      var result = SIMD4<Int32>.zero
      for i in 0..<4 {
        let from = (i < 2 ? a : b).signedDoubles
        let (x, y) = (from[(i & 1) &* 2], from[(i & 1) &* 2 &+ 1])
        result[i] = kind == .addPairsD ? x &+ y : x &- y
      }
      return Lanes(result)
    }
    var result = SIMD8<Int16>.zero
    for i in 0..<8 {
      let from = (i < 4 ? a : b).signedWords
      let (x, y) = (Int32(from[(i & 3) &* 2]), Int32(from[(i & 3) &* 2 &+ 1]))
      switch kind {
      case .addPairsW: result[i] = Int16(truncatingIfNeeded: x &+ y)
      case .addPairsSignedW: result[i] = Int16(clamping: x &+ y)
      case .subPairsW: result[i] = Int16(truncatingIfNeeded: x &- y)
      default: result[i] = Int16(clamping: x &- y)
      }
    }
    return Lanes(result)
  }

  private static func minimumPosition(_ words: SIMD8<UInt16>) -> Lanes {
    var at = 0
    for i in 1..<8 where words[i] < words[at] { at = i }
    return Lanes(UInt64(words[at]) | UInt64(at) &<< 16, 0)
  }
}
