import Architecture
import Interrupts
import Journal
import Testing

/// One row of the table of outcomes of the posted patch: what happens, and what should.
struct GoldenRow: CustomTestStringConvertible, Sendable {
  var name: String
  /// `n_bits` of the posted encoding.
  var bits: UInt8
  /// The sending context, or nil for MSI and IOAPIC.
  var sender: ContextID?
  var message: InterruptMessage
  var posted: [ContextID]
  var intended: [ContextID]
  /// The CPUs in each group, besides 0 to 3.
  var extraCPU: Int?
  /// All APICs in x2APIC mode.
  var isWide = false

  var testDescription: String { name }
}

/// "Destination matching as posted", 4 CPUs per group. A context `cpu.group` stands for the CPU in its group.
@Suite struct GoldenTableTests {
  static func all(_ group: Int, except cpu: Int? = nil) -> [ContextID] {
    (0..<4).filter { $0 != cpu }.map { ContextID($0, group) }
  }

  static let one = ContextID(1, 1)
  static let narrowAll = message(to: 0xFF, isNarrow: true)
  static let wideAll = message(to: .max)
  static let toAll = message(shorthand: .allIncludingSelf)
  static let toOthers = message(shorthand: .allExcludingSelf)
  static let toSelf = message(shorthand: .selfOnly)

  static let senderOne: [GoldenRow] = [
    .init(
      name: "group 1, physical unicast", bits: 30, sender: one, message: message(to: 2, isNarrow: true),
      posted: [ContextID(2, 1)], intended: [ContextID(2, 1)]),
    .init(
      name: "group 1, physical unicast, NMI", bits: 24, sender: one, message: message(to: 2, mode: .nmi),
      posted: [ContextID(2, 1)], intended: [ContextID(2, 1)]),
    .init(
      name: "group 1, self", bits: 30, sender: one, message: toSelf, posted: [one], intended: [one]),
    .init(name: "group 1, all", bits: 30, sender: one, message: toAll, posted: [], intended: all(1)),
    .init(
      name: "group 1, all but self", bits: 30, sender: one, message: toOthers, posted: [],
      intended: all(1, except: 1)),
    .init(
      name: "group 1, logical, xAPIC flat", bits: 30, sender: one,
      message: message(to: 0x6, isLogical: true, isNarrow: true), posted: [],
      intended: [ContextID(1, 1), ContextID(2, 1)]),
    .init(
      name: "group 1, logical, x2APIC", bits: 30, sender: one, message: message(to: 0x6, isLogical: true),
      posted: [],
      intended: [ContextID(1, 1), ContextID(2, 1)], isWide: true),
    .init(
      name: "group 1, broadcast FFh, shift 2", bits: 30, sender: one, message: narrowAll, posted: [],
      intended: all(1)),
    .init(
      name: "group 1, broadcast FFFFFFFFh", bits: 30, sender: one, message: wideAll, posted: [],
      intended: all(1),
      isWide: true),
    .init(
      name: "group 1, broadcast FFFFFFFFh, shift 8", bits: 24, sender: one, message: wideAll, posted: [],
      intended: all(1), isWide: true),
    .init(
      name: "group 1, broadcast FFh, shift 8", bits: 24, sender: one, message: narrowAll, posted: [],
      intended: all(1)),
    .init(
      name: "group 1, broadcast FFh, shift 8, a CPU has ID 1FFh", bits: 24, sender: one, message: narrowAll,
      posted: [ContextID(0xFF, 1)], intended: all(1) + [ContextID(0xFF, 1)], extraCPU: 0xFF),
    .init(
      name: "group 1, broadcast FFh, shift 11", bits: 21, sender: one, message: narrowAll, posted: [],
      intended: all(1)),
  ]

  static let zero = ContextID(0, 0)
  static let others: [GoldenRow] = [
    .init(
      name: "group 0, unicast", bits: 30, sender: zero, message: message(to: 3, isNarrow: true),
      posted: [ContextID(3, 0)], intended: [ContextID(3, 0)]),
    .init(name: "group 0, self", bits: 30, sender: zero, message: toSelf, posted: [zero], intended: [zero]),
    .init(name: "group 0, all", bits: 30, sender: zero, message: toAll, posted: all(0), intended: all(0)),
    .init(
      name: "group 0, all but self", bits: 30, sender: zero, message: toOthers, posted: all(0, except: 0),
      intended: all(0, except: 0)),
    .init(
      name: "group 0, broadcast FFh", bits: 30, sender: zero, message: narrowAll, posted: all(0),
      intended: all(0)),
    .init(
      name: "group 0, logical", bits: 30, sender: zero,
      message: message(to: 0x9, isLogical: true, isNarrow: true),
      posted: [ContextID(0, 0), ContextID(3, 0)], intended: [ContextID(0, 0), ContextID(3, 0)]),
    .init(
      name: "group 0, physical 6 with shift 2", bits: 30, sender: zero,
      message: message(to: 6, isNarrow: true),
      posted: [ContextID(2, 1)], intended: []),
    .init(
      name: "group 2, physical 5 with shift 2", bits: 30, sender: ContextID(0, 2),
      message: message(to: 5, isNarrow: true), posted: [ContextID(1, 3)], intended: []),
    .init(
      name: "MSI, physical 2", bits: 30, sender: nil, message: message(to: 2, isNarrow: true),
      posted: [ContextID(2, 0)], intended: [ContextID(2, 0)]),
    .init(
      name: "MSI, physical 6 with shift 2", bits: 30, sender: nil, message: message(to: 6, isNarrow: true),
      posted: [ContextID(2, 1)], intended: []),
    .init(
      name: "MSI, FFh", bits: 30, sender: nil, message: narrowAll, posted: all(0), intended: all(0)),
    .init(
      name: "MSI, FFh, x2APIC", bits: 30, sender: nil, message: narrowAll, posted: all(0), intended: all(0),
      isWide: true),
  ]

