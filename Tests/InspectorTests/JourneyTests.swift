import Architecture
import Diagnosis
import Inspector
import Interrupts
import Journal
import Testing

/// Journeys are put together from a few events and a machine of four VPs at 10 ms.
struct JourneyTests {
  private let sender = ContextID(0, 0)
  private let target = ContextID(2, 0)
  private let id = JourneyID(rawValue: 7)
  private let vector = VectorNumber(0x41)

  private func snapshot(_ change: (inout ContextSnapshot) -> Void = { _ in }) -> Snapshot {
    var machine = MachineSnapshot(vpCount: 4, vtlCount: 1, memoryBytes: 1 << 24)
    machine.time = .milliseconds(10)
    var contexts = (0..<4).map { ContextSnapshot(id: ContextID($0, 0), group: GroupID(0)) }
    for i in contexts.indices {
      contexts[i].isEnabled = true
      contexts[i].isActive = true
      contexts[i].rflags = 0x202
      contexts[i].apicBase = 0xFEE0_0C00
      contexts[i].apic[0xF0] = 0x1FF
    }
    change(&contexts[2])
    return Snapshot(machine: machine, contexts: contexts, groups: [])
  }

  private func buffer(_ bodies: [(UInt64, UInt64, ContextID?, Event.Body)]) -> EventBuffer {
    var buffer = EventBuffer()
    let events = bodies.enumerated().map { place, entry in
      Event(
        sequence: UInt64(place), time: .microseconds(entry.0), journey: JourneyID(rawValue: entry.1),
        context: entry.2, rip: 0x1000, entry.3)
    }
    buffer.append(events)
    return buffer
  }

  private func requested(delivered: UInt16 = 1, reason: Rejection? = nil) -> Event.Body {
    .requested(
      .interruptCommand, InterruptMessage(vector: vector, to: ApicID(2)),
      .init(
        group: GroupID(0), path: .map, candidates: 1, delivered: delivered, rejected: 0, reason: reason,
        firstTarget: delivered > 0 ? target : nil))
  }

  private func pending(_ context: inout ContextSnapshot) {
    context.pending = [
      VectorState(vector: vector, since: .microseconds(101), journey: id, isLevelTriggered: false)
    ]
  }

