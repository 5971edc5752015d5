import Architecture

typealias Lanes = SIMD2<UInt64>

/// An operand of up to 256 bits, as two halves of 128.
struct Wide {
  var low: Lanes
  var high: Lanes = .zero
}

/// Bits of `Op.form`: what kind of vector instruction it is.
enum Form {
  /// Encoded with VEX: the upper bits of the destination are cleared, and memory needs no alignment.
  static var vex: UInt8 { 1 }
  /// 256 bits.
  static var long: UInt8 { 2 }
  /// On the eight 64-bit registers.
  static var mmx: UInt8 { 4 }
  /// Memory has to be aligned to the operand's size, whatever the encoding.
  static var aligned: UInt8 { 8 }
  /// Memory may be unaligned in the encodings without VEX too.
  static var unaligned: UInt8 { 16 }
  /// Elements are double-precision numbers; single-precision otherwise.
  static var double: UInt8 { 32 }
  /// One element only.
  static var scalar: UInt8 { 64 }
}

extension Op {
  @inline(__always) var isVEX: Bool { form & Form.vex != 0 }
  @inline(__always) var isLong: Bool { form & Form.long != 0 }
  @inline(__always) var isMMX: Bool { form & Form.mmx != 0 }
  @inline(__always) var isDouble: Bool { form & Form.double != 0 }
  @inline(__always) var isScalar: Bool { form & Form.scalar != 0 }
}

extension UnsafeMutablePointer where Pointee == CPUState {
  /// The low 128 bits of a vector register; registers are numbered by 64-bit halves, 2n for XMMn.
  @inline(__always)
  func lanes(_ half: UInt8) -> Lanes {
    let halves = vectorHalves + Int(half)
    return Lanes(halves[0], halves[1])
  }
  @inline(__always)
  func setLanes(_ half: UInt8, _ value: Lanes) {
    let halves = vectorHalves + Int(half)
    (halves[0], halves[1]) = (value[0], value[1])
  }

  /// Bits 255:128.
  @inline(__always)
  func upperLanes(_ half: UInt8) -> Lanes { Lanes(pointee.uppers[Int(half)], pointee.uppers[Int(half) &+ 1]) }
  @inline(__always)
  func setUpperLanes(_ half: UInt8, _ value: Lanes) {
    (pointee.uppers[Int(half)], pointee.uppers[Int(half) &+ 1]) = (value[0], value[1])
  }

  /// As an instruction leaves its destination: without VEX bits 255:128 stay, with it they are written or cleared.
  @inline(__always)
  func writeVector(_ op: OpPointer, _ half: UInt8, _ value: Wide) {
    setLanes(half, value.low)
    guard op.pointee.isVEX else { return }
    setUpperLanes(half, op.pointee.isLong ? value.high : .zero)
  }
}

extension Interpreter {
  /// The state that a vector instruction needs is enabled: #UD, or #NM while CR0.TS is set (SDM Vol. 3A, 14.1 and 14.3;
  /// Vol. 1, 14.3).
  @inline(__always)
  func requireVectors(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let mask = CR0.emulation.rawValue | CR0.taskSwitched.rawValue
    let isPlain = op.pointee.form & (Form.vex | Form.mmx) == 0
    if isPlain, c.pointee.cr0 & mask == 0, c.pointee.cr4 & CR4.fxsave.rawValue != 0 { return }
    try requireSlowly(c, op)
  }

  @inline(never)
  private func requireSlowly(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let isOn: Bool
    if op.pointee.isVEX {
      isOn = c.isProtected && c.pointee.cr4 & CR4.osxsave.rawValue != 0 && c.pointee.xcr0 & 6 == 6
    } else if op.pointee.isMMX {
      isOn = c.pointee.cr0 & CR0.emulation.rawValue == 0
    } else {
      isOn = c.pointee.cr0 & CR0.emulation.rawValue == 0 && c.pointee.cr4 & CR4.fxsave.rawValue != 0
    }
    guard isOn else { throw c.fail(.invalidOpcode) }
    if c.pointee.cr0 & CR0.taskSwitched.rawValue != 0 { throw c.fail(.deviceNotAvailable) }
    if op.pointee.isMMX { try checkPendingFloat(c) }
  }

  /// The operand of ModRM.rm: `op.width` bytes of memory, zero-extended, or a vector register.
  @inline(__always)
  func vectorSource(_ c: CPU, _ op: OpPointer) throws(Stop) -> Wide {
    guard op.pointee.isMemory else {
      return Wide(low: c.lanes(op.pointee.b), high: op.pointee.isLong ? c.upperLanes(op.pointee.b) : .zero)
    }
    let place = try vectorAddress(c, op, isWrite: false)
    let segment = op.pointee.segment
    switch op.pointee.width {
    case 32:
      let low = try load128(c, place, segment)
      return Wide(low: low, high: try load128(c, linear(c, place &+ 16), segment))
    case 16: return Wide(low: try load128(c, place, segment))
    default: return Wide(low: Lanes(try load(c, place, op.pointee.width, segment), 0))
    }
  }

  /// Alignment is #GP, and is asked of 16 bytes and more: of all without VEX, of the aligned forms with it.
  @inline(__always)
  func vectorAddress(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) -> UInt64 {
    let width = op.pointee.width
    let place = try address(c, op, size: UInt64(width), isWrite: isWrite)
    let form = op.pointee.form
    let isStrict = form & Form.aligned != 0 || form & (Form.vex | Form.unaligned) == 0
    if isStrict, width >= 16, place & UInt64(width &- 1) != 0 { throw c.fail(.generalProtection()) }
    return place
  }

  @inline(__always)
  func load128(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) -> Lanes {
    let low = try load64(c, place, segment)
    return Lanes(low, try load64(c, linear(c, place &+ 8), segment))
  }

  /// To memory, whole or not at all.
  @inline(__always)
  func storeVector(_ c: CPU, _ op: OpPointer, _ value: Wide) throws(Stop) {
    let place = try vectorAddress(c, op, isWrite: true)
    let (width, segment) = (op.pointee.width, op.pointee.segment)
    if width < 16 { return try store(c, place, width, value.low[0], segment) }
    if place & 0xFFF > 4096 - UInt64(width) { try probeStore(c, place, Int(width), segment) }
    try store64(c, place, value.low[0], segment)
    try store64(c, linear(c, place &+ 8), value.low[1], segment)
    guard width == 32 else { return }
    try store64(c, linear(c, place &+ 16), value.high[0], segment)
    try store64(c, linear(c, place &+ 24), value.high[1], segment)
  }

  // MARK: MMX

  /// MMX registers are the significands of the x87 registers, by number and not by the stack (SDM Vol. 1, 9.2.1).
  func mmx(_ c: CPU, _ number: UInt8) -> UInt64 { c.pointee.floats[Int(number & 7) &* 2] }

  func setMMX(_ c: CPU, _ number: UInt8, _ value: UInt64) {
    let at = Int(number & 7) &* 2
    (c.pointee.floats[at], c.pointee.floats[at &+ 1]) = (value, 0xFFFF)
  }

  /// Every MMX instruction but EMMS leaves all registers valid and the top of the stack 0 (SDM Vol. 1, 9.5.1).
  func enterMMX(_ c: CPU) {
    c.pointee.fpuTags = 0xFF
    c.pointee.fpuStatus &= ~0x3800
  }

  func mmxSource(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    guard op.pointee.isMemory else { return mmx(c, op.pointee.b) }
    return try load(
      c, try address(c, op, size: UInt64(op.pointee.width)), op.pointee.width, op.pointee.segment)
  }
}
