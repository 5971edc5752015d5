import Architecture

/// FXSAVE, FXRSTOR, XSAVE, XRSTOR, LDMXCSR and STMXCSR (SDM Vol. 1, 10.5 and chapter 13).
enum VectorState {
  static var save: UInt16 { 0 }
  static var restore: UInt16 { 1 }
  static var loadControl: UInt16 { 2 }
  static var storeControl: UInt16 { 3 }
  static var extendedSave: UInt16 { 4 }
  static var extendedRestore: UInt16 { 5 }
}

/// The components of the extended state, and where they lie in its image in the standard format.
///
/// CPUID leaf Dh says the same.
public enum ExtendedState {
  public static var x87: UInt64 { 1 << 0 }
  public static var sse: UInt64 { 1 << 1 }
  public static var avx: UInt64 { 1 << 2 }
  public static var pkru: UInt64 { 1 << 9 }
  public static var headerOffset: UInt64 { 512 }
  public static var avxOffset: UInt64 { 576 }
  public static var avxSize: UInt64 { 256 }
  public static var pkruOffset: UInt64 { 832 }
  public static var pkruSize: UInt64 { 8 }

  /// What XCR0 may have set.
  public static func supported(_ features: CPUFeatures) -> UInt64 {
    var bits = x87 | sse
    if features.contains(.avx) { bits |= avx }
    if features.contains(.protectionKeys) { bits |= pkru }
    return bits
  }

  /// Bytes of an image with these components.
  public static func size(_ components: UInt64) -> UInt64 {
    if components & pkru != 0 { return pkruOffset + pkruSize }
    return components & avx != 0 ? avxOffset + avxSize : avxOffset
  }
}

extension Interpreter {
  static var mxcsrMask: UInt32 { 0xFFFF }

  func vectorState(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let segment = op.pointee.segment
    switch op.pointee.detail & 7 {
    case VectorState.save:
      try checkFloat(c)
      let place = try imageAddress(c, op, 512, 16, isWrite: true)
      try saveFloats(c, op, place)
      if c.pointee.cr4 & CR4.fxsave.rawValue != 0 {
        try saveVectors(c, place, segment)
        try saveControl(c, place, segment)
      }
    case VectorState.restore:
      try checkFloat(c)
      let place = try imageAddress(c, op, 512, 16, isWrite: false)
      let mxcsr = try load32(c, place &+ 24, segment)
      guard mxcsr & ~Self.mxcsrMask == 0 else { throw c.fail(.generalProtection()) }
      _ = try load8(c, place &+ 511, segment)
      try restoreFloats(c, op, place)
      if c.pointee.cr4 & CR4.fxsave.rawValue != 0 {
        try restoreVectors(c, place, segment)
        c.pointee.mxcsr = mxcsr
      }
    case VectorState.extendedSave: try extendedSave(c, op)
    case VectorState.extendedRestore: try extendedRestore(c, op)
    case VectorState.loadControl:
      try requireVectors(c, op)
      let value = try load32(c, op)
      guard value & ~Self.mxcsrMask == 0 else { throw c.fail(.generalProtection()) }
      c.pointee.mxcsr = value
    default:
      try requireVectors(c, op)
      try store32(c, try writeAddress(c, op), c.pointee.mxcsr, segment)
    }
  }

  /// All of the image can be written, or its first byte be read; aligned, else #GP.
  private func imageAddress(
    _ c: CPU, _ op: OpPointer, _ size: Int, _ alignment: UInt64, isWrite: Bool
  ) throws(Stop) -> UInt64 {
    let place = try address(c, op, size: UInt64(size), isWrite: isWrite)
    guard place & (alignment &- 1) == 0 else { throw c.fail(.generalProtection()) }
    if isWrite { try probeStore(c, place, size, op.pointee.segment) }
    return place
  }

  // MARK: Components

