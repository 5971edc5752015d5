/// Lane operations that move elements about: packs, unpacks, shuffles, blends and shifts.
extension LaneUnit {
  static func pack(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes) -> Lanes {
    switch kind {
    case .packSignedW, .packUnsignedW:
      var result = SIMD16<UInt8>.zero
      for i in 0..<16 {
        let value = (i < 8 ? a : b).signedWords[i & 7]
        result[i] = kind == .packSignedW ? UInt8(bitPattern: Int8(clamping: value)) : UInt8(clamping: value)
      }
      return Lanes(result)
    default:
      var result = SIMD8<UInt16>.zero
      for i in 0..<8 {
        let value = (i < 4 ? a : b).signedDoubles[i & 3]
        result[i] = kind == .packSignedD ? UInt16(bitPattern: Int16(clamping: value)) : UInt16(clamping: value)
      }
      return Lanes(result)
    }
  }

  static func unpack(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes) -> Lanes {
    switch kind {
    case .unpackLowB: interleave(a.bytes.lowHalf, b.bytes.lowHalf)
    case .unpackHighB: interleave(a.bytes.highHalf, b.bytes.highHalf)
    case .unpackLowW: interleave(a.words.lowHalf, b.words.lowHalf)
    case .unpackHighW: interleave(a.words.highHalf, b.words.highHalf)
    case .unpackLowD: interleave(a.doubles.lowHalf, b.doubles.lowHalf)
    case .unpackHighD: interleave(a.doubles.highHalf, b.doubles.highHalf)
    case .unpackLowQ: Lanes(a[0], b[0])
    default: Lanes(a[1], b[1])
    }
  }

  private static func interleave(_ a: SIMD8<UInt8>, _ b: SIMD8<UInt8>) -> Lanes {
    var result = SIMD16<UInt8>.zero
    result.evenHalf = a
    result.oddHalf = b
    return Lanes(result)
  }
  private static func interleave(_ a: SIMD4<UInt16>, _ b: SIMD4<UInt16>) -> Lanes {
    var result = SIMD8<UInt16>.zero
    result.evenHalf = a
    result.oddHalf = b
    return Lanes(result)
  }
  private static func interleave(_ a: SIMD2<UInt32>, _ b: SIMD2<UInt32>) -> Lanes {
    var result = SIMD4<UInt32>.zero
    result.evenHalf = a
    result.oddHalf = b
    return Lanes(result)
  }

  static func rearrange(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes, _ immediate: UInt8) -> Lanes {
    switch kind {
    case .shuffleB: shuffleBytes(a.bytes, b.bytes)
    case .shuffleD: pick(b.doubles, immediate)
    case .shuffleLowW: Lanes(shuffleWords(b[0], immediate), b[1])
    case .shuffleHighW: Lanes(b[0], shuffleWords(b[1], immediate))
    case .shuffleSingles:
      Lanes(
        SIMD4(
          a.doubles[Int(immediate & 3)], a.doubles[Int(immediate &>> 2 & 3)], b.doubles[Int(immediate &>> 4 & 3)],
          b.doubles[Int(immediate &>> 6)]))
    case .shuffleDoubles: Lanes(a[Int(immediate & 1)], b[Int(immediate &>> 1 & 1)])
    case .permuteDoublesByImmediate: Lanes(b[Int(immediate & 1)], b[Int(immediate &>> 1 & 1)])
    case .permuteSingles:
      Lanes(
        SIMD4(
          a.doubles[Int(b.doubles[0] & 3)], a.doubles[Int(b.doubles[1] & 3)], a.doubles[Int(b.doubles[2] & 3)],
          a.doubles[Int(b.doubles[3] & 3)]))
    case .permuteDoubles: Lanes(a[Int(b[0] &>> 1 & 1)], a[Int(b[1] &>> 1 & 1)])
    case .alignRight: alignRight(a, b, immediate)
    case .shiftLeftBytes: alignRight(b, .zero, immediate > 15 ? 0 : 16 &- immediate)
    case .shiftRightBytes: alignRight(.zero, b, immediate)
    case .blendW:
      Lanes(blend(a.words, b.words) { immediate &>> UInt8($0) & 1 != 0 })
    case .blendSingles: Lanes(blend(a.doubles, b.doubles) { immediate &>> UInt8($0) & 1 != 0 })
    case .blendDoubles: blend(a, b) { immediate &>> UInt8($0) & 1 != 0 }
    case .duplicateDoubles: Lanes(b[0], b[0])
    case .duplicateEvenSingles: Lanes(SIMD4(b.doubles[0], b.doubles[0], b.doubles[2], b.doubles[2]))
    default: Lanes(SIMD4(b.doubles[1], b.doubles[1], b.doubles[3], b.doubles[3]))
    }
  }