  static func routing(_ row: GoldenRow, _ encoding: GroupEncoding) -> GroupRouting {
    var routing = GroupRouting(encoding: encoding, groups: (0..<4).map { (GroupID($0), VTL($0)) })
    for group in 0..<4 {
      let cpus = Array(0..<4) + (row.extraCPU.map { [$0] } ?? [])
      let members = cpus.map { cpu in
        RoutingRegisters(
          context: ContextID(cpu, group), initialID: ApicID(cpu), mode: row.isWide ? .x2APIC : .xAPIC,
          id: ApicID(cpu),
          logicalDestination: row.isWide ? 1 << UInt32(cpu & 15) : cpu < 8 ? 0x0100_0000 << UInt32(cpu) : 0,
          isSoftwareEnabled: true)
      }
      routing.rebuild(GroupID(group), members: members, at: .zero)
    }
    return routing
  }

  static func outcome(_ row: GoldenRow, _ encoding: GroupEncoding) -> Route {
    let group = GroupID(row.sender?.vtl.index ?? 0)
    return routing(row, encoding).route(row.message, from: row.sender, in: group) { _ in 0 }
  }

  @Test(arguments: senderOne + others)
  func `as posted`(row: GoldenRow) {
    let route = Self.outcome(row, .rfc2023(bits: row.bits))
    #expect(route.contexts == row.posted)
    #expect((route.reason == nil) == !row.posted.isEmpty)
  }

  @Test(arguments: senderOne + others)
  func `as intended`(row: GoldenRow) {
    let route = Self.outcome(row, .explicit)
    #expect(route.contexts == row.intended)
    #expect((route.reason == nil) == !row.intended.isEmpty)
  }

  @Test func `the posted patch turns every group but 0 down on the slow path`() {
    let row = Self.senderOne[3]
    #expect(Self.outcome(row, .rfc2023(bits: 30)).reason == .groupNotZero)
    let why = Self.routing(row, .rfc2023(bits: 30)).explain(row.message, from: row.sender, in: GroupID(1)) {
      _ in 0
    }
    #expect(why.count == 16)
    for candidate in why {
      #expect(candidate.rejection == (candidate.context.vtl == .vtl1 ? .groupNotZero : .otherGroup))
    }
  }

  @Test func `the posted patch turns the logical map off for all once a second group is present`() {
    let routing = Self.routing(Self.senderOne[0], .rfc2023(bits: 30))
    for group in 0..<4 {
      let snapshot = routing.snapshot(GroupID(group))
      #expect(snapshot?.logicalMode == .disabled)
      #expect(snapshot?.logicalModeReason == .groupNotZero)
      #expect(snapshot?.logical == [])
      #expect(snapshot?.physical.map(\.key) == (0..<4).map { UInt32(group << 2 | $0) })
    }
    var alone = GroupRouting(
      encoding: .rfc2023(bits: 30), groups: [(GroupID(0), .vtl0), (GroupID(1), .vtl1)])
    alone.rebuild(GroupID(0), members: Self.flat(0, mode: .xAPIC), at: .zero)
    #expect(alone.snapshot(GroupID(0))?.logicalMode == .flat)
    // Only present members count: the accident is undone when they are hardware-disabled.
    alone.rebuild(GroupID(1), members: Self.flat(1, mode: .disabled), at: .zero)
    #expect(alone.snapshot(GroupID(0))?.logicalMode == .flat)
    alone.rebuild(GroupID(1), members: Self.flat(1, mode: .xAPIC), at: .zero)
    #expect(alone.snapshot(GroupID(0))?.logicalMode == .disabled)
  }

  static func flat(_ group: Int, mode: APICMode) -> [RoutingRegisters] {
    (0..<4).map {
      RoutingRegisters(
        context: ContextID($0, group), initialID: ApicID($0), mode: mode, id: ApicID($0),
        logicalDestination: 0x0100_0000 << UInt32($0), isSoftwareEnabled: true)
    }
  }

