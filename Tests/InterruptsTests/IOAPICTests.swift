import Architecture
import Interrupts
import Journal
import Testing

/// What makes a pin send, and what keeps it from it (82093AA data sheet, 3.2.4; SDM Vol. 3A, 12.8.5; KVM's rules where
/// they are named).
@Suite struct IOAPICTests {
  // MARK: - Messages

  @Test(
    arguments: [
      (0x0000_0000_0000_0031, false, false, DeliveryMode.fixed, 0),
      (0x0D00_0000_0000_8986, true, true, .lowestPriority, 0x0D),
      (0xFF00_0000_0000_0C00, true, false, .nmi, 0xFF),
      (0x0100_0000_0000_8400, false, false, .nmi, 1),
      (0x0200_0000_0000_8200, false, false, .smi, 2),
      (0x0200_0000_0000_8500, false, false, .initialize, 2),
      (0x0200_0000_0000_8700, false, false, .external, 2),
    ] as [(UInt64, Bool, Bool, DeliveryMode, UInt32)])
  func `the message has the fields of the entry, and only fixed and lowest-priority ones are level-triggered`(
    entry: UInt64, isLogical: Bool, isLevel: Bool, mode: DeliveryMode, destination: UInt32
  ) {
    var bench = Bench()
    bench.write(0x13, entry >> 32)
    bench.route(1, entry & 0xFFFF_FFFF)
    bench.line(1, true)
    let message = bench.sent[0].message
    #expect(message.isNarrow)
    #expect(message.command.isLogical == isLogical && message.command.isLevelTriggered == isLevel)
    #expect(message.command.deliveryMode == mode && message.command.destination == destination)
    #expect(message.command.vector.rawValue == UInt8(truncatingIfNeeded: entry))
    #expect(message.command.isAsserted && message.command.shorthand == .none)
    #expect(bench[1].message == message)
    #expect(bench[1].entry.isRemoteIRRSet == isLevel)
  }

  @Test func `a pin's messages go to its group, 0 unless it is set`() {
    var bench = Bench()
    bench.ioapic.setGroup(GroupID(2), of: 5)
    for pin in [4, 5] {
      bench.route(pin, 0x31)
      bench.line(pin, true)
    }
    #expect(bench.sent.map(\.group) == [GroupID(0), GroupID(2)])
  }

  // MARK: - Edges

  @Test func `each rising edge of an edge-triggered pin is a message, falling ones are none`() {
    var bench = Bench()
    bench.route(14, 0x76)
    for n in 1...3 {
      bench.line(14, true)
      #expect(bench.line(14, false) == [.looked(pin: 14, .lowered, .quiet, isHigh: false)])
      #expect(bench.sent.count == n)
    }
    #expect(bench.sent.allSatisfy { $0.cause == .raised })
    #expect(bench[14].counters.raised == 3 && bench[14].counters.sent == 3 && bench[14].counters.coalesced == 0)
    #expect(!bench[14].entry.isRemoteIRRSet)
  }

  @Test func `raising a line that is up is coalesced; lowering one that is down is nothing`() {
    var bench = Bench()
    bench.route(14, 0x76)
    #expect(bench.line(14, false) == [])
    bench.line(14, true)
    #expect(bench.line(14, true) == [.looked(pin: 14, .raised, .coalesced, isHigh: true)])
    #expect(bench.sent.count == 1)
    #expect(bench[14].counters.raised == 1 && bench[14].counters.coalesced == 1)
  }

  @Test func `an edge whose vector was pending already is coalesced with it`() {
    var bench = Bench()
    bench.route(14, 0x76)
    bench.answer = .merged
    bench.line(14, true)
    #expect(bench[14].counters.coalesced == 1 && bench[14].counters.undelivered == 0)
    #expect(bench[14].lastWasDelivered)
  }