  @Test func `from ICR to EOI it is ended, with the time of each hop`() throws {
    let events = buffer([
      (100, 7, sender, requested()), (101, 7, target, .accepted(vector, .fixed, .pending)),
      (103, 7, target, .acknowledged(vector, waited: .microseconds(2))), (104, 9, target, .spuriousEOI),
      (108, 7, target, .endOfInterrupt(vector, inService: .microseconds(5))),
    ])
    let journey = try #require(Journey(id, from: events, in: snapshot()))
    #expect(journey.sender == sender)
    #expect(journey.targets.map(\.state) == [.done])
    #expect(journey.verdict(at: .milliseconds(10)) == "ENDED after 8.0us")
    let hops = journey.hops(at: journey.foremost, now: .milliseconds(10)) { String($0, radix: 16) }
    #expect(hops.map(\.name) == [.source, .resolve, .accept, .gate, .service, .end])
    #expect(
      hops.map(\.took) == [nil, .zero, .microseconds(1), .microseconds(2), nil, .microseconds(5)])
    #expect(hops.last?.verdict == "at 1000")
  }

  @Test func `in the IRR behind a raised TPR it is open, and the gate says so`() throws {
    let events = buffer([(100, 7, sender, requested()), (101, 7, target, .accepted(vector, .fixed, .pending))])
    let blocked = snapshot {
      pending(&$0)
      $0.apic[0x80] = 0x50
    }
    let journey = try #require(Journey(id, from: events, in: blocked))
    #expect(journey.targets.map(\.state) == [.waiting(.taskPriority(0x50))])
    #expect(journey.verdict(at: .milliseconds(10)) == "OPEN for 9.9ms")
    let gate = try #require(journey.hops(at: journey.foremost, now: .milliseconds(10)) { _ in "" }.first { $0.isOpen })
    #expect(gate.name == .gate)
    #expect(gate.verdict == "BLOCKED  TPR 50")
  }

  @Test func `each gate of a pending vector is named`() throws {
    let cases: [(String, (inout ContextSnapshot) -> Void)] = [
      ("open", { _ in }), ("IF=0", { $0.rflags = 2 }), ("interrupt shadow", { $0.interruptShadow = true }),
      ("APIC off in APIC_BASE", { $0.apicBase = 0xFEE0_0000 }), ("waits for SIPI", { $0.activity = .waitForStartup }),
      ("shut down", { $0.activity = .shutdown }),
    ]
    let events = buffer([(100, 7, sender, requested()), (101, 7, target, .accepted(vector, .fixed, .pending))])
    for (text, change) in cases {
      let state = snapshot {
        pending(&$0)
        change(&$0)
      }
      let journey = try #require(Journey(id, from: events, in: state))
      guard case .waiting(let gate)? = journey.targets.first?.state else {
        Issue.record("\(text): not waiting")
        continue
      }
      #expect(gate?.text ?? "open" == text)
    }
  }

  @Test func `a request that found nobody is lost, with the reason`() throws {
    let events = buffer([(100, 7, sender, requested(delivered: 0, reason: .noSuchID))])
    let journey = try #require(Journey(id, from: events, in: snapshot()))
    #expect(journey.verdict(at: .milliseconds(10)) == "LOST: no such ID in the group")
    #expect(journey.hops(at: nil, now: .milliseconds(10)) { _ in "" }.count == 2)
  }

  @Test func `a rejected request ends with the reason of its target`() throws {
    let events = buffer([
      (100, 7, sender, requested()), (101, 7, target, .accepted(vector, .fixed, .rejected(.softwareDisabled))),
    ])
    let journey = try #require(Journey(id, from: events, in: snapshot()))
    #expect(journey.targets.map(\.state) == [.rejected(.softwareDisabled)])
    #expect(journey.verdict(at: .milliseconds(10)) == "REJECTED: APIC off in SVR")
  }

  @Test func `a second instance merges, and both journeys say with what`() throws {
    let events = buffer([
      (100, 7, sender, requested()), (101, 7, target, .accepted(vector, .fixed, .pending)),
      (200, 8, sender, requested()), (201, 8, target, .accepted(vector, .fixed, .merged(with: id))),
    ])
    let state = snapshot { pending(&$0) }
    let first = try #require(Journey(id, from: events, in: state))
    #expect(first.targets[0].merges.map(\.journey) == [JourneyID(rawValue: 8)])
    #expect(first.targets[0].merges.map(\.time) == [.microseconds(201)])
    let second = try #require(Journey(JourneyID(rawValue: 8), from: events, in: state))
    #expect(second.verdict(at: .milliseconds(10)) == "MERGED with #7")
    #expect(!second.isOpen)
  }

  @Test func `an interrupt in service is open until its EOI`() throws {
    let events = buffer([
      (101, 7, target, .accepted(vector, .fixed, .pending)),
      (103, 7, target, .acknowledged(vector, waited: .microseconds(2))),
    ])
    let state = snapshot {
      $0.inService = [VectorState(vector: vector, since: .microseconds(103), journey: id, isLevelTriggered: false)]
    }
    let journey = try #require(Journey(id, from: events, in: state))
    #expect(!journey.hasBeginning)
    #expect(journey.targets.map(\.state) == [.inService])
  }

  @Test func `INIT and SIPI are taken, not served`() throws {
    let events = buffer([
      (100, 7, target, .accepted(vector, .startup, .pending)), (105, 7, target, .started(VectorNumber(8))),
    ])
    let journey = try #require(Journey(id, from: events, in: snapshot()))
    #expect(journey.targets.map(\.state) == [.done])
    let hops = journey.hops(at: journey.foremost, now: .milliseconds(10)) { _ in "" }
    #expect(hops.map(\.name) == [.source, .accept, .gate])
  }

  @Test func `what only the snapshot knows is a journey too`() throws {
    let journey = try #require(Journey(id, from: EventBuffer(), in: snapshot { pending(&$0) }))
    #expect(journey.isOpen)
    #expect(journey.begin == .microseconds(101))
  }

  @Test func `a number nobody carries is no journey`() {
    #expect(Journey(id, from: EventBuffer(), in: snapshot()) == nil)
    #expect(Journey(.none, from: EventBuffer(), in: snapshot()) == nil)
  }

  @Test func `usual times are by nearest rank, without the journey itself`() throws {
    var bodies: [(UInt64, UInt64, ContextID?, Event.Body)] = (1...100).map {
      ($0, 100 + $0, target, .acknowledged(vector, waited: .microseconds($0)))
    }
    bodies.append((200, 7, target, .acknowledged(vector, waited: .seconds(9))))
    bodies.append((201, 300, target, .acknowledged(VectorNumber(0x42), waited: .seconds(8))))
    let recent = RecentHops(of: vector, but: id, in: buffer(bodies))
    #expect(recent.gate?.count == 100)
    #expect(recent.gate?.p50 == .microseconds(50))
    #expect(recent.gate?.p99 == .microseconds(99))
    #expect(recent.service == nil)
  }
}
