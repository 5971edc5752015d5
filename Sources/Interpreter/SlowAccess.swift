import Architecture
import Memory

/// Where an access goes: a page of memory, or a register of a device.
struct Place {
  var gpa: UInt64
  /// -1 where there is no RAM.
  var backing: Int
}

/// Loads and stores that the TLB does not answer: page walks, page crossings, code pages, memory-mapped registers.
extension Interpreter {
  @inline(never)
  func slowLoad(
    _ c: CPU, _ address: UInt64, _ size: Int, _ segment: UInt8, forWrite: Bool = false
  ) throws(Stop) -> UInt64 {
    try checkAddress(c, address, size, segment)
    let kind: AccessKind = forWrite ? .write : .read
    let first = 4096 &- Int(truncatingIfNeeded: address & 0xFFF)
    let low = try translate(c, address, kind)
    let isCrossing = first < size
    let high = isCrossing ? try translate(c, linear(c, address &+ UInt64(first)), kind) : low
    if c.pointee.dataBreakpoints != 0 { try watch(c, address, size, isWrite: forWrite) }
    guard isCrossing else { return try loadPart(c, low, size) }
    let lowValue = try loadPart(c, low, first)
    return lowValue | (try loadPart(c, high, size &- first)) &<< UInt64(first &* 8)
  }

  @inline(never)
  func slowStore(_ c: CPU, _ address: UInt64, _ value: UInt64, _ size: Int, _ segment: UInt8) throws(Stop) {
    try checkAddress(c, address, size, segment)
    let first = 4096 &- Int(truncatingIfNeeded: address & 0xFFF)
    let low = try translate(c, address, .write)
    let isCrossing = first < size
    let high = isCrossing ? try translate(c, linear(c, address &+ UInt64(first)), .write) : low
    if c.pointee.dataBreakpoints != 0 { try watch(c, address, size, isWrite: true) }
    guard isCrossing else { return try storePart(c, low, value, size) }
    try storePart(c, low, value, first)
    try storePart(c, high, value &>> UInt64(first &* 8), size &- first)
  }

  /// Throws what a store of `size` bytes would, without storing.
  func probeStore(_ c: CPU, _ address: UInt64, _ size: Int, _ segment: UInt8) throws(Stop) {
    try checkAddress(c, address, size, segment, isAligned: true)
    _ = try translate(c, address, .write)
    let last = address &+ UInt64(size &- 1)
    if (last ^ address) & ~0xFFF != 0 { _ = try translate(c, linear(c, last), .write) }
  }

  @inline(__always)
  func linear(_ c: CPU, _ address: UInt64) -> UInt64 { c.isLong ? address : address & 0xFFFF_FFFF }

  /// Both ends of an access are canonical (SDM Vol. 1, 3.3.7.1), and it is aligned where that is asked for.
  private func checkAddress(
    _ c: CPU, _ address: UInt64, _ size: Int, _ segment: UInt8, isAligned: Bool = false
  ) throws(Stop) {
    if c.isLong {
      guard isCanonical(address), isCanonical(address &+ UInt64(size &- 1)) else { throw c.failAddress(segment) }
    }
    if c.pointee.checksAlignment, !isAligned, address & UInt64(size &- 1) != 0 { throw c.fail(.alignmentCheck) }
  }

  /// A data breakpoint traps after its instruction, which is run alone for that.
  private func watch(_ c: CPU, _ address: UInt64, _ size: Int, isWrite: Bool) throws(Stop) {
    let hits = c.dataHits(address, size, isWrite: isWrite)
    guard hits != 0 else { return }
    guard c.pointee.isSingle else { throw .single }
    c.pointee.pendingDebug |= hits
  }

  private func loadPart(_ c: CPU, _ place: Place, _ size: Int) throws(Stop) -> UInt64 {
    guard place.backing >= 0 else { return try readRegister(c, place.gpa, size) }
    let host = memory.base + (place.backing &<< 12 &+ Int(truncatingIfNeeded: place.gpa & 0xFFF))
    switch size {
    case 1: return UInt64(host.load(as: UInt8.self))
    case 2: return UInt64(host.loadUnaligned(as: UInt16.self))
    case 4: return UInt64(host.loadUnaligned(as: UInt32.self))
    case 8: return host.loadUnaligned(as: UInt64.self)
    default:
      var value: UInt64 = 0
      for i in 0..<size { value |= UInt64(host.load(fromByteOffset: i, as: UInt8.self)) &<< UInt64(i &* 8) }
      return value
    }
  }

  private func storePart(_ c: CPU, _ place: Place, _ value: UInt64, _ size: Int) throws(Stop) {
    guard place.backing >= 0 else { return try writeRegister(c, place.gpa, size, value) }
    let offset = Int(truncatingIfNeeded: place.gpa & 0xFFF)
    let host = memory.base + (place.backing &<< 12 &+ offset)
    switch size {
    case 1: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 4: host.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    case 8: host.storeBytes(of: value, as: UInt64.self)
    default:
      for i in 0..<size {
        let byte = UInt8(truncatingIfNeeded: value &>> UInt64(i &* 8))
        host.storeBytes(of: byte, toByteOffset: i, as: UInt8.self)
      }
    }
    noteStore(place.backing, offset, size)
  }

  /// Drops the code of a page when one of its lines that hold decoded instructions was written.
  @inline(__always)
  func noteStore(_ backing: Int, _ offset: Int, _ size: Int) {
    let lines = memory.codeLines[backing]
    if lines != 0, lines & GuestMemory.lineMask(offset, size) != 0 { dropCode(of: backing) }
  }

  // MARK: Memory-mapped registers

  /// A read the machine has answered already, or the exit that asks for it.
  private func readRegister(_ c: CPU, _ gpa: UInt64, _ size: Int) throws(Stop) -> UInt64 {
    guard c.pointee.isSingle else { throw .single }
    let cursor = c.pointee.readCursor
    if cursor < c.pointee.readCount {
      c.pointee.readCursor = cursor &+ 1
      return c.pointee.reads[cursor & 7].value
    }
    guard cursor < 8 else { return widthMask(UInt8(truncatingIfNeeded: size)) }
    c.pointee.reads[cursor] = MMIOAccess(gpa: gpa, value: 0, size: size)
    c.pointee.exit = .mmioRead(GPA(gpa), size: size)
    c.pointee.pending = .mmioRead
    throw .exit
  }

  private func writeRegister(_ c: CPU, _ gpa: UInt64, _ size: Int, _ value: UInt64) throws(Stop) {
    guard c.pointee.isSingle else { throw .single }
    let count = c.pointee.writeCount
    guard count < 8 else { return }
    c.pointee.writes[count] = MMIOAccess(
      gpa: gpa, value: value & widthMask(UInt8(truncatingIfNeeded: size)), size: size)
    c.pointee.writeCount = count &+ 1
  }
}
