import Architecture

/// ADD, ADC, SUB, SBB, CMP, AND, OR, XOR, TEST, INC, DEC, NEG and NOT (SDM Vol. 1, 5.1.2 and 5.1.4).
///
/// The numbers are those of the opcodes: bits 5:3, or ModRM.reg of group 1.
enum ALU {
  static var add: UInt16 { 0 }
  static var or: UInt16 { 1 }
  static var adc: UInt16 { 2 }
  static var sbb: UInt16 { 3 }
  static var and: UInt16 { 4 }
  static var sub: UInt16 { 5 }
  static var xor: UInt16 { 6 }
  static var compare: UInt16 { 7 }
  static var test: UInt16 { 8 }
  static var increment: UInt16 { 9 }
  static var decrement: UInt16 { 10 }
  static var negate: UInt16 { 11 }
  static var not: UInt16 { 12 }

  static func writes(_ kind: UInt16) -> Bool { kind != compare && kind != test }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  /// Leaves the flags to be computed. Values are sign-extended.
  @inline(__always)
  func setFlags(_ kind: FlagKind, _ a: UInt64, _ b: UInt64, _ result: UInt64) {
    pointee.flagKind = kind
    pointee.flagA = a
    pointee.flagB = b
    pointee.flagResult = result
  }
  @inline(__always)
  func setLogicFlags(_ result: UInt64) {
    pointee.flagKind = .logic
    pointee.flagResult = result
  }
  @inline(__always)
  func setGivenFlags(_ result: UInt64, carry: Bool, overflow: Bool, auxiliary: UInt64 = 0) {
    pointee.flagKind = .given
    pointee.flagA = auxiliary
    pointee.flagB = (carry ? 1 : 0) | (overflow ? 2 : 0)
    pointee.flagResult = result
  }

  // The hot ones, for 64 and 32 bits.

  @inline(__always)
  func add64(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let result = a &+ b
    setFlags(.add, a, b, result)
    return result
  }
  @inline(__always)
  func sub64(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let result = a &- b
    setFlags(.sub, a, b, result)
    return result
  }
  @inline(__always)
  func logic64(_ result: UInt64) -> UInt64 {
    setLogicFlags(result)
    return result
  }
  @inline(__always)
  func add32(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let result = a &+ b
    setFlags(.add, extended(a), extended(b), extended(result))
    return result
  }
  @inline(__always)
  func sub32(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let result = a &- b
    setFlags(.sub, extended(a), extended(b), extended(result))
    return result
  }
  @inline(__always)
  func logic32(_ result: UInt32) -> UInt32 {
    setLogicFlags(extended(result))
    return result
  }
  @inline(__always)
  func compare8(_ a: UInt8, _ b: UInt8) {
    setFlags(.sub, extended(a), extended(b), extended(a &- b))
  }
  @inline(__always)
  func increment64(_ a: UInt64) -> UInt64 {
    setFlags(.increment, a, carry ? 1 : 0, a &+ 1)
    return a &+ 1
  }
  @inline(__always)
  func decrement64(_ a: UInt64) -> UInt64 {
    setFlags(.decrement, a, carry ? 1 : 0, a &- 1)
    return a &- 1
  }
  @inline(__always)
  func increment32(_ a: UInt32) -> UInt32 {
    setFlags(.increment, extended(a), carry ? 1 : 0, extended(a &+ 1))
    return a &+ 1
  }
  @inline(__always)
  func decrement32(_ a: UInt32) -> UInt32 {
    setFlags(.decrement, extended(a), carry ? 1 : 0, extended(a &- 1))
    return a &- 1
  }