  /// Control words, pointers and the eight registers; `width` 8 is the 64-bit form of the pointers.
  private func saveFloats(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let segment = op.pointee.segment
    let words = UInt64(c.pointee.fpuControl) | UInt64(c.pointee.fpuStatus) &<< 16
    let opcode = UInt64(c.pointee.fpuOpcode) &<< 48
    try store64(c, place, words | UInt64(c.pointee.fpuTags) &<< 32 | opcode, segment)
    let mask: UInt64 = op.pointee.width == 8 ? .max : 0xFFFF_FFFF
    try store64(c, place &+ 8, c.pointee.fpuInstruction & mask, segment)
    try store64(c, place &+ 16, c.pointee.fpuData & mask, segment)
    for i in 0..<8 {
      let value = c.float(i)
      try store64(c, place &+ 32 &+ UInt64(i) &* 16, value.low, segment)
      try store64(c, place &+ 40 &+ UInt64(i) &* 16, UInt64(value.high), segment)
    }
  }

  private func restoreFloats(_ c: CPU, _ op: OpPointer, _ place: UInt64) throws(Stop) {
    let segment = op.pointee.segment
    let words = try load64(c, place, segment)
    let instruction = try load64(c, place &+ 8, segment)
    let data = try load64(c, place &+ 16, segment)
    var values = InlineArray<8, FloatBits>(repeating: FloatBits(low: 0))
    for i in 0..<8 {
      let at = place &+ 32 &+ UInt64(i) &* 16
      values[i] = FloatBits(low: try load64(c, at, segment), high: try load16(c, at &+ 8, segment))
    }
    c.pointee.fpuControl = UInt16(truncatingIfNeeded: words) & 0x1F3F | 0x40
    c.pointee.fpuStatus = UInt16(truncatingIfNeeded: words &>> 16)
    for i in 0..<8 { c.setFloat(i, values[i]) }
    c.pointee.fpuTags = UInt8(truncatingIfNeeded: words &>> 32)
    c.pointee.fpuOpcode = UInt16(truncatingIfNeeded: words &>> 48) & 0x7FF
    let mask: UInt64 = op.pointee.width == 8 ? .max : 0xFFFF_FFFF
    (c.pointee.fpuInstruction, c.pointee.fpuData) = (instruction & mask, data & mask)
    c.updateFloatSummary()
  }

  /// XMM0 to XMM15, to XMM7 outside 64-bit mode.
  private func saveVectors(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) {
    for i in 0..<(c.isLong ? 32 : 16) {
      try store64(c, place &+ 160 &+ UInt64(i) &* 8, c.vectorHalves[i], segment)
    }
  }
  private func restoreVectors(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) {
    for i in 0..<(c.isLong ? 32 : 16) {
      c.vectorHalves[i] = try load64(c, place &+ 160 &+ UInt64(i) &* 8, segment)
    }
  }
  private func saveControl(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) {
    try store64(c, place &+ 24, UInt64(c.pointee.mxcsr) | UInt64(Self.mxcsrMask) &<< 32, segment)
  }

  // MARK: XSAVE

  /// Which components an instruction names; #UD without CR4.OSXSAVE.
  private func components(_ c: CPU) throws(Stop) -> UInt64 {
    guard c.pointee.cr4 & CR4.osxsave.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    if c.pointee.cr0 & CR0.taskSwitched.rawValue != 0 { throw c.fail(.deviceNotAvailable) }
    return (UInt64(c.r32(0)) | UInt64(c.r32(16)) &<< 32) & c.pointee.xcr0
  }

  /// Every component counts as in use, so what is asked for is written.
  private func extendedSave(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let asked = try components(c)
    let segment = op.pointee.segment
    let place = try imageAddress(c, op, Int(ExtendedState.size(asked)), 64, isWrite: true)
    let header = place &+ ExtendedState.headerOffset
    let old = try load64(c, header, segment)
    if asked & ExtendedState.x87 != 0 { try saveFloats(c, op, place) }
    if asked & ExtendedState.sse != 0 { try saveVectors(c, place, segment) }
    if asked & (ExtendedState.sse | ExtendedState.avx) != 0 { try saveControl(c, place, segment) }
    if asked & ExtendedState.avx != 0 {
      for i in 0..<(c.isLong ? 32 : 16) {
        try store64(c, place &+ ExtendedState.avxOffset &+ UInt64(i) &* 8, c.pointee.uppers[i], segment)
      }
    }
    if asked & ExtendedState.pkru != 0 {
      try store64(c, place &+ ExtendedState.pkruOffset, UInt64(c.pointee.pkru), segment)
    }
    try store64(c, header, old & ~asked | asked, segment)
  }

