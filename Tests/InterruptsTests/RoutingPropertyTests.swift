import Architecture
import Interrupts
import Journal
import Testing

/// Map, scan and the preview from a snapshot must find the same local APICs, and those must be the ones a
/// literal reading of the manual finds.
@Suite struct RoutingPropertyTests {
  /// A partition of random local APICs: up to 64 VPs in three groups.
  struct Partition {
    var apics: [ContextID: LocalAPIC] = [:]
    var ids: [ContextID] = []
    var registers: [ContextID: Registers] = [:]
    var routing: GroupRouting
    var snapshot: Snapshot

    init(_ random: inout Seeded) {
      let vps = random.chance(70) ? 1 + random.below(8) : 1 + random.below(64)
      routing = GroupRouting(encoding: .explicit, groups: (0..<3).map { (GroupID($0), VTL($0)) })
      snapshot = Snapshot(
        machine: MachineSnapshot(vpCount: UInt32(vps), vtlCount: 3, memoryBytes: 0), contexts: [], groups: [])
      let style = (0..<3).map { _ in Style(&random) }
      for vp in 0..<vps {
        for vtl in 0..<3 where vtl == 0 || random.chance(90) { add(ContextID(vp, vtl), style[vtl], &random) }
      }
      for group in 0..<3 {
        let members = ids.filter { $0.vtl.index == group }.compactMap { apics[$0]?.routingRegisters }
        routing.rebuild(GroupID(group), members: random.chance(50) ? members : members.reversed(), at: .zero)
      }
      snapshot.groups = routing.snapshots
    }

    private mutating func add(_ id: ContextID, _ style: Style, _ random: inout Seeded) {
      let apic = style.make(id, &random)
      apics[id] = apic
      registers[id] = Registers(apic)
      ids.append(id)
      var context = ContextSnapshot(id: id, group: GroupID(id.vtl.index))
      context.isEnabled = true
      apic.fill(&context, at: .zero)
      snapshot.contexts.append(context)
    }

    func priority(_ id: ContextID) -> UInt64 { apics[id]?.arbitrationRank ?? 0 }

    /// PPR, and how often it has won.
    func standing(_ id: ContextID) -> (UInt8, UInt64) {
      (apics[id]?.processorPriority ?? 0, apics[id]?.counters.arbitrationsWon ?? 0)
    }
  }

  /// The registers that addressing is about, read as a guest reads them.
  struct Registers {
    var base: UInt64
    var isWide: Bool
    var id: UInt32
    var ldr: UInt32
    var dfr: UInt32
    var svr: UInt32

    init(_ apic: LocalAPIC) {
      var apic = apic
      let base = (try? apic.rdmsr(0x1B)) ?? 0
      let isWide = base & 0x400 != 0
      func read(_ n: UInt32) -> UInt32 {
        UInt32(isWide ? (try? apic.rdmsr(0x800 + n)) ?? 0 : apic.load(Int(n) * 16))
      }
      (self.base, self.isWide) = (base, isWide)
      (id, ldr, dfr, svr) = (read(0x2), read(0xD), read(0xE), read(0xF))
    }
  }

  /// How tidy the registers of a group are: guests mostly set them up properly.
  struct Style {
    var modes: [UInt64]
    var isTidy: Bool
    var hasWideIDs: Bool
    var hasClusters: Bool

    init(_ random: inout Seeded) {
      modes = [[0xFEE0_0800], [0xFEE0_0C00], [0xFEE0_0800, 0xFEE0_0C00, 0xFEE0_0000]][random.below(3)]
      isTidy = random.chance(50)
      hasWideIDs = random.chance(30)
      hasClusters = random.chance(50)
    }

    func make(_ id: ContextID, _ random: inout Seeded) -> LocalAPIC {
      let odd = [0x8000_0000, 0xFF, 0x1FF, 0xFFFF_FFFE, 0x10_0000, 20_000, 3][random.below(7)]
      let initial = isTidy || random.chance(70) ? id.vp.index : hasWideIDs ? odd : random.below(12)
      var apic = LocalAPIC(
        id: ApicID(initial), context: id, group: GroupID(id.vtl.index), isBootstrap: false)
      let n = id.vp.index
      if !isTidy, random.chance(30) { apic.store(0x20, UInt64(random.below(12)) << 24) }
      let ldr = isTidy ? hasClusters ? (n / 4) << 4 | 1 << (n % 4) : 1 << (n % 8) : random.below(256)
      apic.store(0xD0, UInt64(ldr & 0xFF) << 24)
      if hasClusters { apic.store(0xE0, 0x0FFF_FFFF) }
      if !isTidy, random.chance(5) { apic.store(0xE0, random.next() & 0xFFFF_FFFF) }
      apic.store(0x80, UInt64(random.below(4)) << 4)
      apic.store(0xF0, random.chance(90) ? 0x1FF : 0xFF)
      apic.counters.arbitrationsWon = UInt64(random.below(3))
      let base = modes[random.below(modes.count)]
      if base != 0xFEE0_0800 { _ = try? apic.writeBase(base) }
      return apic
    }
  }

