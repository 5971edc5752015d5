import Architecture
import Interrupts
import Journal
import Machine
import Scenarios
import Testing

/// What a preview says of a request, and what then happens, on machines in all the states that guests bring them into.
@Suite struct PreviewEqualsResultTests {
  @Test func `on the demo at many points, for requests of every kind`() throws {
    var random = Seeded(1)
    var tally = Tally()
    for round in 0..<8 {
      var demo = Scenario.demo
      demo.configuration.checksMaps = true
      let machine = try MachineRun(demo)
      // From the boot of the processors, before VTL1 is there, to the demo's everyday life.
      machine.run(until: .microseconds(UInt64(round * round) * 400 + 50))
      check(machine, rounds: 60, &random, &tally)
      // Every route was resolved by the slow scan as well, with the same answer.
      #expect(machine.partition.mapDisagreements == 0)
    }
    expectVariety(tally)
    #expect(tally.requests > 300)
    #expect(tally.preempting > 5)
  }

  @Test func `on 300 VPs, whose local APICs power up in x2APIC mode`() throws {
    var random = Seeded(6)
    var tally = Tally()
    let guest = CodeGuest(main: Code.wrmsr(0x80F, 0x1FF) + Code.spin)
    let machine = try MachineRun(guest, vps: 300, vtls: 1)
    machine.run(for: .microseconds(2))
    check(machine, rounds: 8, &random, &tally)
    let sipi = FireRequest(
      origin: .message(GroupID(0)),
      message: InterruptMessage(Self.command(.startup, vector: 0x80, to: 299), isNarrow: false))
    let expected = preview(sipi, in: machine.partition.snapshot())
    #expect(expected.route.contexts == [ContextID(299, 0)])
    #expect(expected.targets.map(\.acceptance) == [.pending])
    #expect(machine.perform(.fire(sipi)).contains { $0.body == .started(VectorNumber(0x80)) })
    // The same number in eight bits is another processor's.
    let narrow = InterruptMessage(Self.command(.startup, vector: 0x80, to: 299 & 0xFF), isNarrow: true)
    let other = preview(FireRequest(origin: .message(GroupID(0)), message: narrow), in: machine.partition.snapshot())
    #expect(other.route.contexts == [ContextID(43, 0)])
  }

  private static func command(_ mode: DeliveryMode, vector: Int, to destination: UInt32) -> InterruptCommand {
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = mode
    command.vector = VectorNumber(vector)
    command.isAsserted = true
    command.destination = destination
    return command
  }

  @Test func `with vectors pending behind a raised TPR`() throws {
    var random = Seeded(2)
    var tally = Tally()
    for round in 0..<3 {
      let machine = try MachineRun(scenario: "tpr-block")
      machine.run(until: .milliseconds(31 + UInt64(round)))
      #expect(try machine.context(2, 0).pending.map(\.vector.rawValue).contains(0x4F))
      check(machine, rounds: 60, &random, &tally)
    }
    expectVariety(tally)
    #expect(tally.merged > 0)
  }

  @Test func `with the group in the APIC ID, as it was posted`() throws {
    var random = Seeded(3)
    var tally = Tally()
    for round in 0..<3 {
      let machine = try MachineRun(scenario: "lost-broadcast")
      machine.run(until: .milliseconds(10 + 5 * UInt64(round)))
      check(machine, rounds: 60, &random, &tally)
    }
    #expect(tally.requests > 100)
    #expect(tally.nobody > 20)
  }

  @Test func `with waiting processors, for INIT and SIPI above all`() throws {
    var random = Seeded(4)
    var tally = Tally()
    for _ in 0..<6 {
      let machine = try MachineRun(scenario: "no-sipi")
      machine.run(until: .milliseconds(30))
      check(machine, rounds: 12, &random, &tally, modes: [.initialize, .startup, .nmi])
    }
    #expect(tally.requests > 40)
    #expect(tally.targets > 20)
  }

