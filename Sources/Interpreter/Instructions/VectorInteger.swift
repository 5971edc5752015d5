import Architecture

/// SSE2 integer and bitwise operations on 128 bits (SDM Vol. 1, 11.4.1.4 and 11.4.2). The number is the opcode after 0F.
extension Interpreter {
  func vectorInteger(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    var low: UInt64
    var high: UInt64
    if op.pointee.isMemory {
      let place = try address(c, op)
      if place & 15 != 0 { throw c.fail(.generalProtection()) }
      low = try load64(c, place, op.pointee.segment)
      high = try load64(c, place &+ 8, op.pointee.segment)
    } else {
      low = c.vectorHalves[Int(op.pointee.b)]
      high = c.vectorHalves[Int(op.pointee.b) + 1]
    }
    let target = c.vectorHalves + Int(op.pointee.a)
    let opcode = UInt8(op.pointee.detail & 0xFF)
    let immediate = op.i8
    (low, high) = Vector.apply(opcode, (target[0], target[1]), (low, high), immediate)
    target[0] = low
    target[1] = high
  }

  /// Groups 12, 13 and 14: a shift by an immediate.
  func vectorShift(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    let target = c.vectorHalves + Int(op.pointee.a)
    let detail = op.pointee.detail
    let count = UInt64(op.i8)
    let kind = UInt8(detail & 7)
    if kind == 3 || kind == 7 {
      (target[0], target[1]) = Vector.shiftBytes(target[0], target[1], count, left: kind == 7)
      return
    }
    let lane = UInt64(detail &>> 4) & 0x70
    target[0] = Vector.shift(target[0], lane, count, kind)
    target[1] = Vector.shift(target[1], lane, count, kind)
  }
}

enum Vector {
  typealias Pair = (UInt64, UInt64)

  static func supports(_ opcode: UInt8) -> Bool {
    switch opcode {
    case 0x54...0x57, 0x60...0x62, 0x64...0x66, 0x68...0x6A, 0x6C, 0x6D, 0x70, 0x74...0x76, 0xC6: true
    case 0xD1...0xD5, 0xDA, 0xDB, 0xDE, 0xDF, 0xE1, 0xE2, 0xEA, 0xEB, 0xEE, 0xEF: true
    case 0xF1...0xF4, 0xF8...0xFE: true
    default: false
    }
  }

  /// `a` is the destination's old value, `b` the source.
  static func apply(_ opcode: UInt8, _ a: Pair, _ b: Pair, _ immediate: UInt8) -> Pair {
    switch opcode {
    case 0x54, 0xDB: (a.0 & b.0, a.1 & b.1)
    case 0x55, 0xDF: (~a.0 & b.0, ~a.1 & b.1)
    case 0x56, 0xEB: (a.0 | b.0, a.1 | b.1)
    case 0x57, 0xEF: (a.0 ^ b.0, a.1 ^ b.1)
    case 0x60, 0x61, 0x62: interleave(a.0, b.0, lane: 8 &<< UInt64(opcode &- 0x60))
    case 0x68, 0x69, 0x6A: interleave(a.1, b.1, lane: 8 &<< UInt64(opcode &- 0x68))
    case 0x6C: (a.0, b.0)
    case 0x6D: (a.1, b.1)
    case 0x70: shuffle32(b, immediate)
    case 0xC6:
      (
        pick32(a, immediate) | pick32(a, immediate &>> 2) &<< 32,
        pick32(b, immediate &>> 4) | pick32(b, immediate &>> 6) &<< 32
      )
    case 0xD1...0xD3, 0xE1, 0xE2, 0xF1...0xF3: shiftByRegister(opcode, a, b.0)
    default: lanes(opcode, a, b)
    }
  }

  private static func lanes(_ opcode: UInt8, _ a: Pair, _ b: Pair) -> Pair {
    (half(opcode, a.0, b.0), half(opcode, a.1, b.1))
  }

