import Architecture

/// Far JMP, CALL and RET, and IRET (SDM Vol. 1, 6.4; Vol. 3A, 5.8 and 6.14.3). Task switches are not there: they are #GP.
extension Interpreter {
  /// JMP and CALL, direct (EA, 9A) or through memory (FF /5, /3). `detail` bit 0: CALL; bit 1: direct.
  func farTransfer(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let isCall = op.pointee.detail & 1 != 0
    var offset = op.pointee.immediate
    var selector = UInt16(truncatingIfNeeded: op.pointee.displacement)
    if op.pointee.detail & 2 == 0 {
      let place = try address(c, op, size: UInt64(width) &+ 2)
      offset = try load(c, place, width, op.pointee.segment)
      selector = UInt16(truncatingIfNeeded: try load(c, place &+ UInt64(width), 2, op.pointee.segment))
    }
    if c.isProtected, let gate = try callGate(c, selector) {
      try passGate(c, gate, isCall: isCall, return: nextRIP(c, op))
      return
    }
    let target = try codeSegment(c, selector, isReturn: false)
    try checkFarTarget(c, target, offset)
    if isCall { try pushReturn(c, width, nextRIP(c, op)) }
    setCode(c, target, offset)
  }

  /// CS and RIP of a far call that stays on its stack.
  func pushReturn(_ c: CPU, _ width: UInt8, _ rip: UInt64) throws(Stop) {
    let old = c[.rsp]
    do throws(Stop) {
      try push(c, UInt64(c.segment(1).pointee.selector), width)
      try push(c, rip, width)
    } catch {
      c[.rsp] = old
      throw error
    }
  }

  /// The code segment to go to. A far branch keeps CPL; a return takes it from the selector.
  func codeSegment(_ c: CPU, _ selector: UInt16, isReturn: Bool) throws(Stop) -> SegmentRegister {
    guard c.isProtected else {
      var code = c.segment(1).pointee
      code.selector = selector
      code.base = UInt64(selector) << 4
      return code
    }
    let code = UInt32(selector & 0xFFFC)
    guard code != 0 else { throw c.fail(.generalProtection()) }
    let (found, address) = try descriptor(c, selector)
    var segment = found.register(selector: selector)
    guard segment.isCodeOrData, segment.type & 8 != 0 else { throw c.fail(.generalProtection(code)) }
    let requested = UInt8(selector & 3)
    let isConforming = segment.type & 4 != 0
    if isReturn {
      guard requested >= c.pointee.cpl, isConforming ? segment.privilege <= requested : segment.privilege == requested
      else { throw c.fail(.generalProtection(code)) }
    } else {
      guard
        isConforming
          ? segment.privilege <= c.pointee.cpl
          : requested <= c.pointee.cpl && segment.privilege == c.pointee.cpl
      else { throw c.fail(.generalProtection(code)) }
      segment.selector = selector & 0xFFFC | UInt16(c.pointee.cpl)
    }
    if c.isLongModeActive, segment.isLong, segment.isDefault32 { throw c.fail(.generalProtection(code)) }
    guard segment.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    segment.attributes = try markAccessed(c, found, address).attributes
    return segment
  }

  func checkFarTarget(_ c: CPU, _ target: SegmentRegister, _ offset: UInt64) throws(Stop) {
    let isValid =
      c.isLongModeActive && target.isLong ? isCanonical(offset) : offset <= UInt64(target.limit)
    guard isValid else { throw c.fail(.generalProtection()) }
  }

  /// RETF, with what to drop beyond in the immediate.
  func farReturn(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let step = UInt64(width)
    let offset = try peek(c, width)
    let selector = UInt16(truncatingIfNeeded: try peek(c, width, depth: step))
    let target = try codeSegment(c, selector, isReturn: true)
    try checkFarTarget(c, target, offset)
    let after = c[.rsp] &+ step &* 2 &+ op.pointee.immediate
    guard c.isProtected, UInt8(selector & 3) > c.pointee.cpl else {
      setStackPointer(c, after)
      setCode(c, target, offset)
      return
    }
    let depth = step &* 2 &+ op.pointee.immediate
    let newRSP = try peek(c, width, depth: depth)
    let newSS = UInt16(truncatingIfNeeded: try peek(c, width, depth: depth &+ step))
    let stack = try outerStack(c, newSS, UInt8(selector & 3), isLong: c.isLongModeActive && target.isLong)
    c.segment(Self.ss).pointee = stack
    setCode(c, target, offset)
    setStackPointer(c, newRSP &+ op.pointee.immediate)
    dropInnerSegments(c)
  }

