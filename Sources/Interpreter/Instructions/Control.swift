import Architecture

/// Control, debug and table registers (SDM Vol. 3A, 2.4, 2.5 and chapter 18).
extension Interpreter {
  /// MOV to and from CR0, CR2, CR3, CR4 and CR8. `immediate` is the register's number.
  func control(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) {
    try requireLevel0(c)
    let width: UInt8 = c.isLong ? 8 : 4
    let number = op.pointee.immediate
    guard isWrite else {
      if number == 8 {
        c.pointee.reads[0].size = Int(op.pointee.a)
        throw c.leave(.readTaskPriority, .readTaskPriority, op)
      }
      c.setRegister(op.pointee.a, width, controlValue(c, number))
      return
    }
    let value = c.register(op.pointee.a, width)
    switch number {
    case 0:
      try intercept(c, op, .cr0, value)
      try setCR0(c, value)
    case 2: c.pointee.cr2 = value
    case 3: try setCR3(c, value)
    case 4:
      try intercept(c, op, .cr4, value)
      try setCR4(c, value)
    default:
      guard value < 16 else { throw c.fail(.generalProtection()) }
      throw c.leave(.writeTaskPriority(UInt8(value)), .write, op)
    }
  }

  private func controlValue(_ c: CPU, _ number: UInt64) -> UInt64 {
    switch number {
    case 0: c.pointee.cr0
    case 2: c.pointee.cr2
    case 3: c.pointee.cr3
    default: c.pointee.cr4
    }
  }

  /// Paging on with LME enters long mode; off leaves it (SDM Vol. 3A, 10.8.5).
  func setCR0(_ c: CPU, _ raw: UInt64) throws(Stop) {
    let value = CR0(rawValue: raw & CR0.defined.rawValue | CR0.extensionType.rawValue)
    // Bits that are not defined below 32 are ignored, above it they are #GP.
    guard raw >> 32 == 0 else { throw c.fail(.generalProtection()) }
    if value.contains(.paging), !value.contains(.protection) { throw c.fail(.generalProtection()) }
    if value.contains(.notWriteThrough), !value.contains(.cacheDisable) { throw c.fail(.generalProtection()) }
    let wasPaging = c.pointee.cr0 & CR0.paging.rawValue != 0
    let isPaging = value.contains(.paging)
    if isPaging, !wasPaging, c.pointee.efer & EFER.longModeEnable.rawValue != 0 {
      guard c.pointee.cr4 & CR4.physicalAddressExtension.rawValue != 0, !c.segment(1).pointee.isLong else {
        throw c.fail(.generalProtection())
      }
      c.pointee.efer |= EFER.longModeActive.rawValue
    } else if !isPaging, wasPaging {
      let hasContexts = c.pointee.cr4 & CR4.processContextIdentifiers.rawValue != 0
      guard !c.isLong, !hasContexts else { throw c.fail(.generalProtection()) }
      c.pointee.efer &= ~EFER.longModeActive.rawValue
    }
    let changed = c.pointee.cr0 ^ value.rawValue
    let old = (c.pointee.cr0, c.pointee.efer)
    c.pointee.cr0 = value.rawValue
    if changed & Self.pointerCR0 != 0, usesPointers(c) {
      guard let pointers = readPointers(c) else {
        c.pointee.cr0 = old.0
        throw c.fail(.generalProtection())
      }
      c.pointee.pointers = pointers
    }
    c.pointee.updateMode()
    // Toggling such a bit twice empties the TLB, also of the banks that are not in use meanwhile.
    if changed & Self.pagingCR0 != 0 { flushTranslations(c) } else { selectBank(c) }
  }

  /// Changes of CR0 and CR4 that read the PDPTE registers anew (SDM Vol. 3A, 4.4.1).
  private static var pointerCR0: UInt64 {
    CR0.cacheDisable.rawValue | CR0.notWriteThrough.rawValue | CR0.paging.rawValue
  }
  private static var pointerCR4: UInt64 {
    let bits: CR4 = [
      .physicalAddressExtension, .pageGlobalEnable, .pageSizeExtensions, .supervisorExecutionPrevention,
    ]
    return bits.rawValue
  }

  /// With CR4.PCIDE bit 63 asks to keep translations, which is an offer: here all are forgotten all the same (SDM Vol.
  /// 3A, 4.10.4.1).
  private func setCR3(_ c: CPU, _ raw: UInt64) throws(Stop) {
    let hasContexts = c.pointee.cr4 & CR4.processContextIdentifiers.rawValue != 0
    let value = hasContexts ? raw & ~(1 &<< 63) : raw
    guard value >> UInt64(PageTableEntry.physicalBits) == 0 else { throw c.fail(.generalProtection()) }
    let old = c.pointee.cr3
    c.pointee.cr3 = value
    if usesPointers(c) {
      guard let pointers = readPointers(c) else {
        c.pointee.cr3 = old
        throw c.fail(.generalProtection())
      }
      c.pointee.pointers = pointers
    }
    flushTranslations(c)
  }

