/// What can be known about flags when a whole block is decoded: which are never looked at, and what a branch looks at.
///
/// `Op.plain` keeps every instruction as it is alone, for blocks that are cut by the end of a slice.
extension UnsafeMutablePointer where Pointee == Block {
  /// Chooses cheaper operations, from the last instruction back.
  func simplifyFlags() {
    let count = Int(pointee.count)
    let last = ops + (count - 1)
    if last.pointee.plain == .jumpIf, let setter = flagSetter(before: count - 1) {
      let condition = UInt8(last.pointee.detail & 0xF)
      last.pointee.operation = Operation.jump(condition, after: setter) ?? .jumpIf
    }
    var areDead = false
    for i in stride(from: count - 1, through: 0, by: -1) {
      let op = ops + i
      switch op.pointee.plain.flagEffect {
      case .replaces:
        if areDead, let quiet = op.pointee.plain.quiet { op.pointee.operation = quiet }
        areDead = true
      case .keeps: break
      case .other:
        if areDead, let quiet = op.pointee.plain.quiet { op.pointee.operation = quiet } else { areDead = false }
      }
    }
  }

  /// The kind of flags in force before an instruction, if one of this block sets them for certain.
  private func flagSetter(before index: Int) -> FlagKind? {
    var i = index - 1
    while i >= 0 {
      if let kind = ops[i].flagKind { return kind }
      guard ops[i].plain.leavesFlags else { return nil }
      i -= 1
    }
    return nil
  }
}

/// What an instruction does to flags that were set before it.
enum FlagEffect {
  /// Replaces all of them, and neither reads them nor can fault.
  case replaces
  /// Neither changes nor reads them, and cannot fault.
  case keeps
  case other
}

extension Operation {
  var flagEffect: FlagEffect {
    switch self {
    case .add64rr, .add64ri, .sub64rr, .sub64ri, .and64rr, .and64ri, .or64rr, .or64ri, .xor64rr, .xor64ri,
      .compare64rr, .compare64ri, .test64rr, .test64ri,
      .add32rr, .add32ri, .sub32rr, .sub32ri, .and32rr, .and32ri, .or32rr, .or32ri, .xor32rr, .xor32ri,
      .compare32rr, .compare32ri, .test32rr, .test32ri, .compare8rr, .compare8ri, .test8rr, .test8ri,
      .shiftLeft64, .shiftRight64, .shiftArithmetic64, .shiftLeft32, .shiftRight32, .shiftArithmetic32,
      .multiply64rr, .multiply64rri, .multiply32rr, .multiply32rri:
      .replaces
    case .move64rr, .move32rr, .move64ri, .zeroExtend8r, .zeroExtend16r, .signExtend8to32r, .signExtend8to64r,
      .signExtend16to32r, .signExtend16to64r, .signExtend32to64r, .loadEffective, .loadEffective64, .loadEffective32,
      .swapBytes, .extendAccumulator, .extendIntoData, .nop:
      .keeps
    default: .other
    }
  }

  /// Does not change flags; may fault.
  var leavesFlags: Bool {
    switch self {
    case .load8, .load16, .load32, .load64, .store8, .store16, .store32, .store64, .store8i, .store16i, .store32i,
      .store64i, .move, .extend, .zeroExtend8m, .zeroExtend16m, .signExtend8to32m, .signExtend8to64m,
      .signExtend16to32m, .signExtend16to64m, .signExtend32to64m, .setIf, .moveIf, .push64, .push64i, .pop64,
      .loadVector, .storeVector, .moveVector:
      true
    default: flagEffect == .keeps
    }
  }

