import Architecture

/// SSE and SSE2 moves (SDM Vol. 1, 11.4.1 and 11.4.2). Vector operands are numbers of 64-bit halves: 2n for XMMn.
enum VectorMove: UInt16 {
  /// 16 bytes, any alignment.
  case load, store
  /// 16 bytes, #GP when not aligned.
  case loadAligned, storeAligned
  /// From memory the rest is zeroed; between registers it is kept.
  case loadScalar32, loadScalar64, storeScalar32, storeScalar64
  /// MOVQ: the upper half is zeroed.
  case loadQuad, storeQuad
  case fromGeneral, toGeneral
  case loadLow, loadHigh, storeLow, storeHigh
  case highToLow, lowToHigh
  case byteMask, singleMask, doubleMask
  case duplicateLow
}

extension Interpreter {
  /// SSE is on: CR0.EM clear and CR4.OSFXSR set, else #UD; #NM while CR0.TS is set (SDM Vol. 3A, 14.1).
  @inline(__always)
  func requireVectors(_ c: CPU) throws(Stop) {
    let mask = CR0.emulation.rawValue | CR0.taskSwitched.rawValue
    if c.pointee.cr0 & mask != 0 || c.pointee.cr4 & CR4.fxsave.rawValue == 0 { throw vectorFault(c) }
  }

  @inline(never)
  private func vectorFault(_ c: CPU) -> Stop {
    let isOff = c.pointee.cr0 & CR0.emulation.rawValue != 0 || c.pointee.cr4 & CR4.fxsave.rawValue == 0
    return c.fail(isOff ? .invalidOpcode : .deviceNotAvailable)
  }

  /// MOVUPS, MOVDQU: also the aligned forms after their check.
  @inline(__always)
  func loadVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    let address = try address(c, op)
    let low = try load64(c, address, op.pointee.segment)
    let high = try load64(c, address &+ 8, op.pointee.segment)
    let target = c.vectorHalves + Int(op.pointee.a)
    target[0] = low
    target[1] = high
  }

  @inline(__always)
  func storeVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    let address = try address(c, op)
    // Both pages before either half is written.
    if address & 0xFFF > 4096 - 16 { try probeStore(c, address, 16, op.pointee.segment) }
    let source = c.vectorHalves + Int(op.pointee.b)
    let (low, high) = (source[0], source[1])
    try store64(c, address, low, op.pointee.segment)
    try store64(c, address &+ 8, high, op.pointee.segment)
  }

  private func requireAligned(_ c: CPU, _ op: OpPointer) throws(Stop) {
    if op.pointee.isMemory, try address(c, op) & 15 != 0 { throw c.fail(.generalProtection()) }
  }

  /// Every other move.
  func moveVector(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireVectors(c)
    let halves = c.vectorHalves
    let a = Int(op.pointee.a)
    let b = Int(op.pointee.b)
    guard let kind = VectorMove(rawValue: op.pointee.detail & 0xFF) else { throw c.fail(.invalidOpcode) }
    switch kind {
    case .loadAligned, .load:
      if kind == .loadAligned { try requireAligned(c, op) }
      if op.pointee.isMemory { return try loadVector(c, op) }
      let (low, high) = (halves[b], halves[b + 1])
      (halves[a], halves[a + 1]) = (low, high)
    case .storeAligned, .store:
      if kind == .storeAligned { try requireAligned(c, op) }
      if op.pointee.isMemory { return try storeVector(c, op) }
      let (low, high) = (halves[b], halves[b + 1])
      (halves[a], halves[a + 1]) = (low, high)
    case .loadScalar32:
      if op.pointee.isMemory {
        (halves[a], halves[a + 1]) = (UInt64(try load32(c, op)), 0)
      } else {
        halves[a] = halves[a] & ~0xFFFF_FFFF | halves[b] & 0xFFFF_FFFF
      }
    case .loadScalar64:
      if op.pointee.isMemory { (halves[a], halves[a + 1]) = (try load64(c, op), 0) } else { halves[a] = halves[b] }
    case .storeScalar32:
      if op.pointee.isMemory {
        try store32(c, try address(c, op), UInt32(truncatingIfNeeded: halves[b]), op.pointee.segment)
      } else {
        halves[a] = halves[a] & ~0xFFFF_FFFF | halves[b] & 0xFFFF_FFFF
      }
    case .storeScalar64, .storeLow:
      if op.pointee.isMemory {
        try store64(c, try address(c, op), halves[b], op.pointee.segment)
      } else {
        halves[a] = halves[b]
      }
    case .loadQuad:
      (halves[a], halves[a + 1]) = (op.pointee.isMemory ? try load64(c, op) : halves[b], 0)
    case .storeQuad:
      if op.pointee.isMemory {
        try store64(c, try address(c, op), halves[b], op.pointee.segment)
      } else {
        (halves[a], halves[a + 1]) = (halves[b], 0)
      }
    case .fromGeneral:
      let value =
        op.pointee.isMemory
        ? try load(c, try address(c, op), op.pointee.width, op.pointee.segment)
        : c.register(op.pointee.b, op.pointee.width)
      (halves[a], halves[a + 1]) = (value, 0)
    case .toGeneral: try setDestination(c, op, halves[b])
    case .loadLow: halves[a] = try load64(c, op)
    case .loadHigh: halves[a + 1] = try load64(c, op)
    case .storeHigh: try store64(c, try address(c, op), halves[b + 1], op.pointee.segment)
    case .highToLow: halves[a] = halves[b + 1]
    case .lowToHigh: halves[a + 1] = halves[b]
    case .byteMask, .singleMask, .doubleMask:
      c.setR32(op.pointee.a, signMask(kind, halves[b], halves[b + 1]))
    case .duplicateLow:
      let value = op.pointee.isMemory ? try load64(c, op) : halves[b]
      (halves[a], halves[a + 1]) = (value, value)
    }
  }

  /// PMOVMSKB, MOVMSKPS, MOVMSKPD.
  private func signMask(_ kind: VectorMove, _ low: UInt64, _ high: UInt64) -> UInt32 {
    let lane: Int = kind == .byteMask ? 8 : kind == .singleMask ? 32 : 64
    let count = 64 / lane
    var mask: UInt32 = 0
    for i in 0..<count {
      if low.bit(i &* lane &+ lane &- 1) { mask |= 1 &<< UInt32(i) }
      if high.bit(i &* lane &+ lane &- 1) { mask |= 1 &<< UInt32(i &+ count) }
    }
    return mask
  }
}

