import Architecture
import Diagnosis
import Journal
import Testing

// What comes close to a signature and is none, or is another one.

@Test func `a handler that has written its EOI, that holds nothing back, or has just begun is not S2`() {
  let stuck = Case.missingEOI
  #expect(stuck.with(1, 0) { $0.clearInService() }.found.isEmpty)
  #expect(stuck.with(1, 0) { $0.clearPending() }.found.isEmpty)
  // Of a higher class: it interrupts the handler.
  let higher = stuck.with(1, 0) { $0.setPending(0x61, since: .milliseconds(7_800)) }
  #expect(higher.found.isEmpty)
  let young = stuck.with(1, 0) {
    $0.clearInService()
    $0.setInService(0x51, since: .milliseconds(9_995))
  }
  #expect(young.found.isEmpty)
}

@Test func `a handler with IF = 0 may be slow for 100 ms; when it is halted it does not run any more`() {
  func held(since: UInt64, rflags: UInt64 = 2, isHalted: Bool = false) -> [Finding.Certainty] {
    Case.missingEOI.with(1, 0) {
      $0.rflags = rflags
      $0.clearInService()
      $0.clearPending()
      $0.setInService(0x51, since: .milliseconds(since))
      $0.setPending(0x4F, since: .milliseconds(since))
      if isHalted { $0.halt(since: .milliseconds(since), rflags: 0x202) }
    }.findings.map(\.certainty)
  }
  #expect(held(since: 9_950) == [])
  #expect(held(since: 9_890) == [.likely])
  #expect(held(since: 9_950, rflags: 0x202) == [.likely])
  #expect(held(since: 9_890, rflags: 0x202) == [.proved])
  #expect(held(since: 9_989, isHalted: true) == [.proved])
  #expect(held(since: 9_991, isHalted: true) == [])
}

@Test func `a VTL that has left with a vector in service is S2, and a lower VTL waits for its turn instead`() {
  let stuck = healthy(vtls: 2).with(1, 1) {
    $0.since = .seconds(9)
    $0.setInService(0x51, since: .seconds(8))
    $0.setPending(0x4F, since: .seconds(9))
  }
  #expect(diagnose(stuck, noEvents).map(\.code) == [.missingEOI])
  let below = healthy(vtls: 2).with(1, 0) {
    $0.isActive = false
    $0.setInService(0x51, since: .seconds(8))
    $0.setPending(0x4F, since: .seconds(9))
  }.with(1, 1) { $0.isActive = true }
  #expect(diagnose(below, noEvents).isEmpty)
}

@Test func `a lazy EOI that is armed is S2, one that is taken S4, and only for long`() {
  #expect(Case.lazyEOI.with(1, 0) { $0.lazyEOI = .armed }.found == ["S2 1.0"])
  #expect(Case.lazyEOI.findings.map(\.severity) == [.info])
  #expect(Case.lazyEOI.with(1, 0) { $0.clearPending() }.found == ["S4 1.0"])
  func young(_ served: UInt64, pending: UInt64? = nil) -> Case {
    Case.lazyEOI.with(1, 0) {
      $0.clearPending()
      $0.inService = []
      $0.setInService(0x51, since: .milliseconds(served))
      if let pending { $0.setPending(0x4F, since: .milliseconds(pending)) }
    }
  }
  #expect(young(9_905).found.isEmpty)
  #expect(young(9_905, pending: 9_995).found.isEmpty)
  #expect(young(9_905, pending: 9_985).found == ["S4 1.0"])
}

