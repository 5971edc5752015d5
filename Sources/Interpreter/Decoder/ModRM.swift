import Architecture

/// The operand bytes: ModRM, SIB and displacement (SDM Vol. 2, 2.1.3 to 2.1.5).
extension Decoder {
  var reg: UInt8 { (modRM &>> 3) & 7 }
  /// With REX.R.
  var extendedReg: UInt8 { reg | (rex & 4) &<< 1 }
  var isMemory: Bool { modRM < 0xC0 }
  /// ModRM.rm with REX.B, as a register.
  var extendedRM: UInt8 { modRM & 7 | (rex & 1) &<< 3 }

  /// The byte offset of a general register. Without REX, 4 to 7 are AH, CH, DH and BH as bytes.
  func register(_ number: UInt8, _ width: UInt8) -> UInt8 {
    if width == 1, rex == 0, number >= 4, number < 8 { return (number &- 4) &* 8 &+ 1 }
    return number &* 8
  }

  /// Reads ModRM. A memory operand goes into the address fields; a register one is left to the caller.
  mutating func readModRM() {
    modRM = next8()
    if isMemory {
      op.detail |= Detail.memory
      if addressWidth == 2 { readAddress16() } else { readAddress() }
      finishAddress()
      foldSegmentBase()
    }
  }

  /// In 64-bit mode the base of FS or GS is one more register of the sum, where there is room for it.
  private mutating func foldSegmentBase() {
    guard is64, op.segment >= SegmentName.fs.rawValue, addressWidth == 8, !hasVectorIndex else { return }
    let base = op.segment == SegmentName.fs.rawValue ? Offset.fsBase : Offset.gsBase
    if op.index == Offset.zero {
      (op.index, op.scale) = (base, 0)
    } else if op.base == Offset.zero {
      op.base = base
    } else {
      return
    }
    op.addressing &= ~Addressing.segmented
  }

  private mutating func readAddress() {
    let mod = modRM &>> 6
    var rm = modRM & 7
    op.segment = SegmentName.ds.rawValue
    var hasBase = true
    if rm == 4 {
      let sib = next8()
      let index = (sib &>> 3) & 7 | (rex & 2) &<< 2
      vectorIndex = index
      op.scale = sib &>> 6
      if index != 4 { op.index = index &* 8 }
      rm = sib & 7
      hasBase = !(rm == 5 && mod == 0)
    } else if rm == 5, mod == 0 {
      op.displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
      if is64 {
        op.base = Offset.page
        isRIPRelative = true
      }
      return
    }
    if hasBase {
      let base = rm | (rex & 1) &<< 3
      op.base = base &* 8
      if base == 4 || base == 5 { op.segment = SegmentName.ss.rawValue }
    }
    switch mod {
    case 1: op.displacement = signed8()
    case 2: op.displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32())))
    default: if !hasBase { op.displacement = UInt64(bitPattern: Int64(Int32(bitPattern: next32()))) }
    }
  }

  /// The eight pairs of 16-bit addressing: SDM Vol. 2, table 2-1.
  private mutating func readAddress16() {
    let mod = modRM &>> 6
    let rm = modRM & 7
    let bx: UInt8 = 24
    let bp: UInt8 = 40
    let si: UInt8 = 48
    let di: UInt8 = 56
    op.segment = rm == 2 || rm == 3 || (rm == 6 && mod != 0) ? SegmentName.ss.rawValue : SegmentName.ds.rawValue
    switch rm {
    case 0: (op.base, op.index) = (bx, si)
    case 1: (op.base, op.index) = (bx, di)
    case 2: (op.base, op.index) = (bp, si)
    case 3: (op.base, op.index) = (bp, di)
    case 4: op.base = si
    case 5: op.base = di
    case 6: if mod != 0 { op.base = bp }
    default: op.base = bx
    }
    switch mod {
    case 1: op.displacement = signed8()
    case 2: op.displacement = UInt64(next16())
    default: if rm == 6 { op.displacement = UInt64(next16()) }
    }
  }

  /// Decides whether the address is a plain sum.
  mutating func finishAddress() {
    if segmentOverride != 255 { op.segment = segmentOverride }
    if !is64 || op.segment >= SegmentName.fs.rawValue { op.addressing |= Addressing.segmented }
    switch addressWidth {
    case 4: op.addressing |= Addressing.address32
    case 2: op.addressing |= Addressing.address16
    default: break
    }
  }

  /// The address of a string operand or XLAT: a register, with DS or an override.
  mutating func implicitAddress(_ base: UInt8) {
    op.segment = SegmentName.ds.rawValue
    op.base = base
    finishAddress()
  }

  /// ModRM with the register operand in `b` and a register rm in `a`: the destination is rm.
  mutating func operandsToRM(_ width: UInt8) {
    readModRM()
    op.width = width
    op.b = register(extendedReg, width)
    if !isMemory { op.a = register(extendedRM, width) }
  }

  /// ModRM with the register operand in `a` and a register rm in `b`: the source is rm.
  mutating func operandsFromRM(_ width: UInt8, sourceWidth: UInt8? = nil) {
    readModRM()
    op.width = width
    op.a = register(extendedReg, width)
    if !isMemory { op.b = register(extendedRM, sourceWidth ?? width) }
  }

  /// ModRM with an opcode extension: rm is in `a`.
  mutating func operandRM(_ width: UInt8) {
    readModRM()
    op.width = width
    if !isMemory { op.a = register(extendedRM, width) }
  }
}

/// Bits of `Op.detail` above the family's own low byte.
enum Detail {
  /// ModRM names memory.
  static var memory: UInt16 { 1 << 8 }
  /// The source is `Op.immediate`.
  static var immediate: UInt16 { 1 << 9 }
  /// The memory operand is the source.
  static var fromMemory: UInt16 { 1 << 10 }
  static var lockable: UInt16 { 1 << 11 }
  static var repeatEqual: UInt16 { 1 << 12 }
  static var repeatNotEqual: UInt16 { 1 << 13 }
  static var repeats: UInt16 { 3 << 12 }
}

extension Op {
  var isMemory: Bool { detail & Detail.memory != 0 }
  var hasImmediate: Bool { detail & Detail.immediate != 0 }
  /// LOCK is for a memory destination of certain instructions (SDM Vol. 2, "LOCK").
  var allowsLock: Bool { detail & Detail.lockable != 0 && isMemory }
  /// The address size in bytes, for counters and pointers of string instructions.
  var addressWidth: UInt8 {
    if addressing & Addressing.address32 != 0 { return 4 }
    return addressing & Addressing.address16 != 0 ? 2 : 8
  }
}