  /// The stack segment that goes with a return to an outer level.
  func outerStack(_ c: CPU, _ selector: UInt16, _ level: UInt8, isLong: Bool) throws(Stop) -> SegmentRegister {
    let code = UInt32(selector & 0xFFFC)
    if code == 0 {
      guard isLong, level < 3, UInt8(selector & 3) == level else { throw c.fail(.generalProtection()) }
      return SegmentRegister(selector: selector, attributes: UInt16(level) << 5 | 0x4000)
    }
    let (found, address) = try descriptor(c, selector)
    let segment = found.register(selector: selector)
    guard segment.isCodeOrData, segment.type & 0xA == 2, UInt8(selector & 3) == level, segment.privilege == level
    else { throw c.fail(.generalProtection(code)) }
    guard segment.isPresent else { throw c.fail(.stackSegment(code)) }
    return try markAccessed(c, found, address).register(selector: selector)
  }

  /// Data segments the outer level may not use become null (SDM Vol. 3A, 5.8.6).
  func dropInnerSegments(_ c: CPU) {
    for number in [UInt8(0), 3, 4, 5] {
      let segment = c.segment(number).pointee
      let isConforming = segment.isCodeOrData && segment.type & 0xC == 0xC
      if !isConforming, segment.privilege < c.pointee.cpl, segment.selector & 0xFFFC != 0 {
        // The base stays, which 64-bit mode shows.
        c.segment(number).pointee = SegmentRegister(base: segment.base)
      }
    }
  }

  /// IRET, IRETD and IRETQ. An NMI may be taken again afterwards.
  func interruptReturn(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let step = UInt64(width)
    let offset = try peek(c, width)
    let selector = UInt16(truncatingIfNeeded: try peek(c, width, depth: step))
    let flags = try peek(c, width, depth: step &* 2)
    if c.isProtected, c.pointee.systemFlags & RFlags.nestedTask.rawValue != 0 {
      throw c.fail(.generalProtection())
    }
    let target = try codeSegment(c, selector, isReturn: true)
    try checkFarTarget(c, target, offset)
    let level = c.isProtected ? UInt8(selector & 3) : 0
    let old = c.pointee.cpl
    let isLong = c.isLongModeActive && target.isLong
    // 64-bit mode always pops SS:RSP.
    if c.isProtected, level > old || c.isLong {
      let newRSP = try peek(c, width, depth: step &* 3)
      let newSS = UInt16(truncatingIfNeeded: try peek(c, width, depth: step &* 4))
      let stack = try outerStack(c, newSS, level, isLong: isLong)
      c.segment(Self.ss).pointee = stack
      setReturnedFlags(c, flags, width, old, isInterrupt: true)
      setCode(c, target, offset)
      setStackPointer(c, newRSP)
      if level > old { dropInnerSegments(c) }
    } else {
      setStackPointer(c, c[.rsp] &+ step &* 3)
      setReturnedFlags(c, flags, width, old, isInterrupt: true)
      setCode(c, target, offset)
    }
    c.pointee.nmiBlocked = false
  }

  /// IOPL changes at CPL 0 only, IF where CPL <= IOPL; 16 bits leave the upper half alone. RF comes back with IRET alone;
  /// VM, VIF and VIP stay 0.
  func setReturnedFlags(
    _ c: CPU, _ value: UInt64, _ width: UInt8, _ level: UInt8, isInterrupt: Bool = false
  ) {
    let old = c.rflags & ~RFlags.resume.rawValue
    let never: RFlags = [.virtual8086, .virtualInterrupt, .virtualInterruptPending]
    var writable = RFlags.defined.rawValue & ~never.rawValue
    if !isInterrupt { writable &= ~RFlags.resume.rawValue }
    if level != 0 { writable &= ~RFlags.ioPrivilege.rawValue }
    if c.isProtected, level > UInt8(old.field(12, 2)) { writable &= ~RFlags.interruptEnable.rawValue }
    if width == 2 { writable &= 0xFFFF }
    c.pointee.setRFlags(old & ~writable | value & writable)
  }
}

extension Decoder {
  /// EA and 9A, not in 64-bit mode.
  mutating func decodeFarDirect(_ opcode: UInt8) {
    guard !is64 else { return setInvalid() }
    op.width = operandWidth
    op.immediate = op.width == 2 ? UInt64(next16()) : UInt64(next32())
    op.displacement = UInt64(next16())
    end(.farTransfer, detail: opcode == 0x9A ? 3 : 2)
  }

  /// FF /3 and /5; ModRM is read.
  mutating func decodeFarIndirect() {
    guard isMemory else { return setInvalid() }
    op.width = operandWidth
    end(.farTransfer, detail: reg == 3 ? 1 : 0)
  }

  mutating func decodeFarReturn(_ opcode: UInt8) {
    op.width = operandWidth
    op.immediate = opcode == 0xCA ? UInt64(next16()) : 0
    end(.farReturn)
  }
}
