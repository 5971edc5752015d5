import Architecture
import Memory

/// From RIP to decoded instructions.
extension Interpreter {
  /// The block at RIP, decoded if need be. Sets the page register.
  func lookup(_ c: CPU) throws(Stop) -> BlockPointer {
    let rip = c.pointee.rip
    let mode = c.pointee.mode
    let address = mode == .bits64 ? rip : (c.segment(1).pointee.base &+ rip) & 0xFFFF_FFFF
    if mode == .bits64, !isCanonical(rip) { throw c.fail(.generalProtection()) }
    let isFree = mode == .bits64 && c.pointee.codeBreakpoints == 0 ? true : try runsFreely(c, address)
    let offset = Int(truncatingIfNeeded: address & 0xFFF)
    let place = try fetch(c, address)
    c.setR64(Offset.page, rip &- UInt64(offset))
    guard place.backing >= 0 else { throw c.fail(.invalidOpcode) }
    if let block = code.find(place.backing, mode, offset) {
      if isFree { remember(c, rip, block) }
      return block
    }
    if !code.hasRoom { dropAllCode(c) }
    if let block = decodeBlock(c, place.backing, mode, offset) {
      if isFree { remember(c, rip, block) }
      return block
    }
    return try decodeCrossing(c, address, place, mode, offset)
  }

  /// Whether a whole block may run: no instruction of it can meet the code segment's limit or a breakpoint. False where
  /// one is near, and instructions are run one by one already.
  @inline(never)
  private func runsFreely(_ c: CPU, _ address: UInt64) throws(Stop) -> Bool {
    var isFree = true
    if !c.isLong {
      let limit = UInt64(c.segment(1).pointee.limit)
      guard c.pointee.rip <= limit else { throw c.fail(.generalProtection()) }
      isFree = c.pointee.rip &+ (4096 &- address & 0xFFF) &+ 15 <= limit || limit == 0xFFFF_FFFF
    }
    if c.pointee.codeBreakpoints != 0, c.hasCodeBreakpoint(onPage: address & ~0xFFF) { isFree = false }
    guard isFree || c.pointee.isSingle else { throw .single }
    return isFree
  }

  /// Every byte of an instruction that is run alone is inside the code segment.
  func checkLength(_ c: CPU, _ op: OpPointer) throws(Stop) {
    guard !c.isLong else { return }
    let last = c.pointee.rip &+ UInt64(op.pointee.length) &- 1
    guard last <= UInt64(c.segment(1).pointee.limit) else { throw c.fail(.generalProtection()) }
  }

  /// The block at an offset of the page that is being run; nil when it has to be looked up in full.
  @inline(never)
  func sibling(_ c: CPU, _ block: BlockPointer, _ offset: Int) -> BlockPointer? {
    guard offset >= 0, offset < 4096 else { return nil }
    if let found = code.find(block.pointee.backing, c.pointee.mode, offset) { return found }
    return code.hasRoom ? decodeBlock(c, block.pointee.backing, c.pointee.mode, offset) : nil
  }

  private func remember(_ c: CPU, _ rip: UInt64, _ block: BlockPointer) {
    c.pointee.jumps[JumpEntry.index(rip)] = JumpEntry(rip: rip, stamp: c.pointee.stamp, block: block)
  }

  /// Where instruction bytes are, with the rights to run them.
  func fetch(_ c: CPU, _ address: UInt64) throws(Stop) -> Place {
    let page = address & ~0xFFF
    let entry = c.pointee.fetches + FetchEntry.index(address)
    if entry.pointee.tag == page { return Place(gpa: address, backing: entry.pointee.backing) }
    let walk = try walk(c, address, .execute, c.pointee.cpl == 3 ? .user : .supervisor)
    guard let resolved = memory.resolve(walk.gpa &>> 12, vtl: VTL(rawValue: c.pointee.vtl)) else {
      return Place(gpa: walk.gpa, backing: -1)
    }
    if resolved.access != .all { try checkAccess(c, resolved, walk.gpa, address, .execute) }
    entry.pointee = FetchEntry(tag: page, backing: resolved.backing)
    return Place(gpa: walk.gpa, backing: resolved.backing)
  }

  /// Decodes from an offset up to a branch, the end of the page or the limit; nil if already the first
  /// instruction goes on in the next page.
  private func decodeBlock(_ c: CPU, _ backing: Int, _ mode: CodeMode, _ offset: Int) -> BlockPointer? {
    let block = code.room
    let bytes = UnsafeRawPointer(memory.base + backing &<< 12).assumingMemoryBound(to: UInt8.self)
    block.pointee = Block(offset: UInt16(offset), backing: backing, isTransient: false)
    let end = build(block, bytes, mode: mode, from: offset, available: 4096)
    guard block.pointee.count > 0 else { return nil }
    code.keep(mode, block)
    if memory.codeLines[backing] == 0 { turnIntoCode(c, backing) }
    memory.codeLines[backing] |= GuestMemory.lineMask(offset, max(end - offset, 1))
    return block
  }