  /// Flat LDRs with the vector hashed over the bits of the destination (kvm_vector_to_index of the patch's base).
  @Test(
    arguments: [
      (0xF, 0x40, 0), (0xF, 0x41, 1), (0xF, 0x43, 3), (0x6, 0x40, 1), (0x6, 0x41, 2), (0xB, 0x41, 3),
      // Bit 7 has nobody: it takes its turn all the same.
      (0x81, 0x40, 0), (0x81, 0x41, nil),
    ] as [(UInt32, UInt8, Int?)])
  func `the posted patch's kernel hashes lowest priority over the bits of the destination`(
    destination: UInt32, vector: UInt8, winner: Int?
  ) {
    let encodings: [(GroupEncoding, Bool)] = [(.rfc2023(bits: 30), true), (.explicit, false)]
    for (encoding, isPosted) in encodings {
      var routing = GroupRouting(encoding: encoding, groups: [(GroupID(0), .vtl0)])
      routing.rebuild(GroupID(0), members: Self.flat(0, mode: .xAPIC), at: .zero)
      let request = message(
        to: destination, vector: vector, mode: .lowestPriority, isLogical: true, isNarrow: true)
      let route = routing.route(request, from: nil, in: GroupID(0)) { id in UInt64(4 - id.vp.rawValue) }
      guard isPosted else {
        // Here the smallest rank wins, whatever the vector.
        let highest = (0..<4).last { destination & 1 << UInt32($0) != 0 }
        #expect(route.contexts == highest.map { [ContextID($0, 0)] })
        continue
      }
      #expect(route.contexts == (winner.map { [ContextID($0, 0)] } ?? []))
      #expect(route.reason == (winner == nil ? .emptyLogicalSlot : nil))
      #expect(route.path == .map)
    }
  }

  @Test func `the posted patch's slow path hashes over those that match, and only FFh is for all`() {
    var routing = GroupRouting(encoding: .rfc2023(bits: 30), groups: [(GroupID(0), .vtl0), (GroupID(1), .vtl1)])
    var members = Self.flat(0, mode: .xAPIC)
    members[1].isSoftwareEnabled = false
    routing.rebuild(GroupID(0), members: members, at: .zero)
    routing.rebuild(GroupID(1), members: Self.flat(1, mode: .xAPIC), at: .zero)
    // The logical map is off: of the three that match, 0, 2 and 3, the vector takes its pick.
    for (vector, winner) in [(0x42, 0), (0x40, 2), (0x41, 3)] as [(UInt8, Int)] {
      let request = message(to: 0x8F, vector: vector, mode: .lowestPriority, isLogical: true, isNarrow: true)
      let route = routing.route(request, from: nil, in: GroupID(0)) { _ in 0 }
      #expect(route.contexts == [ContextID(winner, 0)])
      #expect(route.path == .scan)
    }
    let all = message(to: 0xFF, mode: .lowestPriority, isNarrow: true)
    #expect(routing.route(all, from: nil, in: GroupID(0)) { _ in 0 }.count == 3)
    routing.rebuild(GroupID(0), members: Self.flat(0, mode: .x2APIC), at: .zero)
    let wide = message(to: .max, vector: 0x43, mode: .lowestPriority)
    #expect(routing.route(wide, from: nil, in: GroupID(0)) { _ in 0 }.contexts == [ContextID(3, 0)])
  }

  @Test func `the posted patch routes by the ID an APIC was made with, not by its register`() {
    for (encoding, posted) in [(GroupEncoding.rfc2023(bits: 30), true), (.explicit, false)] {
      var members = Self.flat(0, mode: .xAPIC)
      members[2].id = ApicID(0x20)
      var routing = GroupRouting(encoding: encoding, groups: [(GroupID(0), .vtl0)])
      routing.rebuild(GroupID(0), members: members, at: .zero)
      let old = routing.route(message(to: 2, isNarrow: true), from: ContextID(0, 0), in: GroupID(0)) { _ in 0
      }
      let new = routing.route(message(to: 0x20, isNarrow: true), from: ContextID(0, 0), in: GroupID(0)) { _ in
        0
      }
      #expect(old.contexts == (posted ? [ContextID(2, 0)] : []))
      #expect(new.contexts == (posted ? [] : [ContextID(2, 0)]))
    }
  }

  @Test(
    arguments: [
      (0, 0, 0, 7), (1, 1, 0x8000_0001, 1), (20, 1, 0x1007, 7), (21, 1, 0x807, 7), (24, 1, 0x107, 7),
      (30, 3, 0xE, 2),
      (32, 1, 1, 0),
    ] as [(UInt8, Int, UInt32, UInt32)])
  func `the encoding is mask and shift`(bits: UInt8, group: Int, full: UInt32, guest: UInt32) {
    var routing = GroupRouting(encoding: .rfc2023(bits: bits), groups: [(GroupID(group), VTL(group))])
    let member = RoutingRegisters(
      context: ContextID(2, group), initialID: ApicID(rawValue: guest), mode: .x2APIC,
      id: ApicID(rawValue: guest),
      logicalDestination: 0, isSoftwareEnabled: true)
    routing.rebuild(GroupID(group), members: [member], at: .zero)
    let expected = bits == 0 ? guest : full
    #expect(routing.snapshot(GroupID(group))?.physical == [MapEntry(key: expected, vp: VPIndex(2))])
  }
}
