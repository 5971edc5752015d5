/// What an x87 instruction does (SDM Vol. 1, 8.3).
enum X87Operation: UInt8 {
  case loadNumber, loadInteger, loadDecimal, loadStack
  case storeNumber, storeInteger, storeIntegerTruncated, storeDecimal, storeStack
  case exchange, moveIf
  /// `detail` bits 2:0: ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR.
  case arithmetic
  /// FUCOM and FUCOMP; FCOMI and FUCOMI.
  case compareQuietly, compareIntoFlags
  case changeSign, absolute, test, examine, constant
  case squareRoot, roundToInteger, scale, extract, partialRemainder, ieeeRemainder
  case exponential, logarithm, logarithmPlusOne, tangent, arctangent, sine, cosine, sineAndCosine
  case incrementTop, decrementTop, free, none
  // These do not wait for exceptions.
  case initialize, clearExceptions, storeControl, storeStatus, storeEnvironment, save
  // These do.
  case loadControl, loadEnvironment, restore

  var isControl: Bool { rawValue >= Self.initialize.rawValue }
  var waits: Bool { rawValue < Self.initialize.rawValue || rawValue >= Self.loadControl.rawValue }
}

/// Bits of `Op.detail` for x87 instructions, above the three of the arithmetic kind.
enum X87Detail {
  /// The top is popped afterwards, or twice with both.
  static var pops: UInt16 { 8 }
  static var popsTwice: UInt16 { 16 }
  /// The destination is ST(i).
  static var toStack: UInt16 { 32 }
  /// The memory operand is an integer.
  static var isInteger: UInt16 { 64 }
  /// FUCOMI rather than FCOMI; FUCOMP.
  static var isQuiet: UInt16 { 128 }
}

extension Decoder {
  /// D8...DF.
  mutating func decodeFloatingPoint(_ opcode: UInt8) {
    readModRM()
    op.third = modRM & 7
    op.width = 4
    // FOP: what the unit remembers of the instruction.
    op.immediate = UInt64(opcode & 7) &<< 8 | UInt64(modRM)
    if isMemory { decodeFloatMemory(opcode) } else { decodeFloatRegister(opcode) }
  }

  private mutating func x87(_ operation: X87Operation, _ detail: UInt16 = 0, width: UInt8 = 4) {
    op.width = width
    vector(.x87, operation.rawValue, detail: detail)
  }

  private mutating func decodeFloatMemory(_ opcode: UInt8) {
    let pops = X87Detail.pops
    switch (opcode, reg) {
    case (0xD8, _): x87(.arithmetic, UInt16(reg))
    case (0xDC, _): x87(.arithmetic, UInt16(reg), width: 8)
    case (0xDA, _): x87(.arithmetic, UInt16(reg) | X87Detail.isInteger)
    case (0xDE, _): x87(.arithmetic, UInt16(reg) | X87Detail.isInteger, width: 2)
    case (0xD9, 0): x87(.loadNumber)
    case (0xD9, 2): x87(.storeNumber)
    case (0xD9, 3): x87(.storeNumber, pops)
    case (0xD9, 4): x87(.loadEnvironment, width: environmentSize)
    case (0xD9, 5): x87(.loadControl, width: 2)
    case (0xD9, 6): x87(.storeEnvironment, width: environmentSize)
    case (0xD9, 7): x87(.storeControl, width: 2)
    case (0xDB, 0): x87(.loadInteger)
    case (0xDB, 1): x87(.storeIntegerTruncated, pops)
    case (0xDB, 2): x87(.storeInteger)
    case (0xDB, 3): x87(.storeInteger, pops)
    case (0xDB, 5): x87(.loadNumber, width: 10)
    case (0xDB, 7): x87(.storeNumber, pops, width: 10)
    case (0xDD, 0): x87(.loadNumber, width: 8)
    case (0xDD, 1): x87(.storeIntegerTruncated, pops, width: 8)
    case (0xDD, 2): x87(.storeNumber, width: 8)
    case (0xDD, 3): x87(.storeNumber, pops, width: 8)
    case (0xDD, 4): x87(.restore, width: environmentSize)
    case (0xDD, 6): x87(.save, width: environmentSize)
    case (0xDD, 7): x87(.storeStatus, width: 2)
    case (0xDF, 0): x87(.loadInteger, width: 2)
    case (0xDF, 1): x87(.storeIntegerTruncated, pops, width: 2)
    case (0xDF, 2): x87(.storeInteger, width: 2)
    case (0xDF, 3): x87(.storeInteger, pops, width: 2)
    case (0xDF, 4): x87(.loadDecimal, width: 10)
    case (0xDF, 5): x87(.loadInteger, width: 8)
    case (0xDF, 6): x87(.storeDecimal, pops, width: 10)
    case (0xDF, 7): x87(.storeInteger, pops, width: 8)
    default: setInvalid()
    }
  }

