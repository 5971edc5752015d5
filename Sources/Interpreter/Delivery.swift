import Architecture

/// What brought an event: decides about error codes, privilege checks and double faults.
enum EventKind: UInt8 {
  case exception
  /// INT n, INT3 and INTO: the gate's privilege is checked.
  case software
  /// External interrupts and NMIs.
  case external

  /// Bit 0 of error codes: the fault happened on the way of something that no INT instruction asked for.
  var externalBit: UInt32 { self == .software ? 0 : 1 }
}

/// An interrupt or exception on its way to its handler.
struct HeldEvent: Hashable {
  var fault: Fault
  var kind: EventKind
  /// Where a fault on the way leaves RIP: at the instruction that asked for the event, or where the event came.
  var restart: UInt64
  /// A higher VTL has given it, by PendingEvent0.
  var isGiven = false
}

/// Interrupts and exceptions through the IDT (SDM Vol. 3A, 6.10 to 6.15).
extension Interpreter {
  /// Delivers what an instruction threw; a fault on the way becomes a double fault, one more shuts down.
  func deliverFault(_ c: CPU) {
    note(c, c.pointee.fault)
    deliver(c, c.pointee.fault, .exception)
  }

  /// `instruction` is where the event's own instruction begins, for those of INT n and its kin.
  func deliver(_ c: CPU, _ event: Fault, _ kind: EventKind, of instruction: UInt64? = nil) {
    if event.vector == 1, kind == .exception { recordDebug(c) }
    c.pointee.held = HeldEvent(fault: event, kind: kind, restart: instruction ?? c.pointee.rip)
    deliverHeld(c)
  }

  /// Goes on with an event until its handler is entered, or nothing is left to enter. False when an access on the way
  /// was intercepted: the exit is set, and the event is tried again.
  @discardableResult
  func deliverHeld(_ c: CPU) -> Bool {
    while let event = c.pointee.held {
      if event.fault.vector == 14, event.kind == .exception { c.pointee.cr2 = event.fault.address }
      do throws(Stop) {
        try enter(c, event.fault, event.kind)
        c.pointee.held = nil
      } catch {
        guard error == .fault else { return false }
        escalate(c, event, c.pointee.fault)
      }
    }
    return true
  }

  /// A fault on the way to a handler takes the event's place, or makes it a double fault (SDM Vol. 3A, table 6-5).
  func escalate(_ c: CPU, _ event: HeldEvent, _ next: Fault) {
    guard event.fault.vector != 8 || event.kind != .exception else {
      c.pointee.held = nil
      c.pointee.isShutdown = true
      return
    }
    c.pointee.rip = event.restart
    let isDouble = event.kind == .exception && Self.makesDouble(event.fault.vector, next.vector)
    let fault = isDouble ? .doubleFault : next
    c.pointee.held = HeldEvent(fault: fault, kind: .exception, restart: event.restart)
    note(c, fault)
  }

  private func note(_ c: CPU, _ fault: Fault) {
    c.pointee.exceptionCount &+= 1
    c.pointee.lastException = fault
    c.pointee.lastExceptionRIP = c.pointee.rip
  }

  /// Contributory after contributory; page fault or contributory after a page fault.
  static func makesDouble(_ first: UInt8, _ second: UInt8) -> Bool {
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
  func tableFault(_ event: Fault, _ kind: EventKind) -> UInt32 { UInt32(event.vector) << 3 | 2 | kind.externalBit }

  /// The handler's code segment and the level it runs at: its DPL, or CPL when it is conforming.
  func handlerSegment(
    _ c: CPU, _ selector: UInt16, _ external: UInt32
  ) throws(Stop) -> (SegmentRegister, UInt8) {
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

  /// RFLAGS as a frame has them: RF is 1 for faults, so that an instruction breakpoint is not hit again.
  func frameFlags(_ c: CPU, _ event: Fault, _ kind: EventKind) -> UInt64 {
    let isFault = kind == .exception && event.vector != 1 && event.vector != 3 && event.vector != 4
    return isFault ? c.rflags | RFlags.resume.rawValue : c.rflags
  }

  func finishEntry(_ c: CPU, _ code: SegmentRegister, _ rip: UInt64, masksInterrupts: Bool) {
    var cleared: RFlags = [.trap, .nestedTask, .resume, .virtual8086]
    if masksInterrupts { cleared.insert(.interruptEnable) }
    c.pointee.systemFlags &= ~cleared.rawValue
    c.pointee.shadow = false
    c.pointee.stackShadow = false
    setCode(c, code, rip)
  }

  /// Through the interrupt vector table at IDTR.base (SDM Vol. 3A, 22.1.4).
  private func enterReal(_ c: CPU, _ vector: UInt8) throws(Stop) {
    let index = UInt64(vector) &* 4
    guard index &+ 3 <= UInt64(c.pointee.idtr.limit) else { throw c.fail(.generalProtection()) }
    let entry = try systemLoad(c, c.pointee.idtr.base &+ index, 4)
    var frame = Frame(stack: c.segment(Self.ss).pointee, pointer: c[.rsp], width: 2, level: 0, limitCode: 0)
    try push(c, &frame, c.rflags)
    try push(c, &frame, UInt64(c.segment(1).pointee.selector))
    try push(c, &frame, c.pointee.rip)
    setStackPointer(c, frame.pointer)
    var cleared: RFlags = [.interruptEnable, .trap, .alignmentCheck, .resume]
    cleared.insert(.nestedTask)
    c.pointee.systemFlags &= ~cleared.rawValue
    c.pointee.shadow = false
    c.pointee.stackShadow = false
    var code = c.segment(1).pointee
    code.selector = UInt16(truncatingIfNeeded: entry &>> 16)
    code.base = UInt64(code.selector) << 4
    setCode(c, code, entry & 0xFFFF)
  }
}

/// A handler's stack while its frame is pushed: nothing of the processor's state changes before all of it is there.
struct Frame {
  var stack: SegmentRegister
  var pointer: UInt64
  /// Bytes of an element.
  var width: UInt8
  /// The privilege level the stores are made at.
  var level: UInt8
  /// The error code of #SS when the segment's limit is in the way.
  var limitCode: UInt32
}
