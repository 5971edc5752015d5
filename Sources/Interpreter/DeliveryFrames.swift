import Architecture

/// The frames of 64-bit, 32-bit and 16-bit handlers.
extension Interpreter {
  /// Through a 16-byte gate (SDM Vol. 3A, 6.14).
  func enterLong(_ c: CPU, _ event: Fault, _ kind: EventKind) throws(Stop) {
    let place = tableFault(event, kind)
    let external = kind.externalBit
    let index = UInt64(event.vector) &* 16
    guard index &+ 15 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection(place)) }
    let gate = GateDescriptor(
      low: try systemLoad(c, c.pointee.idtr.base &+ index, 8),
      high: try systemLoad(c, c.pointee.idtr.base &+ index &+ 8, 8))
    guard gate.isSystem, gate.type == 14 || gate.type == 15 else { throw c.fail(.generalProtection(place)) }
    if kind == .software, gate.privilege < c.pointee.cpl { throw c.fail(.generalProtection(place)) }
    guard gate.isPresent else { throw c.fail(.segmentNotPresent(place)) }
    let (code, level) = try handlerSegment(c, gate.selector, external)
    guard code.isLong, !code.isDefault32 else {
      throw c.fail(.generalProtection(UInt32(gate.selector & 0xFFFC) | external))
    }
    guard isCanonical(gate.offset) else { throw c.fail(.generalProtection(external)) }
    let isInner = level < c.pointee.cpl
    var stack = c[.rsp]
    if gate.stackTable != 0 {
      stack = try taskStack(c, 0x24 &+ UInt64(gate.stackTable &- 1) &* 8, external)
    } else if isInner {
      stack = try taskStack(c, 4 &+ UInt64(level) &* 8, external)
    }
    guard isCanonical(stack) else { throw c.fail(.stackSegment(external)) }
    try pushLongFrame(c, stack & ~15, event, kind, level)
    if isInner {
      c.segment(Self.ss).pointee = SegmentRegister(selector: UInt16(level), attributes: UInt16(level) << 5 | 0x4000)
    }
    finishEntry(c, code, gate.offset, masksInterrupts: gate.type == 14)
  }

  /// SS, RSP, RFLAGS, CS, RIP and the error code, below an aligned top.
  private func pushLongFrame(
    _ c: CPU, _ top: UInt64, _ event: Fault, _ kind: EventKind, _ level: UInt8
  ) throws(Stop) {
    let frame: InlineArray<5, UInt64> = [
      UInt64(c.segment(Self.ss).pointee.selector), c[.rsp], frameFlags(c, event, kind),
      UInt64(c.segment(1).pointee.selector), c.pointee.rip,
    ]
    let privilege = framePrivilege(c, level)
    var pointer = top
    for i in 0..<5 {
      pointer &-= 8
      try pushLong(c, pointer, frame[i], privilege, kind.externalBit)
    }
    if kind == .exception, let code = event.errorCode {
      pointer &-= 8
      try pushLong(c, pointer, UInt64(code), privilege, kind.externalBit)
    }
    c[.rsp] = pointer
  }

  private func pushLong(
    _ c: CPU, _ address: UInt64, _ value: UInt64, _ privilege: Privilege, _ external: UInt32
  ) throws(Stop) {
    guard isCanonical(address) else { throw c.fail(.stackSegment(external)) }
    try systemStore(c, address, 8, value, privilege)
  }

  /// A stack pointer from the 64-bit TSS (SDM Vol. 3A, 7.7).
  private func taskStack(_ c: CPU, _ offset: UInt64, _ external: UInt32) throws(Stop) -> UInt64 {
    let task = c.segment(6).pointee
    guard offset &+ 7 <= UInt64(task.limit) else {
      throw c.fail(.invalidTSS(UInt32(task.selector & 0xFFFC) | external))
    }
    return try systemLoad(c, task.base &+ offset, 8)
  }

  /// 32-bit and 16-bit gates, with a stack switch through the TSS. Task gates are not there: they are #GP.
  func enterProtected(_ c: CPU, _ event: Fault, _ kind: EventKind) throws(Stop) {
    let place = tableFault(event, kind)
    let external = kind.externalBit
    let index = UInt64(event.vector) &* 8
    guard index &+ 7 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection(place)) }
    let gate = GateDescriptor(low: try systemLoad(c, c.pointee.idtr.base &+ index, 8))
    guard gate.isSystem, [6, 7, 14, 15].contains(gate.type) else { throw c.fail(.generalProtection(place)) }
    if kind == .software, gate.privilege < c.pointee.cpl { throw c.fail(.generalProtection(place)) }
    guard gate.isPresent else { throw c.fail(.segmentNotPresent(place)) }
    let (code, level) = try handlerSegment(c, gate.selector, external)
    let isWide = gate.type >= 14
    let target = isWide ? gate.offset & 0xFFFF_FFFF : gate.offset & 0xFFFF
    guard target <= UInt64(code.limit) else { throw c.fail(.generalProtection(external)) }

    let old = c.segment(Self.ss).pointee
    let isInner = level < c.pointee.cpl
    var frame = Frame(stack: old, pointer: c[.rsp], width: isWide ? 4 : 2, level: level, limitCode: external)
    if isInner {
      (frame.stack, frame.pointer) = try innerStack(c, level, external)
      frame.limitCode |= UInt32(frame.stack.selector & 0xFFFC)
      try push(c, &frame, UInt64(old.selector))
      try push(c, &frame, c[.rsp])
    }
    try push(c, &frame, frameFlags(c, event, kind))
    try push(c, &frame, UInt64(c.segment(1).pointee.selector))
    try push(c, &frame, c.pointee.rip)
    if kind == .exception, let error = event.errorCode { try push(c, &frame, UInt64(error)) }
    takeStack(c, frame, isInner: isInner)
    finishEntry(c, code, target, masksInterrupts: gate.type & 1 == 0)
  }

  /// SS and ESP of an inner level, from the 32-bit or the 16-bit TSS (SDM Vol. 3A, 7.2.1 and 7.6).
  func innerStack(_ c: CPU, _ level: UInt8, _ external: UInt32) throws(Stop) -> (SegmentRegister, UInt64) {
    let task = c.segment(6).pointee
    let isWide = task.type & 8 != 0
    let offset = isWide ? 4 &+ UInt64(level) &* 8 : 2 &+ UInt64(level) &* 4
    let size: UInt64 = isWide ? 4 : 2
    guard offset &+ size &* 2 &- 1 <= UInt64(task.limit) else {
      throw c.fail(.invalidTSS(UInt32(task.selector & 0xFFFC) | external))
    }
    let pointer = try systemLoad(c, task.base &+ offset, Int(size))
    let selector = UInt16(truncatingIfNeeded: try systemLoad(c, task.base &+ offset &+ size, 2))
    let code = UInt32(selector & 0xFFFC) | external
    guard selector & 0xFFFC != 0 else { throw c.fail(.invalidTSS(external)) }
    let (found, address) = try descriptor(c, selector) { .invalidTSS($0 | external) }
    let segment = found.register(selector: selector)
    guard segment.isCodeOrData, segment.type & 0xA == 2, segment.privilege == level, UInt8(selector & 3) == level else {
      throw c.fail(.invalidTSS(code))
    }
    guard segment.isPresent else { throw c.fail(.stackSegment(code)) }
    return (try markAccessed(c, found, address).register(selector: selector), pointer)
  }

  func takeStack(_ c: CPU, _ frame: Frame, isInner: Bool) {
    if isInner {
      c.segment(Self.ss).pointee = frame.stack
      c.setR32(32, UInt32(truncatingIfNeeded: frame.pointer))
    } else {
      setStackPointer(c, frame.pointer)
    }
  }

  /// One element of a frame, at the level of the handler.
  func push(_ c: CPU, _ frame: inout Frame, _ value: UInt64) throws(Stop) {
    let mask: UInt64 = frame.stack.isDefault32 ? 0xFFFF_FFFF : 0xFFFF
    let pointer = (frame.pointer &- UInt64(frame.width)) & mask
    guard frame.stack.covers(pointer, UInt64(frame.width)) else { throw c.fail(.stackSegment(frame.limitCode)) }
    let address = (frame.stack.base &+ pointer) & 0xFFFF_FFFF
    try systemStore(c, address, Int(frame.width), value, framePrivilege(c, frame.level))
    frame.pointer = frame.pointer & ~mask | pointer
  }

  /// The handler's own rights. RFLAGS.AC counts as it was, for it is not cleared before the frame is there.
  func framePrivilege(_ c: CPU, _ level: UInt8) -> Privilege {
    if level == 3 { return .user }
    let isRestricted =
      c.pointee.cr4 & CR4.supervisorAccessPrevention.rawValue != 0
      && c.pointee.systemFlags & RFlags.alignmentCheck.rawValue == 0
    return isRestricted ? .restricted : .supervisor
  }
}