  /// Appends operations until something ends the block. Returns the offset after the last instruction.
  private func build(
    _ block: BlockPointer, _ bytes: UnsafePointer<UInt8>, mode: CodeMode, from start: Int, available: Int
  ) -> Int {
    let ops = block.ops
    var offset = start
    var count = 0
    var isEnded = false
    while !isEnded, count < Block.countLimit, offset < available {
      var decoder = Decoder(bytes: bytes, at: offset, available: available, mode: mode, features: features)
      guard decoder.decode() else { break }
      offset += Int(decoder.op.length)
      decoder.op.number = UInt8(count)
      ops[count] = decoder.op
      isEnded = decoder.endsBlock
      count += 1
    }
    block.pointee.count = UInt16(count)
    block.pointee.operations = UInt16(count)
    guard count > 0 else { return offset }
    block.simplifyFlags()
    if !isEnded {
      ops[count] = Op.closing(after: ops[count - 1], number: count)
      block.pointee.operations += 1
    }
    return offset
  }

  /// One instruction that starts at the end of a page: its bytes are put together, and the block is not kept.
  private func decodeCrossing(
    _ c: CPU, _ address: UInt64, _ place: Place, _ mode: CodeMode, _ offset: Int
  ) throws(Stop) -> BlockPointer {
    var buffer = InlineArray<32, UInt8>(repeating: 0)
    let first = 4096 - offset
    copy(&buffer, at: 0, from: place.backing, offset: offset, count: first)
    let next = (address | 0xFFF) &+ 1
    if c.isLong, !isCanonical(next) { throw c.fail(.generalProtection()) }
    let second = try fetch(c, linear(c, next))
    guard second.backing >= 0 else { throw c.fail(.invalidOpcode) }
    copy(&buffer, at: first, from: second.backing, offset: 0, count: 15)
    let block = code.transient
    block.pointee = Block(offset: UInt16(offset), backing: place.backing, isTransient: true)
    var decoder = withUnsafePointer(to: &buffer) { pointer in
      // Decoded as if the bytes were at their offset, so that relative addresses come out right.
      let bytes = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
      return Decoder(
        bytes: bytes - offset, at: offset, available: offset + first + 15, mode: mode, features: features
      ).decoded()
    }
    decoder.op.number = 0
    block.ops[0] = decoder.op
    block.pointee.count = 1
    block.pointee.operations = 2
    if !decoder.endsBlock { block.ops[1] = Op.closing(after: decoder.op, number: 1) }
    return block
  }

  private func copy(
    _ buffer: inout InlineArray<32, UInt8>, at start: Int, from backing: Int, offset: Int, count: Int
  ) {
    let bytes = memory.base + (backing &<< 12 &+ offset)
    for i in 0..<min(count, 15) where start + i < 32 {
      buffer[start + i] = bytes.load(fromByteOffset: i, as: UInt8.self)
    }
  }

  // MARK: Dropping

  /// The first decoded instruction of a page takes the write tags that lead to it.
  private func turnIntoCode(_ c: CPU, _ backing: Int) {
    memory.codeLines[backing] = 1
    memory.codeEpoch.pointee &+= 1
    scrub(c)
  }

  /// Bytes of decoded instructions were written.
  @inline(never)
  func dropCode(of backing: Int) {
    code.drop(backing)
    // What runs from a copy goes on with fresh bytes as well.
    for i in 0..<Int(scratch.pointee.operations) { scratch.ops[i].operation = .stale }
    memory.codeLines[backing] = 0
  }

  func dropAllCode(_ c: CPU) {
    for page in code.pages { memory.codeLines[page] = 0 }
    code.reset()
    renewBank(c)
  }
}

/// The instruction fetches' translations.
struct FetchEntry {
  var tag: UInt64
  var backing: Int
  static var empty: Self { FetchEntry(tag: 1, backing: 0) }
  static var count: Int { 128 }
  @inline(__always)
  static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: (address &>> 12) & UInt64(count &- 1)) }
}

extension JumpEntry {
  @inline(__always)
  static func index(_ rip: UInt64) -> Int {
    Int(truncatingIfNeeded: (rip ^ rip &>> 12) & UInt64(count &- 1))
  }
}

extension Op {
  /// Ends a block that no branch ends: on to the instruction after `last`.
  static func closing(after last: Op, number: Int) -> Op {
    var op = Op()
    op.operation = .fallThrough
    op.plain = .fallThrough
    op.next = last.next
    op.number = UInt8(number)
    return op
  }
}

extension Block {
  init(offset: UInt16, backing: Int, isTransient: Bool) {
    taken = nil
    fallThrough = nil
    self.offset = offset
    count = 0
    operations = 0
    self.isTransient = isTransient
    self.backing = backing
    older = 0
  }
}