@Test func `the second SIPI of a start that worked is not S8`() {
  let running = healthy().with(3, 0) { $0.lastStartup = .milliseconds(9_000) }
  func second(vector: UInt8 = 8, at time: VirtualTime) -> [Event] {
    [
      requested(
        1, at: .seconds(9), by: ContextID(0, 0), vector: 8, destination: 3, delivered: 1, mode: .startup, journey: 1),
      accepted(2, at: .seconds(9), in: ContextID(3, 0), vector: 8, mode: .startup, journey: 1),
      Event(sequence: 3, time: .seconds(9), context: ContextID(3, 0), .started(VectorNumber(8))),
      requested(
        4, at: time, by: ContextID(0, 0), vector: vector, destination: 3, delivered: 1, mode: .startup, journey: 2),
      accepted(
        5, at: time, in: ContextID(3, 0), vector: vector, mode: .startup, .rejected(.notWaitingForStartup), journey: 2),
    ]
  }
  #expect(diagnose(running, second(at: .seconds(9) + .microseconds(200))).isEmpty)
  // Gone from the log, the first one is known by its time.
  #expect(diagnose(running, second(at: .seconds(9) + .microseconds(200)).suffix(2)).isEmpty)
  #expect(
    diagnose(running, second(vector: 9, at: .seconds(9) + .microseconds(200))).map(\.code) == [.startupOutOfOrder])
  #expect(diagnose(running, second(at: .milliseconds(9_900))).map(\.code) == [.startupOutOfOrder])
  #expect(diagnose(running, second(at: .milliseconds(9_990))).isEmpty)
}

@Test func `a SIPI that came just before the INIT is S8, one of an earlier life is S7`() {
  func early(_ time: VirtualTime) -> [String] {
    Case(
      .startupOutOfOrder, 3, 0, healthy().with(3, 0) { $0.waitForStartup(afterInit: .milliseconds(9_500)) },
      [
        requested(
          1, at: time, by: ContextID(0, 0), vector: 8, destination: 3, delivered: 1, mode: .startup, journey: 1),
        accepted(
          2, at: time, in: ContextID(3, 0), vector: 8, mode: .startup, .rejected(.notWaitingForStartup), journey: 1),
      ]
    ).found
  }
  #expect(early(.milliseconds(9_490)) == ["S8 3.0"])
  #expect(early(.milliseconds(8_490)) == ["S7 3.0"])
}

@Test func `an INIT that is not latched, or only just, is not S9`() {
  #expect(Case.latchedINIT.with(1, 0) { $0.initLatch = .none }.found.isEmpty)
  #expect(Case.latchedINIT.with(1, 0) { $0.lastInit = .milliseconds(9_995) }.found.isEmpty)
  #expect(Case.latchedINIT.with(1, 0) { $0.initLatch = .globalInterruptFlag }.findings[0].title.hasSuffix("GIF=0"))
}

@Test func `an APIC that is on again, was never asked, or waits for its SIPI is not S10`() {
  #expect(Case.softwareOff.with(2, 0) { $0.apic[0xF0] = 0x1FF }.found.isEmpty)
  #expect(Case.softwareOff.without { if case .requested = $0.body { true } else { false } }.found.isEmpty)
  #expect(Case.softwareOff.with(2, 0) { $0.waitForStartup(afterInit: nil) }.found.isEmpty)
}

@Test func `S10 explains what was lost, so that it is not S16 or S19 as well`() {
  let logical = Case(
    .softwareDisabled, 2, 0, Case.softwareOff.snapshot,
    [
      requested(
        2, at: .seconds(9), by: ContextID(0, 0), logical: true, destination: 4, delivered: 0, reason: .softwareDisabled,
        journey: 7)
    ])
  #expect(logical.found == logical.expected)
}

@Test func `an APIC that is on again, or whose ID is another, is not S11`() {
  let on = Case.hardwareOff.with(2, 0) {
    $0.apicBase = 0xFEE0_0800
    $0.apic[0x20] = 2 << 24
    $0.apic[0xF0] = 0x1FF
  }
  #expect(on.found.isEmpty)
  let other = Case.hardwareOff.with { $0 = healthy().with(3, 0) { $0.apicBase = 0xFEE0_0000 } }
  #expect(other.found.isEmpty)
}

