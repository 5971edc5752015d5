import Architecture

/// Loading segment registers (SDM Vol. 3A, 3.4.5, 5.4 to 5.8).
extension Interpreter {
  /// The descriptor a selector names, and where it is. Beyond its table's limit: a fault with the selector.
  func descriptor(
    _ c: CPU, _ selector: UInt16, _ fault: (UInt32) -> Fault = { .generalProtection($0) }
  ) throws(Stop) -> (SegmentDescriptor, UInt64) {
    let index = UInt64(selector & 0xFFF8)
    let code = UInt32(selector & 0xFFFC)
    let base: UInt64
    let limit: UInt64
    if selector & 4 != 0 {
      let table = c.segment(7).pointee
      guard table.isPresent, table.selector & 0xFFFC != 0 else { throw c.fail(fault(code)) }
      (base, limit) = (table.base, UInt64(table.limit))
    } else {
      (base, limit) = (c.pointee.gdtr.base, UInt64(c.pointee.gdtr.limit))
    }
    guard index &+ 7 <= limit else { throw c.fail(fault(code)) }
    let address = base &+ index
    return (SegmentDescriptor(rawValue: try systemLoad(c, address, 8)), address)
  }

  /// Sets the accessed bit in the table, as loading a segment does.
  func markAccessed(_ c: CPU, _ descriptor: SegmentDescriptor, _ address: UInt64) throws(Stop) -> SegmentDescriptor {
    guard !descriptor.rawValue.bit(40) else { return descriptor }
    let marked = SegmentDescriptor(rawValue: descriptor.rawValue | 1 &<< 40)
    try systemStore(c, address &+ 5, 1, marked.rawValue &>> 40)
    return marked
  }

  /// MOV and POP to ES, SS, DS, FS and GS, and LDS and its kin.
  func loadSegment(_ c: CPU, _ number: UInt8, _ selector: UInt16) throws(Stop) {
    guard c.isProtected else {
      let old = c.segment(number).pointee
      var fresh = SegmentRegister.real(selector)
      // The limit stays what protected mode left: "unreal" mode.
      fresh.limit = old.limit
      if number == 2 || old.attributes & 0x4000 != 0 { fresh.attributes |= old.attributes & 0x4000 }
      c.segment(number).pointee = fresh
      return
    }
    let isStack = number == Self.ss
    if selector & 0xFFFC == 0 {
      try loadNull(c, number, selector, isStack)
      return
    }
    let code = UInt32(selector & 0xFFFC)
    let (found, address) = try descriptor(c, selector)
    let segment = found.register(selector: selector)
    let requested = UInt8(selector & 3)
    guard segment.isCodeOrData else { throw c.fail(.generalProtection(code)) }
    if isStack {
      let isWritableData = segment.type & 0xA == 2
      guard isWritableData, requested == c.pointee.cpl, segment.privilege == c.pointee.cpl else {
        throw c.fail(.generalProtection(code))
      }
      guard segment.isPresent else { throw c.fail(.stackSegment(code)) }
    } else {
      let isReadable = segment.type & 8 == 0 || segment.type & 2 != 0
      let isConforming = segment.type & 0xC == 0xC
      guard isReadable, isConforming || segment.privilege >= max(c.pointee.cpl, requested) else {
        throw c.fail(.generalProtection(code))
      }
      guard segment.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    }
    c.segment(number).pointee = try markAccessed(c, found, address).register(selector: selector)
  }

  /// SS may be null only in 64-bit mode below CPL 3 (SDM Vol. 3A, 5.4.1.1).
  private func loadNull(_ c: CPU, _ number: UInt8, _ selector: UInt16, _ isStack: Bool) throws(Stop) {
    if isStack, !(c.isLong && c.pointee.cpl < 3 && UInt8(selector) == c.pointee.cpl) {
      throw c.fail(.generalProtection())
    }
    var null = SegmentRegister(selector: selector)
    // FS.base and GS.base are kept by some processors and cleared by others; here they are cleared.
    if isStack { null.attributes = UInt16(c.pointee.cpl) << 5 | 0x4000 }
    c.segment(number).pointee = null
  }

  /// LLDT and LTR: a system descriptor, 16 bytes in 64-bit mode.
  func systemDescriptor(_ c: CPU, _ selector: UInt16) throws(Stop) -> (SegmentRegister, UInt64) {
    let code = UInt32(selector & 0xFFFC)
    guard selector & 4 == 0 else { throw c.fail(.generalProtection(code)) }
    let (found, address) = try descriptor(c, selector)
    var segment = found.register(selector: selector)
    if c.isLongModeActive {
      guard UInt64(selector & 0xFFF8) &+ 15 <= UInt64(c.pointee.gdtr.limit) else {
        throw c.fail(.generalProtection(code))
      }
      segment.base |= try systemLoad(c, address &+ 8, 4) &<< 32
      guard isCanonical(segment.base) else { throw c.fail(.generalProtection(code)) }
    }
    return (segment, address)
  }

  func loadLocalTable(_ c: CPU, _ op: OpPointer, _ selector: UInt16) throws(Stop) {
    guard selector & 0xFFFC != 0 else {
      try intercept(c, op, .ldtr, HyperVSegment(selector: selector).value)
      c.segment(7).pointee = SegmentRegister(selector: selector)
      return
    }
    let code = UInt32(selector & 0xFFFC)
    let (segment, _) = try systemDescriptor(c, selector)
    guard !segment.isCodeOrData, segment.type == 2 else { throw c.fail(.generalProtection(code)) }
    guard segment.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    try intercept(c, op, .ldtr, HyperVSegment(segment).value)
    c.segment(7).pointee = segment
  }

  func loadTask(_ c: CPU, _ op: OpPointer, _ selector: UInt16) throws(Stop) {
    let code = UInt32(selector & 0xFFFC)
    guard code != 0 else { throw c.fail(.generalProtection()) }
    let (found, address) = try systemDescriptor(c, selector)
    let isAvailable = found.type == 9 || (found.type == 1 && !c.isLongModeActive)
    guard !found.isCodeOrData, isAvailable else { throw c.fail(.generalProtection(code)) }
    guard found.isPresent else { throw c.fail(.segmentNotPresent(code)) }
    var task = found
    task.attributes |= 2
    try intercept(c, op, .tr, HyperVSegment(task).value)
    try systemStore(c, address &+ 5, 1, UInt64(task.attributes & 0xFF))
    c.segment(6).pointee = task
  }

  /// Makes CS and everything that hangs on it current.
  func setCode(_ c: CPU, _ segment: SegmentRegister, _ rip: UInt64) {
    c.segment(1).pointee = segment
    c.pointee.rip = rip
    c.pointee.updateMode()
    selectBank(c)
  }
}
