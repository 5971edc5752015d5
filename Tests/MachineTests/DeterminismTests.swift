import Architecture
import Journal
import Machine
import Scenarios
import Testing

/// The same machine, however it is driven and whoever looks on: the same events, bit for bit.
@Suite struct DeterminismTests {
  private static let end = VirtualTime.milliseconds(10)

  /// The whole of what a run leaves behind.
  private struct Outcome: Equatable {
    var events: [Event]
    var output: [UInt8]
    var snapshot: Snapshot

    init(_ machine: MachineRun) {
      events = machine.events
      output = machine.recorder.output
      snapshot = machine.partition.snapshot()
    }
  }

  /// The demo until `end`, driven by `drive`, which runs it a bit and says how that went.
  private func outcome(_ drive: (Partition) -> Partition.Progress) throws -> Outcome {
    let machine = try MachineRun(.demo)
    machine.partition.timeLimit = (at: Self.end, cause: .timeReached)
    while true {
      switch drive(machine.partition) {
      case .ran: continue
      case .idle(let until?): machine.partition.warp(to: until)
      case .idle(nil):
        Issue.record("the demo has fallen asleep")
        return Outcome(machine)
      case .halted:
        #expect(machine.partition.stopCause == .timeReached)
        return Outcome(machine)
      }
    }
  }

  @Test func `in any number of slices at a time, and twice`() throws {
    let expected = try outcome { $0.advance(slices: 1_000) }
    #expect(expected.events.count > 300)
    for slices in [1_000, 1, 7] {
      let other = try outcome { $0.advance(slices: slices) }
      #expect(other == expected)
    }
  }

  @Test func `watched as closely as can be`() throws {
    let expected = try outcome { $0.advance(slices: 1_000) }
    var looks = 0
    let watched = try outcome { partition in
      looks += 1
      if looks % 3 == 0 { _ = partition.snapshot() }
      for group in 0..<partition.groupTotal { _ = partition.groupSnapshot(group) }
      _ = partition.contextSnapshot(looks % partition.contextTotal)
      _ = partition.isIdle
      return partition.advance(slices: 1)
    }
    #expect(watched == expected)
    #expect(looks > 100)
  }

  @Test func `held back at odd places, and idle time passed bit by bit`() throws {
    let expected = try outcome { $0.advance(slices: 1_000) }
    var random = Seeded(9)
    let paced = try outcome { partition in
      let limit = partition.clock + VirtualTime(ticks: UInt64(random.below(3_000)))
      let progress = partition.advance(slices: 1 + random.below(20), before: limit)
      guard case .idle(let until?) = progress else { return progress }
      partition.warp(to: min(until, partition.clock + VirtualTime(ticks: UInt64(random.below(100_000)))))
      return .ran
    }
    #expect(paced == expected)
  }

  @Test func `a stuck scenario twice`() throws {
    let runs = try (0..<2).map { _ in
      let machine = try MachineRun(scenario: "tpr-block")
      machine.run(until: .milliseconds(31))
      return Outcome(machine)
    }
    #expect(runs[0] == runs[1])
  }

  @Test func `a command log at its places gives the same events`() throws {
    let original = try MachineRun(.demo)
    var random = Seeded(10)
    for _ in 0..<25 {
      original.run(for: VirtualTime(ticks: UInt64(random.below(200_000))), slices: 1 + random.below(5))
      command(original.partition, &random)
    }
    #expect(original.partition.commandLog.contains { $0.refusal != nil })
    #expect(original.partition.runState == .running)
    original.run(until: Self.end + Self.end)

    let replayed = try MachineRun(.demo)
    for record in original.partition.commandLog {
      try run(replayed.partition, to: record)
      #expect(replayed.partition.perform(record.command) == record.refusal)
    }
    replayed.run(until: Self.end + Self.end)
    #expect(replayed.partition.commandLog == original.partition.commandLog)
    #expect(Outcome(replayed) == Outcome(original))
  }

  /// Something that an operator may do at any moment, with a pause before and a run after it, or a step.
  private func command(_ partition: Partition, _ random: inout Seeded) {
    partition.perform(.pause)
    switch random.below(4) {
    case 0: partition.perform(.switchVTL(VPIndex(random.below(4)), to: VTL(random.below(2))))
    case 1: partition.perform(.endOfInterrupt(ContextID(random.below(4), random.below(2))))
    default:
      partition.perform(
        fire(UInt8(0x20 + random.below(0xD0)), to: UInt32(random.below(5)), group: random.below(2)))
    }
    partition.perform(random.chance(30) ? .stepEvent : .run)
    while partition.runState == .running, random.chance(80) {
      if case .idle(let until?) = partition.advance(slices: 1) { partition.warp(to: until) }
    }
    if partition.runState == .paused { partition.perform(.run) }
  }

  /// Slice by slice to where a command was given.
  private func run(_ partition: Partition, to record: CommandRecord) throws {
    for _ in 0..<100_000
    where (partition.clock, partition.instructions, partition.nextEvent)
      != (record.time, record.instructions, record.nextEvent)
    {
      if case .idle(let until?) = partition.advance(slices: 1, before: record.time + VirtualTime(ticks: 1)) {
        partition.warp(to: min(until, record.time))
      }
    }
    try #require(partition.clock == record.time)
    try #require(partition.instructions == record.instructions)
    try #require(partition.nextEvent == record.nextEvent)
  }
}
