import Architecture

/// SYSCALL, SYSRET, SYSENTER and SYSEXIT (SDM Vol. 3A, 5.8.7 and 5.8.8).
extension Interpreter {
  func systemCall(_ c: CPU) throws(Stop) {
    guard c.isLong, c.pointee.efer & EFER.syscall.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    c[.rcx] = c.pointee.rip
    c[.r11] = c.rflags & ~RFlags.resume.rawValue
    c.pointee.setRFlags(c[.r11] & ~c.pointee.sfmask)
    let selector = UInt16(truncatingIfNeeded: c.pointee.star &>> 32) & 0xFFFC
    var stack = SegmentRegister.data(selector &+ 8)
    stack.selector = selector &+ 8
    c.segment(Self.ss).pointee = stack
    setCode(c, .code64(selector), c.pointee.lstar)
  }

  func systemReturn(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard c.isLong, c.pointee.efer & EFER.syscall.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    try requireLevel0(c)
    let isLong = op.pointee.width == 8
    let target = isLong ? c[.rcx] : c[.rcx] & 0xFFFF_FFFF
    guard isCanonical(target) else { throw c.fail(.generalProtection()) }
    let selector = UInt16(truncatingIfNeeded: c.pointee.star &>> 48)
    c.pointee.setRFlags(c[.r11] & 0x3C_7FD7)
    var stack = SegmentRegister.data((selector &+ 8) | 3)
    stack.attributes |= 0x60
    c.segment(Self.ss).pointee = stack
    var code = isLong ? SegmentRegister.code64((selector &+ 16) | 3) : .code32(selector | 3)
    code.attributes |= 0x60
    setCode(c, code, target)
  }

  func sysenter(_ c: CPU) throws(Stop) {
    let selector = UInt16(truncatingIfNeeded: c.pointee.sysenterCS) & 0xFFFC
    guard c.isProtected, selector != 0 else { throw c.fail(.generalProtection()) }
    c.pointee.systemFlags &= ~(RFlags.interruptEnable.rawValue | RFlags.virtual8086.rawValue)
    let isLong = c.isLongModeActive
    c[.rsp] = isLong ? c.pointee.sysenterESP : c.pointee.sysenterESP & 0xFFFF_FFFF
    c.segment(Self.ss).pointee = .data(selector &+ 8)
    setCode(
      c, isLong ? .code64(selector) : .code32(selector),
      isLong ? c.pointee.sysenterEIP : c.pointee.sysenterEIP & 0xFFFF_FFFF)
  }

  func sysexit(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let selector = UInt16(truncatingIfNeeded: c.pointee.sysenterCS) & 0xFFFC
    guard c.isProtected, selector != 0, c.pointee.cpl == 0 else { throw c.fail(.generalProtection()) }
    let isLong = op.pointee.width == 8
    let target = isLong ? c[.rdx] : c[.rdx] & 0xFFFF_FFFF
    guard isCanonical(target), !isLong || isCanonical(c[.rcx]) else { throw c.fail(.generalProtection()) }
    c[.rsp] = isLong ? c[.rcx] : c[.rcx] & 0xFFFF_FFFF
    let first = selector &+ (isLong ? 32 : 16)
    var stack = SegmentRegister.data((first &+ 8) | 3)
    stack.attributes |= 0x60
    c.segment(Self.ss).pointee = stack
    var code = isLong ? SegmentRegister.code64(first | 3) : .code32(first | 3)
    code.attributes |= 0x60
    setCode(c, code, target)
  }
}
