import Architecture
import Foundation
import Inspector
import Journal
import Testing

struct VSMViewTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size, _ id: ContextID = ContextID(1, 1)) -> InspectorModel {
    var model = Scene.virtualSecureMode(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.select(id)
    model.strike("o")
    return model
  }

  @Test(arguments: sizes) func `virtual secure mode is what it was`(size: Size) throws {
    try expectGolden(model(size).draw(size), "vsm-\(size.width)x\(size.height)")
  }

  @Test func `a VTL with synthetic timers`() throws {
    try expectGolden(model(Size(120, 40), ContextID(0, 1)).draw(Size(120, 40)), "vsm-timers")
  }

  @Test func `a machine with VTL0 only`() throws {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 2, at: Scene.now))
    var snapshot = model.snapshot
    snapshot.machine.vtlCount = 1
    snapshot.machine.enabledVTLs = 1
    snapshot.contexts.removeAll { $0.id.vtl > .vtl0 }
    snapshot.groups.removeAll { $0.vtl > .vtl0 }
    model.apply(Update(snapshot: snapshot))
    model.size = Size(80, 24)
    model.strike("o")
    try expectGolden(model.draw(model.size), "vsm-none")
  }

  private func status(_ id: ContextID) -> String { model(Size(200, 60), id).draw(Size(200, 60)).textRows[58] }

  @Test func `the sentence says what a context waits for`() {
    #expect(status(ContextID(1, 1)).contains("entered by intercept 41.2us ago; VINA asserted"))
    #expect(status(ContextID(1, 1)).contains("messages wait behind 1 full slot until EOM"))
    #expect(status(ContextID(2, 0)).contains("waits for a TLB lock"))
    #expect(status(ContextID(3, 0)).contains("takes #GP error 18"))
    #expect(!status(ContextID(4, 0)).contains("waits"))
  }

  @Test(
    arguments: [
      ("vina=1", ["1.1"]), ("asserted=1", ["1.1"]), ("slots>0", ["0.1", "1.1"]), ("stimers=2", ["0.1"]),
      ("tlb=1", ["2.0"]), ("entered=intercept", ["1.1"]),
    ]) func `filters ask about virtual secure mode`(filter: String, expected: [String])
  {
    var model = model(Size(200, 60))
    _ = model.execute("filter \(filter)")
    let rows = model.draw(model.size).textRows
    let shown = rows.compactMap { row in
      model.contexts.map(\.description).first { row.dropFirst().trimmingPrefix { $0 == " " }.hasPrefix($0 + "  ") }
    }
    #expect(shown == expected)
  }

  @Test func `scripts get the same`() throws {
    var model = Scene.virtualSecureMode(vps: 4)
    model.glyphs = .ascii
    try expectGolden(model.text(of: .vsm, width: 100), "page-vsm-used")
    let text = model.json(of: .vsm)
    let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let contexts = try #require(object["contexts"] as? [[String: Any]])
    let secure = try #require(contexts.first { $0["context"] as? String == "1.1" })
    #expect((secure["vina"] as? [String: Any])?["vector"] as? String == "0x31")
    #expect((secure["vsm"] as? [String: Any])?["secureConfig"] as? [String] == ["0x1", "0x0"])
    let sources = try #require((secure["synic"] as? [String: Any])?["sources"] as? [[String: Any]])
    #expect(sources.count == 16)
    #expect(sources[0]["queued"] as? Int == 2)
    let waiting = try #require(contexts.first { $0["context"] as? String == "2.0" })
    #expect((waiting["vsm"] as? [String: Any])?["waitsForTLB"] as? Bool == true)
  }

  // MARK: - Synthetic timers among the others

  private func timers(_ size: Size) -> InspectorModel {
    var model = model(size, ContextID(0, 1))
    model.strike("4", "j")
    return model
  }

  @Test func `Timers has the synthetic timers that were ever set, behind the timer of their local APIC`() throws {
    let model = timers(Size(120, 40))
    let rows = model.draw(model.size).textRows
    let first = try #require(rows.firstIndex { $0.contains("STIMER0") })
    #expect(rows[first - 1].contains("0.1 LAPIC"))
    #expect(rows[first].hasPrefix(">"))
    #expect(rows[first + 1].contains("STIMER3"))
    #expect(rows.count { $0.contains(" STIMER") } >= 2)
    try expectGolden(model.draw(model.size), "timers-synthetic")
  }

  @Test func `an expiry with a message has the lateness of its interrupt, and one before a full slot counts on`() throws
  {
    let model = timers(Size(200, 60))
    let source = TimerSource.synthetic(ContextID(0, 1), 0)
    let expiries = model.index.timers.expiries(of: source)
    #expect(expiries.map(\.vector) == [VectorNumber(0x60)])
    // Due at -17.001 ms, taken at -16.99 ms.
    #expect(expiries.first?.lateness == VirtualTime(ticks: 11_000))
    let row = try #require(TimerRow(source, model.index.timers, in: model.snapshot))
    #expect(row.late(at: Scene.now) == .milliseconds(7))
    #expect(row.held == "SINT2's slot is full")
    #expect(row.period == .milliseconds(10))
    #expect(row.mergedTicks == 4)
    let direct = try #require(TimerRow(.synthetic(ContextID(0, 1), 3), model.index.timers, in: model.snapshot))
    #expect(direct.vector == VectorNumber(0xED))
    #expect(direct.kind == .once)
    #expect(!direct.isMasked)
  }

  @Test func `a second expiry for a message that waits is merged with it`() {
    let id = ContextID(0, 1)
    var model = Scene.virtualSecureMode(vps: 4)
    var snapshot = model.snapshot
    let first = snapshot.machine.nextEvent
    let events = [0, 1].map { n in
      Event(
        sequence: first + n, time: Scene.now, journey: JourneyID(rawValue: 80_000), context: id,
        .syntheticTimerExpired(index: 1, due: Scene.now, isDirect: false, target: 2))
    }
    snapshot.machine.nextEvent += 2
    model.apply(Update(snapshot: snapshot, events: events))
    #expect(model.index.timers.expiries(of: .synthetic(id, 1)).map(\.isMerged) == [false, true])
  }

  @Test func `timer numbers that lie do no harm`() {
    var model = Scene.virtualSecureMode(vps: 4)
    var snapshot = model.snapshot
    snapshot.machine.nextEvent += 1
    let event = Event(
      sequence: snapshot.machine.nextEvent - 1, time: Scene.now, context: ContextID(0, 1),
      .syntheticTimerExpired(index: 255, due: .never, isDirect: true, target: 1))
    for i in snapshot.contexts.indices {
      snapshot.contexts[i].syntheticTimers = Array(repeating: SyntheticTimerSnapshot(), count: 9)
      snapshot.contexts[i].syntheticTimers[8].config = .max
      snapshot.contexts[i].syntheticTimers[8].count = .max
      snapshot.contexts[i].synic = SynICSnapshot()
      snapshot.contexts[i].synic?.sources = []
    }
    model.apply(Update(snapshot: snapshot, events: [event]))
    for key: Key in ["o", "4"] {
      model.strike(key)
      for size in Self.sizes { #expect(model.draw(size).textRows.count == size.height) }
    }
    _ = model.json(of: .vsm)
    _ = model.json(of: .timers)
  }
}