  private func setCR4(_ c: CPU, _ value: UInt64) throws(Stop) {
    guard value & ~features.controls.rawValue == 0 else { throw c.fail(.generalProtection()) }
    if c.isLongModeActive, value & CR4.physicalAddressExtension.rawValue == 0 {
      throw c.fail(.generalProtection())
    }
    let changed = c.pointee.cr4 ^ value
    let contexts = CR4.processContextIdentifiers.rawValue
    if changed & value & contexts != 0 {
      guard c.isLongModeActive, c.pointee.cr3 & 0xFFF == 0 else { throw c.fail(.generalProtection()) }
    }
    c.pointee.cr4 = value
    if changed & Self.pointerCR4 != 0, usesPointers(c) {
      guard let pointers = readPointers(c) else {
        c.pointee.cr4 = value ^ changed
        throw c.fail(.generalProtection())
      }
      c.pointee.pointers = pointers
    }
    c.pointee.updateBreakpoints()
    if changed & Self.pagingCR4 != 0 { flushTranslations(c) } else { selectBank(c) }
  }

  /// UMIP keeps the instructions that show system registers from user mode (SDM Vol. 3A, 2.5).
  func requireSystemView(_ c: CPU) throws(Stop) {
    if c.pointee.cr4 & CR4.userModeInstructionPrevention.rawValue != 0 { try requireLevel0(c) }
  }

  func loadMachineStatus(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireLevel0(c)
    let value = try word(c, op)
    // LMSW sets PE but never clears it.
    let result = c.pointee.cr0 & ~0xE | value & 0xF
    try intercept(c, op, .cr0, result)
    try setCR0(c, result)
  }

  func clearTaskSwitched(_ c: CPU, _ op: OpPointer) throws(Stop) {
    try requireLevel0(c)
    let result = c.pointee.cr0 & ~CR0.taskSwitched.rawValue
    try intercept(c, op, .cr0, result)
    try setCR0(c, result)
  }

  /// MOV to and from DR0...DR7.
  func debug(_ c: CPU, _ op: OpPointer, isWrite: Bool) throws(Stop) {
    var number = Int(op.pointee.immediate & 7)
    if number == 4 || number == 5 {
      guard c.pointee.cr4 & CR4.debuggingExtensions.rawValue == 0 else { throw c.fail(.invalidOpcode) }
      number += 2
    }
    try requireLevel0(c)
    if c.pointee.dr[7] & DR7.generalDetect != 0 {
      c.pointee.dr[6] |= DR6.generalDetect
      throw c.fail(.debug)
    }
    let width: UInt8 = c.isLong ? 8 : 4
    guard isWrite else { return c.setRegister(op.pointee.a, width, c.pointee.dr[number]) }
    let value = c.register(op.pointee.a, width)
    if number >= 6, value >> 32 != 0 { throw c.fail(.generalProtection()) }
    switch number {
    case 6: c.pointee.dr[6] = value & DR6.writable | DR6.fixed
    case 7: c.pointee.dr[7] = value & DR7.writable | DR7.fixed
    default: c.pointee.dr[number] = value
    }
    c.pointee.updateBreakpoints()
    selectBank(c)
  }

  /// LGDT and LIDT: 6 or 10 bytes; a 16-bit operand size keeps 24 bits of the base.
  func loadTable(_ c: CPU, _ op: OpPointer, isGlobal: Bool) throws(Stop) {
    try requireLevel0(c)
    let address = try address(c, op, size: c.isLong ? 10 : 6)
    let segment = op.pointee.segment
    let limit = try load16(c, address, segment)
    var base = try load(c, address &+ 2, c.isLong ? 8 : 4, segment)
    if !c.isLong, op.pointee.width == 2 { base &= 0xFF_FFFF }
    try intercept(c, op, isGlobal ? .gdtr : .idtr, HyperVTable(base: base, limit: limit).value)
    guard !c.isLong || isCanonical(base) else { throw c.fail(.generalProtection()) }
    let table = TableRegister(base: base, limit: limit)
    if isGlobal { c.pointee.gdtr = table } else { c.pointee.idtr = table }
  }

  func storeTable(_ c: CPU, _ op: OpPointer, _ table: TableRegister) throws(Stop) {
    try requireSystemView(c)
    let width: UInt8 = c.isLong ? 8 : 4
    let address = try address(c, op, size: 2 &+ UInt64(width), isWrite: true)
    try probeStore(c, address, 2 + Int(width), op.pointee.segment)
    try store16(c, address, table.limit, op.pointee.segment)
    try store(c, address &+ 2, width, table.base, op.pointee.segment)
  }

