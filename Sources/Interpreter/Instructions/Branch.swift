import Architecture

/// JMP, Jcc, CALL, RET, LOOP and JCXZ inside the segment (SDM Vol. 1, 5.1.7). Far transfers are in `FarBranch`.
///
/// A relative target is an offset from the start of the linear page, so that one decoded block serves every
/// linear address its page is mapped at. Each returns the block to go on with, or nil with RIP set.
extension Interpreter {
  /// The blocks of one page are linked when first taken; everything else goes by the jump table.
  @inline(never)
  func follow(_ c: CPU, _ block: BlockPointer, _ offset: UInt64, isTaken: Bool) throws(Stop) -> BlockPointer? {
    if !block.pointee.isTransient, offset < 4096, c.pointee.mode != .bits16,
      let next = sibling(c, block, Int(truncatingIfNeeded: offset))
    {
      if isTaken { block.pointee.taken = next } else { block.pointee.fallThrough = next }
      return next
    }
    let target = c.r64(Offset.page) &+ offset
    if isTaken { try checkTarget(c, target & c.ripMask) }
    return jump(c, target)
  }

  /// Goes anywhere: RIP is set, and the block found if it was looked up before.
  @inline(__always)
  func jump(_ c: CPU, _ target: UInt64) -> BlockPointer? {
    let rip = target & c.ripMask
    c.pointee.rip = rip
    let entry = c.pointee.jumps + JumpEntry.index(rip)
    guard entry.pointee.rip == rip, entry.pointee.stamp == c.pointee.stamp, let block = entry.pointee.block else {
      return nil
    }
    c.setR64(Offset.page, rip &- UInt64(block.pointee.offset))
    return block
  }

  @inline(__always)
  func taken(_ c: CPU, _ block: BlockPointer, _ op: OpPointer) throws(Stop) -> BlockPointer? {
    if let next = block.pointee.taken { return next }
    return try follow(c, block, op.pointee.immediate, isTaken: true)
  }

  @inline(__always)
  func notTaken(_ c: CPU, _ block: BlockPointer, _ op: OpPointer) throws(Stop) -> BlockPointer? {
    if let next = block.pointee.fallThrough { return next }
    return try follow(c, block, UInt64(op.pointee.next), isTaken: false)
  }

  @inline(__always)
  func call64(_ c: CPU, _ op: OpPointer) throws(Stop) {
    let pointer = c[.rsp] &- 8
    guard isCanonical(c.r64(Offset.page) &+ op.pointee.immediate) else { throw c.fail(.generalProtection()) }
    try store64(c, pointer, c.r64(Offset.page) &+ UInt64(op.pointee.next), Self.ss)
    c[.rsp] = pointer
  }

  /// RET; the immediate is what to drop beyond the return address.
  @inline(__always)
  func return64(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let pointer = c[.rsp]
    let target = try load64(c, pointer, Self.ss)
    guard isCanonical(target) else { throw c.fail(.generalProtection()) }
    c[.rsp] = pointer &+ 8 &+ op.pointee.immediate
    return target
  }

  /// The target of an indirect branch, which has to be canonical before anything is pushed.
  func indirectTarget(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let width = op.pointee.width
    let target =
      if op.pointee.isMemory {
        try load(c, try address(c, op), width, op.pointee.segment)
      } else {
        c.register(op.pointee.a, width)
      }
    try checkTarget(c, target)
    return target
  }

  /// Inside the code segment's limit, or canonical.
  func checkTarget(_ c: CPU, _ target: UInt64) throws(Stop) {
    let isValid = c.isLong ? isCanonical(target) : target <= UInt64(c.segment(1).pointee.limit)
    guard isValid else { throw c.fail(.generalProtection()) }
  }

  /// Relative and narrow: the target is cut to the operand size.
  func narrowTarget(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let target = (c.r64(Offset.page) &+ op.pointee.immediate) & c.ripMask & widthMask(op.pointee.width)
    try checkTarget(c, target)
    return target
  }