  @Test func `with ExtINT, which no priority holds back`() throws {
    var random = Seeded(5)
    var tally = Tally()
    let guest = CodeGuest(
      main: Code.prologue + Code.setTaskPriorityClass(15)
        + Code.loop(Code.delay(90) + Code.sti + Code.delay(70) + Code.cli),
      handlers: [2: Code.iretq, 7: Code.iretq])
    for _ in 0..<3 {
      let machine = try MachineRun(guest)
      machine.run(until: .microseconds(50))
      check(machine, rounds: 60, &random, &tally, modes: [.external, .fixed, .nmi])
    }
    #expect(tally.taken > 3 && tally.held > 3 && tally.targets > 20)
  }

  // MARK: - One request after the other

  /// What kinds of requests there were: a test whose requests all reach nobody is worth nothing.
  struct Tally {
    var requests = 0
    var targets = 0
    var nobody = 0
    var merged = 0
    var rejected = 0
    var taken = 0
    var held = 0
    var preempting = 0
  }

  private func expectVariety(_ tally: Tally) {
    #expect(tally.targets > 100)
    #expect(tally.nobody > 20)
    #expect(tally.rejected > 5)
    #expect(tally.taken > 10)
    #expect(tally.held > 10)
  }

  /// A guest without an 8259 gets its vector 7 for ExtINT, which most do not expect.
  ///
  /// Fires at a paused machine, lets it run a bit, and again, until it has stopped from what was done to it.
  private func check(
    _ machine: MachineRun, rounds: Int, _ random: inout Seeded, _ tally: inout Tally,
    modes: [DeliveryMode] = DeliveryMode.allCases.map { $0 == .external ? .reserved3 : $0 }
  ) {
    for _ in 0..<rounds {
      machine.perform(.pause)
      for _ in 0..<random.below(3) + 1 {
        let before = machine.partition.snapshot()
        let request = Self.randomRequest(&random, before, modes)
        let expected = preview(request, in: before)
        let events = machine.events { checkRefusal(machine.partition.perform(.fire(request)), expected) }
        tally.requests += 1
        guard expected.refusal == nil else { continue }
        guard compare(request, before, expected, events, &tally) else { return }
      }
      if random.chance(20) { switchSomewhere(machine, &random) }
      guard machine.partition.runState == .paused else { return }
      machine.perform(.run)
      let slices = random.pick([1, 1, 2, 5, 40])
      if case .idle(let until?) = machine.partition.advance(slices: slices) { machine.partition.warp(to: until) }
      guard machine.partition.runState == .running else { return }
    }
  }

  private func checkRefusal(_ refusal: CommandRefusal?, _ expected: FirePreview) {
    #expect(refusal == expected.refusal)
  }

  private func switchSomewhere(_ machine: MachineRun, _ random: inout Seeded) {
    let vp = VPIndex(random.below(machine.partition.configuration.vpCount))
    _ = machine.partition.perform(.switchVTL(vp, to: VTL(random.below(2))))
  }

  /// False, with an issue, when something happened otherwise than foretold.
  private func compare(
    _ request: FireRequest, _ before: Snapshot, _ expected: FirePreview, _ events: [Event], _ tally: inout Tally
  ) -> Bool {
    guard let sent = events.first(where: { if case .requested = $0.body { true } else { false } }),
      case .requested(_, let message, let route) = sent.body
    else {
      Issue.record("\(request) was not sent, expected \(expected)")
      return false
    }
    var accepted: [(ContextID, Acceptance)] = []
    for event in events where event.journey == sent.journey {
      // A SIPI is answered a second time when it is processed.
      guard case .accepted(_, _, let acceptance) = event.body, let id = event.context,
        accepted.count < expected.targets.count
      else { continue }
      accepted.append((id, acceptance))
    }
    let isSame =
      message == request.message && route == Event.RouteSummary(expected.route)
      && accepted.map(\.0) == expected.route.contexts && expected.targets.map(\.context) == accepted.map(\.0)
      && zip(expected.targets, accepted).allSatisfy { agree($0.acceptance, $1.1) }
    let isOutlookTrue = expected.targets.allSatisfy { holds($0, request, sent.journey, events, &tally) }
    if !isSame || !isOutlookTrue {
      let states = before.contexts.filter { expected.route.contexts.contains($0.id) }
        .map { "\($0.id) \($0.activity) IF \($0.interruptsEnabled) NMI \($0.nmiPending) \($0.pending) \($0.inService)" }
      Issue.record("\(request)\nexpected \(expected)\ngot \(events)\nfrom \(states)")
    }
    tally.nobody += accepted.isEmpty ? 1 : 0
    tally.targets += accepted.count
    return isSame && isOutlookTrue
  }

