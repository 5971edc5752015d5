import Architecture

/// CLC, STC, CMC, CLD, STD, LAHF and SAHF (SDM Vol. 1, 5.1.12).
enum FlagChange {
  static var clearCarry: UInt16 { 0 }
  static var setCarry: UInt16 { 1 }
  static var complementCarry: UInt16 { 2 }
  static var clearDirection: UInt16 { 3 }
  static var setDirection: UInt16 { 4 }
}

extension Interpreter {
  func changeFlag(_ c: CPU, _ op: OpPointer) {
    switch op.pointee.detail & 7 {
    case FlagChange.clearCarry: c.pointee.setArithmetic(c.arithmeticFlags & ~1)
    case FlagChange.setCarry: c.pointee.setArithmetic(c.arithmeticFlags | 1)
    case FlagChange.complementCarry: c.pointee.setArithmetic(c.arithmeticFlags ^ 1)
    case FlagChange.clearDirection: c.pointee.systemFlags &= ~RFlags.direction.rawValue
    default: c.pointee.systemFlags |= RFlags.direction.rawValue
    }
  }

  func loadAH(_ c: CPU) { c.setR8(1, UInt8(truncatingIfNeeded: c.arithmeticFlags & 0xD5 | 2)) }

  func storeAH(_ c: CPU) {
    let overflow = c.arithmeticFlags & RFlags.overflow.rawValue
    c.pointee.setArithmetic(UInt64(c.r8(1)) & 0xD5 | overflow)
  }
}