  /// Any of them at any width, on values as they come; the result is cut by whoever stores it.
  func arithmetic(_ kind: UInt16, _ left: UInt64, _ right: UInt64, _ width: UInt8) -> UInt64 {
    let a = signExtend(left, width)
    let b = signExtend(right, width)
    switch kind {
    case ALU.add: return sum(a, b, carry: false, width)
    case ALU.adc: return sum(a, b, carry: carry, width)
    case ALU.sub, ALU.compare: return difference(a, b, borrow: false, width)
    case ALU.sbb: return difference(a, b, borrow: carry, width)
    case ALU.or: return logic64(a | b)
    case ALU.and, ALU.test: return logic64(a & b)
    case ALU.xor: return logic64(a ^ b)
    case ALU.increment:
      let result = signExtend(a &+ 1, width)
      setFlags(.increment, a, carry ? 1 : 0, result)
      return result
    case ALU.decrement:
      let result = signExtend(a &- 1, width)
      setFlags(.decrement, a, carry ? 1 : 0, result)
      return result
    case ALU.negate: return difference(0, a, borrow: false, width)
    default: return ~a
    }
  }

  private func sum(_ a: UInt64, _ b: UInt64, carry: Bool, _ width: UInt8) -> UInt64 {
    let result = signExtend(a &+ b &+ (carry ? 1 : 0), width)
    guard carry else {
      setFlags(.add, a, b, result)
      return result
    }
    // With a carry in, the sum wrapped when it is not above the operand. Sign extension keeps the order.
    let overflow = Int64(bitPattern: ~(a ^ b) & (a ^ result)) < 0
    setGivenFlags(result, carry: result <= a, overflow: overflow, auxiliary: a ^ b ^ result)
    return result
  }

  private func difference(_ a: UInt64, _ b: UInt64, borrow: Bool, _ width: UInt8) -> UInt64 {
    let result = signExtend(a &- b &- (borrow ? 1 : 0), width)
    guard borrow else {
      setFlags(.sub, a, b, result)
      return result
    }
    let overflow = Int64(bitPattern: (a ^ b) & (a ^ result)) < 0
    setGivenFlags(result, carry: a <= b, overflow: overflow, auxiliary: a ^ b ^ result)
    return result
  }
}

@inline(__always)
func extended(_ value: UInt32) -> UInt64 { UInt64(bitPattern: Int64(Int32(bitPattern: value))) }
@inline(__always)
func extended(_ value: UInt8) -> UInt64 { UInt64(bitPattern: Int64(Int8(bitPattern: value))) }

extension Interpreter {
  /// Any form of any of them that has no operation of its own.
  func arithmetic(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let detail = op.pointee.detail
    let kind = detail & 0xF
    let width = op.pointee.width
    if detail & Detail.memory != 0, detail & Detail.fromMemory == 0 {
      let address = ALU.writes(kind) ? try writeAddress(c, op) : try address(c, op)
      let segment = op.pointee.segment
      let right = detail & Detail.immediate != 0 ? op.pointee.immediate : c.register(op.pointee.b, width)
      guard ALU.writes(kind) else {
        _ = c.arithmetic(kind, try load(c, address, width, segment), right, width)
        return
      }
      let left = try loadForWrite(c, address, width, segment)
      try store(c, address, width, resultWithoutFlags(c, kind, left, right, width), segment)
      if kind != ALU.not { _ = c.arithmetic(kind, left, right, width) }
      return
    }
    let right =
      if detail & Detail.immediate != 0 {
        op.pointee.immediate
      } else if detail & Detail.fromMemory != 0 {
        try load(c, try address(c, op), width, op.pointee.segment)
      } else {
        c.register(op.pointee.b, width)
      }
    let result = c.arithmetic(kind, c.register(op.pointee.a, width), right, width)
    if ALU.writes(kind) { c.setRegister(op.pointee.a, width, result) }
  }

  /// The value to be stored; the flags change only after the store has not faulted.
  private func resultWithoutFlags(
    _ c: CPU, _ kind: UInt16, _ left: UInt64, _ right: UInt64, _ width: UInt8
  ) -> UInt64 {
    switch kind {
    case ALU.add: left &+ right
    case ALU.adc: left &+ right &+ (c.carry ? 1 : 0)
    case ALU.sub: left &- right
    case ALU.sbb: left &- right &- (c.carry ? 1 : 0)
    case ALU.or: left | right
    case ALU.and: left & right
    case ALU.xor: left ^ right
    case ALU.increment: left &+ 1
    case ALU.decrement: left &- 1
    case ALU.negate: 0 &- left
    default: ~left
    }
  }
}