  /// The same without flags.
  var quiet: Operation? {
    switch self {
    case .add64rr: .add64rrQuiet
    case .add64ri: .add64riQuiet
    case .sub64rr: .sub64rrQuiet
    case .sub64ri: .sub64riQuiet
    case .and64rr: .and64rrQuiet
    case .and64ri: .and64riQuiet
    case .or64rr: .or64rrQuiet
    case .or64ri: .or64riQuiet
    case .xor64rr: .xor64rrQuiet
    case .xor64ri: .xor64riQuiet
    case .add32rr: .add32rrQuiet
    case .add32ri: .add32riQuiet
    case .sub32rr: .sub32rrQuiet
    case .sub32ri: .sub32riQuiet
    case .and32rr: .and32rrQuiet
    case .and32ri: .and32riQuiet
    case .or32rr: .or32rrQuiet
    case .or32ri: .or32riQuiet
    case .xor32rr: .xor32rrQuiet
    case .xor32ri: .xor32riQuiet
    case .increment64: .increment64Quiet
    case .decrement64: .decrement64Quiet
    case .increment32: .increment32Quiet
    case .decrement32: .decrement32Quiet
    case .shiftLeft64: .shiftLeft64Quiet
    case .shiftRight64: .shiftRight64Quiet
    case .shiftArithmetic64: .shiftArithmetic64Quiet
    case .shiftLeft32: .shiftLeft32Quiet
    case .shiftRight32: .shiftRight32Quiet
    case .shiftArithmetic32: .shiftArithmetic32Quiet
    case .multiply64rr: .multiply64rrQuiet
    case .multiply64rri: .multiply64rriQuiet
    case .multiply32rr: .multiply32rrQuiet
    case .multiply32rri: .multiply32rriQuiet
    default: nil
    }
  }

  /// A conditional jump that need not ask how the flags are kept.
  static func jump(_ condition: UInt8, after setter: FlagKind) -> Operation? {
    switch (condition, setter) {
    case (4, _): .jumpZero
    case (5, _): .jumpNotZero
    case (8, _): .jumpSign
    case (9, _): .jumpNotSign
    case (2, .sub): .jumpBelow
    case (3, .sub): .jumpNotBelow
    case (6, .sub): .jumpNotAbove
    case (7, .sub): .jumpAbove
    case (12, .sub): .jumpLess
    case (13, .sub): .jumpNotLess
    case (14, .sub): .jumpNotGreater
    case (15, .sub): .jumpGreater
    case (6, .logic): .jumpZero
    case (7, .logic): .jumpNotZero
    case (12, .logic): .jumpSign
    case (13, .logic): .jumpNotSign
    case (14, .logic): .jumpNotPositive
    case (15, .logic): .jumpPositive
    default: nil
    }
  }
}

extension Op {
  /// How this instruction leaves the flags, if it is certain to set them all through a kind with a result.
  var flagKind: FlagKind? {
    switch plain {
    case .compare64rr, .compare64ri, .compare64rm, .compare64mr, .compare64mi, .compare32rr, .compare32ri,
      .compare32rm, .compare32mr, .compare32mi, .compare8rr, .compare8ri, .compare8rm, .compare8mr, .compare8mi,
      .sub64rr, .sub64ri, .sub64rm, .sub64mr, .sub64mi, .sub32rr, .sub32ri, .sub32rm, .sub32mr, .sub32mi:
      .sub
    case .test64rr, .test64ri, .test64rm, .test64mr, .test64mi, .test32rr, .test32ri, .test32rm, .test32mr, .test32mi,
      .test8rr, .test8ri, .test8rm, .test8mr, .test8mi,
      .and64rr, .and64ri, .and64rm, .and64mr, .and64mi, .and32rr, .and32ri, .and32rm, .and32mr, .and32mi,
      .or64rr, .or64ri, .or64rm, .or64mr, .or64mi, .or32rr, .or32ri, .or32rm, .or32mr, .or32mi,
      .xor64rr, .xor64ri, .xor64rm, .xor64mr, .xor64mi, .xor32rr, .xor32ri, .xor32rm, .xor32mr, .xor32mi:
      .logic
    case .add64rr, .add64ri, .add64rm, .add64mr, .add64mi, .add32rr, .add32ri, .add32rm, .add32mr, .add32mi: .add
    case .increment64, .increment32: .increment
    case .decrement64, .decrement32: .decrement
    case .shiftLeft64, .shiftRight64, .shiftArithmetic64, .shiftLeft32, .shiftRight32, .shiftArithmetic32: .given
    default: nil
    }
  }
}
