import Architecture

/// XCHG, XADD, CMPXCHG, CMPXCHG8B and CMPXCHG16B (SDM Vol. 1, 5.1.1). One VP runs at a time, so each is atomic.
extension Interpreter {
  func exchange(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let incoming = c.register(op.pointee.b, width)
    var outgoing: UInt64 = 0
    try modify(c, op) {
      outgoing = $0
      return incoming
    }
    c.setRegister(op.pointee.b, width, outgoing)
  }

  /// XADD: the register takes the old value; if both operands are one register, it ends with the sum.
  func exchangeAdd(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let addend = c.register(op.pointee.b, width)
    var old: UInt64 = 0
    guard op.pointee.isMemory else {
      old = c.register(op.pointee.a, width)
      let sum = c.arithmetic(ALU.add, old, addend, width)
      c.setRegister(op.pointee.b, width, old)
      c.setRegister(op.pointee.a, width, sum)
      return
    }
    try modify(c, op) {
      old = $0
      return $0 &+ addend
    }
    _ = c.arithmetic(ALU.add, old, addend, width)
    c.setRegister(op.pointee.b, width, old)
  }

  /// CMPXCHG writes the destination in either case; the accumulator only when they differ.
  func compareExchange(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let accumulator = c.register(0, width)
    let incoming = c.register(op.pointee.b, width)
    guard op.pointee.isMemory else {
      let current = c.register(op.pointee.a, width)
      if current == accumulator {
        c.setRegister(op.pointee.a, width, incoming)
      } else {
        c.setRegister(0, width, current)
      }
      _ = c.arithmetic(ALU.compare, accumulator, current, width)
      return
    }
    var current: UInt64 = 0
    try modify(c, op) {
      current = $0
      return $0 == accumulator ? incoming : $0
    }
    if current != accumulator { c.setRegister(0, width, current) }
    _ = c.arithmetic(ALU.compare, accumulator, current, width)
  }

  /// CMPXCHG8B and, with REX.W, CMPXCHG16B, which wants 16-byte alignment. Only ZF changes.
  func compareExchangePair(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let half = op.pointee.width
    let address = try address(c, op, size: UInt64(half) &* 2, isWrite: true)
    let segment = op.pointee.segment
    if half == 8, address & 15 != 0 { throw c.fail(.generalProtection()) }
    try probeIfNeeded(c, address, half, segment)
    let low = try loadForWrite(c, address, half, segment)
    let high = try loadForWrite(c, address &+ UInt64(half), half, segment)
    let isEqual = low == c.register(0, half) && high == c.register(16, half)
    try store(c, address, half, isEqual ? c.register(24, half) : low, segment)
    try store(c, address &+ UInt64(half), half, isEqual ? c.register(8, half) : high, segment)
    if !isEqual {
      c.setRegister(0, half, low)
      c.setRegister(16, half, high)
    }
    let others = c.arithmeticFlags & ~0x40
    c.pointee.setArithmetic(others | (isEqual ? 0x40 : 0))
  }

  /// Both halves' pages before either is written.
  private func probeIfNeeded(_ c: CPU, _ address: UInt64, _ half: UInt8, _ segment: UInt8) throws(Stop) {
    if address & 0xFFF > 4096 - UInt64(half) * 2 { try probeStore(c, address, Int(half) * 2, segment) }
  }
}

extension Decoder {
  /// 86 and 87. XCHG with memory is locked with or without the prefix.
  mutating func decodeExchange(_ opcode: UInt8) {
    operandsToRM(opcode & 1 == 0 ? 1 : operandWidth)
    set(.exchange, detail: Detail.lockable)
  }

  /// 91...97, and 90 with REX.B.
  mutating func decodeExchangeAccumulator(_ opcode: UInt8) {
    op.width = operandWidth
    op.a = (opcode & 7 | (rex & 1) &<< 3) &* 8
    op.b = 0
    set(.exchange)
  }

  /// 0F C0 and C1.
  mutating func decodeExchangeAdd(_ opcode: UInt8) {
    operandsToRM(opcode & 1 == 0 ? 1 : operandWidth)
    set(.exchangeAdd, detail: Detail.lockable)
  }

  /// 0F B0 and B1.
  mutating func decodeCompareExchange(_ opcode: UInt8) {
    operandsToRM(opcode & 1 == 0 ? 1 : operandWidth)
    set(.compareExchange, detail: Detail.lockable)
  }
}
