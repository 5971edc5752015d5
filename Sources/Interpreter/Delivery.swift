import Architecture

/// What brought an event: decides about error codes, privilege checks and double faults.
enum EventKind {
  case exception
  /// INT n, INT3 and INTO: the gate's privilege is checked.
  case software
  /// External interrupts and NMIs.
  case external
}

/// Interrupts and exceptions through the IDT (SDM Vol. 3A, 6.10 to 6.15).
extension Interpreter {
  /// Delivers what an instruction threw; a fault on the way becomes a double fault, one more shuts down.
  func deliverFault(_ c: CPU) {
    c.pointee.exceptionCount &+= 1
    c.pointee.lastException = c.pointee.fault
    c.pointee.lastExceptionRIP = c.pointee.rip
    deliver(c, c.pointee.fault, .exception)
  }

  /// `instruction` is where a software interrupt's own instruction begins.
  func deliver(_ c: CPU, _ first: Fault, _ kind: EventKind, of instruction: UInt64 = 0) {
    var fault = first
    var kind = kind
    while true {
      if fault.vector == 14, kind == .exception { c.pointee.cr2 = fault.address }
      do throws(Stop) {
        try enter(c, fault, kind)
        return
      } catch {
        guard error == .fault, !(fault.vector == 8 && kind == .exception) else { return shutDown(c) }
      }
      if kind == .software { c.pointee.rip = instruction }
      let next = c.pointee.fault
      fault = kind == .exception && Self.makesDouble(fault.vector, next.vector) ? .doubleFault : next
      kind = .exception
      c.pointee.exceptionCount &+= 1
      c.pointee.lastException = fault
      c.pointee.lastExceptionRIP = c.pointee.rip
    }
  }

  private func shutDown(_ c: CPU) { c.pointee.isShutdown = true }

  /// Table 6-5: contributory after contributory; page fault or contributory after a page fault.
  private static func makesDouble(_ first: UInt8, _ second: UInt8) -> Bool {
    if first == 14 { return second == 14 || isContributory(second) }
    return isContributory(first) && isContributory(second)
  }
  private static func isContributory(_ vector: UInt8) -> Bool {
    vector == 0 || (10...13).contains(vector)
  }

  private func enter(_ c: CPU, _ event: Fault, _ kind: EventKind) throws(Stop) {
    if c.isLongModeActive {
      try enterLong(c, event, kind)
    } else if c.isProtected {
      try enterProtected(c, event, kind)
    } else {
      try enterReal(c, event.vector)
    }
  }

  /// IDT vectors in error codes: bit 1 says IDT, bit 0 that the event was external or an exception.
  private func tableFault(_ event: Fault, _ kind: EventKind) -> UInt32 {
    UInt32(event.vector) << 3 | 2 | (kind == .software ? 0 : 1)
  }