extension Decoder {
  /// 00...3F, without the BCD and segment rows: six forms of eight operations.
  mutating func decodeArithmetic(_ opcode: UInt8) {
    let kind = UInt16(opcode &>> 3)
    let width = opcode & 1 == 0 ? 1 : operandWidth
    switch opcode & 7 {
    case 0, 1:
      operandsToRM(width)
      setArithmetic(kind)
    case 2, 3:
      operandsFromRM(width)
      if isMemory { op.detail |= Detail.fromMemory }
      setArithmetic(kind)
    default:
      op.width = width
      op.a = 0
      op.immediate = immediate(width)
      op.detail |= Detail.immediate
      setArithmetic(kind)
    }
  }

  /// Group 1: 80...83.
  mutating func decodeArithmeticImmediate(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    operandRM(width)
    op.immediate = opcode == 0x83 ? signed8() : immediate(width)
    op.detail |= Detail.immediate
    setArithmetic(UInt16(reg))
  }

  /// 84, 85 and A8, A9.
  mutating func decodeTest(_ opcode: UInt8) {
    let width = opcode & 1 == 0 ? 1 : operandWidth
    if opcode >= 0xA8 {
      op.width = width
      op.a = 0
      op.immediate = immediate(width)
      op.detail |= Detail.immediate
    } else {
      operandsToRM(width)
    }
    setArithmetic(ALU.test)
  }

  /// Groups 4 and 5, rows 0 and 1: INC and DEC.
  mutating func decodeIncrement(_ width: UInt8) {
    setArithmetic(reg == 0 ? ALU.increment : ALU.decrement)
  }

  /// Chooses the operation: a fast one if the form has one.
  mutating func setArithmetic(_ kind: UInt16) {
    op.detail |= kind
    if ALU.writes(kind) { op.detail |= op.detail & Detail.fromMemory == 0 ? Detail.lockable : 0 }
    set(fastArithmetic(kind) ?? .arithmetic)
  }

  /// The five forms follow one another in `Operation`.
  private func fastArithmetic(_ kind: UInt16) -> Operation? {
    guard let group = fastGroup(kind) else { return nil }
    let isMemory = op.isMemory
    let form: UInt16 =
      if op.hasImmediate {
        isMemory ? 4 : 1
      } else {
        isMemory ? (op.detail & Detail.fromMemory != 0 ? 2 : 3) : 0
      }
    if kind == ALU.increment || kind == ALU.decrement { return isMemory ? nil : group }
    return Operation(rawValue: group.rawValue + form)
  }

  private func fastGroup(_ kind: UInt16) -> Operation? {
    switch (kind, op.width) {
    case (ALU.add, 8): .add64rr
    case (ALU.sub, 8): .sub64rr
    case (ALU.and, 8): .and64rr
    case (ALU.or, 8): .or64rr
    case (ALU.xor, 8): .xor64rr
    case (ALU.compare, 8): .compare64rr
    case (ALU.test, 8): .test64rr
    case (ALU.increment, 8): .increment64
    case (ALU.decrement, 8): .decrement64
    case (ALU.add, 4): .add32rr
    case (ALU.sub, 4): .sub32rr
    case (ALU.and, 4): .and32rr
    case (ALU.or, 4): .or32rr
    case (ALU.xor, 4): .xor32rr
    case (ALU.compare, 4): .compare32rr
    case (ALU.test, 4): .test32rr
    case (ALU.increment, 4): .increment32
    case (ALU.decrement, 4): .decrement32
    case (ALU.compare, 1): .compare8rr
    case (ALU.test, 1): .test8rr
    default: nil
    }
  }
}