  /// SLDT, STR, SMSW and MOV from a segment: 16 bits to memory, the operand size to a register.
  func storeWord(_ c: CPU, _ op: OpPointer, _ value: UInt64) throws(Stop) {
    if op.pointee.isMemory {
      let address = try address(c, op, size: 2, isWrite: true)
      try store16(c, address, UInt16(truncatingIfNeeded: value), op.pointee.segment)
    } else {
      c.setRegister(op.pointee.a, op.pointee.width, value)
    }
  }

  /// A 16-bit operand in rm.
  func word(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    guard op.pointee.isMemory else { return UInt64(c.r16(op.pointee.a)) }
    return UInt64(try load16(c, try address(c, op, size: 2), op.pointee.segment))
  }

  /// MOV and POP to a segment register. Loading SS holds interrupts back for one instruction.
  func changeSegment(_ c: CPU, _ op: OpPointer, isPop: Bool) throws(Stop) {
    let number = UInt8(op.pointee.immediate & 7)
    let value = isPop ? try peek(c, op.pointee.width) : try word(c, op)
    try loadSegment(c, number, UInt16(truncatingIfNeeded: value))
    if isPop { setStackPointer(c, c[.rsp] &+ UInt64(op.pointee.width)) }
    if number == Self.ss { (c.pointee.shadow, c.pointee.stackShadow) = (true, true) }
  }

  /// LDS, LES, LFS, LGS and LSS.
  func loadFarPointer(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let width = op.pointee.width
    let place = try address(c, op, size: UInt64(width) &+ 2)
    let offset = try load(c, place, width, op.pointee.segment)
    let selector = try load16(c, place &+ UInt64(width), op.pointee.segment)
    try loadSegment(c, UInt8(op.pointee.immediate & 7), selector)
    c.setRegister(op.pointee.a, width, offset)
  }

  func segmentBase(_ c: CPU, _ op: OpPointer, _ kind: SystemKind) throws(Stop) {
    guard c.isLong, c.pointee.cr4 & CR4.fsgsbase.rawValue != 0 else { throw c.fail(.invalidOpcode) }
    let width = op.pointee.width
    switch kind {
    case .readFSBase: c.setRegister(op.pointee.a, width, c.segment(4).pointee.base)
    case .readGSBase: c.setRegister(op.pointee.a, width, c.segment(5).pointee.base)
    default:
      let value = c.register(op.pointee.a, width)
      guard isCanonical(value) else { throw c.fail(.generalProtection()) }
      c.segment(kind == .writeFSBase ? 4 : 5).pointee.base = value
    }
  }

  /// VERR, VERW, LAR and LSL: ZF says whether the selector may be used that way (SDM Vol. 3A, 5.10).
  func inspectSegment(_ c: CPU, _ op: OpPointer, _ kind: SystemKind) throws(Stop) {
    guard c.isProtected else { throw c.fail(.invalidOpcode) }
    let isRM = kind == .verifyRead || kind == .verifyWrite
    let selector: UInt16 =
      op.pointee.isMemory
      ? try load16(c, try address(c, op, size: 2), op.pointee.segment) : c.r16(isRM ? op.pointee.a : op.pointee.b)
    let found = try visibleDescriptor(c, selector, kind)
    let others = c.arithmeticFlags & ~0x40
    c.pointee.setArithmetic(others | (found == nil ? 0 : 0x40))
    guard let found, !isRM else { return }
    let value = kind == .loadRights ? (found.rawValue >> 32) & 0x00F0_FF00 : UInt64(found.limit)
    c.setRegister(op.pointee.a, op.pointee.width, value)
  }

  private func visibleDescriptor(
    _ c: CPU, _ selector: UInt16, _ kind: SystemKind
  ) throws(Stop) -> SegmentDescriptor? {
    guard selector & 0xFFFC != 0 else { return nil }
    let found: SegmentDescriptor
    do throws(Stop) {
      found = try descriptor(c, selector).0
    } catch {
      if error == .fault, c.pointee.fault.vector == 13 { return nil }
      throw error
    }
    let segment = found.register(selector: selector)
    let isConforming = segment.isCodeOrData && segment.type & 0xC == 0xC
    if !isConforming, segment.privilege < max(c.pointee.cpl, UInt8(selector & 3)) { return nil }
    switch kind {
    case .verifyRead: return segment.isCodeOrData && (segment.type & 8 == 0 || segment.type & 2 != 0) ? found : nil
    case .verifyWrite: return segment.isCodeOrData && segment.type & 0xA == 2 ? found : nil
    default:
      if segment.isCodeOrData { return found }
      let isTable = [2, 9, 11].contains(segment.type) || (!c.isLongModeActive && [1, 3].contains(segment.type))
      let isGate =
        kind == .loadRights && (segment.type == 12 || (!c.isLongModeActive && [4, 5].contains(segment.type)))
      return isTable || isGate ? found : nil
    }
  }
}