  /// Components that the image does not have are set to their initial state (SDM Vol. 1, 13.8).
  private func extendedRestore(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let asked = try components(c)
    let segment = op.pointee.segment
    let place = try imageAddress(c, op, Int(ExtendedState.size(asked)), 64, isWrite: false)
    let present = try load64(c, place &+ ExtendedState.headerOffset, segment)
    var reserved: UInt64 = 0
    for i in 1..<3 { reserved |= try load64(c, place &+ ExtendedState.headerOffset &+ UInt64(i) &* 8, segment) }
    let mxcsr = try load32(c, place &+ 24, segment)
    let usesControl = asked & (ExtendedState.sse | ExtendedState.avx) != 0
    guard present & ~c.pointee.xcr0 == 0, reserved == 0, !usesControl || mxcsr & ~Self.mxcsrMask == 0 else {
      throw c.fail(.generalProtection())
    }
    _ = try load8(c, place &+ ExtendedState.size(asked) &- 1, segment)
    if asked & ExtendedState.x87 != 0 {
      if present & ExtendedState.x87 != 0 { try restoreFloats(c, op, place) } else { clearFloats(c) }
    }
    if asked & ExtendedState.sse != 0 {
      if present & ExtendedState.sse != 0 {
        try restoreVectors(c, place, segment)
      } else {
        for i in 0..<(c.isLong ? 32 : 16) { c.vectorHalves[i] = 0 }
      }
    }
    if usesControl { c.pointee.mxcsr = mxcsr }
    if asked & ExtendedState.avx != 0 {
      for i in 0..<(c.isLong ? 32 : 16) {
        let at = place &+ ExtendedState.avxOffset &+ UInt64(i) &* 8
        c.pointee.uppers[i] = present & ExtendedState.avx != 0 ? try load64(c, at, segment) : 0
      }
    }
    if asked & ExtendedState.pkru != 0 {
      let isThere = present & ExtendedState.pkru != 0
      c.pointee.pkru = isThere ? try load32(c, place &+ ExtendedState.pkruOffset, segment) : 0
      selectBank(c)
    }
  }

  private func clearFloats(_ c: CPU) {
    c.initializeFloats()
    for i in 0..<16 { c.pointee.floats[i] = 0 }
  }

  /// XGETBV and XSETBV: XCR0 is the only one. XINUSE, register 1 of newer processors, is not there.
  func extendedControl(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) {
    guard c.pointee.cr4 & CR4.osxsave.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    if isWrite { try requireLevel0(c) }
    guard c.r32(8) == 0 else { throw c.fail(.generalProtection()) }
    guard isWrite else {
      c.setR32(0, UInt32(truncatingIfNeeded: c.pointee.xcr0))
      c.setR32(16, UInt32(truncatingIfNeeded: c.pointee.xcr0 &>> 32))
      return
    }
    let value = UInt64(c.r32(0)) | UInt64(c.r32(16)) &<< 32
    let needsSSE = value & ExtendedState.avx != 0 && value & ExtendedState.sse == 0
    guard value & ExtendedState.x87 != 0, !needsSSE, value & ~ExtendedState.supported(features) == 0 else {
      throw c.fail(.generalProtection())
    }
    try intercept(c, op, .xcr0, value)
    c.pointee.xcr0 = value
  }

  /// CLFLUSH: there is no cache to write back, but the address is translated.
  func flushLine(_ c: CPU, _ op: OpPointer) throws(Stop) { _ = try load8(c, op) }
}