  /// The journey that an NMI, INIT or SIPI merges with is not in a snapshot.
  private func agree(_ expected: Acceptance, _ result: Acceptance) -> Bool {
    if case .merged(with: .none) = expected, case .merged = result { return true }
    return expected == result
  }

  /// Whether the target went on as foretold, before the command was over.
  private func holds(
    _ target: TargetPreview, _ request: FireRequest, _ journey: JourneyID, _ events: [Event], _ tally: inout Tally
  ) -> Bool {
    guard let outlook = target.outlook else {
      tally.rejected += 1
      return true
    }
    var of = journey
    if case .merged(let first) = target.acceptance {
      tally.merged += 1
      of = first
    }
    let entered = events.contains {
      guard case .vtlSwitched(_, target.context.vtl, .interrupt, _) = $0.body else { return false }
      return $0.context == target.context
    }
    let mode = request.message.command.deliveryMode
    guard mode == .fixed || mode == .lowestPriority || mode == .nmi || mode == .external else { return true }
    let taken = events.contains { event in
      guard event.context == target.context else { return false }
      switch event.body {
      case .nmiTaken: return mode == .nmi
      case .externalAcknowledged: return mode == .external
      case .acknowledged(let vector, _): return vector == request.message.command.vector && event.journey == of
      default: return false
      }
    }
    switch outlook {
    case .deliverable:
      tally.taken += 1
      return taken
    case .preempts(let vtl):
      tally.preempting += 1
      return entered && vtl == target.context.vtl
    case .held:
      tally.held += 1
      return !taken
    }
  }

  // MARK: - Requests

  static func randomRequest(
    _ random: inout Seeded, _ snapshot: Snapshot, _ modes: [DeliveryMode]
  ) -> FireRequest {
    let isNarrow = random.chance(50)
    var command = InterruptCommand(rawValue: 0)
    // Mostly fixed: the other kinds wreck the guest.
    command.deliveryMode = random.chance(60) ? modes[0] : random.pick(modes)
    command.vector = VectorNumber(random.chance(90) ? 32 + random.below(224) : random.below(256))
    let known = snapshot.contexts.flatMap { $0.pending + $0.inService }
    if !known.isEmpty, random.chance(30) { command.vector = random.pick(known).vector }
    command.isLogical = random.chance(35)
    command.isLevelTriggered = random.chance(10)
    command.isAsserted = random.chance(90)
    command.shorthand = random.chance(70) ? .none : random.pick(DestinationShorthand.allCases)
    command.destination = randomDestination(&random, isNarrow)
    let message = InterruptMessage(command, isNarrow: isNarrow)
    let vtls = Int(snapshot.machine.vtlCount) + (random.chance(4) ? 1 : 0)
    guard random.chance(60) else { return FireRequest(origin: .message(GroupID(random.below(vtls))), message: message) }
    let vps = Int(snapshot.machine.vpCount) + (random.chance(4) ? 1 : 0)
    return FireRequest(origin: .context(ContextID(random.below(vps), random.below(vtls))), message: message)
  }

  private static func randomDestination(_ random: inout Seeded, _ isNarrow: Bool) -> UInt32 {
    let few = UInt32(random.below(6))
    let any = UInt32(truncatingIfNeeded: random.next())
    let value = random.pick([few, few, few, 1 << UInt32(random.below(8)), 0xFF, .max, any, any & 0xFF])
    return isNarrow ? value & 0xFF : value
  }
}
