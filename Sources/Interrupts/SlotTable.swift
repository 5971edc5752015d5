/// From an ID to the members that hold it, in constant time whatever the number of members.
///
/// IDs are dense in practice, so those below a limit index an array; any other, such as 2^31, costs one
/// dictionary entry. A slot holds one member; more than one is a list of its own.
struct SlotTable: Sendable {
  /// The array never grows beyond this many slots, 64 KiB.
  static var denseLimit: UInt32 { 16_384 }

  /// -1: nobody. 0 and up: that member. -2 and down: list number -(slot + 2).
  private var dense: [Int32] = []
  private var sparse: [UInt32: Int32] = [:]
  private var lists: [[Int32]] = []
  private(set) var duplicates = 0

  init() {}

  init(highestID: UInt32) {
    let count = min(highestID, Self.denseLimit - 1) + 1
    dense = [Int32](repeating: -1, count: Int(count))
  }

  /// Adds a member; members come in ascending order.
  mutating func insert(_ id: UInt32, _ member: Int32) {
    let old = slot(id)
    guard old != -1 else { return set(id, member) }
    if old >= 0 {
      duplicates += 1
      lists.append([old, member])
      set(id, -Int32(lists.count) - 1)
    } else {
      lists[Int(-old - 2)].append(member)
    }
  }

  private mutating func set(_ id: UInt32, _ slot: Int32) {
    if id < UInt32(dense.count) { dense[Int(id)] = slot } else { sparse[id] = slot }
  }

  @inline(__always)
  func slot(_ id: UInt32) -> Int32 {
    if id < UInt32(truncatingIfNeeded: dense.count) { return dense[Int(id)] }
    return sparse.isEmpty ? -1 : sparse[id] ?? -1
  }

  /// Every ID that somebody holds, ascending.
  var ids: [UInt32] {
    dense.indices.lazy.filter { dense[$0] != -1 }.map { UInt32($0) } + sparse.keys.sorted()
  }

  /// The members of a slot below -1.
  func list(_ slot: Int32) -> [Int32] { lists[Int(-slot - 2)] }
}
