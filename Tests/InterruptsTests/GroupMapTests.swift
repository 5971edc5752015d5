import Architecture
import Interrupts
import Journal
import Testing

@Suite struct GroupMapTests {
  /// Registers of a software-enabled APIC.
  static func member(
    _ vp: Int, id: UInt32? = nil, group: Int = 0, mode: APICMode = .xAPIC, ldr: UInt32 = 0,
    dfr: UInt32 = .max,
    isSoftwareEnabled: Bool = true, isContextEnabled: Bool = true
  ) -> RoutingRegisters {
    let id = id ?? UInt32(vp)
    return RoutingRegisters(
      context: ContextID(vp, group), initialID: ApicID(rawValue: id), mode: mode, id: ApicID(rawValue: id),
      logicalDestination: mode == .x2APIC ? (id >> 4) << 16 | 1 << (id & 15) : ldr << 24,
      destinationFormat: dfr,
      isSoftwareEnabled: isSoftwareEnabled, isContextEnabled: isContextEnabled)
  }

  static func map(_ members: [RoutingRegisters]) -> GroupMap {
    var map = GroupMap(id: GroupID(0), vtl: .vtl0)
    map.rebuild(members, at: VirtualTime(ticks: 77))
    return map
  }

  static func route(_ map: GroupMap, _ message: InterruptMessage, from sender: ContextID? = nil) -> Route {
    map.route(message, from: sender) { _ in 0 }
  }

  @Test func `4,096 VPs in three groups: everybody is reached by the map, and nobody beyond the group`() {
    var routing = GroupRouting(encoding: .explicit, groups: (0..<3).map { (GroupID($0), VTL($0)) })
    for group in 0..<3 {
      let members = (0..<4096).map { Self.member($0, group: group, mode: .x2APIC) }
      routing.rebuild(GroupID(group), members: members, at: .zero)
    }
    var wrong = 0
    for group in 0..<3 {
      let sender = ContextID(17, group)
      for vp in 0..<4096 {
        let id = UInt32(vp)
        let unicast = routing.route(message(to: id), from: sender, in: GroupID(group)) { _ in 0 }
        let logical = message(to: (id >> 4) << 16 | 1 << (id & 15), isLogical: true)
        let byBit = routing.route(logical, from: sender, in: GroupID(group)) { _ in 0 }
        let expected = Route.Targets.one(ContextID(vp, group))
        if unicast.targets != expected || unicast.path != .map || unicast.candidates != 1 { wrong += 1 }
        if byBit.targets != expected || byBit.path != .map || byBit.candidates != 1 { wrong += 1 }
      }
      let others = routing.route(message(shorthand: .allExcludingSelf), from: sender, in: GroupID(group)) {
        _ in 0
      }
      #expect(others.count == 4095)
      #expect(others.contexts.allSatisfy { $0.vtl == VTL(group) && $0 != sender })
    }
    #expect(wrong == 0)
  }