  @Test func `an edge while masked is lost: unmasking finds the line up and sends nothing`() {
    var bench = Bench()
    bench.route(14, 0x81 | Entry.masked)
    bench.now = VirtualTime(ticks: 5)
    #expect(bench.line(14, true) == [.looked(pin: 14, .raised, .masked, isHigh: true)])
    bench.now = VirtualTime(ticks: 9)
    let told = bench.route(14, 0x81)
    #expect(told.last == .looked(pin: 14, .unmasked, .quiet, isHigh: true))
    #expect(bench.sent.isEmpty)
    #expect(bench[14].lastMaskedEdge == VirtualTime(ticks: 5) && bench[14].lastUnmask == VirtualTime(ticks: 9))
    #expect(bench[14].counters.maskedEdges == 1)
    // The next edge needs the line to fall first.
    bench.line(14, true)
    #expect(bench.sent.isEmpty)
    bench.line(14, false)
    bench.line(14, true)
    #expect(bench.sent.count == 1)
  }

  // MARK: - Levels

  @Test func `a level-triggered pin sends once, sets remote IRR, and waits for the EOI`() {
    var bench = Bench()
    bench.route(14, 0x77 | Entry.level)
    bench.now = VirtualTime(ticks: 3)
    bench.line(14, true)
    #expect(bench[14].entry.isRemoteIRRSet && bench[14].remoteIRRSince == VirtualTime(ticks: 3))
    bench.line(14, false)
    #expect(bench.line(14, true) == [.looked(pin: 14, .raised, .waitsForEOI, isHigh: true)])
    #expect(bench.sent.count == 1)
    bench.now = VirtualTime(ticks: 8)
    bench.line(14, false)
    #expect(
      bench.endOfInterrupt(0x77) == [
        .remoteIRRCleared(pin: 14, VectorNumber(0x77), .broadcast, JourneyID(rawValue: 1))
      ])
    #expect(!bench[14].entry.isRemoteIRRSet && bench[14].lastEndOfInterrupt == VirtualTime(ticks: 8))
    #expect(bench.sent.count == 1)
  }

  @Test func `down and up and down again before the EOI is one interrupt, and is counted as coalesced`() {
    var bench = Bench()
    bench.route(14, 0x98 | Entry.level)
    bench.line(14, true)
    bench.line(14, false)
    bench.line(14, true)
    #expect(bench.line(14, false) == [.looked(pin: 14, .lowered, .coalesced, isHigh: false)])
    bench.endOfInterrupt(0x98)
    #expect(bench.sent.count == 1 && bench[14].counters.coalesced == 1)
  }

  @Test func `up again before the EOI and still up at it is sent again by it, and is not coalesced`() {
    var bench = Bench()
    bench.route(14, 0x98 | Entry.level)
    bench.line(14, true)
    bench.line(14, false)
    bench.line(14, true)
    bench.endOfInterrupt(0x98)
    #expect(bench.sent.map(\.cause) == [.raised, .endOfInterrupt])
    #expect(bench[14].counters.coalesced == 0)
    #expect(bench[14].entry.isRemoteIRRSet)
  }

  @Test func `masked, a level waits on its line and is sent by the unmasking`() {
    var bench = Bench()
    bench.route(14, 0x82 | Entry.level | Entry.masked)
    #expect(bench.line(14, true) == [.looked(pin: 14, .raised, .masked, isHigh: true)])
    bench.route(14, 0x82 | Entry.level)
    #expect(bench.sent.map(\.cause) == [.unmasked])
    #expect(bench[14].counters.maskedEdges == 0 && bench[14].lastMaskedEdge == nil)
  }

  @Test func `masked by the handler, it does not come again with the EOI but with the unmasking`() {
    var bench = Bench()
    bench.route(14, 0x83 | Entry.level)
    bench.line(14, true)
    bench.route(14, 0x83 | Entry.level | Entry.masked)
    bench.endOfInterrupt(0x83)
    #expect(bench.sent.count == 1)
    bench.route(14, 0x83 | Entry.level)
    #expect(bench.sent.map(\.cause) == [.raised, .unmasked])
  }

  @Test func `unmasked before the EOI it waits for it`() {
    var bench = Bench()
    bench.route(14, 0x83 | Entry.level)
    bench.line(14, true)
    bench.route(14, 0x83 | Entry.level | Entry.masked)
    let told = bench.route(14, 0x83 | Entry.level)
    #expect(told.last == .looked(pin: 14, .unmasked, .waitsForEOI, isHigh: true))
    #expect(bench.sent.count == 1)
  }

  @Test func `made level-triggered while its line is up, a pin sends; the other half of the entry will do too`() {
    var bench = Bench()
    bench.route(14, 0x83)
    bench.line(14, true)
    bench.route(14, 0x84 | Entry.level)
    #expect(bench.sent.map(\.cause) == [.raised, .routeWritten])
    // Sent to nobody, and sent again when the destination is mended.
    bench.endOfInterrupt(0x84)
    #expect(bench.sent.count == 3)
    var other = Bench()
    other.answer = .unmatched(.map)
    other.route(14, 0x84 | Entry.level)
    other.line(14, true)
    other.answer = .accepted
    other.write(0x2D, 0x0100_0000)
    #expect(other.sent.map(\.message.command.destination) == [0, 1])
  }

  // MARK: - Who hears it

  @Test func `a message that nobody accepted leaves a level-triggered pin free, and is counted`() {
    for answer in [MessageDelivery.unmatched(.map), .unmatched(.scan), .discarded] {
      var bench = Bench()
      bench.answer = answer
      bench.route(14, 0x77 | Entry.level)
      bench.line(14, true)
      #expect(!bench[14].entry.isRemoteIRRSet)
      #expect(bench[14].counters.undelivered == 1 && !bench[14].lastWasDelivered)
    }
  }

  @Test func `in the posted patch's kernel the slow scan's nobody wedges the pin, the map's does not`() {
    for (answer, isWedged) in [
      (MessageDelivery.unmatched(.map), false), (.discarded, false), (.unmatched(.scan), true),
    ] {
      var bench = Bench(.init(wedgesOnNobody: true))
      bench.answer = answer
      bench.route(14, 0x77 | Entry.level)
      bench.line(14, true)
      #expect(bench[14].entry.isRemoteIRRSet == isWedged)
      bench.answer = .accepted
      bench.line(14, false)
      bench.line(14, true)
      #expect(bench.sent.count == (isWedged ? 1 : 2))
      // An edge is never wedged.
      bench.answer = answer
      bench.route(13, 0x76)
      bench.line(13, true)
      #expect(!bench[13].entry.isRemoteIRRSet)
    }
  }

  @Test func `what became of a message is told by its route and the answers of the local APICs`() {
    let targets = [ContextID(0, 0), ContextID(1, 0)]
    func delivery(_ targets: Route.Targets, _ reason: Rejection?, _ answers: [Acceptance]) -> MessageDelivery {
      var delivery = MessageDelivery(
        Route(group: GroupID(0), path: .scan, targets: targets, candidates: 2, reason: reason))
      for answer in answers { delivery.add(answer) }
      return delivery
    }
    #expect(delivery(.none, .noSuchID, []) == .unmatched(.scan))
    // It matched, and discards: KVM's 0, not its -1.
    #expect(delivery(.none, .softwareDisabled, []) == .discarded)
    #expect(delivery(.many(targets), nil, [.pending, .rejected(.illegalVector)]) == .accepted)
    #expect(delivery(.many(targets), nil, [.rejected(.illegalVector), .pending]) == .accepted)
    #expect(delivery(.many(targets), nil, [.merged(with: .none), .pending]) == .accepted)
    #expect(delivery(.many(targets), nil, [.pending, .merged(with: .none)]) == .accepted)
    #expect(delivery(.many(targets), nil, [.merged(with: .none), .rejected(.illegalVector)]) == .merged)
    #expect(delivery(.one(targets[0]), nil, [.rejected(.illegalVector)]) == .discarded)
  }

  // MARK: - EOI

  @Test func `an EOI frees every level-triggered pin of its vector, whatever the destination is by then`() {
    var bench = Bench()
    for pin in [13, 14, 15] {
      bench.route(pin, (pin == 15 ? 0x84 : 0x64) | Entry.level)
      bench.line(pin, true)
      bench.line(pin, false)
      bench.write(0x11 + 2 * UInt64(pin), 0x0100_0000)
    }
    bench.endOfInterrupt(0x64)
    #expect([13, 14, 15].map { bench[$0].entry.isRemoteIRRSet } == [false, false, true])
  }

  @Test func `a vector that was rewritten in between is not found, and the pin stays wedged`() {
    var bench = Bench()
    bench.route(14, 0x64 | Entry.level)
    bench.line(14, true)
    bench.route(14, 0x65 | Entry.level)
    #expect(bench.endOfInterrupt(0x64) == [])
    #expect(bench[14].entry.isRemoteIRRSet)
    bench.endOfInterrupt(0x65)
    #expect(bench.sent.count == 2)
  }

  @Test func `an EOI of another group frees nothing; without a group it frees all`() {
    var bench = Bench()
    bench.ioapic.setGroup(GroupID(1), of: 14)
    bench.route(14, 0x64 | Entry.level)
    bench.line(14, true)
    #expect(bench.endOfInterrupt(0x64, in: GroupID(0)) == [])
    #expect(bench.endOfInterrupt(0x64, in: GroupID(1)).count == 2)
    bench.line(14, false)
    #expect(bench.endOfInterrupt(0x64, in: nil).count == 1)
  }

  @Test func `making an entry edge-triggered frees it, the way of a driver without an EOI register`() {
    var bench = Bench()
    bench.route(14, 0x64 | Entry.level)
    bench.line(14, true)
    let told = bench.route(14, 0x64 | Entry.masked)
    #expect(
      told == [
        .routeWritten(
          pin: 14, from: RedirectionEntry(rawValue: 0x64 | Entry.level | Entry.remoteIRR),
          to: RedirectionEntry(rawValue: 0x64 | Entry.masked)),
        .remoteIRRCleared(pin: 14, VectorNumber(0x64), .edgeWrite, JourneyID(rawValue: 1)),
      ])
    // And back: the line is still up.
    bench.route(14, 0x64 | Entry.level)
    #expect(bench.sent.map(\.cause) == [.raised, .unmasked])
  }

  // MARK: - Storms

  /// EOIs until the pin is held, at most `limit`.
  private func storm(_ bench: inout Bench, limit: Int) -> Int {
    for n in 1...limit {
      let told = bench.endOfInterrupt(0x64)
      if told.last == .looked(pin: 14, .endOfInterrupt, .held, isHigh: true) { return n }
    }
    return limit + 1
  }

  @Test func `ten thousand EOIs in a row with the line up are a storm: the next message is held for 10 ms`() {
    var bench = Bench()
    bench.route(14, 0x64 | Entry.level)
    bench.now = VirtualTime(ticks: 1_000)
    bench.line(14, true)
    #expect(storm(&bench, limit: 20_000) == 10_000)
    #expect(bench[14].entry.rawValue == 0x64 | Entry.level | Entry.sendPending)
    #expect(bench.ioapic.due == VirtualTime(ticks: 10_001_000))
    let count = bench.sent.count
    bench.now = VirtualTime(ticks: 10_000_999)
    #expect(bench.take(bench.ioapic.expire(at: bench.now)) == [])
    // Nor does a write of the entry go around it.
    bench.route(14, 0x64 | Entry.level)
    bench.route(14, 0x64 | Entry.level | Entry.masked)
    bench.route(14, 0x64 | Entry.level)
    #expect(bench.sent.count == count)
    bench.now = VirtualTime(ticks: 10_001_000)
    bench.take(bench.ioapic.expire(at: bench.now))
    #expect(bench.sent.count == count + 1 && bench.ioapic.due == nil)
    #expect(!bench[14].entry.isSendPending && bench[14].entry.isRemoteIRRSet)
    #expect(storm(&bench, limit: 20_000) == 10_000)
  }

  @Test func `a storm ends at once with the line; a line that falls now and then makes none`() {
    var bench = Bench()
    bench.route(14, 0x64 | Entry.level)
    bench.line(14, true)
    _ = storm(&bench, limit: 10_000)
    bench.line(14, false)
    #expect(bench.ioapic.due == nil && !bench[14].entry.isSendPending)
    bench.line(14, true)
    for _ in 0..<3 {
      #expect(storm(&bench, limit: 9_999) == 10_000)
      bench.line(14, false)
      bench.endOfInterrupt(0x64)
      bench.line(14, true)
    }
    #expect(bench.ioapic.due == nil)
  }

  @Test func `a held pin that is masked when its time comes is sent by the unmasking`() {
    var bench = Bench()
    bench.route(14, 0x64 | Entry.level)
    bench.line(14, true)
    _ = storm(&bench, limit: 10_000)
    let count = bench.sent.count
    bench.route(14, 0x64 | Entry.level | Entry.masked)
    bench.now = .milliseconds(20)
    #expect(bench.take(bench.ioapic.expire(at: bench.now)) == [])
    bench.route(14, 0x64 | Entry.level)
    #expect(bench.sent.count == count + 1)
  }

  // MARK: - All of it at random

  /// A pin as the manual and KVM's rules describe it, one rule a line.
  private struct Model {
    var line = false
    var vector: UInt8 = 0
    var isMasked = true
    var isLevel = false
    var remoteIRR = false
    var sent = 0

    mutating func send(_ isAccepted: Bool) {
      sent += 1
      if isLevel, isAccepted { remoteIRR = true }
    }
    /// A level-triggered pin sends while its line is up, it is not masked and remote IRR is clear.
    mutating func service(_ isAccepted: Bool) {
      if line, isLevel, !isMasked, !remoteIRR { send(isAccepted) }
    }
    mutating func set(_ isHigh: Bool, _ isAccepted: Bool) {
      let isEdge = isHigh && !line
      line = isHigh
      if isLevel {
        if isHigh { service(isAccepted) }
      } else if isEdge, !isMasked {
        send(isAccepted)
      }
    }
    mutating func write(_ low: UInt64, _ isAccepted: Bool) {
      (vector, isMasked, isLevel) = (UInt8(truncatingIfNeeded: low), low.bit(16), low.bit(15))
      if !isLevel { remoteIRR = false }
      service(isAccepted)
    }
    mutating func endOfInterrupt(_ vector: UInt8, _ isAccepted: Bool) {
      guard remoteIRR, vector == self.vector else { return }
      remoteIRR = false
      service(isAccepted)
    }
  }

  @Test func `a hundred thousand random steps end as the rules say, one by one`() {
    var random = Seeded(7)
    var bench = Bench()
    var models = [Model](repeating: Model(), count: 24)
    for step in 0..<100_000 {
      bench.now = VirtualTime(ticks: UInt64(step))
      let isAccepted = random.below(8) != 0
      bench.answer = isAccepted ? .accepted : .discarded
      // Few pins and vectors, so that they meet.
      let pin = random.below(4)
      let vector = UInt8(0x40 + random.below(3))
      switch random.below(4) {
      case 0, 1:
        let isHigh = random.below(2) == 0
        models[pin].set(isHigh, isAccepted)
        bench.line(pin, isHigh)
      case 2:
        let low =
          UInt64(vector) | (random.below(3) == 0 ? Entry.masked : 0) | (random.below(3) != 0 ? Entry.level : 0)
        models[pin].write(low, isAccepted)
        bench.route(pin, low | random.next() & (Entry.remoteIRR | Entry.sendPending))
      default:
        for i in models.indices { models[i].endOfInterrupt(vector, isAccepted) }
        bench.endOfInterrupt(vector)
      }
      for i in 0..<4 {
        guard bench[i].counters.sent == models[i].sent, bench[i].entry.isRemoteIRRSet == models[i].remoteIRR,
          bench[i].isLineHigh == models[i].line
        else {
          Issue.record("step \(step): pin \(i) is \(bench[i]), and should be \(models[i])")
          return
        }
      }
    }
    #expect(models.prefix(4).allSatisfy { $0.sent > 1_000 })
  }
}
