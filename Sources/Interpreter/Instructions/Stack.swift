import Architecture

/// PUSH, POP, PUSHA, POPA, PUSHF, ENTER, LEAVE (SDM Vol. 1, 6.2). The 64-bit forms are in the loop.
extension Interpreter {
  static var ss: UInt8 { SegmentName.ss.rawValue }

  /// RSP, ESP or SP: how wide the stack pointer is (SDM Vol. 1, 6.2.3).
  func stackAddressWidth(_ c: CPU) -> UInt8 {
    if c.isLong { return 8 }
    return c.segment(Self.ss).pointee.isDefault32 ? 4 : 2
  }

  func setStackPointer(_ c: CPU, _ value: UInt64) { c.setRegister(32, stackAddressWidth(c), value) }

  func stackLinear(
    _ c: CPU, _ pointer: UInt64, _ width: UInt8, isWrite: Bool = false
  ) throws(Stop) -> UInt64 {
    try linear(c, Self.ss, pointer & widthMask(stackAddressWidth(c)), UInt64(width), isWrite: isWrite)
  }

  func push(_ c: CPU, _ value: UInt64, _ width: UInt8) throws(Stop) {
    let pointer = c[.rsp] &- UInt64(width)
    try store(c, try stackLinear(c, pointer, width, isWrite: true), width, value, Self.ss)
    setStackPointer(c, pointer)
  }

  /// Reads the top without moving the pointer, `depth` bytes further up.
  func peek(_ c: CPU, _ width: UInt8, depth: UInt64 = 0) throws(Stop) -> UInt64 {
    try load(c, try stackLinear(c, c[.rsp] &+ depth, width), width, Self.ss)
  }

  @inline(__always)
  func push64(_ c: CPU, _ value: UInt64) throws(Stop) {
    let pointer = c[.rsp] &- 8
    try store64(c, pointer, value, Self.ss)
    c[.rsp] = pointer
  }

  /// The destination is written after RSP: POP RSP keeps what it popped.
  @inline(__always)
  func pop64(_ c: CPU) throws(Stop) -> UInt64 {
    let pointer = c[.rsp]
    let value = try load64(c, pointer, Self.ss)
    c[.rsp] = pointer &+ 8
    return value
  }

  @inline(__always)
  func leave64(_ c: CPU) throws(Stop) {
    let frame = c[.rbp]
    let value = try load64(c, frame, Self.ss)
    c[.rsp] = frame &+ 8
    c[.rbp] = value
  }

  func push(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let value =
      if op.pointee.hasImmediate {
        op.pointee.immediate
      } else if op.pointee.isMemory {
        try load(c, try address(c, op), width, op.pointee.segment)
      } else {
        c.register(op.pointee.a, width)
      }
    try push(c, value, width)
  }

  /// POP into memory computes the address with the moved stack pointer (SDM Vol. 2, "POP").
  func pop(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let value = try peek(c, width)
    let old = c[.rsp]
    setStackPointer(c, old &+ UInt64(width))
    guard op.pointee.isMemory else {
      c.setRegister(op.pointee.a, width, value)
      return
    }
    do throws(Stop) {
      try store(c, try writeAddress(c, op), width, value, op.pointee.segment)
    } catch {
      c[.rsp] = old
      throw error
    }
  }

  func pushAll(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let old = c[.rsp]
    try probeStack(c, Int(width) * 8)
    do throws(Stop) {
      for number in UInt8(0)..<8 {
        try push(c, number == 4 ? old : c.register(number &* 8, width), width)
      }
    } catch {
      c[.rsp] = old
      throw error
    }
  }

  private func probeStack(_ c: CPU, _ size: Int) throws(Stop) {
    let bottom = (c[.rsp] &- UInt64(size)) & widthMask(stackAddressWidth(c))
    try probeStore(c, try linear(c, Self.ss, bottom, 1, isWrite: true), size, Self.ss)
  }

  func popAll(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    var values = InlineArray<8, UInt64>(repeating: 0)
    for i in 0..<8 { values[i] = try peek(c, width, depth: UInt64(i) &* UInt64(width)) }
    for number in 0..<8 where number != 4 {
      c.setRegister(UInt8(number * 8), width, values[7 - number])
    }
    setStackPointer(c, c[.rsp] &+ UInt64(width) &* 8)
  }

  func pushSegment(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try push(c, UInt64(c.segment(UInt8(op.pointee.detail & 7)).pointee.selector), op.pointee.width)
  }

  /// RF and VM are pushed as 0 (SDM Vol. 2, "PUSHF").
  func pushFlags(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try push(c, c.rflags & ~(RFlags.resume.rawValue | RFlags.virtual8086.rawValue), op.pointee.width)
  }

  /// LEAVE.
  func leaveFrame(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let frame = c.register(40, stackAddressWidth(c))
    let value = try load(c, try stackLinear(c, frame, width), width, Self.ss)
    setStackPointer(c, frame &+ UInt64(width))
    c.setRegister(40, width, value)
  }

  /// ENTER size, level (SDM Vol. 2, "ENTER").
  func enterFrame(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let step = UInt64(width)
    let level = UInt64(op.pointee.detail & 31)
    let old = c[.rsp]
    var frame = c[.rbp]
    do throws(Stop) {
      try push(c, frame, width)
      let top = c[.rsp]
      for _ in 1..<max(level, 1) {
        frame &-= step
        let link = try load(c, try stackLinear(c, frame, width), width, Self.ss)
        try push(c, link, width)
      }
      if level > 0 { try push(c, top, width) }
      let bottom = c[.rsp] &- op.pointee.immediate
      // The new top of stack must be writable.
      try probeStore(c, try stackLinear(c, bottom, width, isWrite: true), 1, Self.ss)
      setStackPointer(c, bottom)
      c.setRegister(40, width, top)
    } catch {
      c[.rsp] = old
      throw error
    }
  }
}

extension Decoder {
  mutating func decodePushRegister(_ opcode: UInt8) {
    op.a = (opcode & 7 | (rex & 1) &<< 3) &* 8
    op.width = stackWidth
    let isPush = opcode < 0x58
    if op.width == 8 { set(isPush ? .push64 : .pop64) } else { set(isPush ? .push : .pop) }
  }

  /// 68 and 6A.
  mutating func decodePushImmediate(_ opcode: UInt8) {
    op.width = stackWidth
    op.immediate = opcode == 0x6A ? signed8() : immediate(op.width)
    op.detail |= Detail.immediate
    set(op.width == 8 ? .push64i : .push)
  }

  /// FF /6 and 8F /0; ModRM is read.
  mutating func setStackOperand(_ operation: Operation) {
    op.width = stackWidth
    if !isMemory { op.a = extendedRM &* 8 }
    set(operation)
  }

  mutating func decodePop() {
    readModRM()
    guard reg == 0 else { return setInvalid() }
    setStackOperand(.pop)
  }

  mutating func decodeFrame(_ opcode: UInt8) {
    op.width = stackWidth
    guard opcode == 0xC8 else { return set(op.width == 8 ? .leave64 : .leaveFrame) }
    op.immediate = UInt64(next16())
    op.detail = UInt16(next8())
    set(.enterFrame)
    op.detail &= 31
  }
}