  @Test func `an ID of 2^31 costs one entry`() {
    let map = Self.map([Self.member(0), Self.member(1, id: 0x8000_0000, mode: .x2APIC)])
    #expect(Self.route(map, message(to: 0x8000_0000)).contexts == [ContextID(1, 0)])
    #expect(Self.route(map, message(to: 0x8000_0001)).reason == .noSuchID)
    #expect(
      map.snapshot.physical == [
        MapEntry(key: 0, vp: VPIndex(0)), MapEntry(key: 0x8000_0000, vp: VPIndex(1)),
      ])
  }

  @Test func `an ID maps to all that hold it`() {
    let map = Self.map([Self.member(0, id: 5), Self.member(1, id: 5), Self.member(2, id: 5), Self.member(3)])
    let route = Self.route(map, message(to: 5, isNarrow: true))
    #expect(route.contexts == [ContextID(0, 0), ContextID(1, 0), ContextID(2, 0)])
    #expect(route.path == .map)
    #expect(route.candidates == 3)
    #expect(map.snapshot.duplicateIDs == 1)
  }

  @Test func `a destination beyond 8 bits matches no xAPIC`() {
    let map = Self.map([Self.member(0x2C)])
    #expect(Self.route(map, message(to: 0x2C)).count == 1)
    #expect(Self.route(map, message(to: 0x12C)).reason == .noSuchID)
  }

  @Test func `the broadcast value depends on the form of the destination`() {
    let map = Self.map([Self.member(0), Self.member(1, id: 0xFF, mode: .x2APIC)])
    #expect(Self.route(map, message(to: 0xFF, isNarrow: true)).count == 2)
    #expect(Self.route(map, message(to: 0xFF)).contexts == [ContextID(1, 0)])
    #expect(Self.route(map, message(to: .max)).count == 2)
    #expect(Self.route(map, message(to: .max, isLogical: true)).count == 2)
  }

  @Test func `why nobody was reached`() {
    let off = Self.map([
      Self.member(0), Self.member(1, mode: .disabled), Self.member(2, isSoftwareEnabled: false),
      Self.member(3, isContextEnabled: false),
    ])
    let reasons = (0..<5).map { Self.route(off, message(to: UInt32($0))).reason }
    #expect(reasons == [nil, .hardwareDisabled, .softwareDisabled, .contextNotEnabled, .noSuchID])
    #expect(Self.route(off, message(to: 2, mode: .nmi)).count == 1)
    #expect(Self.route(off, message(to: 1, mode: .initialize)).reason == .hardwareDisabled)
    let alone = Self.map([Self.member(0)])
    #expect(
      Self.route(alone, message(shorthand: .allExcludingSelf), from: ContextID(0, 0)).reason
        == .senderExcluded)
    #expect(Self.route(alone, message(to: 1, isLogical: true)).reason == .logicalUnusable)
    #expect(Self.route(alone, message(shorthand: .selfOnly)).reason == .noSuchID)
  }

  @Test func `the logical map names its mode, or why there is none`() {
    func mode(_ members: [RoutingRegisters]) -> (LogicalMode, LogicalModeReason) {
      let map = Self.map(members)
      return (map.logicalMode, map.logicalModeReason)
    }
    let flat = [Self.member(0, ldr: 1), Self.member(1, ldr: 2)]
    #expect(mode(flat) == (.flat, .none))
    #expect(
      mode([Self.member(0, ldr: 0x11, dfr: 0x0FFF_FFFF), Self.member(1, ldr: 0x21, dfr: 0x0FFF_FFFF)])
        == (.cluster, .none))
    #expect(mode([Self.member(0, mode: .x2APIC), Self.member(1, mode: .x2APIC)]) == (.x2APIC, .none))
    #expect(mode([Self.member(0, ldr: 1, isSoftwareEnabled: false)]) == (.unused, .none))
    #expect(mode(flat + [Self.member(2, mode: .x2APIC)]) == (.disabled, .mixedModes))
    #expect(mode(flat + [Self.member(2, ldr: 2)]) == (.disabled, .aliasedLDR))
    #expect(mode([Self.member(0, ldr: 3)]) == (.disabled, .aliasedLDR))
    #expect(mode(flat + [Self.member(2, ldr: 0)]) == (.flat, .none))
  }

  @Test func `a disabled logical map still reaches everybody meant`() {
    let map = Self.map([Self.member(0, ldr: 1), Self.member(1, ldr: 3), Self.member(2, mode: .x2APIC)])
    let route = Self.route(map, message(to: 1, isLogical: true, isNarrow: true))
    #expect(route.path == .scan)
    #expect(route.contexts == [ContextID(0, 0), ContextID(1, 0)])
  }

  @Test func `lowest priority goes to the smallest PPR, to who has won least often, and then to the lowest VP`() {
    let map = Self.map((0..<4).map { Self.member($0, ldr: 1 << UInt32($0)) })
    let all = message(to: 0xF, mode: .lowestPriority, isLogical: true, isNarrow: true)
    let standings: [(ppr: [UInt8], won: [UInt64], winner: Int)] = [
      ([0x20, 0x10, 0x10, 0x30], [0, 0, 0, 0], 1), ([0x20, 0x10, 0x10, 0x30], [0, 1, 0, 0], 2),
      ([0x20, 0x10, 0x11, 0x30], [0, .max, 0, 0], 1), ([0, 0, 0, 0], [2, 1, 1, 2], 1),
    ]
    for (ppr, won, winner) in standings {
      func rank(_ id: ContextID) -> UInt64 {
        arbitrationRank(processorPriority: ppr[id.vp.index], won: won[id.vp.index])
      }
      #expect(map.route(all, from: nil, priority: rank).contexts == [ContextID(winner, 0)])
      #expect(map.scan(all, from: nil, priority: rank).contexts == [ContextID(winner, 0)])
      let why = map.explain(all, from: nil, priority: rank).map(\.rejection)
      #expect(why == (0..<4).map { $0 == winner ? nil : .arbitrationLost })
    }
    let broadcast = message(to: 0xFF, mode: .lowestPriority, isNarrow: true)
    #expect(map.route(broadcast, from: nil) { _ in 0 }.count == 4)
  }

  @Test func `a rebuild counts, and says what the event log needs`() {
    var routing = GroupRouting(encoding: .explicit, groups: [(GroupID(0), .vtl0)])
    #expect(
      routing.rebuild(GroupID(0), members: [Self.member(0, ldr: 1)], at: .zero)
        == .mapRebuilt(GroupID(0), generation: 1, .flat, .none))
    routing.rebuild(GroupID(0), members: [Self.member(0, ldr: 1)], at: VirtualTime(ticks: 5))
    #expect(routing.snapshot(GroupID(0))?.generation == 2)
    #expect(routing.snapshot(GroupID(0))?.builtAt == VirtualTime(ticks: 5))
    #expect(routing.rebuild(GroupID(9), members: [], at: .zero) == nil)
    #expect(routing.route(message(to: 0), from: nil, in: GroupID(9)) { _ in 0 }.reason == .noSuchID)
  }

  @Test func `the snapshot lists who is where`() {
    let snapshot = Self.map([
      Self.member(0, id: 9, mode: .x2APIC), Self.member(1, id: 37, mode: .x2APIC),
      Self.member(2, mode: .disabled), Self.member(3, mode: .x2APIC, isSoftwareEnabled: false),
      Self.member(4, isContextEnabled: false),
    ]).snapshot
    #expect(snapshot.members == 4)
    #expect(snapshot.hardwareEnabled == 3)
    #expect(snapshot.softwareEnabled == 2)
    #expect(
      snapshot.physical == [
        MapEntry(key: 3, vp: VPIndex(3)), MapEntry(key: 9, vp: VPIndex(0)), MapEntry(key: 37, vp: VPIndex(1)),
      ])
    #expect(
      snapshot.logical == [
        MapEntry(key: 0x200, vp: VPIndex(0)), MapEntry(key: 0x2_0020, vp: VPIndex(1)),
      ])
  }
}