  private func enterLong(_ c: CPU, _ event: Fault, _ kind: EventKind) throws(Stop) {
    let where_ = tableFault(event, kind)
    let index = UInt64(event.vector) &* 16
    guard index &+ 15 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection(where_)) }
    let gate = GateDescriptor(
      low: try systemLoad(c, c.pointee.idtr.base &+ index, 8),
      high: try systemLoad(c, c.pointee.idtr.base &+ index &+ 8, 8))
    guard gate.isSystem, gate.type == 14 || gate.type == 15 else { throw c.fail(.generalProtection(where_)) }
    if kind == .software, gate.privilege < c.pointee.cpl { throw c.fail(.generalProtection(where_)) }
    guard gate.isPresent else { throw c.fail(.segmentNotPresent(where_)) }
    let (code, level) = try handlerSegment(c, gate.selector, isExternal: kind != .software)
    guard code.isLong, !code.isDefault32 else {
      throw c.fail(.generalProtection(UInt32(gate.selector & 0xFFFC) | (kind == .software ? 0 : 1)))
    }
    guard isCanonical(gate.offset) else { throw c.fail(.generalProtection(kind == .software ? 0 : 1)) }
    let isInner = level < c.pointee.cpl
    var stack = c[.rsp]
    if gate.stackTable != 0 {
      stack = try taskStack(c, 0x24 &+ UInt64(gate.stackTable &- 1) &* 8)
    } else if isInner {
      stack = try taskStack(c, 4 &+ UInt64(level) &* 8)
    }
    guard isCanonical(stack) else { throw c.fail(.stackSegment(kind == .software ? 0 : 1)) }
    try pushLongFrame(c, stack & ~15, event, kind, level)
    if isInner {
      c.segment(Self.ss).pointee = SegmentRegister(selector: UInt16(level), attributes: UInt16(level) << 5 | 0x4000)
    }
    finishEntry(c, code, gate.offset, masksInterrupts: gate.type == 14)
  }

  /// SS, RSP, RFLAGS, CS, RIP and the error code, below an aligned top. Nothing changes if a store faults.
  private func pushLongFrame(
    _ c: CPU, _ top: UInt64, _ event: Fault, _ kind: EventKind, _ level: UInt8
  ) throws(Stop) {
    let isUserStack = level == 3
    var pointer = top
    var flags = c.rflags
    // RF is pushed as 1 for faults, so that an instruction breakpoint is not hit again.
    if kind == .exception, event.vector != 1, event.vector != 3, event.vector != 4 { flags |= RFlags.resume.rawValue }
    let frame: InlineArray<5, UInt64> = [
      UInt64(c.segment(Self.ss).pointee.selector), c[.rsp], flags, UInt64(c.segment(1).pointee.selector),
      c.pointee.rip,
    ]
    for i in 0..<5 {
      pointer &-= 8
      try pushSystem(c, pointer, 8, frame[i], isUserStack)
    }
    if kind == .exception, let code = event.errorCode {
      pointer &-= 8
      try pushSystem(c, pointer, 8, UInt64(code), isUserStack)
    }
    c[.rsp] = pointer
  }

  private func pushSystem(_ c: CPU, _ address: UInt64, _ size: Int, _ value: UInt64, _ isUser: Bool) throws(Stop) {
    if isUser {
      try store(c, address, UInt8(size), value, Self.ss)
    } else {
      try systemStore(c, address, size, value)
    }
  }

  /// The handler's code segment and the level it runs at: its DPL, or CPL when it is conforming.
  private func handlerSegment(
    _ c: CPU, _ selector: UInt16, isExternal: Bool
  ) throws(Stop) -> (SegmentRegister, UInt8) {
    let external: UInt32 = isExternal ? 1 : 0
    let code = UInt32(selector & 0xFFFC) | external
    guard selector & 0xFFFC != 0 else { throw c.fail(.generalProtection(external)) }
    let (found, address) = try descriptor(c, selector) { .generalProtection($0 | external) }
    var segment = found.register(selector: selector)
    guard segment.isCodeOrData, segment.type & 8 != 0, segment.privilege <= c.pointee.cpl else {
      throw c.fail(.generalProtection(code))
    }
    guard segment.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    let level = segment.type & 4 != 0 ? c.pointee.cpl : segment.privilege
    segment.selector = selector & 0xFFFC | UInt16(level)
    segment.attributes = try markAccessed(c, found, address).attributes
    return (segment, level)
  }

  /// A stack pointer from the 64-bit TSS (SDM Vol. 3A, 7.7).
  private func taskStack(_ c: CPU, _ offset: UInt64) throws(Stop) -> UInt64 {
    let task = c.segment(6).pointee
    guard offset &+ 7 <= UInt64(task.limit) else { throw c.fail(.invalidTSS(UInt32(task.selector & 0xFFFC))) }
    return try systemLoad(c, task.base &+ offset, 8)
  }

  private func finishEntry(_ c: CPU, _ code: SegmentRegister, _ rip: UInt64, masksInterrupts: Bool) {
    var cleared: RFlags = [.trap, .nestedTask, .resume, .virtual8086]
    if masksInterrupts { cleared.insert(.interruptEnable) }
    c.pointee.systemFlags &= ~cleared.rawValue
    c.pointee.shadow = false
    setCode(c, code, rip)
  }

  /// Through the interrupt vector table at IDTR.base (SDM Vol. 3A, 22.1.4).
  private func enterReal(_ c: CPU, _ vector: UInt8) throws(Stop) {
    let index = UInt64(vector) &* 4
    guard index &+ 3 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection()) }
    let entry = try systemLoad(c, c.pointee.idtr.base &+ index, 4)
    let old = c[.rsp]
    do throws(Stop) {
      try push(c, c.rflags, 2)
      try push(c, UInt64(c.segment(1).pointee.selector), 2)
      try push(c, c.pointee.rip, 2)
    } catch {
      c[.rsp] = old
      throw error
    }
    c.pointee.systemFlags &= ~(RFlags.interruptEnable.rawValue | RFlags.trap.rawValue | RFlags.alignmentCheck.rawValue)
    c.pointee.shadow = false
    var code = c.segment(1).pointee
    code.selector = UInt16(truncatingIfNeeded: entry &>> 16)
    code.base = UInt64(code.selector) << 4
    setCode(c, code, entry & 0xFFFF)
  }

  /// 32-bit and 16-bit gates, with a stack switch through the 32-bit TSS.
  private func enterProtected(_ c: CPU, _ event: Fault, _ kind: EventKind) throws(Stop) {
    let where_ = tableFault(event, kind)
    let index = UInt64(event.vector) &* 8
    guard index &+ 7 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection(where_)) }
    let gate = GateDescriptor(low: try systemLoad(c, c.pointee.idtr.base &+ index, 8))
    guard gate.isSystem, [6, 7, 14, 15].contains(gate.type) else { throw c.fail(.generalProtection(where_)) }
    if kind == .software, gate.privilege < c.pointee.cpl { throw c.fail(.generalProtection(where_)) }
    guard gate.isPresent else { throw c.fail(.segmentNotPresent(where_)) }
    let (code, level) = try handlerSegment(c, gate.selector, isExternal: kind != .software)
    let width: UInt8 = gate.type >= 14 ? 4 : 2
    let old = (c[.rsp], c.segment(Self.ss).pointee)
    let flags = c.rflags
    let returnCS = UInt64(c.segment(1).pointee.selector)
    let previousLevel = c.pointee.cpl
    do throws(Stop) {
      if level < previousLevel {
        try switchStack(c, level)
        try push(c, UInt64(old.1.selector), width)
        try push(c, old.0, width)
      }
      try push(c, flags, width)
      try push(c, returnCS, width)
      try push(c, c.pointee.rip, width)
      if kind == .exception, let error = event.errorCode { try push(c, UInt64(error), width) }
    } catch {
      c[.rsp] = old.0
      c.segment(Self.ss).pointee = old.1
      c.pointee.updateMode()
      selectBank(c)
      throw error
    }
    finishEntry(
      c, code, width == 4 ? gate.offset & 0xFFFF_FFFF : gate.offset & 0xFFFF, masksInterrupts: gate.type & 1 == 0)
  }

  private func switchStack(_ c: CPU, _ level: UInt8) throws(Stop) {
    let task = c.segment(6).pointee
    let offset = 4 &+ UInt64(level) &* 8
    guard offset &+ 7 <= UInt64(task.limit) else { throw c.fail(.invalidTSS(UInt32(task.selector & 0xFFFC))) }
    let pointer = try systemLoad(c, task.base &+ offset, 4)
    let selector = UInt16(truncatingIfNeeded: try systemLoad(c, task.base &+ offset &+ 4, 2))
    let code = UInt32(selector & 0xFFFC)
    guard code != 0 else { throw c.fail(.invalidTSS(0)) }
    let (found, address) = try descriptor(c, selector) { .invalidTSS($0) }
    let segment = found.register(selector: selector)
    guard segment.isCodeOrData, segment.type & 0xA == 2, segment.privilege == level else {
      throw c.fail(.invalidTSS(code))
    }
    guard segment.isPresent else { throw c.fail(.stackSegment(code)) }
    c.segment(Self.ss).pointee = try markAccessed(c, found, address).register(selector: selector)
    c.pointee.cpl = level
    selectBank(c)
    setStackPointer(c, pointer)
  }
}