@Test func `a masked timer that is polled, was armed again, or is of a running processor is not S12`() {
  // It expired before the processor went to sleep.
  #expect(Case.maskedTimer.with(2, 0) { $0.timer.lastMaskedExpiry = .milliseconds(8_990) }.found.isEmpty)
  #expect(Case.maskedTimer.with(2, 0) { $0.activity = .running }.found.isEmpty)
  #expect(Case.maskedTimer.with(2, 0) { $0.setPending(0x41, since: .milliseconds(9_999)) }.found.isEmpty)
  let rearmed = Case.maskedTimer.with(2, 0) {
    $0.apic[0x320] = 0xEF
    $0.timer.lastExpiry = .milliseconds(9_991)
  }
  #expect(rearmed.found.isEmpty)
}

@Test func `a timer that was unmasked too late, and is not armed again, is S12`() {
  func unmasked(_ change: (inout ContextSnapshot) -> Void = { _ in }) -> [String] {
    Case.maskedTimer.with(2, 0) {
      $0.apic[0x320] = 0xEF
      $0.timer.due = nil
      $0.timer.lastMaskedExpiry = .milliseconds(8_990)
      $0.timer.lastExpiry = .milliseconds(8_990)
      $0.timer.lastWrite = TimerWrite(
        register: .localVector, write: LastWrite(time: .milliseconds(8_995), rip: 0x40_4000, value: 0xEF),
        isIgnored: false)
      change(&$0)
    }.found
  }
  #expect(unmasked() == ["S12 2.0"])
  #expect(unmasked { $0.timer.due = .milliseconds(10_001) } == [])
  #expect(unmasked { $0.timer.lastExpiry = .milliseconds(8_999) } == [])
}

@Test func `an ignored write before a good one, or with IF off, or by one that runs, is not S13`() {
  #expect(Case.ignoredDeadline.with(2, 0) { $0.timer.due = .milliseconds(10_001) }.found.isEmpty)
  let good = Case.ignoredDeadline.with(2, 0) { $0.timer.lastWrite?.isIgnored = false }
  #expect(good.found.isEmpty)
  #expect(Case.ignoredDeadline.with(2, 0) { $0.activity = .running }.found.isEmpty)
  #expect(Case.ignoredDeadline.with(2, 0) { $0.rflags = 2 }.found == ["S5 2.0"])
}

@Test func `a deadline of 0 is S13 only where nothing in the machine is armed`() {
  var asleep = healthy()
  for vp in 0..<4 { asleep = asleep.with(vp, 0) { $0.halt(since: .seconds(9), rflags: 0x202) } }
  let disarmed = asleep.with(2, 0) {
    $0.timer.lastWrite = TimerWrite(
      register: .deadline, write: LastWrite(time: .seconds(9), rip: 0x40_4000, value: 0), isIgnored: false)
  }
  #expect(diagnose(disarmed, noEvents).map(\.code) == [.timerWriteIgnored])
  #expect(diagnose(disarmed.with(0, 0) { $0.timer.due = .milliseconds(10_001) }, noEvents).isEmpty)
  #expect(diagnose(disarmed.with(0, 0) { $0.activity = .running }, noEvents).isEmpty)
}

@Test func `a long sleep is S14 only of VP 0, or of one that somebody asked, and only where nothing else wakes it`() {
  #expect(Case.farTimer.with(0, 0) { $0.timer.due = .seconds(69) }.found.isEmpty)
  #expect(Case.farTimer.with(0, 0) { $0.timer.due = nil }.found.isEmpty)
  #expect(
    Case.farTimer.with { $0 = $0.withPin(4, vector: 0x34, isLevel: false) { $0.entry.destination = 0 } }.found.isEmpty)
  let other = healthy().with(2, 0) {
    $0.halt(since: .seconds(9), rflags: 0x202)
    $0.timer.due = .seconds(3_600)
  }
  #expect(diagnose(other, noEvents).isEmpty)
  let asked = requested(
    1, at: .milliseconds(8_999), by: ContextID(1, 0), destination: 2, delivered: 1, target: ContextID(2, 0), journey: 5)
  #expect(diagnose(other, [asked]).map(\.code) == [.timerFarAway])
  let later = requested(
    2, at: .milliseconds(9_999), by: ContextID(1, 0), destination: 3, delivered: 1, target: ContextID(3, 0), journey: 6)
  #expect(diagnose(other, [asked, later]).isEmpty)
}