  @inline(__always)
  static func blend<V: SIMD>(_ a: V, _ b: V, _ takesSecond: (Int) -> Bool) -> V {
    var result = a
    for i in 0..<V.scalarCount where takesSecond(i) { result[i] = b[i] }
    return result
  }

  private static func pick(_ from: SIMD4<UInt32>, _ order: UInt8) -> Lanes {
    Lanes(
      SIMD4(
        from[Int(order & 3)], from[Int(order &>> 2 & 3)], from[Int(order &>> 4 & 3)], from[Int(order &>> 6)]))
  }

  static func shuffleWords(_ half: UInt64, _ order: UInt8) -> UInt64 {
    var result: UInt64 = 0
    for i in 0..<4 {
      let index = UInt64(order &>> UInt8(i &* 2)) & 3
      result |= ((half &>> (index &* 16)) & 0xFFFF) &<< UInt64(i &* 16)
    }
    return result
  }

  private static func shuffleBytes(_ a: SIMD16<UInt8>, _ order: SIMD16<UInt8>) -> Lanes {
    var result = SIMD16<UInt8>.zero
    for i in 0..<16 where order[i] < 0x80 { result[i] = a[Int(order[i] & 15)] }
    return Lanes(result)
  }

  /// 16 bytes of the 32 that `high` and `low` make, from `count` on; zeroes beyond them.
  static func alignRight(_ high: Lanes, _ low: Lanes, _ count: UInt8) -> Lanes {
    var result = SIMD16<UInt8>.zero
    for i in 0..<16 {
      let at = i &+ Int(count)
      if at < 16 { result[i] = low.bytes[at] } else if at < 32 { result[i] = high.bytes[at &- 16] }
    }
    return Lanes(result)
  }

  static func shift(_ kind: LaneOperation, _ a: Lanes, _ b: Lanes) -> Lanes {
    let count = b[0]
    switch kind {
    case .shiftLeftW: return count > 15 ? .zero : Lanes(a.words &<< UInt16(count))
    case .shiftLeftD: return count > 31 ? .zero : Lanes(a.doubles &<< UInt32(count))
    case .shiftLeftQ: return count > 63 ? .zero : a &<< count
    case .shiftRightW: return count > 15 ? .zero : Lanes(a.words &>> UInt16(count))
    case .shiftRightD: return count > 31 ? .zero : Lanes(a.doubles &>> UInt32(count))
    case .shiftRightQ: return count > 63 ? .zero : a &>> count
    case .shiftArithmeticW: return Lanes(a.signedWords &>> Int16(min(count, 15)))
    case .shiftArithmeticD: return Lanes(a.signedDoubles &>> Int32(min(count, 31)))
    case .shiftLeftEachD: return Lanes(map(a.doubles, b.doubles) { $1 > 31 ? 0 : $0 &<< $1 })
    case .shiftLeftEachQ: return map(a, b) { $1 > 63 ? 0 : $0 &<< $1 }
    case .shiftRightEachD: return Lanes(map(a.doubles, b.doubles) { $1 > 31 ? 0 : $0 &>> $1 })
    case .shiftRightEachQ: return map(a, b) { $1 > 63 ? 0 : $0 &>> $1 }
    default:
      return Lanes(map(a.doubles, b.doubles) { UInt32(bitPattern: Int32(bitPattern: $0) &>> Int32(min($1, 31))) })
    }
  }
}
