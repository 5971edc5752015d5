import Architecture

/// Far CALL and JMP through a call gate (SDM Vol. 3A, 5.8.3 to 5.8.5).
struct CallGate {
  var selector: UInt16
  var offset: UInt64
  /// Bytes of what is pushed: 2, 4, or 8 in long mode.
  var width: UInt8
  /// Elements copied from the caller's stack; none in long mode.
  var parameters: UInt64
}

extension Interpreter {
  /// The gate a selector names, checked; nil when it names something else.
  func callGate(_ c: CPU, _ selector: UInt16) throws(Stop) -> CallGate? {
    let code = UInt32(selector & 0xFFFC)
    guard code != 0 else { throw c.fail(.generalProtection()) }
    let (found, address) = try descriptor(c, selector)
    let isLong = c.isLongModeActive
    let gate = GateDescriptor(low: found.rawValue)
    guard gate.isSystem, gate.type == 12 || (gate.type == 4 && !isLong) else { return nil }
    guard gate.privilege >= max(c.pointee.cpl, UInt8(selector & 3)) else { throw c.fail(.generalProtection(code)) }
    let parameters = found.rawValue.field(32, 5)
    guard isLong else {
      guard gate.isPresent else { throw c.fail(.segmentNotPresent(code)) }
      let offset = gate.type == 12 ? gate.offset & 0xFFFF_FFFF : gate.offset & 0xFFFF
      return CallGate(
        selector: gate.selector, offset: offset, width: gate.type == 12 ? 4 : 2, parameters: parameters)
    }
    _ = try descriptor(c, selector &+ 8)
    let high = try systemLoad(c, address &+ 8, 8)
    guard high.field(40, 5) == 0 else { throw c.fail(.generalProtection(code)) }
    guard gate.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    let long = GateDescriptor(low: found.rawValue, high: high)
    return CallGate(selector: long.selector, offset: long.offset, width: 8, parameters: 0)
  }

  func passGate(_ c: CPU, _ gate: CallGate, isCall: Bool, return rip: UInt64) throws(Stop) {
    let code = UInt32(gate.selector & 0xFFFC)
    guard code != 0 else { throw c.fail(.generalProtection()) }
    let (found, address) = try descriptor(c, gate.selector)
    var target = found.register(selector: gate.selector)
    let cpl = c.pointee.cpl
    guard target.isCodeOrData, target.type & 8 != 0, target.privilege <= cpl else {
      throw c.fail(.generalProtection(code))
    }
    if c.isLongModeActive, !target.isLong || target.isDefault32 { throw c.fail(.generalProtection(code)) }
    let isConforming = target.type & 4 != 0
    let isInner = !isConforming && target.privilege < cpl
    guard isCall || !isInner else { throw c.fail(.generalProtection(code)) }
    guard target.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    let level = isInner ? target.privilege : cpl
    target.selector = gate.selector & 0xFFFC | UInt16(level)
    try checkFarTarget(c, target, gate.offset)
    target.attributes = try markAccessed(c, found, address).attributes
    if isInner {
      try callInner(c, gate, level, return: rip)
    } else if isCall {
      try pushReturn(c, gate.width, rip)
    }
    setCode(c, target, gate.offset)
  }

  /// To a stack of the inner level: the old SS and RSP, the parameters, CS and RIP.
  private func callInner(_ c: CPU, _ gate: CallGate, _ level: UInt8, return rip: UInt64) throws(Stop) {
    let old = c.segment(Self.ss).pointee
    let cs = UInt64(c.segment(1).pointee.selector)
    if gate.width == 8 {
      let task = c.segment(6).pointee
      let offset = 4 &+ UInt64(level) &* 8
      guard offset &+ 7 <= UInt64(task.limit) else { throw c.fail(.invalidTSS(UInt32(task.selector & 0xFFFC))) }
      var pointer = try systemLoad(c, task.base &+ offset, 8)
      for value in [UInt64(old.selector), c[.rsp], cs, rip] {
        pointer &-= 8
        guard isCanonical(pointer) else { throw c.fail(.stackSegment()) }
        try systemStore(c, pointer, 8, value, framePrivilege(c, level))
      }
      c.segment(Self.ss).pointee = SegmentRegister(selector: UInt16(level), attributes: UInt16(level) << 5 | 0x4000)
      c[.rsp] = pointer
      return
    }
    let (stack, pointer) = try innerStack(c, level, 0)
    var frame = Frame(
      stack: stack, pointer: pointer, width: gate.width, level: level, limitCode: UInt32(stack.selector & 0xFFFC))
    try push(c, &frame, UInt64(old.selector))
    try push(c, &frame, c[.rsp])
    var i = gate.parameters
    while i > 0 {
      i &-= 1
      try push(c, &frame, try peek(c, gate.width, depth: i &* UInt64(gate.width)))
    }
    try push(c, &frame, cs)
    try push(c, &frame, rip)
    takeStack(c, frame, isInner: true)
  }
}
