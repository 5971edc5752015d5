import Architecture

/// SYSCALL, SYSRET, SYSENTER and SYSEXIT (SDM Vol. 3A, 5.8.7 and 5.8.8).
extension Interpreter {
  /// In compatibility mode too, to CSTAR, as AMD has it: the SDM has #UD there (AMD APM Vol. 2, 6.1.1).
  func systemCall(_ c: CPU) throws(Stop) {
    guard c.isLongModeActive, c.pointee.efer & EFER.syscall.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    let target = c.isLong ? c.pointee.lstar : c.pointee.cstar
    c[.rcx] = c.pointee.rip
    c[.r11] = c.rflags & ~RFlags.resume.rawValue
    c.pointee.setRFlags(c[.r11] & ~c.pointee.sfmask)
    let selector = UInt16(truncatingIfNeeded: c.pointee.star &>> 32) & 0xFFFC
    var stack = SegmentRegister.data(selector &+ 8)
    stack.selector = selector &+ 8
    c.segment(Self.ss).pointee = stack
    setCode(c, .code64(selector), target)
    trapAtOnce(c)
  }

  func systemReturn(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard c.isLong, c.pointee.efer & EFER.syscall.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    try requireLevel0(c)
    let isLong = op.pointee.width == 8
    let target = isLong ? c[.rcx] : c[.rcx] & 0xFFFF_FFFF
    guard isCanonical(target) else { throw c.fail(.generalProtection()) }
    let selector = UInt16(truncatingIfNeeded: c.pointee.star &>> 48)
    c.pointee.setRFlags(c[.r11] & 0x3C_7FD7)
    let code = isLong ? SegmentRegister.code64(selector &+ 16) : .code32(selector)
    setUserSegments(c, code, .data(selector &+ 8), target)
    trapAtOnce(c)
  }

  /// A single step after SYSCALL and SYSRET follows the new TF, not the old one (SDM Vol. 3A, 18.3.1.4).
  private func trapAtOnce(_ c: CPU) {
    c.pointee.isTrapDue = false
    if c.pointee.systemFlags & RFlags.trap.rawValue != 0 { c.pointee.pendingDebug |= DR6.singleStep }
  }

  private func setUserSegments(_ c: CPU, _ code: SegmentRegister, _ stack: SegmentRegister, _ target: UInt64) {
    var (code, stack) = (code, stack)
    code.selector |= 3
    code.attributes |= 0x60
    stack.selector |= 3
    stack.attributes |= 0x60
    c.segment(Self.ss).pointee = stack
    setCode(c, code, target)
  }

  func sysenter(_ c: CPU) throws(Stop) {
    let selector = UInt16(truncatingIfNeeded: c.pointee.sysenterCS) & 0xFFFC
    guard c.isProtected, selector != 0 else { throw c.fail(.generalProtection()) }
    let cleared: RFlags = [.interruptEnable, .virtual8086, .resume]
    c.pointee.systemFlags &= ~cleared.rawValue
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
    setUserSegments(c, isLong ? .code64(first) : .code32(first), .data(first &+ 8), target)
  }
}