  /// LOOP and JCXZ, at every width.
  func takenNarrow(_ c: CPU, _ block: BlockPointer, _ op: OpPointer) throws(Stop) -> BlockPointer? {
    op.pointee.width >= 4 && c.pointee.mode != .bits16
      ? try taken(c, block, op) : jump(c, try narrowTarget(c, op))
  }

  func nextRIP(_ c: CPU, _ op: OpPointer) -> UInt64 {
    (c.r64(Offset.page) &+ UInt64(op.pointee.next)) & c.ripMask
  }

  /// Near RET outside 64-bit mode.
  func narrowReturn(_ c: CPU, _ op: OpPointer) throws(Stop) -> UInt64 {
    let width = op.pointee.width
    let target = try peek(c, width)
    try checkTarget(c, target)
    setStackPointer(c, c[.rsp] &+ UInt64(width) &+ op.pointee.immediate)
    return target
  }

  /// The counter is as it was when the target is out of reach.
  func loop(_ c: CPU, _ block: BlockPointer, _ op: OpPointer) throws(Stop) -> BlockPointer? {
    let count = c[.rcx]
    guard loopHolds(c, op) else { return try notTaken(c, block, op) }
    do throws(Stop) { return try takenNarrow(c, block, op) } catch {
      c[.rcx] = count
      throw error
    }
  }

  /// LOOPNE, LOOPE, LOOP, JCXZ: rows 0...3 of E0. The counter is as wide as addresses are.
  func loopHolds(_ c: CPU, _ op: OpPointer) -> Bool {
    let width = op.pointee.addressWidth
    let kind = op.pointee.detail & 3
    guard kind != 3 else { return c.register(8, width) == 0 }
    let count = (c.register(8, width) &- 1) & widthMask(width)
    c.setRegister(8, width, count)
    switch kind {
    case 0: return count != 0 && !c.zero
    case 1: return count != 0 && c.zero
    default: return count != 0
    }
  }
}

extension Decoder {
  /// From here on the branch's fields are known: `op.immediate` is the target as an offset in the page.
  private mutating func relative(_ distance: UInt64) { op.immediate = UInt64(position) &+ distance }

  /// Near branches in 64-bit mode ignore the operand-size prefix.
  private var branchWidth: UInt8 { is64 ? 8 : operandWidth }

  private var isNarrow: Bool { mode == .bits16 || branchWidth == 2 }

  /// 70...7F and 0F 80...8F.
  mutating func decodeJumpIf(_ opcode: UInt8, isShort: Bool) {
    op.width = branchWidth
    relative(isShort ? signed8() : immediate(op.width))
    end(isNarrow ? .jumpIfNarrow : .jumpIf, detail: UInt16(opcode & 0xF))
  }

  /// E9 and EB.
  mutating func decodeJump(_ opcode: UInt8) {
    op.width = branchWidth
    relative(opcode == 0xEB ? signed8() : immediate(op.width))
    end(isNarrow ? .jumpNarrow : .jump)
  }

  mutating func decodeCall() {
    op.width = branchWidth
    relative(immediate(op.width))
    end(is64 ? .call : .callNarrow)
  }

  /// C2 and C3.
  mutating func decodeReturn(_ opcode: UInt8) {
    op.width = branchWidth
    op.immediate = opcode == 0xC2 ? UInt64(next16()) : 0
    end(is64 ? .return : .returnNarrow)
  }

  /// E0...E3.
  mutating func decodeLoop(_ opcode: UInt8) {
    op.width = branchWidth
    op.addressing = addressWidth == 4 ? Addressing.address32 : addressWidth == 2 ? Addressing.address16 : 0
    relative(signed8())
    end(.loop, detail: UInt16(opcode & 3))
  }

  /// FF /2 and /4; ModRM is read.
  mutating func decodeIndirect() {
    op.width = branchWidth
    if !isMemory { op.a = extendedRM &* 8 }
    end(reg == 2 ? .callIndirect : .jumpIndirect)
  }
}