@Test func `a unicast that arrived, or that an operator sent, is not S16; the trap of groups is named`() throws {
  let finding = try #require(Case.unicast.findings.first)
  #expect(finding.title == "vector 2f to id 3: nobody in group 1 has it; it exists in group 0 (3.0)")
  #expect(finding.severity == .high)
  let arrived = requested(8, at: .milliseconds(9_500), by: ContextID(1, 1), destination: 3, delivered: 1, journey: 8)
  #expect(Case.unicast.after(arrived).found.isEmpty)
  // The ID exists by now.
  #expect(Case.unicast.with(3, 1) { $0.apic[0x20] = 3 << 24 }.found.isEmpty)
  let byHand = Case.unicast.without { _ in true }.after(
    requested(
      2, at: .seconds(9), by: nil, group: 1, destination: 3, delivered: 0, reason: .noSuchID, source: .operator,
      journey: 7))
  #expect(byHand.found.isEmpty)
}

@Test func `a sender that goes on makes S16 less bad, and an INIT on the chance of somebody being there is none`() {
  let later = requested(
    8, at: .milliseconds(9_500), by: ContextID(1, 1), vector: 0x30, destination: 2, delivered: 1, journey: 8)
  #expect(Case.unicast.after(later).findings.map(\.severity) == [.medium])
  let probe = requested(
    2, at: .seconds(9), by: ContextID(1, 1), vector: 0, destination: 3, delivered: 0, reason: .noSuchID,
    mode: .initialize, journey: 7)
  #expect(Case.unicast.without { _ in true }.after(probe, later).found.isEmpty)
  #expect(Case.unicast.without { _ in true }.after(probe).found == ["S16 1.1"])
}

@Test func `a request of the own group, by hypercall or by an operator is not S18`() {
  func taken(by target: ContextID, from sender: ContextID?, group: Int, _ source: InterruptSource) -> [String] {
    Case(
      .crossGroupLeak, .context(target), healthy(vtls: 2),
      [
        requested(
          7, at: .seconds(9), by: sender, group: group, destination: 2, delivered: 1, source: source, target: target,
          journey: 5511),
        accepted(8, at: .seconds(9), in: target, journey: 5511),
      ]
    ).found
  }
  #expect(taken(by: ContextID(2, 1), from: ContextID(1, 1), group: 1, .interruptCommand) == [])
  #expect(taken(by: ContextID(2, 1), from: ContextID(1, 0), group: 1, .hypercall) == [])
  #expect(taken(by: ContextID(2, 1), from: nil, group: 1, .message) == [])
  #expect(taken(by: ContextID(2, 1), from: nil, group: 0, .operator) == [])
  #expect(taken(by: ContextID(2, 1), from: nil, group: 0, .message) == ["S18 2.1"])
  #expect(taken(by: ContextID(2, 1), from: ContextID(1, 0), group: 0, .paravirtual) == ["S18 2.1"])
}

@Test func `a logical destination that matches by now, or was delivered later, is not S19`() {
  #expect(Case.logical.with(3, 0) { $0.apic[0xD0] = 0x10 }.found.isEmpty)
  let later = requested(
    8, at: .milliseconds(9_500), by: ContextID(1, 0), logical: true, destination: 0x10, delivered: 1, journey: 8)
  #expect(Case.logical.after(later).found.isEmpty)
}

