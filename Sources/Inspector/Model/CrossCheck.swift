import Architecture
import Interrupts
import Journal

/// The proof that a group's map finds whom asking every member finds, for every address worth trying.
public struct CrossCheck: Hashable, Sendable {
  public private(set) var probes = 0
  public private(set) var differences = 0
  public private(set) var firstDifference: String?
  public let time: VirtualTime

  public init(_ snapshot: Snapshot) {
    time = snapshot.machine.time
    let routing = GroupRouting(snapshot)
    let priority: ArbitrationPriority = { id in snapshot[id]?.arbitrationRank ?? .max }
    for group in snapshot.groups {
      let members = snapshot.contexts.filter { $0.isEnabled && $0.group == group.id }
      // From the first, a middle and the last member: a sender matters to shorthands only.
      let senders = Set([members.first?.id, members.isEmpty ? nil : members[members.count / 2].id, members.last?.id])
      for message in Self.messages(group, members) {
        for sender in senders.compactMap({ $0 }) {
          let check = routing.check(message, from: sender, in: group.id, priority: priority)
          probes += 1
          guard !check.agrees else { continue }
          differences += 1
          if firstDifference == nil { firstDifference = "g\(group.id.rawValue) \(message.addressText) from \(sender)" }
        }
      }
    }
  }

  /// Every id held and one beyond, every logical slot, whole clusters, both broadcasts, all shorthands.
  private static func messages(_ group: GroupSnapshot, _ members: [ContextSnapshot]) -> [InterruptMessage] {
    var messages: [InterruptMessage] = []
    func add(_ destination: UInt32, isLogical: Bool, lowest: Bool = false, _ shorthand: DestinationShorthand = .none) {
      for isNarrow in [true, false] where !isNarrow || destination <= 0xFF {
        var command = InterruptCommand(rawValue: 0)
        command.vector = VectorNumber(rawValue: 0x40)
        command.deliveryMode = lowest ? .lowestPriority : .fixed
        command.isLogical = isLogical
        command.shorthand = shorthand
        command.destination = destination
        messages.append(InterruptMessage(command, isNarrow: isNarrow))
      }
    }
    let ids = Set(group.physical.map(\.key))
    for id in ids.union([(ids.max() ?? 0) &+ 1, 0xFF, .max]) { add(id, isLogical: false) }
    for key in Set(group.logical.map(\.key)) {
      for destination in [key, key | 0xFFFF, key & 0xFFFF_0000 | 0x3] {
        add(destination, isLogical: true)
        add(destination, isLogical: true, lowest: true)
      }
    }
    for low in UInt32(0)...0xFF { add(low, isLogical: true) }
    add(.max, isLogical: true)
    for shorthand in [DestinationShorthand.selfOnly, .allIncludingSelf, .allExcludingSelf] {
      add(0, isLogical: false, shorthand)
    }
    return messages
  }

  public var line: Line {
    let head = "cross-check: \(TextForm.count(UInt64(probes))) probes, "
    guard differences > 0 else { return Line(head + "map equals scan") }
    return Line(head + "\(differences) DIFFER, first \(firstDifference ?? "")", .wrong)
  }
}
