import Architecture
import Journal
import Region

/// A core whose every move the test makes: frames and events of its choice, in a region that the program attaches to.
final class SyntheticCore {
  let region: RegionWriter
  private(set) var snapshot: Snapshot
  private var sequence: UInt64 = 0

  var path: String { region.path }

  init(_ scratch: Scratch, vps: Int, symbols: [SymbolTable.Symbol]? = nil) throws {
    let named = symbols ?? (0..<64).map { SymbolTable.Symbol(address: Self.code(UInt64($0)), name: "function_\($0)") }
    region = try RegionWriter(
      name: "synthetic", vpCount: vps, vtlCount: 2, groupCount: 2,
      symbols: SymbolTable(named, end: Self.code(1_000)), ringBytes: 1 << 20,
      directory: RegionDirectory(path: "\(scratch.path)/vtlscope"))
    var machine = MachineSnapshot(vpCount: UInt32(vps), vtlCount: 2, memoryBytes: 64 << 20)
    machine.enabledVTLs = 3
    machine.time = .seconds(10)
    machine.paceMilli = 1_000
    var contexts: [ContextSnapshot] = []
    for vp in 0..<vps { for vtl in 0..<2 { contexts.append(Self.context(vp, vtl, at: machine.time)) } }
    snapshot = Snapshot(machine: machine, contexts: contexts, groups: (0..<2).map { Self.group($0, vps) })
    publish()
  }

  deinit { region.close() }

  /// The address of function `n`.
  static func code(_ n: UInt64) -> UInt64 { 0xFFFF_8000_0010_0000 + n * 0x100 }

  private static func context(_ vp: Int, _ vtl: Int, at time: VirtualTime) -> ContextSnapshot {
    var context = ContextSnapshot(id: ContextID(vp, vtl), group: GroupID(vtl))
    context.isEnabled = true
    context.isActive = vtl == 0
    context.activity = vtl == 0 && vp != 3 ? .halted : .running
    // Nine of ten have nothing to do, and have not had for long.
    context.since = time - .seconds(9)
    context.rflags = 0x202
    context.rip = code(UInt64(vp))
    context.apicBase = 0xFEE0_0C00
    context.apic[0x20] = UInt32(vp)
    context.apic[0x30] = 0x0005_0014
    context.apic[0xD0] = UInt32(vp >> 4) << 16 | 1 << UInt32(vp & 15)
    context.apic[0xF0] = 0x1FF
    context.apic[0x320] = 0x400EF
    return context
  }

  private static func group(_ id: Int, _ vps: Int) -> GroupSnapshot {
    var group = GroupSnapshot(id: GroupID(id), vtl: VTL(id))
    group.logicalMode = .x2APIC
    group.members = UInt32(vps)
    group.hardwareEnabled = UInt32(vps)
    group.softwareEnabled = UInt32(vps)
    for vp in 0..<vps {
      group.physical.append(MapEntry(key: UInt32(vp), vp: VPIndex(vp)))
      group.logical.append(MapEntry(key: UInt32(vp >> 4) << 16 | 1 << UInt32(vp & 15), vp: VPIndex(vp)))
    }
    return group
  }

  // MARK: - Life

  func beat(_ state: HostState = .running) { region.beat(state, now: UInt64(now() * 1e9)) }

  /// Publishes what `snapshot` is now.
  func publish() {
    snapshot.machine.epoch = region.currentFrame + 1
    snapshot.machine.nextEvent = sequence
    region.write(snapshot)
    beat()
  }

  func edit(_ change: (inout Snapshot) -> Void) { change(&snapshot) }

  /// A tenth of a second passes: one in `share` contexts runs something else, with an event for each.
  func advance(changingOneIn share: Int) {
    snapshot.machine.time = snapshot.machine.time + .milliseconds(100)
    let time = snapshot.machine.time
    let turn = Int(region.currentFrame)
    for i in snapshot.contexts.indices where (i + turn) % share == 0 {
      let vector = VectorNumber(rawValue: UInt8(0x30 + (i + turn) % 160))
      let journey = JourneyID(rawValue: sequence + 1)
      snapshot.contexts[i].since = time
      snapshot.contexts[i].rip = Self.code(UInt64((i * 7 + turn) % 64)) + 4
      snapshot.contexts[i].counters.sent += UInt64(turn % 5)
      snapshot.contexts[i].timer.due = time + .milliseconds(UInt64(2_000 + i * 13))
      let isPending = snapshot.contexts[i].pending.isEmpty
      snapshot.contexts[i].pending =
        isPending ? [VectorState(vector: vector, since: time, journey: journey, isLevelTriggered: false)] : []
      record(.accepted(vector, .fixed, .pending), journey, snapshot.contexts[i].id)
    }
    publish()
  }

  func record(_ body: Event.Body, _ journey: JourneyID = .none, _ context: ContextID? = nil) {
    region.append(
      Event(
        sequence: sequence, time: snapshot.machine.time, journey: journey, context: context,
        rip: Self.code(sequence % 64), body))
    sequence += 1
  }
}
