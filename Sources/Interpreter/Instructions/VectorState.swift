import Architecture

/// FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, and the x87 instructions that set the unit up (SDM Vol. 1, 10.5 and 8.1).
enum VectorState {
  static var save: UInt16 { 0 }
  static var restore: UInt16 { 1 }
  static var loadControl: UInt16 { 2 }
  static var storeControl: UInt16 { 3 }
}

enum FloatControl {
  static var initialize: UInt16 { 0 }
  static var clear: UInt16 { 1 }
  static var loadControl: UInt16 { 2 }
  static var storeControl: UInt16 { 3 }
  static var storeStatus: UInt16 { 4 }
}

extension Interpreter {
  private static var mxcsrMask: UInt32 { 0xFFFF }

  func vectorState(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let place = try address(c, op)
    let segment = op.pointee.segment
    switch op.pointee.detail & 3 {
    case VectorState.save: try saveVectors(c, place, segment)
    case VectorState.restore: try restoreVectors(c, place, segment)
    case VectorState.loadControl:
      try requireVectors(c)
      let value = try load32(c, place, segment)
      guard value & ~Self.mxcsrMask == 0 else { throw c.fail(.generalProtection()) }
      c.pointee.mxcsr = value
    default:
      try requireVectors(c)
      try store32(c, place, c.pointee.mxcsr, segment)
    }
  }

  /// The 512-byte image: control words, MXCSR, empty x87 registers, XMM0 to XMM15 (XMM7 outside 64-bit mode).
  private func saveVectors(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) {
    try checkFloat(c)
    guard place & 15 == 0 else { throw c.fail(.generalProtection()) }
    try probeStore(c, place, 512, segment)
    let control = UInt64(c.pointee.fpuControl) | UInt64(c.pointee.fpuStatus) &<< 16
    try store64(c, place, control, segment)
    try store64(c, place &+ 8, 0, segment)
    try store64(c, place &+ 16, 0, segment)
    try store64(c, place &+ 24, UInt64(c.pointee.mxcsr) | UInt64(Self.mxcsrMask) &<< 32, segment)
    for i in 0..<(c.isLong ? 32 : 16) {
      try store64(c, place &+ 160 &+ UInt64(i) &* 8, c.vectorHalves[i], segment)
    }
  }

  private func restoreVectors(_ c: CPU, _ place: UInt64, _ segment: UInt8) throws(Stop) {
    try checkFloat(c)
    guard place & 15 == 0 else { throw c.fail(.generalProtection()) }
    let control = try load32(c, place, segment)
    let mxcsr = try load32(c, place &+ 24, segment)
    guard mxcsr & ~Self.mxcsrMask == 0 else { throw c.fail(.generalProtection()) }
    _ = try load8(c, place &+ 511, segment)
    for i in 0..<(c.isLong ? 32 : 16) {
      c.vectorHalves[i] = try load64(c, place &+ 160 &+ UInt64(i) &* 8, segment)
    }
    c.pointee.mxcsr = mxcsr
    c.pointee.fpuControl = UInt16(truncatingIfNeeded: control)
    c.pointee.fpuStatus = UInt16(truncatingIfNeeded: control &>> 16)
  }

  private func checkFloat(_ c: CPU) throws(Stop) {
    if c.pointee.cr0 & (CR0.emulation.rawValue | CR0.taskSwitched.rawValue) != 0 {
      throw c.fail(.deviceNotAvailable)
    }
  }

  func floatControl(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try checkFloat(c)
    switch op.pointee.detail & 7 {
    case FloatControl.initialize:
      c.pointee.fpuControl = 0x37F
      c.pointee.fpuStatus = 0
    case FloatControl.clear: c.pointee.fpuStatus &= 0x7F00
    case FloatControl.loadControl: c.pointee.fpuControl = try load16(c, op)
    case FloatControl.storeControl: try setDestination(c, op, UInt64(c.pointee.fpuControl))
    default: try setDestination(c, op, UInt64(c.pointee.fpuStatus))
    }
  }

  func wait(_ c: CPU) throws(Stop) {
    let mask = CR0.monitorCoprocessor.rawValue | CR0.taskSwitched.rawValue
    if c.pointee.cr0 & mask == mask { throw c.fail(.deviceNotAvailable) }
  }

  /// CLFLUSH: there is no cache to write back, but the address is translated.
  func flushLine(_ c: CPU, _ op: OpPointer) throws(Stop) { _ = try load8(c, op) }
}