  private static func half(_ opcode: UInt8, _ a: UInt64, _ b: UInt64) -> UInt64 {
    switch opcode {
    case 0x64, 0x65, 0x66:
      map(a, b, 8 &<< UInt64(opcode &- 0x64)) { signed($0, $2) > signed($1, $2) ? .max : 0 }
    case 0x74, 0x75, 0x76: map(a, b, 8 &<< UInt64(opcode &- 0x74)) { x, y, _ in x == y ? .max : 0 }
    case 0xFC, 0xFD, 0xFE: map(a, b, 8 &<< UInt64(opcode &- 0xFC)) { x, y, _ in x &+ y }
    case 0xF8, 0xF9, 0xFA: map(a, b, 8 &<< UInt64(opcode &- 0xF8)) { x, y, _ in x &- y }
    case 0xD4: a &+ b
    case 0xFB: a &- b
    case 0xD5: map(a, b, 16) { x, y, _ in x &* y }
    case 0xDA: map(a, b, 8) { x, y, _ in min(x, y) }
    case 0xDE: map(a, b, 8) { x, y, _ in max(x, y) }
    case 0xEA: map(a, b, 16) { x, y, lane in signed(x, lane) < signed(y, lane) ? x : y }
    case 0xEE: map(a, b, 16) { x, y, lane in signed(x, lane) > signed(y, lane) ? x : y }
    default: (a & 0xFFFF_FFFF) &* (b & 0xFFFF_FFFF)
    }
  }

  /// Lane by lane; what `body` returns is cut to the lane.
  @inline(__always)
  private static func map(
    _ a: UInt64, _ b: UInt64, _ lane: UInt64, _ body: (UInt64, UInt64, UInt64) -> UInt64
  ) -> UInt64 {
    let mask = UInt64.max &>> (64 &- lane)
    var result: UInt64 = 0
    var at: UInt64 = 0
    while at < 64 {
      result |= (body((a &>> at) & mask, (b &>> at) & mask, lane) & mask) &<< at
      at &+= lane
    }
    return result
  }

  private static func signed(_ value: UInt64, _ lane: UInt64) -> Int64 {
    Int64(bitPattern: value &<< (64 &- lane)) &>> Int64(64 &- lane)
  }

  /// PUNPCKL and PUNPCKH on one half of each operand.
  private static func interleave(_ a: UInt64, _ b: UInt64, lane: UInt64) -> Pair {
    let mask = UInt64.max &>> (64 &- lane)
    var result: Pair = (0, 0)
    let count = 64 / lane
    for i in 0..<count {
      let pair = (a &>> (i &* lane)) & mask | ((b &>> (i &* lane)) & mask) &<< lane
      if i < count / 2 {
        result.0 |= pair &<< (i &* lane &* 2)
      } else {
        result.1 |= pair &<< ((i &- count / 2) &* lane &* 2)
      }
    }
    return result
  }

  private static func pick32(_ value: Pair, _ index: UInt8) -> UInt64 {
    let half = index & 2 == 0 ? value.0 : value.1
    return index & 1 == 0 ? half & 0xFFFF_FFFF : half &>> 32
  }

  private static func shuffle32(_ value: Pair, _ order: UInt8) -> Pair {
    (
      pick32(value, order) | pick32(value, order &>> 2) &<< 32,
      pick32(value, order &>> 4) | pick32(value, order &>> 6) &<< 32
    )
  }

  /// PSHUFLW and PSHUFHW: the words of one half.
  static func shuffle16(_ half: UInt64, _ order: UInt8) -> UInt64 {
    var result: UInt64 = 0
    for i in 0..<4 {
      let index = UInt64(order &>> UInt8(i &* 2)) & 3
      result |= ((half &>> (index &* 16)) & 0xFFFF) &<< UInt64(i &* 16)
    }
    return result
  }