  /// 14 bytes with a 16-bit operand size, else 28.
  private var environmentSize: UInt8 { operandWidth == 2 ? 14 : 28 }

  private mutating func decodeFloatRegister(_ opcode: UInt8) {
    switch opcode {
    case 0xD8: x87(.arithmetic, UInt16(reg))
    case 0xD9: decodeFloatUnary()
    case 0xDA, 0xDB: decodeFloatFlags(opcode)
    // The rows of FCOM and FCOMP are there twice.
    case 0xDC: x87(.arithmetic, UInt16(reg) | (reg & 6 == 2 ? 0 : X87Detail.toStack))
    case 0xDD:
      switch reg {
      case 0: x87(.free)
      case 1: x87(.exchange)
      case 2: x87(.storeStack)
      case 3: x87(.storeStack, X87Detail.pops)
      case 4: x87(.compareQuietly)
      case 5: x87(.compareQuietly, X87Detail.pops)
      default: setInvalid()
      }
    case 0xDE:
      switch reg {
      case 2: x87(.arithmetic, 3)
      case 3: if modRM == 0xD9 { x87(.arithmetic, 2 | X87Detail.popsTwice) } else { setInvalid() }
      default: x87(.arithmetic, UInt16(reg) | X87Detail.toStack | X87Detail.pops)
      }
    default:
      switch reg {
      case 0: x87(.free, X87Detail.pops)
      case 1: x87(.exchange)
      case 2, 3: x87(.storeStack, X87Detail.pops)
      case 4:
        guard modRM == 0xE0 else { return setInvalid() }
        op.a = 0
        x87(.storeStatus, width: 2)
      case 5: x87(.compareIntoFlags, X87Detail.pops | X87Detail.isQuiet)
      case 6: x87(.compareIntoFlags, X87Detail.pops)
      default: setInvalid()
      }
    }
  }

  private mutating func decodeFloatUnary() {
    switch modRM {
    case 0xC0...0xC7: x87(.loadStack)
    case 0xC8...0xCF: x87(.exchange)
    case 0xD0: x87(.none)
    case 0xD8...0xDF: x87(.storeStack, X87Detail.pops)
    case 0xE0: x87(.changeSign)
    case 0xE1: x87(.absolute)
    case 0xE4: x87(.test)
    case 0xE5: x87(.examine)
    case 0xE8...0xEE: x87(.constant)
    case 0xF0...0xFF:
      let functions: [X87Operation] = [
        .exponential, .logarithm, .tangent, .arctangent, .extract, .ieeeRemainder, .decrementTop, .incrementTop,
        .partialRemainder, .logarithmPlusOne, .squareRoot, .sineAndCosine, .roundToInteger, .scale, .sine, .cosine,
      ]
      x87(functions[Int(modRM & 15)])
    default: setInvalid()
    }
  }

  /// FCMOVcc, FUCOMPP, FUCOMI, FCOMI, and the control instructions among them.
  private mutating func decodeFloatFlags(_ opcode: UInt8) {
    if reg < 4 { return x87(.moveIf, UInt16(reg) | (opcode == 0xDB ? 4 : 0)) }
    switch (opcode, modRM) {
    case (0xDA, 0xE9): x87(.compareQuietly, X87Detail.popsTwice)
    case (0xDB, 0xE2): x87(.clearExceptions)
    case (0xDB, 0xE3): x87(.initialize)
    // FNENI, FNDISI and FNSETPM of older units do nothing.
    case (0xDB, 0xE0), (0xDB, 0xE1), (0xDB, 0xE4): x87(.none)
    case (0xDB, 0xE8...0xEF): x87(.compareIntoFlags, X87Detail.isQuiet)
    case (0xDB, 0xF0...0xF7): x87(.compareIntoFlags)
    default: setInvalid()
    }
  }
}
