import Architecture

/// Moves of MMX, SSE and AVX registers (SDM Vol. 1, 5.4.1, 5.5.1, 5.6.1 and 5.13).
enum VectorMove: UInt8 {
  /// The whole operand.
  case load, store
  /// One element: from memory the rest is cleared, between registers it comes from the first source.
  case loadScalar, storeScalar
  /// MOVQ: the upper half is cleared.
  case loadQuad, storeQuad
  case fromGeneral, toGeneral
  case loadLow, loadHigh, storeLow, storeHigh
  case highToLow, lowToHigh
  case byteMask, singleMask, doubleMask
  /// To and from MMX registers, where all else is SSE.
  case loadMMX, storeMMX, fromGeneralToMMX, toGeneralFromMMX, fromMMX, toMMX, byteMaskMMX
  case maskedStore, maskedStoreMMX
}

extension Interpreter {
  /// MOVUPS and its kin from memory.
  @inline(__always)
  func loadVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    c.writeVector(op, op.pointee.a, try vectorSource(c, op))
  }

  @inline(__always)
  func storeVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    let b = op.pointee.b
    try storeVector(c, op, Wide(low: c.lanes(b), high: op.pointee.isLong ? c.upperLanes(b) : .zero))
  }

  func moveVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = VectorMove(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    let (a, b) = (op.pointee.a, op.pointee.b)
    switch kind {
    case .load: c.writeVector(op, a, try vectorSource(c, op))
    case .store:
      let value = Wide(low: c.lanes(b), high: op.pointee.isLong ? c.upperLanes(b) : .zero)
      if op.pointee.isMemory { try storeVector(c, op, value) } else { c.writeVector(op, a, value) }
    case .loadScalar, .storeScalar: try moveScalar(c, op)
    case .loadQuad: c.writeVector(op, a, Wide(low: Lanes(try vectorSource(c, op).low[0], 0)))
    case .storeQuad:
      let value = Wide(low: Lanes(c.lanes(b)[0], 0))
      if op.pointee.isMemory { try storeVector(c, op, value) } else { c.writeVector(op, a, value) }
    case .fromGeneral: c.writeVector(op, a, Wide(low: Lanes(try generalSource(c, op), 0)))
    case .toGeneral: try setDestination(c, op, c.lanes(b)[0])
    case .loadLow: c.writeVector(op, a, Wide(low: Lanes(try vectorSource(c, op).low[0], c.lanes(op.pointee.third)[1])))
    case .loadHigh: c.writeVector(op, a, Wide(low: Lanes(c.lanes(op.pointee.third)[0], try vectorSource(c, op).low[0])))
    case .storeLow: try storeVector(c, op, Wide(low: c.lanes(b)))
    case .storeHigh: try storeVector(c, op, Wide(low: Lanes(c.lanes(b)[1], 0)))
    case .highToLow: c.writeVector(op, a, Wide(low: Lanes(c.lanes(b)[1], c.lanes(op.pointee.third)[1])))
    case .lowToHigh: c.writeVector(op, a, Wide(low: Lanes(c.lanes(op.pointee.third)[0], c.lanes(b)[0])))
    case .byteMask, .singleMask, .doubleMask: signMask(c, op, kind)
    case .maskedStore: try maskedStore(c, op, c.lanes(b), c.lanes(op.pointee.third), count: 16)
    default: try moveMMX(c, op, kind)
    }
  }

  /// ModRM.rm as a general register or memory of `op.width` bytes.
  private func generalSource(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    guard op.pointee.isMemory else { return c.register(op.pointee.b, op.pointee.width) }
    return try load(c, try address(c, op), op.pointee.width, op.pointee.segment)
  }

  private func moveScalar(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let isStore = op.pointee.vector == VectorMove.storeScalar.rawValue
    let width = op.pointee.width
    if op.pointee.isMemory {
      if isStore { return try storeVector(c, op, Wide(low: c.lanes(op.pointee.b))) }
      return c.writeVector(op, op.pointee.a, try vectorSource(c, op))
    }
    var value = c.lanes(op.pointee.third)
    let mask = widthMask(width)
    value[0] = value[0] & ~mask | c.lanes(op.pointee.b)[0] & mask
    c.writeVector(op, op.pointee.a, Wide(low: value))
  }

  /// PMOVMSKB, MOVMSKPS, MOVMSKPD: the sign bits, into a general register.
  private func signMask(_ c: CPU, _ op: OpPointer, _ kind: VectorMove) {
    let b = op.pointee.b
    let lane = kind == .byteMask ? 8 : kind == .singleMask ? 32 : 64
    var mask: UInt32 = 0
    var place: UInt32 = 0
    let quads = op.pointee.isLong ? 4 : 2
    for i in 0..<quads {
      let quad = i < 2 ? c.lanes(b)[i] : c.upperLanes(b)[i &- 2]
      var bit = lane &- 1
      while bit < 64 {
        if quad.bit(bit) { mask |= 1 &<< place }
        place &+= 1
        bit &+= lane
      }
    }
    c.setR32(op.pointee.a, mask)
  }

  /// MASKMOVDQU and MASKMOVQ: the bytes whose mask byte has its sign set, to [(R/E)DI].
  private func maskedStore(_ c: CPU, _ op: OpPointer, _ mask: Lanes, _ value: Lanes, count: Int) throws(Stop) {
    let place = try address(c, op, size: UInt64(count), isWrite: true)
    for i in 0..<count where mask.bytes[i] & 0x80 != 0 {
      try probeStore(c, linear(c, place &+ UInt64(i)), 1, op.pointee.segment)
    }
    for i in 0..<count where mask.bytes[i] & 0x80 != 0 {
      try store8(c, linear(c, place &+ UInt64(i)), value.bytes[i], op.pointee.segment)
    }
  }

  // MARK: MMX

  private func moveMMX(_ c: CPU, _ op: OpPointer, _ kind: VectorMove) throws(Stop) {
    let (a, b) = (op.pointee.a, op.pointee.b)
    if kind == .fromMMX || kind == .toMMX { try checkPendingFloat(c) }
    switch kind {
    case .loadMMX: setMMX(c, a, try mmxSource(c, op))
    case .storeMMX:
      if op.pointee.isMemory {
        try store64(c, try writeAddress(c, op), mmx(c, b), op.pointee.segment)
      } else {
        setMMX(c, a, mmx(c, b))
      }
    case .fromGeneralToMMX: setMMX(c, a, try generalSource(c, op))
    case .toGeneralFromMMX: try setDestination(c, op, mmx(c, b))
    case .fromMMX: c.setLanes(a, Lanes(mmx(c, b), 0))
    case .toMMX: setMMX(c, a, c.lanes(b)[0])
    case .byteMaskMMX:
      var mask: UInt32 = 0
      for i in 0..<8 where mmx(c, b).bit(i &* 8 &+ 7) { mask |= 1 &<< UInt32(i) }
      c.setR32(a, mask)
    default: try maskedStore(c, op, Lanes(mmx(c, b), 0), Lanes(mmx(c, a), 0), count: 8)
    }
    enterMMX(c)
  }

  /// EMMS: the registers are empty for the x87 unit.
  func emptyMMX(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    c.pointee.fpuTags = 0
  }

  // MARK: Lanes

  /// Integer and bitwise operations, and everything else that is done 128 bits at a time.
  func vectorLanes(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c, op)
    guard let kind = LaneOperation(rawValue: op.pointee.vector) else { throw c.fail(.invalidOpcode) }
    if op.pointee.isMMX { return try lanesOfMMX(c, op, kind) }
    let immediate = op.i8
    // A shift by an immediate has its count there, and its operand in the first source.
    let second = op.pointee.hasImmediate ? Wide(low: Lanes(op.i64, 0)) : try vectorSource(c, op)
    let third = op.pointee.third
    var result = Wide(low: LaneUnit.apply(kind, c.lanes(third), second.low, immediate))
    if op.pointee.isLong {
      let isShared = kind.isShiftByCount
      // Blends of 4 doubles or 8 singles go on in the immediate.
      let shift: UInt8 = kind == .blendSingles ? 4 : kind == .blendDoubles || kind == .shuffleDoubles ? 2 : 0
      let wide =
        kind == .permuteDoublesByImmediate
        ? immediate &>> 2 : kind == .multipleSums ? immediate &>> 3 : immediate &>> shift
      result.high = LaneUnit.apply(kind, c.upperLanes(third), isShared ? second.low : second.high, wide)
    }
    c.writeVector(op, op.pointee.a, result)
  }

  private func lanesOfMMX(_ c: CPU, _ op: OpPointer, _ kind: LaneOperation) throws(Stop) {
    let second = op.pointee.hasImmediate ? op.i64 : try mmxSource(c, op)
    let first = mmx(c, op.pointee.third)
    let result: UInt64
    switch kind {
    case .alignRight:
      // 8 bytes of the 16 that both operands make.
      result = LaneUnit.alignRight(.zero, Lanes(second, first), op.i8)[0]
    case .shuffleB: result = LaneUnit.apply(kind, Lanes(first, 0), Lanes(second & 0x8787_8787_8787_8787, 0), 0)[0]
    case .unpackHighB, .unpackHighW, .unpackHighD:
      // The upper halves of 64 bits lie in the upper half of what the low form makes of them.
      let low = LaneOperation(rawValue: kind.rawValue &- 4) ?? kind
      result = LaneUnit.apply(low, Lanes(first, 0), Lanes(second, 0), 0)[1]
    default:
      let joined = kind.joinsForMMX ? Lanes(first, second) : Lanes(first, 0)
      result = LaneUnit.apply(kind, joined, Lanes(second, 0), op.i8)[0]
    }
    setMMX(c, op.pointee.a, result)
    enterMMX(c)
  }
}