@Test func `lowest priority that goes around, keeps up, or has nobody else is not S20`() {
  let other = requested(
    900, at: .milliseconds(9_500), by: nil, group: 0, vector: 0x41, logical: true, destination: 0xE, delivered: 1,
    candidates: 3, mode: .lowestPriority, source: .message, target: ContextID(2, 0), isNarrow: true, journey: 900)
  #expect(Case.lowestPriority.after(other).found.isEmpty)
  let keepsUp = Case.lowestPriority.without { if case .accepted(_, _, .merged) = $0.body { true } else { false } }
  #expect(keepsUp.found.isEmpty)
  #expect(Case.lowestPriority.with(2, 0) { $0.apic[0xF0] = 0xFF }.found.isEmpty)
  #expect(Case.lowestPriority.with(2, 0) { $0.apic[0x80] = 0x20 }.with(3, 0) { $0.apic[0x80] = 0x20 }.found.isEmpty)
}

@Test func `lowest-priority requests that find nobody although somebody matches are S20`() {
  func lost(_ journey: UInt64) -> Event {
    requested(
      journey, at: .milliseconds(9_000 + journey), by: ContextID(0, 0), vector: 0x41, logical: true, destination: 0xE,
      delivered: 0, candidates: 1, reason: nil, mode: .lowestPriority, journey: journey)
  }
  #expect(diagnose(healthy(), [lost(1), lost(2)]).map(\.code) == [.lowestPriorityUneven])
  #expect(diagnose(healthy(), [lost(1)]).isEmpty)
}

@Test func `a level line whose interrupt is pending or in service, or that is down or masked, is not S21`() {
  #expect(Case.wedged.with(1, 0) { $0.setPending(0x34, since: .milliseconds(9_999)) }.found.isEmpty)
  #expect(Case.wedged.with(1, 0) { $0.setInService(0x34, since: .milliseconds(9_999)) }.found.isEmpty)
  #expect(Case.wedged.withPin { $0.isLineHigh = false }.found.isEmpty)
  #expect(Case.wedged.withPin { $0.entry.isMasked = true }.found.isEmpty)
  #expect(Case.wedged.withPin { $0.entry.isRemoteIRRSet = false }.found.isEmpty)
  #expect(Case.wedged.withPin { $0.remoteIRRSince = .milliseconds(9_995) }.found.isEmpty)
}

@Test func `the cause of a wedged line is what the log and the registers say`() {
  func cause(_ one: Case) -> String { one.findings.first?.cause ?? "" }
  #expect(cause(Case.wedged.withPin { $0.lastWasDelivered = false }).hasPrefix("the message reached nobody"))
  #expect(cause(Case.wedged.with(1, 0) { $0.apic[0xF0] = 0x11FF }).hasPrefix("1.0 suppresses EOI broadcasts"))
  var was = Case.wedged.snapshot.platform.ioapics[0].pins[0].entry
  let now = was
  was.vector = VectorNumber(0x35)
  let written = Event(
    sequence: 1, time: .milliseconds(9_005), context: ContextID(0, 0), rip: 0x40_5000,
    .routeWritten(pin: 4, from: was, to: now))
  #expect(cause(Case.wedged.after(written)).hasSuffix("an EOI of 35 is not one of 34"))
}

@Test func `what a pin lost because nobody had the ID is S16 of the pin, until it is wedged`() {
  let sent = [
    Event(sequence: 1, time: .seconds(9), journey: JourneyID(rawValue: 7), .pin(4, .raised, .sent, isHigh: true)),
    requested(
      2, at: .seconds(9), by: nil, vector: 0x34, destination: 9, delivered: 0, candidates: 0, reason: .noSuchID,
      source: .ioapic, isNarrow: true, rip: 0, journey: 7),
  ]
  let edge = healthy().withPin(4, vector: 0x34, isLevel: false) { $0.entry.destination = 9 }
  #expect(Case(.unicastToNowhere, .pin(4), edge, sent).found == ["S16 pin 4"])
  let wedged = Case.wedged.withPin {
    $0.entry.destination = 9
    $0.lastWasDelivered = false
  }
  #expect(wedged.after(sent[0], sent[1]).found == ["S21 pin 4"])
  // The entry was mended, and the next one arrived.
  let mended = [
    Event(
      sequence: 3, time: .milliseconds(9_100), journey: JourneyID(rawValue: 8), .pin(4, .raised, .sent, isHigh: true)),
    requested(
      4, at: .milliseconds(9_100), by: nil, vector: 0x34, destination: 1, delivered: 1, source: .ioapic, isNarrow: true,
      rip: 0, journey: 8),
  ]
  #expect(Case(.unicastToNowhere, .pin(4), edge, sent + mended).found.isEmpty)
}

