import Architecture
import Journal

/// One APIC group: its members' registers and the maps that are built from them.
///
/// The maps only make routing fast: `scan` asks every member and must find the same. A request is resolved
/// among the members and nowhere else, so no ID, however strange, reaches another group.
public struct GroupMap: Sendable {
  public let id: GroupID
  /// The VTL whose local APICs are in the group.
  public let vtl: VTL
  public private(set) var generation: UInt32 = 0
  public private(set) var builtAt = VirtualTime.zero
  private var tables = GroupTables([])

  public init(id: GroupID, vtl: VTL) {
    self.id = id
    self.vtl = vtl
  }

  /// Builds the maps again. Call it when an `APICEffect` says so, and when a context is enabled.
  public mutating func rebuild(_ registers: [RoutingRegisters], at now: VirtualTime) {
    tables = GroupTables(registers)
    generation &+= 1
    builtAt = now
  }

  /// In ascending VP order.
  @inline(__always) public var members: [RoutingRegisters] { tables.members }
  @inline(__always) var physical: SlotTable { tables.physical }
  @inline(__always) var logical: LogicalMap { tables.logical }
  public var logicalMode: LogicalMode { logical.mode }
  public var logicalModeReason: LogicalModeReason { logical.reason }

  /// The member that is `context`. VPs are dense as a rule, so the place is tried first.
  func index(of context: ContextID) -> Int? {
    let guess = context.vp.index
    if guess < members.count, members[guess].context == context { return guess }
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].context < context { low = middle + 1 } else { high = middle }
    }
    return low < members.count && members[low].context == context ? low : nil
  }

  /// Everything there is to see of the group.
  public var snapshot: GroupSnapshot {
    var snapshot = GroupSnapshot(id: id, vtl: vtl)
    snapshot.generation = generation
    snapshot.builtAt = builtAt
    snapshot.logicalMode = logicalMode
    snapshot.logicalModeReason = logicalModeReason
    var present: [MapEntry] = []
    for member in members where member.isContextEnabled {
      snapshot.members += 1
      guard member.isPresent else { continue }
      snapshot.hardwareEnabled += 1
      if member.isSoftwareEnabled { snapshot.softwareEnabled += 1 }
      present.append(MapEntry(key: member.id.rawValue, vp: member.context.vp))
    }
    snapshot.physical = present.sorted { ($0.key, $0.vp) < ($1.key, $1.vp) }
    snapshot.duplicateIDs = duplicateIDs(snapshot.physical)
    snapshot.logical = logical.entries.map { MapEntry(key: $0.key, vp: members[Int($0.member)].context.vp) }
    return snapshot
  }

  /// How many IDs stand more than once in a sorted list.
  private func duplicateIDs(_ sorted: [MapEntry]) -> UInt32 {
    var count: UInt32 = 0
    for i in sorted.indices.dropFirst() where sorted[i].key == sorted[i - 1].key {
      if i < 2 || sorted[i - 2].key != sorted[i].key { count += 1 }
    }
    return count
  }
}

/// What one rebuild made. It never changes afterwards, so that passing a map on costs one reference and no
/// copies.
private final class GroupTables: Sendable {
  let members: [RoutingRegisters]
  let physical: SlotTable
  let logical: LogicalMap

  init(_ registers: [RoutingRegisters]) {
    let isAscending = zip(registers, registers.dropFirst()).allSatisfy { $0.context < $1.context }
    members = isAscending ? registers : registers.sorted { $0.context < $1.context }
    var physical = SlotTable(highestID: members.reduce(0) { max($0, $1.id.rawValue) })
    for (index, member) in members.enumerated() { physical.insert(member.id.rawValue, Int32(index)) }
    self.physical = physical
    logical = LogicalMap(members)
  }
}
