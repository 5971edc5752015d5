import Architecture

/// MOVS, CMPS, STOS, LODS, SCAS, INS and OUTS, with and without REP (SDM Vol. 1, 7.3.9).
enum StringKind {
  static var move: UInt16 { 0 }
  static var compare: UInt16 { 1 }
  static var store: UInt16 { 2 }
  static var load: UInt16 { 3 }
  static var scan: UInt16 { 4 }
  static var input: UInt16 { 5 }
  static var output: UInt16 { 6 }
}

extension Interpreter {
  /// Without REP: one element.
  func string(_ c: CPU, _ op: OpPointer) throws(Stop) { try element(c, op) }

  /// With REP, the last of its block. Registers are up to date after each element, so it can stop and go on
  /// anywhere; each element costs a tick, and the first is paid for already.
  func repeatString(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.addressWidth
    let kind = op.pointee.detail & 7
    let comparesForZero = kind == StringKind.compare || kind == StringKind.scan
    var count = c.register(8, width)
    while count != 0 {
      let done = try block(c, op, count)
      if done == 0 { try element(c, op) }
      count &-= max(done, 1)
      c.setRegister(8, width, count)
      if done > 1 { spend(c, Int64(bitPattern: done &- 1)) }
      if count == 0 { return }
      if comparesForZero, c.zero != (op.pointee.detail & Detail.repeatEqual != 0) { return }
      if c.pointee.isSingle || c.pointee.remaining <= 0 { throw .yield }
      spend(c, 1)
    }
  }

  @inline(__always)
  func spend(_ c: CPU, _ ticks: Int64) {
    c.pointee.remaining &-= ticks
    c.pointee.extraTicks &+= ticks
  }

  /// Many elements of MOVS or STOS at once, when source and destination stay inside a page of plain memory and
  /// the slice allows it. Returns how many; 0 means that it has to go element by element.
  private func block(_ c: CPU, _ op: OpPointer, _ count: UInt64) throws(Stop) -> UInt64 {
    let kind = op.pointee.detail & 7
    guard kind == StringKind.move || kind == StringKind.store, c.isLong, op.pointee.addressWidth == 8,
      !c.pointee.isSingle, c.pointee.systemFlags & RFlags.direction.rawValue == 0, count > 1
    else { return 0 }
    let size = UInt64(op.pointee.width)
    let destination = c[.rdi]
    let to = c.pointee.tlb + TLBEntry.index(destination)
    guard to.pointee.writeTag == destination & ~0xFFF else { return 0 }
    var number = min(count, (4096 &- (destination & 0xFFF)) / size)
    number = min(number, UInt64(max(c.pointee.remaining, 0)) &+ 1)
    if kind == StringKind.store {
      guard number > 0 else { return 0 }
      fill(host(to, destination), c[.rax], op.pointee.width, Int(number))
    } else {
      let source = c[.rsi] &+ (op.pointee.segment >= 4 ? c.segment(op.pointee.segment).pointee.base : 0)
      let from = c.pointee.tlb + TLBEntry.index(source)
      guard from.pointee.readTag == source & ~0xFFF else { return 0 }
      number = min(number, (4096 &- (source & 0xFFF)) / size)
      guard number > 0 else { return 0 }
      let target = host(to, destination)
      let origin = UnsafeRawPointer(host(from, source))
      let distance = UnsafeRawPointer(target) - origin
      // A destination just behind the source repeats a pattern, which a block move would not.
      guard distance <= 0 || distance >= Int(number &* size) else { return 0 }
      target.copyMemory(from: origin, byteCount: Int(number &* size))
      c[.rsi] = c[.rsi] &+ number &* size
    }
    c[.rdi] = destination &+ number &* size
    return number
  }

  private func fill(_ target: UnsafeMutableRawPointer, _ value: UInt64, _ width: UInt8, _ count: Int) {
    for i in 0..<count {
      switch width {
      case 1: target.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: i, as: UInt8.self)
      case 2: target.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: i &* 2, as: UInt16.self)
      case 4: target.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: i &* 4, as: UInt32.self)
      default: target.storeBytes(of: value, toByteOffset: i &* 8, as: UInt64.self)
      }
    }
  }

  /// One element; pointers move only after everything that can fault.
  private func element(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    switch op.pointee.detail & 7 {
    case StringKind.move:
      let value = try loadSource(c, op)
      try storeDestination(c, op, value)
      advance(c, op, source: true, destination: true)
    case StringKind.compare:
      let left = try loadSource(c, op)
      let right = try loadDestination(c, op)
      _ = c.arithmetic(ALU.compare, left, right, width)
      advance(c, op, source: true, destination: true)
    case StringKind.store:
      try storeDestination(c, op, c.register(0, width))
      advance(c, op, source: false, destination: true)
    case StringKind.load:
      c.setRegister(0, width, try loadSource(c, op))
      advance(c, op, source: true, destination: false)
    default:
      let right = try loadDestination(c, op)
      _ = c.arithmetic(ALU.compare, c.register(0, width), right, width)
      advance(c, op, source: false, destination: true)
    }
  }

  private func pointer(
    _ c: CPU, _ op: OpPointer, _ offset: UInt8, _ segment: UInt8, isWrite: Bool
  ) throws(Stop) -> UInt64 {
    let value = c.register(offset, op.pointee.addressWidth)
    return try linear(c, segment, value, UInt64(op.pointee.width), isWrite: isWrite)
  }
  func loadSource(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let segment = op.pointee.segment
    return try load(c, try pointer(c, op, 48, segment, isWrite: false), op.pointee.width, segment)
  }
  private func loadDestination(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    try load(c, try pointer(c, op, 56, 0, isWrite: false), op.pointee.width, 0)
  }
  func storeDestination(_ c: CPU, _ op: OpPointer, _ value: UInt64) throws(Stop) {
    try store(c, try pointer(c, op, 56, 0, isWrite: true), op.pointee.width, value, 0)
  }
  func probeDestination(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try probeStore(c, try pointer(c, op, 56, 0, isWrite: true), Int(op.pointee.width), 0)
  }

  func advance(_ c: CPU, _ op: OpPointer, source: Bool, destination: Bool) {
    let isDown = c.pointee.systemFlags & RFlags.direction.rawValue != 0
    let step = isDown ? 0 &- UInt64(op.pointee.width) : UInt64(op.pointee.width)
    let width = op.pointee.addressWidth
    if source { c.setRegister(48, width, c.register(48, width) &+ step) }
    if destination { c.setRegister(56, width, c.register(56, width) &+ step) }
  }
}

extension Decoder {
  mutating func decodeString(_ kind: UInt16, _ opcode: UInt8) {
    op.width = opcode & 1 == 0 ? 1 : operandWidth
    // Ports have at most 32 bits.
    if kind >= StringKind.input, op.width == 8 { op.width = 4 }
    op.segment = SegmentName.ds.rawValue
    finishAddress()
    op.detail = kind
    if repeatPrefix == 0xF3 { op.detail |= Detail.repeatEqual }
    if repeatPrefix == 0xF2 { op.detail |= Detail.repeatNotEqual }
    if kind >= StringKind.input { return end(.portString) }
    if repeatPrefix == 0 { set(.string) } else { end(.repeatString) }
  }
}
