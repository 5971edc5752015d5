import Architecture
import Journal
import Machine
import Scenarios
import Testing

/// Each stuck program's machine, as registers and events show it: what a rule has to go by.
@Suite struct StuckStateTests {
  private func stuck(_ name: String, after milliseconds: UInt64 = 80) throws -> GuestRun {
    try GuestRun(try #require(Scenario.named(name)), for: .milliseconds(milliseconds))
  }

  private func nearMiss(_ name: String, after milliseconds: UInt64 = 80) throws -> GuestRun {
    try GuestRun(try #require(Scenario.named(name)?.nearMiss), for: .milliseconds(milliseconds))
  }

  private func vectors(_ states: [VectorState]) -> [UInt8] { states.map(\.vector.rawValue) }

  /// The last request a context sent, and what came of it.
  private func lastRequest(_ run: GuestRun, of id: ContextID) throws -> (InterruptMessage, Event.RouteSummary) {
    let requests = run.events.compactMap { event in
      if case .requested(let source, let message, let route) = event.body, event.context == id, source != .timer {
        (message, route)
      } else {
        nil
      }
    }
    return try #require(requests.last)
  }

  private func isIdle(_ context: ContextSnapshot) -> Bool {
    context.isActive && context.activity == .halted && context.interruptsEnabled && context.nmiPending == 0
  }

  @Test func `missing-eoi leaves 51h in service and the next one pending, and is done with the handler`() throws {
    let worker = try stuck("missing-eoi")[2, 0]
    #expect(vectors(worker.inService) == [0x51] && vectors(worker.pending) == [0x51])
    #expect(worker.apic[0x80] == 0 && isIdle(worker) && worker.lastEndOfInterrupt?.value == 0xE0)
    #expect(try vectors(nearMiss("missing-eoi")[2, 0].inService) == [])
  }

  @Test func `lazy-eoi leaves 51h in service with its byte cleared and nothing held back`() throws {
    let worker = try stuck("lazy-eoi")[2, 0]
    #expect(vectors(worker.inService) == [0x51] && worker.pending.isEmpty && worker.lazyEOI == .taken)
    #expect(worker.activity == .running && worker.counters.endOfInterrupts == 0)
    let nearMiss = try nearMiss("lazy-eoi")[2, 0]
    #expect(nearMiss.inService.isEmpty && nearMiss.lazyEOI == .off && nearMiss.counters.endOfInterrupts == 1)
  }

  @Test func `sipi-out-of-state sends a SIPI that a running processor turns down`() throws {
    let turnedDown: (Event) -> Bool = { event in
      if case .accepted(_, .startup, .rejected(.notWaitingForStartup)) = event.body {
        event.context == ContextID(3, 0)
      } else {
        false
      }
    }
    #expect(try stuck("sipi-out-of-state").events.count(where: turnedDown) == 1)
    let nearMiss = try nearMiss("sipi-out-of-state")
    #expect(nearMiss.events.count(where: turnedDown) == 0)
    #expect(nearMiss.lines.last == "sipi-out-of-state: it has")
  }

  @Test(arguments: [("svr-disabled", Rejection.softwareDisabled), ("apic-disabled", .hardwareDisabled)])
  func `the request for a disabled local APIC reaches nobody, and its owner sleeps`(
    name: String, reason: Rejection
  ) throws {
    let run = try stuck(name)
    let (message, route) = try lastRequest(run, of: ContextID(1, 0))
    #expect(message.command.destination == 2 && route.delivered == 0 && route.reason == reason)
    let worker = try run[2, 0]
    #expect(isIdle(worker) && worker.timer.due == nil && worker.pending.isEmpty)
    #expect(try nearMiss(name)[2, 0].counters.accepted > 3)
  }

  @Test func `masked-timer sleeps through an expiry that its mask hid`() throws {
    let sleeper = try stuck("masked-timer")[2, 0]
    #expect(isIdle(sleeper) && sleeper.timer.due == nil && sleeper.timer.expiredWhileMasked == 1)
    #expect(sleeper.apic[0x320].bit(16))
    #expect(try nearMiss("masked-timer")[2, 0].timer.expired > 10)
  }

  @Test func `deadline-ignored sleeps with no timer armed and not in deadline mode`() throws {
    let sleeper = try stuck("deadline-ignored")[2, 0]
    #expect(isIdle(sleeper) && sleeper.timer.due == nil && sleeper.apic[0x320] >> 17 & 3 == 1)
    #expect(try nearMiss("deadline-ignored")[2, 0].timer.expired > 10)
  }

  @Test func `far-timer sleeps until 100 s from now, and 1 0 has asked it for something`() throws {
    let run = try stuck("far-timer")
    let sleeper = try run[2, 0]
    #expect(isIdle(sleeper))
    #expect(try #require(sleeper.timer.due) > .seconds(100))
    #expect(try lastRequest(run, of: ContextID(1, 0)).1.firstTarget == sleeper.id)
    #expect(try #require(nearMiss("far-timer")[2, 0].timer.due) < .milliseconds(250))
  }

  @Test func `unicast-nowhere names an ID that only group 1 has`() throws {
    let run = try stuck("unicast-nowhere")
    let (message, route) = try lastRequest(run, of: ContextID(1, 0))
    #expect(message.command.destination == 0x12 && route.group == GroupID(0) && route.reason == .noSuchID)
    let groups = run.partition.snapshot().groups
    #expect(groups.map { $0.physical.contains { $0.key == 0x12 } } == [false, true])
    #expect(try nearMiss("unicast-nowhere")[2, 0].counters.merged == 0)
  }

  @Test func `group-leak reaches VTL1 of another processor from VTL0`() throws {
    let run = try stuck("group-leak")
    let (message, route) = try lastRequest(run, of: ContextID(1, 0))
    #expect(message.command.destination == 0x12 && route.group == GroupID(0))
    #expect(route.firstTarget == ContextID(2, 1) && route.delivered == 1)
    let (_, healthy) = try lastRequest(try nearMiss("group-leak"), of: ContextID(1, 0))
    #expect(healthy.firstTarget == ContextID(2, 0))
  }

  @Test func `logical-nobody names a bit that is in no LDR`() throws {
    let run = try stuck("logical-nobody")
    let (message, route) = try lastRequest(run, of: ContextID(1, 0))
    #expect(message.command.isLogical && message.command.destination == 4 && route.delivered == 0)
    #expect(try run[2, 0].apic[0xD0] == 0)
    #expect(try lastRequest(try nearMiss("logical-nobody"), of: ContextID(1, 0)).1.firstTarget == ContextID(2, 0))
  }

  @Test func `lowest-starved gives all requests to one processor, which takes two in three`() throws {
    func winners(_ run: GuestRun) -> [ContextID?: Int] {
      run.events.reduce(into: [:]) { tally, event in
        guard case .requested(_, let message, let route) = event.body, event.context == ContextID(1, 0),
          message.command.deliveryMode == .lowestPriority
        else { return }
        tally[route.firstTarget, default: 0] += 1
      }
    }
    let run = try stuck("lowest-starved")
    let all = winners(run)
    #expect(Array(all.keys) == [ContextID(2, 0)] && (all[ContextID(2, 0)] ?? 0) > 150)
    #expect(try run[2, 0].counters.merged * 4 > UInt64(all[ContextID(2, 0)] ?? 0))
    #expect(try winners(nearMiss("lowest-starved")).count == 3)
  }

  @Test func `level-wedged leaves the pin's remote IRR set, its line up and its vector nowhere`() throws {
    let run = try stuck("level-wedged")
    let pin = try #require(run.partition.snapshot().platform.ioapics.first?.pins[17])
    #expect(pin.entry.isRemoteIRRSet && pin.isLineHigh && pin.entry.vector.rawValue == 0x52)
    let worker = try run[2, 0]
    #expect(isIdle(worker) && worker.pending.isEmpty && worker.inService.isEmpty)
    let healthy = try nearMiss("level-wedged").partition.snapshot().platform.ioapics[0].pins[17]
    #expect(!healthy.isLineHigh && healthy.counters.sent > 10)
  }

  @Test func `masked-edge leaves the line up and the pin unmasked with no message sent since`() throws {
    let pin = try #require(stuck("masked-edge").partition.snapshot().platform.ioapics.first?.pins[4])
    #expect(pin.isLineHigh && !pin.entry.isMasked && !pin.entry.isLevelTriggered)
    #expect(try #require(pin.lastMaskedEdge) < #require(pin.lastUnmask))
    #expect(try #require(pin.lastSent) < #require(pin.lastMaskedEdge))
    let healthy = try nearMiss("masked-edge").partition.snapshot().platform.ioapics[0].pins[4]
    #expect(!healthy.isLineHigh && healthy.counters.maskedEdges == 1 && healthy.counters.sent > 8)
  }

  @Test func `msi-misaddressed writes messages that are none`() throws {
    let route = try #require(stuck("msi-misaddressed").partition.snapshot().platform.messageRoutes.first)
    #expect(route.isEnabled && route.malformed > 10 && route.sent == 0 && route.lastFault == .notInterruptAddress)
    let healthy = try #require(nearMiss("msi-misaddressed").partition.snapshot().platform.messageRoutes.first)
    #expect(healthy.malformed == 0 && healthy.sent > 10 && healthy.undelivered == 0)
  }

  @Test func `merged counts one of two that were sent`() throws {
    let run = try stuck("merged")
    let merges = run.events.count { if case .accepted(_, .fixed, .merged) = $0.body { true } else { false } }
    #expect(merges == 1)
    #expect(try run[2, 0].counters.merged == 1)
    let nearMiss = try nearMiss("merged")
    #expect(nearMiss.lines == ["merged: all are counted"])
    #expect(try nearMiss[2, 0].counters.merged == 0)
  }

  @Test func `vtl0-starved stays in VTL1 while VTL0 has its tick pending and its interrupts enabled`() throws {
    let run = try stuck("vtl0-starved")
    let (lower, upper) = (try run[2, 0], try run[2, 1])
    #expect(upper.isActive && upper.activity == .running && upper.vina == 0)
    #expect(vectors(lower.pending) == [0xE0] && lower.interruptsEnabled && lower.apic[0x80] == 0)
    let healthy = try nearMiss("vtl0-starved")
    #expect(try healthy[2, 0].timer.mergedTicks == 0)
    #expect(try healthy[2, 1].counters.vtlEntries > 5)
  }

  @Test func `vtl1-tpr leaves 61h pending in VTL1 below its TPR while VTL0 runs`() throws {
    let run = try stuck("vtl1-tpr")
    let upper = try run[2, 1]
    #expect(vectors(upper.pending) == [0x61] && upper.apic[0x80] == 0x80 && !upper.isActive)
    #expect(try nearMiss("vtl1-tpr")[2, 1].counters.accepted > 1)
  }

  @Test func `vtl-cannot-answer names a VTL that is not enabled on the VP`() throws {
    let run = try stuck("vtl-cannot-answer")
    let (_, route) = try lastRequest(run, of: ContextID(1, 1))
    #expect(route.delivered == 0 && route.reason == .contextNotEnabled)
    #expect(try !run[3, 1].isEnabled)
    #expect(try nearMiss("vtl-cannot-answer")[3, 1].counters.accepted > 1)
  }

  @Test func `return-bounce enters VTL1 for the same vector again and again and never leaves VTL0 a turn`() throws {
    let run = try stuck("return-bounce")
    let (lower, upper) = (try run[2, 0], try run[2, 1])
    #expect(upper.counters.vtlEntries > 1_000 && vectors(upper.pending) == [0x61] && !upper.interruptsEnabled)
    #expect(vectors(lower.pending) == [0xE0])
    #expect(try nearMiss("return-bounce")[2, 1].counters.vtlEntries < 20)
  }

  @Test func `startup-denied leaves the last processor waiting for the SIPI that was dropped`() throws {
    let run = try stuck("startup-denied")
    let denied = run.events.compactMap { event -> DeliveryMode? in
      if case .accepted(_, let mode, .rejected(.startupDeniedByVTL)) = event.body { mode } else { nil }
    }
    #expect(denied == [.initialize, .startup])
    let last = try run[3, 0]
    #expect(last.activity == .waitForStartup && last.lastInit == nil)
    #expect(try nearMiss("startup-denied").lines.last == "startup-denied: all processors are up")
  }
}