@Test func `an edge that somebody came back for, or that is masked still, is not S22`() {
  #expect(Case.lostEdge.withPin { $0.isLineHigh = false }.found.isEmpty)
  #expect(Case.lostEdge.withPin { $0.entry.isMasked = true }.found.isEmpty)
  #expect(Case.lostEdge.withPin { $0.lastSent = .milliseconds(9_200) }.found.isEmpty)
  #expect(Case.lostEdge.withPin { $0.lineSince = .milliseconds(9_300) }.found.isEmpty)
  #expect(Case.lostEdge.withPin { $0.entry.isLevelTriggered = true }.found.isEmpty)
  #expect(Case.lostEdge.withPin { $0.lastMaskedEdge = nil }.found.isEmpty)
}

@Test func `a route that was mended, is off, or never wrote anything wrong is not S23`() {
  #expect(Case.misaddressed.withRoute { $0.signal.address = 0xFEE0_1000 }.found.isEmpty)
  #expect(Case.misaddressed.withRoute { $0.isEnabled = false }.found.isEmpty)
  #expect(Case.misaddressed.withRoute { $0.malformed = 0 }.found.isEmpty)
  func title(_ address: UInt64) -> String {
    Case.misaddressed.withRoute { $0.signal.address = address }.findings.first?.title ?? ""
  }
  #expect(title(0x1_FEE0_1000).hasSuffix("upper address bits set"))
  #expect(title(0xFEE0_1020).hasSuffix("address bits 11:5 set"))
}

@Test func `a VTL that is told, that takes none, or has waited for 1 ms is not S24`() {
  // VINA enabled and not asserted: it is just being told.
  #expect(Case.starved.with(1, 1) { $0.vina = 0x1F0 }.found.isEmpty)
  #expect(Case.starved.with(1, 0) { $0.rflags = 2 }.found.isEmpty)
  #expect(Case.starved.with(1, 0) { $0.apic[0x80] = 0xF0 }.found.isEmpty)
  #expect(Case.starved.with { $0.machine.time = .milliseconds(9_919) }.found.isEmpty)
  #expect(Case.starved.with(1, 0) { $0.clearPending() }.found.isEmpty)
  // Told once, and not back.
  let told = Case.starved.with(1, 1) {
    $0.vina = 0x1F0
    $0.vinaAsserted = true
  }
  #expect(told.findings.map(\.title) == ["starved: VTL1 holds VP 1, VINA asserted and not cleared"])
}

@Test func `a stay of 3 ms is S24 where stays mostly take 210 us`() {
  var now = Case.starved
  now.snapshot.machine.time = .milliseconds(9_913)
  #expect(now.found.isEmpty)
  let stays = (0..<20).flatMap { i -> [Event] in
    let time = VirtualTime.milliseconds(9_000 + 10 * UInt64(i))
    return [
      switched(UInt64(2 * i), at: time, vp: 1, from: 0, to: 1, .call),
      switched(UInt64(2 * i + 1), at: time + .microseconds(210), vp: 1, from: 1, to: 0, .return),
    ]
  }
  now.events = stays
  #expect(now.found == ["S24 1.0"])
  #expect(now.findings.map(\.certainty) == [.likely])
  now.snapshot.machine.time = .milliseconds(9_911)
  #expect(now.found.isEmpty)
}

