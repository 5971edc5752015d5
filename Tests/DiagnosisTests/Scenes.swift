import Architecture
import Diagnosis
import Journal

/// A machine in which nothing is wrong: `vps` processors with VTL0, all running, at 10 s.
func healthy(vps: Int = 4, vtls: Int = 1, encoding: GroupEncoding = .explicit) -> Snapshot {
  var machine = MachineSnapshot(
    vpCount: UInt32(vps), vtlCount: UInt8(vtls), memoryBytes: 1 << 26, groupEncoding: encoding)
  machine.time = .seconds(10)
  var contexts: [ContextSnapshot] = []
  for vp in 0..<vps {
    for vtl in 0..<vtls {
      var context = ContextSnapshot(id: ContextID(vp, vtl), group: GroupID(vtl))
      context.isEnabled = true
      context.isActive = vtl == 0
      context.rflags = 0x202
      context.apicBase = 0xFEE0_0C00
      context.apic[0x20] = UInt32(vp)
      context.apic[0xD0] = UInt32(vp >> 4) << 16 | 1 << UInt32(vp & 15)
      context.apic[0xE0] = .max
      context.apic[0xF0] = 0x1FF
      context.apic[0x320] = 0x400EF
      context.since = .seconds(1)
      contexts.append(context)
    }
  }
  machine.enabledVTLs = vtls > 1 ? 3 : 1
  let groups = (0..<vtls).map { GroupSnapshot(id: GroupID($0), vtl: VTL($0)) }
  return Snapshot(machine: machine, contexts: contexts, groups: groups)
}

extension Snapshot {
  /// Changes one context.
  func with(_ vp: Int, _ vtl: Int, _ change: (inout ContextSnapshot) -> Void) -> Snapshot {
    var copy = self
    for i in copy.contexts.indices where copy.contexts[i].id == ContextID(vp, vtl) {
      change(&copy.contexts[i])
    }
    return copy
  }
}

extension ContextSnapshot {
  mutating func setPending(_ vector: UInt8, since: VirtualTime, journey: UInt64 = 0) {
    apic[0x200 + Int(vector >> 5) * 16].setBit(Int(vector & 31), true)
    pending.append(
      VectorState(
        vector: VectorNumber(rawValue: vector), since: since, journey: JourneyID(rawValue: journey),
        isLevelTriggered: false))
    pending.sort { $0.vector > $1.vector }
  }

  mutating func setInService(_ vector: UInt8, since: VirtualTime) {
    apic[0x100 + Int(vector >> 5) * 16].setBit(Int(vector & 31), true)
    inService.append(
      VectorState(
        vector: VectorNumber(rawValue: vector), since: since, journey: .none, isLevelTriggered: false))
  }

  mutating func setTaskPriority(_ value: UInt8, at time: VirtualTime) {
    apic[0x80] = UInt32(value)
    lastTaskPriorityWrite = LastWrite(time: time, rip: 0xFFFF_8000_0003_1C8E, value: UInt64(value))
  }

  mutating func halt(since time: VirtualTime, rflags: UInt64) {
    activity = .halted
    since = time
    self.rflags = rflags
    lastHalt = LastWrite(time: time, rip: 0xFFFF_8000_0000_1234, value: rflags)
  }

  mutating func waitForStartup(afterInit time: VirtualTime?) {
    activity = .waitForStartup
    rflags = 2
    since = time ?? .zero
    lastInit = time
    lastInitSender = time == nil ? nil : ContextID(0, 0)
  }
}

/// A request of one context, as the log keeps it.
func requested(
  _ sequence: UInt64, at time: VirtualTime, by sender: ContextID?, group: Int? = nil, vector: UInt8 = 0x2F,
  shorthand: DestinationShorthand = .none, logical: Bool = false, destination: UInt32 = 0, delivered: UInt16,
  candidates: UInt16 = 4, reason: Rejection? = nil, mode: DeliveryMode = .fixed,
  source: InterruptSource = .interruptCommand, target: ContextID? = nil, isNarrow: Bool = false,
  rip: UInt64 = 0x40_1000,
  journey: UInt64
) -> Event {
  var command = InterruptCommand(rawValue: 0)
  command.vector = VectorNumber(rawValue: vector)
  command.shorthand = shorthand
  command.isLogical = logical
  command.destination = destination
  command.deliveryMode = mode
  let route = Event.RouteSummary(
    group: GroupID(group ?? sender?.vtl.index ?? 0), path: .scan, candidates: candidates, delivered: delivered,
    rejected: candidates - min(candidates, delivered), reason: reason, firstTarget: target)
  return Event(
    sequence: sequence, time: time, journey: JourneyID(rawValue: journey), context: sender, rip: rip,
    .requested(source, InterruptMessage(command, isNarrow: isNarrow), route))
}

/// What a local APIC did with a request.
func accepted(
  _ sequence: UInt64, at time: VirtualTime, in target: ContextID, vector: UInt8 = 0x2F, mode: DeliveryMode = .fixed,
  _ acceptance: Acceptance = .pending, journey: UInt64
) -> Event {
  Event(
    sequence: sequence, time: time, journey: JourneyID(rawValue: journey), context: target,
    .accepted(VectorNumber(rawValue: vector), mode, acceptance))
}

/// A VP goes from one VTL to another.
func switched(
  _ sequence: UInt64, at time: VirtualTime, vp: Int, from: Int, to: Int, _ reason: VTLSwitchReason,
  vector: UInt8? = nil
) -> Event {
  Event(
    sequence: sequence, time: time, context: ContextID(vp, to),
    .vtlSwitched(from: VTL(from), to: VTL(to), reason, vector.map { VectorNumber(rawValue: $0) }))
}

let noEvents: [Event] = []