extension Decoder {
  /// Vector operands: `a` and `b` are ModRM.reg and a register rm, or the other way about for stores.
  mutating func vectorOperands(store: Bool = false) {
    readModRM()
    let reg = extendedReg &* 2
    let rm = extendedRM &* 2
    op.width = 16
    if store {
      op.b = reg
      if !isMemory { op.a = rm }
    } else {
      op.a = reg
      if !isMemory { op.b = rm }
    }
  }

  private mutating func vectorMove(_ kind: VectorMove, memoryOnly: Bool = false) {
    if memoryOnly, !isMemory { return setInvalid() }
    let fast: Operation? = !isMemory ? nil : kind == .load ? .loadVector : kind == .store ? .storeVector : nil
    set(fast ?? .moveVector, detail: kind.rawValue)
  }

  /// Which of the four prefix columns: 0 none, 1 66h, 2 F3h, 3 F2h.
  var vectorPrefix: Int {
    if repeatPrefix == 0xF3 { return 2 }
    if repeatPrefix == 0xF2 { return 3 }
    return hasOperandPrefix ? 1 : 0
  }

  /// 0F 10...17, 28, 29, 2B, 50, 6E, 6F, 7E, 7F, D6, D7, E7, F0.
  mutating func decodeVectorMove(_ opcode: UInt8) {
    let prefix = vectorPrefix
    switch (opcode, prefix) {
    case (0x10, 0), (0x10, 1), (0x6F, 2), (0xF0, 3):
      vectorOperands()
      vectorMove(.load, memoryOnly: opcode == 0xF0)
    case (0x11, 0), (0x11, 1), (0x7F, 2):
      vectorOperands(store: true)
      vectorMove(.store)
    case (0x10, 2): scalar(.loadScalar32, store: false)
    case (0x10, _): scalar(.loadScalar64, store: false)
    case (0x11, 2): scalar(.storeScalar32, store: true)
    case (0x11, _): scalar(.storeScalar64, store: true)
    case (0x12, 3):
      vectorOperands()
      vectorMove(.duplicateLow)
    case (0x12, 0), (0x12, 1):
      vectorOperands()
      vectorMove(isMemory ? .loadLow : .highToLow, memoryOnly: prefix == 1)
    case (0x13, 0), (0x13, 1):
      vectorOperands(store: true)
      vectorMove(.storeLow, memoryOnly: true)
    case (0x16, 0), (0x16, 1):
      vectorOperands()
      vectorMove(isMemory ? .loadHigh : .lowToHigh, memoryOnly: prefix == 1)
    case (0x17, 0), (0x17, 1):
      vectorOperands(store: true)
      vectorMove(.storeHigh, memoryOnly: true)
    case (0x28, 0), (0x28, 1), (0x6F, 1):
      vectorOperands()
      vectorMove(.loadAligned)
    case (0x29, 0), (0x29, 1), (0x7F, 1):
      vectorOperands(store: true)
      vectorMove(.storeAligned)
    case (0x2B, 0), (0x2B, 1), (0xE7, 1):
      vectorOperands(store: true)
      vectorMove(.storeAligned, memoryOnly: true)
    case (0x50, 0), (0x50, 1): mask(prefix == 1 ? .doubleMask : .singleMask)
    case (0xD7, 1): mask(.byteMask)
    case (0x6E, 1): general(.fromGeneral)
    case (0x7E, 1): general(.toGeneral)
    case (0x7E, 2):
      vectorOperands()
      vectorMove(.loadQuad)
    case (0xD6, 1):
      vectorOperands(store: true)
      vectorMove(.storeQuad)
    default: setInvalid()
    }
  }

  private mutating func scalar(_ kind: VectorMove, store: Bool) {
    vectorOperands(store: store)
    vectorMove(kind)
  }

  private mutating func mask(_ kind: VectorMove) {
    vectorOperands()
    guard !isMemory else { return setInvalid() }
    op.a = extendedReg &* 8
    vectorMove(kind)
  }

  /// MOVD and MOVQ between a vector and a general register or memory.
  private mutating func general(_ kind: VectorMove) {
    vectorOperands(store: kind == .toGeneral)
    op.width = hasREXW ? 8 : 4
    if !isMemory {
      if kind == .toGeneral { op.a = extendedRM &* 8 } else { op.b = extendedRM &* 8 }
    }
    vectorMove(kind)
  }
}
