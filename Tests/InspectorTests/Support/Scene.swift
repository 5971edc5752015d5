import Architecture
import Inspector
import Journal

/// A made-up machine that does not contradict itself: what the goldens draw.
///
/// VTL1 is enabled on the first four VPs. VP 0 is in VTL1, which an interrupt brought in while VTL0 was at
/// work; 5.0 has raised its TPR over a pending vector; 9.0 never got its SIPI; 4.0 and the rest sleep until
/// their timers.
enum Scene {
  static let now = VirtualTime(ticks: 12_481_903_000)

  static let symbols = SymbolTable(
    [
      .init(address: 0xFFFF_8000_0010_0000, name: "kernel_entry"),
      .init(address: 0xFFFF_8000_0010_1000, name: "idle"),
      .init(address: 0xFFFF_8000_0010_2000, name: "work"),
      .init(address: 0xFFFF_8000_0010_3000, name: "raise_task_priority"),
      .init(address: 0xFFFF_8000_0020_0000, name: "secure_service"),
    ], end: 0xFFFF_8000_0030_0000)

  static func model(vps: Int = 16, isReadOnly: Bool = false) -> InspectorModel {
    let first = snapshot(vps: vps, at: VirtualTime(ticks: now.rawValue - 1_000_000_000), sentBefore: true)
    var model = InspectorModel(name: "demo.4711", snapshot: first, isReadOnly: isReadOnly, symbols: symbols)
    // Five looks: while a machine runs, diagnosis looks at every fifth.
    for _ in 0..<4 { model.apply(Update(snapshot: nil)) }
    model.apply(Update(snapshot: snapshot(vps: vps, at: now), events: Scene.events))
    return model
  }

  static func snapshot(vps: Int, at time: VirtualTime, sentBefore: Bool = false) -> Snapshot {
    var machine = MachineSnapshot(vpCount: UInt32(vps), vtlCount: 2, memoryBytes: 64 << 20)
    machine.epoch = sentBefore ? 88_204 : 88_214
    machine.time = time
    machine.enabledVTLs = 3
    machine.instructions = 4_211_004_112
    machine.nextEvent = sentBefore ? 395_000 : 395_020
    machine.paceMilli = 1_000
    var contexts: [ContextSnapshot] = []
    for vp in 0..<vps {
      contexts.append(normal(vp, vps: vps, sentBefore: sentBefore))
      contexts.append(secure(vp, sentBefore: sentBefore))
    }
    return Snapshot(machine: machine, contexts: contexts, groups: [group0(vps), group1(min(4, vps))])
  }

  // MARK: - Contexts

  private static func ago(_ ticks: UInt64) -> VirtualTime { VirtualTime(ticks: now.rawValue - ticks) }

  /// VTL0 in x2APIC mode.
  private static func normal(_ vp: Int, vps: Int, sentBefore: Bool) -> ContextSnapshot {
    var context = ContextSnapshot(id: ContextID(vp, 0), group: GroupID(0))
    context.isEnabled = true
    context.isActive = vp != 0
    context.rflags = 0x202
    context.rsp = 0xFFFF_8000_0008_0000
    context.apicBase = 0xFEE0_0C00 | (vp == 0 ? 0x100 : 0)
    fill(&context.apic, id: UInt32(vp), ldr: UInt32(vp >> 4) << 16 | 1 << UInt32(vp & 15), isX2APIC: true)
    context.apic[0x320] = 0x400EF
    context.timer.due = now + .microseconds(UInt64(700 + vp * 93))
    context.timer.deadline = context.timer.due!.rawValue
    context.timer.expired = 9_980
    context.activity = .halted
    context.since = ago(UInt64(400_000 + vp * 210_000))
    context.rip = 0xFFFF_8000_0010_1004
    context.instruction.low = 0xFDEB_F4FB
    context.instruction.count = 4
    context.lastEndOfInterrupt = LastWrite(time: ago(1_000_000), rip: 0xFFFF_8000_0010_2044, value: 0xEF)
    context.counters.accepted = 21_004
    context.counters.endOfInterrupts = 21_003
    context.counters.sent = UInt64(40_000 + vp) - (sentBefore ? UInt64(max(0, 600 - vp)) : 0)
    shape(&context, vp)
    if vp == 9 { startup(&context) }
    context.apic[0xA0] = vp == 5 ? 0x50 : vp == 2 ? 0x30 : 0
    return context
  }

  private static func shape(_ context: inout ContextSnapshot, _ vp: Int) {
    switch vp {
    case 0:
      context.activity = .running
      context.since = ago(3_100_000)
      context.rip = 0xFFFF_8000_0010_2010
      pend(&context, 0xEF, since: 2_900_000, journey: 5_509)
      context.timer.due = nil
    case 1, 2:
      context.activity = .running
      context.since = ago(14_000)
      context.rip = 0xFFFF_8000_0010_20A0
      if vp == 2 { serve(&context, 0x31, since: 4_000, journey: 5_514) }
    case 5:
      context.activity = .running
      context.since = ago(2_200_000_000)
      context.rip = 0xFFFF_8000_0010_301C
      context.apic[0x80] = 0x50
      context.lastTaskPriorityWrite = LastWrite(time: ago(2_200_000_000), rip: 0xFFFF_8000_0010_3008, value: 0x50)
      pend(&context, 0x2F, since: 1_900_000_000, journey: 5_411)
      pend(&context, 0x4F, since: 2_199_000_000, journey: 5_409)
      context.counters.merged = 1
    default: break
    }
  }