@Test func `a VTL that would be entered, or whose TPR was written just now, is not S25`() {
  #expect(Case.heldByItself.with(1, 1) { $0.apic[0x80] = 0x30 }.found.isEmpty)
  #expect(Case.heldByItself.with(1, 1) { $0.setTaskPriority(0x50, at: .milliseconds(9_995)) }.found.isEmpty)
  #expect(Case.heldByItself.with(1, 1) { $0.since = .milliseconds(9_995) }.found.isEmpty)
  // Active, it is S1.
  let active = Case.heldByItself.with(1, 1) { $0.isActive = true }.with(1, 0) {
    $0.isActive = false
    $0.since = .seconds(9)
  }
  #expect(active.found == ["S1 1.1"])
}

@Test func `a VTL that is enabled there, or was reached later, is not S26`() {
  let later = requested(
    8, at: .milliseconds(9_500), by: ContextID(0, 0), group: 1, vector: 0x41, destination: 3, delivered: 1,
    source: .hypercall, journey: 8)
  #expect(Case.notEnabled.after(later).found.isEmpty)
  #expect(Case.notEnabled.without { _ in true }.found.isEmpty)
  #expect(Case.notEnabled.findings[0].evidence.contains(.init("VTL1 is enabled for the partition (0 1)")))
}

@Test func `returns that something came of are not S27`() {
  let taken = Event.Body.acknowledged(VectorNumber(0x4F), waited: .zero)
  #expect(
    Case.bounce.after(Event(sequence: 30, time: .milliseconds(9_999), context: ContextID(1, 1), taken)).found.isEmpty)
  #expect(Case.bounce.with(1, 1) { $0.rflags = 0x202 }.found.isEmpty)
  #expect(Case.bounce.with(1, 1) { $0.clearPending() }.found.isEmpty)
  #expect(Case.bounce.after(switched(30, at: .milliseconds(9_999), vp: 1, from: 0, to: 1, .call)).found.isEmpty)
  var few = Case.bounce
  few.events = Array(few.events.suffix(12))
  #expect(few.found.isEmpty)
}

@Test func `a start that followed by hypercall, or the second SIPI of one that worked, is not S30`() {
  #expect(Case.deniedStartup.with(2, 0) { $0.lastStartup = .milliseconds(9_500) }.found.isEmpty)
  let second = Case.deniedStartup.with(2, 0) { $0.lastStartup = .seconds(9) }.without { _ in true }.after(
    accepted(
      8, at: .seconds(9) + .microseconds(200), in: ContextID(2, 0), vector: 8, mode: .startup,
      .rejected(.startupDeniedByVTL), journey: 7))
  #expect(second.found.isEmpty)
  #expect(Case.deniedStartup.with { $0.machine.time = .milliseconds(9_015) }.found.isEmpty)
}

@Test func `a merge whose sender went on, or went elsewhere, is not S34`() {
  #expect(Case.merged.with(2, 0) { $0.rip = 0x50_0000 }.found.isEmpty)
  let later = requested(
    8, at: .milliseconds(9_500), by: ContextID(2, 0), vector: 0x30, destination: 3, delivered: 1, journey: 8)
  #expect(Case.merged.after(later).found.isEmpty)
  #expect(Case.merged.with { $0.machine.time = .milliseconds(9_099) }.found.isEmpty)
}

@Test func `one that sent both and sleeps counts on two interrupts`() {
  func found(from sender: ContextID, isAsleep: Bool = true) -> [String] {
    var one = Case.merged.with(2, 0) {
      if isAsleep { $0.halt(since: .milliseconds(9_001), rflags: 0x202) }
      $0.rip = 0x50_0000
    }
    one.events[0].context = sender
    return one.found
  }
  #expect(found(from: ContextID(2, 0)) == ["S34 1.0"])
  #expect(found(from: ContextID(3, 0)) == [])
  #expect(found(from: ContextID(2, 0), isAsleep: false) == [])
}

extension ContextSnapshot {
  fileprivate mutating func clearPending() {
    pending = []
    for i in 0..<8 { apic[0x200 + 16 * i] = 0 }
  }

  fileprivate mutating func clearInService() {
    inService = []
    for i in 0..<8 { apic[0x100 + 16 * i] = 0 }
  }
}