  static func randomMessage(_ random: inout Seeded) -> InterruptMessage {
    let destinations: [UInt64] = [
      0xFF, 0xFFFF_FFFF, 0x8000_0000, 0x1FF, 0xFFFF_FFFE, 0x10_0000, 20_000, UInt64(random.below(64)),
      UInt64(random.below(12)), UInt64(random.below(256)), 1 << UInt64(random.below(16)),
      UInt64(random.below(5)) << 16 | UInt64(random.below(0x10000)), random.next() & 0xFFFF_FFFF,
    ]
    return message(
      to: UInt32(destinations[random.below(destinations.count)]),
      mode: random.chance(60) ? .fixed : DeliveryMode.allCases[random.below(8)], isLogical: random.chance(45),
      shorthand: random.chance(85) ? .none : DestinationShorthand.allCases[random.below(4)],
      isNarrow: random.chance(50))
  }

  /// A literal reading of SDM Vol. 3A, 12.6.1 and 12.6.2, register by register.
  static func literal(_ message: InterruptMessage, _ sender: ContextID?, _ partition: Partition, _ group: Int)
    -> [ContextID]
  {
    let command = message.command
    let destination = message.isNarrow ? command.destination % 256 : command.destination
    let isForAll = destination == (message.isNarrow ? 255 : .max)
    var found: [ContextID] = []
    for (id, own) in partition.registers where id.vtl.index == group && own.base & 0x800 != 0 {
      if command.deliveryMode.rawValue < 2, own.svr & 0x100 == 0 { continue }
      let isMeant: Bool
      switch command.shorthand {
      case .selfOnly: isMeant = id == sender
      case .allIncludingSelf: isMeant = true
      case .allExcludingSelf: isMeant = id != sender
      case .none where isForAll: isMeant = true
      case .none where !command.isLogical:
        isMeant = destination == (own.isWide ? own.id : own.id / 0x100_0000)
      case .none where own.isWide:
        isMeant = destination / 65536 == own.ldr / 65536 && destination % 65536 & (own.ldr % 65536) != 0
      case .none:
        let ldr = own.ldr / 0x100_0000
        switch own.dfr / 0x1000_0000 {
        case 15: isMeant = destination < 256 && destination & ldr != 0
        case 0: isMeant = destination / 16 == ldr / 16 && destination & ldr & 15 != 0
        default: isMeant = false
        }
      }
      if isMeant { found.append(id) }
    }
    found.sort()
    let isPhysicalForAll = isForAll && !command.isLogical && command.shorthand == .none
    guard command.deliveryMode == .lowestPriority, !isPhysicalForAll else { return found }
    return found.min {
      let (a, b) = (partition.standing($0), partition.standing($1))
      return (a.0, a.1, $0) < (b.0, b.1, $1)
    }.map { [$0] } ?? []
  }

  @Test func `map, scan, snapshot and the manual agree on 100,000 random routes`() {
    var random = Seeded(0x5EED_2023)
    var counts: [RoutePath: Int] = [:]
    var delivered = 0
    for round in 0..<250 {
      let partition = Partition(&random)
      let image = GroupRouting(partition.snapshot)
      for _ in 0..<400 {
        let message = Self.randomMessage(&random)
        let sender = random.chance(70) ? partition.ids[random.below(partition.ids.count)] : nil
        let group = sender?.vtl.index ?? random.below(3)
        let check = partition.routing.check(message, from: sender, in: GroupID(group)) {
          partition.priority($0)
        }
        let seen = image.route(message, from: sender, in: GroupID(group)) { id in
          partition.snapshot[id]?.arbitrationRank ?? 0
        }
        let expected = Self.literal(message, sender, partition, group)
        guard check.agrees, seen == check.route, check.route.contexts == expected,
          (check.route.reason == nil) == !expected.isEmpty, check.route.group == GroupID(group)
        else {
          Issue.record(
            "round \(round): \(message) from \(String(describing: sender)): \(check), expected \(expected)")
          return
        }
        counts[check.route.path, default: 0] += 1
        delivered += expected.isEmpty ? 0 : 1
      }
    }
    // The test is worth nothing if the maps are never used or nothing ever arrives.
    #expect((counts[.map] ?? 0) > 20_000)
    #expect((counts[.scan] ?? 0) > 20_000)
    #expect(delivered > 30_000)
  }

  @Test func `the explanation of each member adds up to the route`() {
    var random = Seeded(0xE791A1)
    for _ in 0..<60 {
      let partition = Partition(&random)
      for _ in 0..<40 {
        let message = Self.randomMessage(&random)
        let sender = random.chance(70) ? partition.ids[random.below(partition.ids.count)] : nil
        let group = GroupID(sender?.vtl.index ?? random.below(3))
        let route = partition.routing.route(message, from: sender, in: group) { partition.priority($0) }
        let all = partition.routing.explain(message, from: sender, in: group) { partition.priority($0) }
        #expect(all.filter { $0.rejection == nil }.map(\.context) == route.contexts)
        #expect(all.map(\.context) == partition.ids.filter { $0.vtl.index == group.index })
      }
    }
  }
}