  private static func startup(_ context: inout ContextSnapshot) {
    context.activity = .waitForStartup
    context.since = ago(12_400_000_000)
    context.rflags = 2
    context.rip = 0
    context.instruction = InstructionBytes()
    context.timer = TimerSnapshot()
    context.lastEndOfInterrupt = nil
    context.counters = ContextCounters()
    context.lastInit = ago(12_400_000_000)
    context.lastInitSender = ContextID(0, 0)
    context.apic[0xF0] = 0xFF
    context.apic[0x320] = 0x10000
  }

  /// VTL1 in xAPIC mode with a flat logical map, on the first four VPs.
  private static func secure(_ vp: Int, sentBefore: Bool) -> ContextSnapshot {
    var context = ContextSnapshot(id: ContextID(vp, 1), group: GroupID(1))
    guard vp < 4 else { return context }
    context.isEnabled = true
    context.rflags = 2
    context.apicBase = 0xFEE0_0800 | (vp == 0 ? 0x100 : 0)
    fill(&context.apic, id: UInt32(vp) << 24, ldr: 1 << UInt32(24 + vp), isX2APIC: false)
    context.apic[0xE0] = 0xFFFF_FFFF
    context.apic[0x320] = 0x200D1
    context.rip = 0xFFFF_8000_0020_0040
    context.since = ago(UInt64(9_900_000 * (vp + 1)))
    context.counters.sent = 700 - (sentBefore ? 70 : 0)
    if vp == 0 {
      context.isActive = true
      context.since = ago(3_100_000)
      context.entryReason = .interrupt
      context.entryTime = ago(3_100_000)
      serve(&context, 0xD1, since: 3_000_000, journey: 5_510)
      context.apic[0xA0] = 0xD0
      context.timer.due = now + .microseconds(41)
      context.timer.period = .milliseconds(1)
      context.timer.expired = 801
    }
    return context
  }

  private static func fill(_ apic: inout APICPage, id: UInt32, ldr: UInt32, isX2APIC: Bool) {
    apic[0x20] = id
    apic[0x30] = 0x0105_0014
    apic[0xD0] = ldr
    apic[0xF0] = 0x1FF
    apic[0x300] = isX2APIC ? 0x000C_002F : 0x0000_0840
    apic[0x310] = isX2APIC ? 0 : 0x0300_0000
    apic[0x330] = 0x10000
    apic[0x340] = 0x10000
    apic[0x350] = 0x10700
    apic[0x360] = 0x00400
    apic[0x370] = 0x000FE
    apic[0x3E0] = 0xB
  }

  static func pend(_ context: inout ContextSnapshot, _ vector: UInt8, since: UInt64, journey: UInt64) {
    context.apic[0x200 + Int(vector >> 5) * 16].setBit(Int(vector & 31), true)
    context.pending.append(state(vector, since, journey))
    context.pending.sort { $0.vector > $1.vector }
  }

  static func serve(_ context: inout ContextSnapshot, _ vector: UInt8, since: UInt64, journey: UInt64) {
    context.apic[0x100 + Int(vector >> 5) * 16].setBit(Int(vector & 31), true)
    context.inService.append(state(vector, since, journey))
    context.inService.sort { $0.vector > $1.vector }
  }

  private static func state(_ vector: UInt8, _ since: UInt64, _ journey: UInt64) -> VectorState {
    VectorState(
      vector: VectorNumber(rawValue: vector), since: ago(since), journey: JourneyID(rawValue: journey),
      isLevelTriggered: false)
  }

  // MARK: - Groups

  private static func group0(_ vps: Int) -> GroupSnapshot {
    var group = GroupSnapshot(id: GroupID(0), vtl: .vtl0)
    group.generation = 41
    group.builtAt = ago(2_200_000_000)
    group.logicalMode = .x2APIC
    group.members = UInt32(vps)
    group.hardwareEnabled = UInt32(vps)
    group.softwareEnabled = UInt32(vps > 9 ? vps - 1 : vps)
    for vp in 0..<vps {
      group.physical.append(MapEntry(key: UInt32(vp), vp: VPIndex(vp)))
      if vp != 9 { group.logical.append(MapEntry(key: UInt32(vp >> 4) << 16 | 1 << UInt32(vp & 15), vp: VPIndex(vp))) }
    }
    return group
  }

  private static func group1(_ members: Int) -> GroupSnapshot {
    var group = GroupSnapshot(id: GroupID(1), vtl: .vtl1)
    group.generation = 7
    group.builtAt = ago(9_900_000_000)
    group.logicalMode = .flat
    group.members = UInt32(members)
    group.hardwareEnabled = UInt32(members)
    group.softwareEnabled = UInt32(members)
    for vp in 0..<members {
      group.physical.append(MapEntry(key: UInt32(vp), vp: VPIndex(vp)))
      group.logical.append(MapEntry(key: 1 << UInt32(vp), vp: VPIndex(vp)))
    }
    return group
  }
}

extension InspectorModel {
  /// Takes in events together with the frame they lead up to.
  mutating func receive(_ events: [Event]) {
    var frame = snapshot
    frame.machine.nextEvent = max(frame.machine.nextEvent, (events.last?.sequence ?? 0) + 1)
    apply(Update(snapshot: frame, events: events))
  }
}