  private static func shiftByRegister(_ opcode: UInt8, _ a: Pair, _ count: UInt64) -> Pair {
    let lane: UInt64 = 8 &<< UInt64(opcode & 3)
    // Rows D, E and F are right, arithmetic right and left: /2, /4 and /6 of the immediate forms.
    let kind: UInt8 = opcode >= 0xF0 ? 6 : opcode >= 0xE0 ? 4 : 2
    return (shift(a.0, lane, count, kind), shift(a.1, lane, count, kind))
  }

  static func shift(_ value: UInt64, _ lane: UInt64, _ count: UInt64, _ kind: UInt8) -> UInt64 {
    let by = min(count, lane)
    return map(value, 0, lane) { x, _, lane in
      switch kind {
      case 4: UInt64(bitPattern: signed(x, lane) &>> Int64(min(by, lane &- 1)))
      case 2: by >= lane ? 0 : x &>> by
      default: by >= lane ? 0 : x &<< by
      }
    }
  }

  static func shiftBytes(_ low: UInt64, _ high: UInt64, _ count: UInt64, left: Bool) -> Pair {
    guard count < 16 else { return (0, 0) }
    let bits = count &* 8
    if bits == 0 { return (low, high) }
    if left {
      return bits >= 64 ? (0, low &<< (bits &- 64)) : (low &<< bits, high &<< bits | low &>> (64 &- bits))
    }
    return bits >= 64 ? (high &>> (bits &- 64), 0) : (low &>> bits | high &<< (64 &- bits), high &>> bits)
  }
}

extension Interpreter {
  func shuffleWords(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    var source: (UInt64, UInt64)
    if op.pointee.isMemory {
      let place = try address(c, op)
      if place & 15 != 0 { throw c.fail(.generalProtection()) }
      source = (try load64(c, place, op.pointee.segment), try load64(c, place &+ 8, op.pointee.segment))
    } else {
      source = (c.vectorHalves[Int(op.pointee.b)], c.vectorHalves[Int(op.pointee.b) + 1])
    }
    if op.pointee.detail & 1 == 0 {
      source.0 = Vector.shuffle16(source.0, op.i8)
    } else {
      source.1 = Vector.shuffle16(source.1, op.i8)
    }
    let target = c.vectorHalves + Int(op.pointee.a)
    (target[0], target[1]) = source
  }
}

extension Decoder {
  /// The 66h column of the integer rows; the bitwise ones of 54...57 and SHUFPS have no prefix as well.
  mutating func decodeVectorInteger(_ opcode: UInt8) {
    let prefix = vectorPrefix
    if opcode == 0x70, prefix >= 2 {
      vectorOperands()
      op.immediate = UInt64(next8())
      return set(.shuffleWords, detail: prefix == 2 ? 1 : 0)
    }
    let withoutPrefix = (0x54...0x57).contains(opcode) || opcode == 0xC6
    guard Vector.supports(opcode), prefix == 1 && opcode != 0xC6 || prefix == 0 && withoutPrefix else {
      return setInvalid()
    }
    vectorOperands()
    if opcode == 0x70 || opcode == 0xC6 { op.immediate = UInt64(next8()) }
    set(.vectorInteger, detail: UInt16(opcode))
  }

  /// Groups 12, 13 and 14: 0F 71, 72 and 73, with 66h.
  mutating func decodeVectorShift(_ opcode: UInt8) {
    readModRM()
    op.immediate = UInt64(next8())
    op.a = extendedRM &* 2
    let isByteShift = opcode == 0x73 && (reg == 3 || reg == 7)
    let isShift = reg == 2 || reg == 6 || (reg == 4 && opcode != 0x73)
    guard !isMemory, vectorPrefix == 1, isByteShift || isShift else { return setInvalid() }
    let lane: UInt16 = 16 << UInt16(opcode - 0x71)
    set(.vectorShift, detail: UInt16(reg) | lane << 4)
  }
}
