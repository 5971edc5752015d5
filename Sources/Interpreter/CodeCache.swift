import Architecture
import Glibc
import Memory

/// Decoded blocks, kept per backing page and code mode in one arena that is emptied as a whole when it is full.
///
/// A block that is dropped stays where it is until then: its operations become `stale`, so whoever still points
/// at it looks its address up again.
final class CodeCache {
  /// In units of one `Op`.
  let arena: UnsafeMutablePointer<Op>
  let capacity: Int
  /// Per backing page and mode: from the offset in the page to the block's unit in the arena, 0 for none; and behind
  /// the last offset the newest block, from which all of the page's can be reached.
  let tables: UnsafeMutablePointer<UnsafeMutablePointer<UInt32>?>
  private let tableCount: Int
  private(set) var used = 1
  /// Backing pages with a table.
  private(set) var pages: [Int] = []
  /// Counts the times everything was dropped.
  private(set) var generation: UInt64 = 1
  /// For one block that is not kept.
  let transient: BlockPointer

  private static var newest: Int { 4096 }
  static var tableUnits: Int { (4096 + 8) * 4 / MemoryLayout<Op>.stride }

  init(memory: GuestMemory, bytes: Int = 256 << 20) {
    capacity = bytes / MemoryLayout<Op>.stride
    arena = Self.map(bytes: bytes).bindMemory(to: Op.self, capacity: capacity)
    tableCount = (Int(memory.ramPages) + 16_384) * 3
    tables = Self.map(bytes: tableCount * 8)
      .bindMemory(to: UnsafeMutablePointer<UInt32>?.self, capacity: tableCount)
    let units = Block.headerUnits + Block.countLimit + 2
    transient = UnsafeMutableRawPointer.allocate(byteCount: units * MemoryLayout<Op>.stride, alignment: 16)
      .bindMemory(to: Block.self, capacity: 1)
  }

  deinit {
    munmap(arena, capacity * MemoryLayout<Op>.stride)
    munmap(tables, tableCount * 8)
    UnsafeMutableRawPointer(transient).deallocate()
  }

  private static func map(bytes: Int) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    precondition(address != MAP_FAILED, "no address space for decoded code")
    return address.unsafelyUnwrapped
  }

  @inline(__always)
  func find(_ backing: Int, _ mode: CodeMode, _ offset: Int) -> BlockPointer? {
    guard let table = tables[backing &* 3 &+ Int(mode.rawValue)] else { return nil }
    let unit = table[offset]
    return unit == 0 ? nil : block(at: unit)
  }

  @inline(__always)
  private func block(at unit: UInt32) -> BlockPointer {
    UnsafeMutableRawPointer(arena + Int(unit)).assumingMemoryBound(to: Block.self)
  }

  /// Whether a block of the largest size, and a table, fit.
  var hasRoom: Bool { used + Self.tableUnits + Block.headerUnits + Block.countLimit + 2 <= capacity }

  /// Where the next block may be built; `keep` makes it one.
  var room: BlockPointer { UnsafeMutableRawPointer(arena + used).assumingMemoryBound(to: Block.self) }

  /// Puts the block that was built in `room` into the page's table.
  func keep(_ mode: CodeMode, _ block: BlockPointer) {
    let unit = used
    used += Block.headerUnits + Int(block.pointee.operations)
    let slot = block.pointee.backing * 3 + Int(mode.rawValue)
    let table = tables[slot] ?? makeTable(slot, block.pointee.backing)
    table[Int(block.pointee.offset)] = UInt32(unit)
    block.pointee.older = table[Self.newest]
    table[Self.newest] = UInt32(unit)
  }

  private func makeTable(_ slot: Int, _ backing: Int) -> UnsafeMutablePointer<UInt32> {
    let table = UnsafeMutableRawPointer(arena + used).bindMemory(to: UInt32.self, capacity: 4097)
    table.initialize(repeating: 0, count: 4097)
    used += Self.tableUnits
    tables[slot] = table
    pages.append(backing)
    return table
  }

  /// Makes every block of a page stale.
  func drop(_ backing: Int) {
    for mode in 0..<3 {
      guard let table = tables[backing * 3 + mode] else { continue }
      var unit = table[Self.newest]
      while unit != 0 {
        let block = block(at: unit)
        let ops = block.ops
        for i in 0..<Int(block.pointee.operations) { ops[i].operation = .stale }
        table[Int(block.pointee.offset)] = 0
        unit = block.pointee.older
      }
      table[Self.newest] = 0
    }
  }

  /// Drops everything. No pointer to a block may be held across this.
  func reset() {
    for page in pages {
      for mode in 0..<3 { tables[page * 3 + mode] = nil }
    }
    pages.removeAll(keepingCapacity: true)
    used = 1
    generation += 1
  }
}
