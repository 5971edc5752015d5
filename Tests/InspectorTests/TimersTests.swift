import Architecture
import Inspector
import Journal
import Testing

struct TimersTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size) -> InspectorModel {
    var model = Scene.busy(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.strike("4")
    return model
  }

  @Test(arguments: sizes) func `timers are what they were`(size: Size) throws {
    try expectGolden(model(size).draw(size), "timers-\(size.width)x\(size.height)")
  }

  /// The spans between due and taken that the events themselves say, in ascending order.
  private func rawLateness(_ id: ContextID, _ events: some Sequence<Event>) -> [VirtualTime] {
    var due: [JourneyID: VirtualTime] = [:]
    var late: [VirtualTime] = []
    for event in events where event.context == id {
      if case .timerExpired(_, let at, false) = event.body { due[event.journey] = at }
      if case .acknowledged = event.body, let at = due[event.journey] { late.append(event.time - at) }
    }
    return late.sorted()
  }

  @Test func `percentiles equal a sort of the raw data`() throws {
    let model = Scene.busy(vps: 16)
    for id in [ContextID(1, 0), ContextID(5, 0), ContextID(12, 0)] {
      let raw = rawLateness(id, model.events)
      let context = try #require(model.snapshot[id])
      let late = try #require(
        model.index.timers.statistics(of: .local(context.id), in: context, at: Scene.now).lateness)
      #expect(raw.count > 2 && late.count == raw.count)
      // Nearest rank: the smallest value that at least so many percent do not exceed.
      for (percent, value) in [(1, late.p1), (50, late.p50), (99, late.p99)] {
        let notAbove = raw.count { $0 <= value }
        let below = raw.count { $0 < value }
        #expect(notAbove * 100 >= percent * raw.count && below * 100 < percent * raw.count)
      }
      #expect(late.max == raw.last)
    }
  }

  @Test(arguments: 1...300) func `the nearest rank is exact for every number of samples`(count: Int) throws {
    let samples = (1...count).map { VirtualTime(ticks: UInt64($0)) }
    let statistics = try #require(HopStatistics(samples.shuffled(with: UInt64(count))))
    // Of the numbers 1...n the p-th percentile is p% of n, rounded up.
    func expected(_ percent: Int) -> VirtualTime {
      VirtualTime(ticks: UInt64((Double(count * percent) / 100).rounded(.up)))
    }
    #expect(statistics.p1 == expected(1))
    #expect(statistics.p50 == expected(50))
    #expect(statistics.p99 == expected(99))
    #expect(statistics.max.rawValue == UInt64(count))
  }

  @Test func `every expiry in the log is in the history`() {
    let model = Scene.busy(vps: 16)
    var counts: [ContextID: [UInt64]] = [:]
    for event in model.events {
      if case .timerExpired = event.body, let id = event.context { counts[id, default: []].append(event.sequence) }
    }
    for context in model.snapshot.contexts {
      #expect(model.index.timers.expiries(of: .local(context.id)).map(\.sequence) == counts[context.id] ?? [])
    }
    #expect(counts.count > 10)
  }

  /// A context whose timer was due 8.2 ms ago, with the interrupt still in its IRR.
  private func late(_ model: InspectorModel) -> Update {
    var snapshot = model.snapshot
    let place = snapshot.contexts.firstIndex { $0.id == ContextID(1, 0) }!
    let due = VirtualTime(ticks: Scene.now.rawValue - 8_200_000)
    let first = model.events.last!.sequence + 1
    let journey = JourneyID(rawValue: 60_000)
    func event(_ offset: UInt64, _ body: Event.Body) -> Event {
      Event(sequence: first + offset, time: Scene.now, journey: journey, context: ContextID(1, 0), body)
    }
    Scene.pend(&snapshot.contexts[place], 0xEF, since: 0, journey: journey.rawValue)
    snapshot.machine.nextEvent = first + 2
    return Update(
      snapshot: snapshot,
      events: [
        event(0, .timerExpired(VectorNumber(0xEF), due: due, isMasked: false)),
        event(1, .accepted(VectorNumber(0xEF), .fixed, .pending)),
      ])
  }

  @Test func `a lateness of 8.2 ms shows after one look, and counts on until the interrupt is taken`() throws {
    var model = model(Size(120, 40))
    model.select(ContextID(1, 0))
    #expect(!model.draw(model.size).textRows.contains { $0.contains("LATE 8.2ms") })
    model.apply(late(model))
    let rows = model.draw(model.size).textRows
    #expect(rows.contains { $0.contains("1.0") && $0.contains("LATE 8.2ms") })
    #expect(rows[38].contains("2 late, the latest (1.0 by 8.2ms)"))
    var later = model.snapshot
    later.machine.time = Scene.now + .milliseconds(1)
    model.apply(Update(snapshot: later))
    #expect(model.draw(model.size).textRows.contains { $0.contains("LATE 9.2ms") })
    // Taken: the lateness is what it was then.
    let place = try #require(later.contexts.firstIndex { $0.id == ContextID(1, 0) })
    later.contexts[place].pending = []
    later.machine.nextEvent += 1
    let taken = Event(
      sequence: later.machine.nextEvent - 1, time: later.machine.time, journey: JourneyID(rawValue: 60_000),
      context: ContextID(1, 0), .acknowledged(VectorNumber(0xEF), waited: .milliseconds(1)))
    model.apply(Update(snapshot: later, events: [taken]))
    #expect(!model.draw(model.size).textRows.contains { $0.contains("LATE 9.2ms") })
    let statistics = model.index.timers.statistics(
      of: .local(later.contexts[place].id), in: later.contexts[place], at: later.machine.time)
    #expect(statistics.lateness?.max == VirtualTime(ticks: 9_200_000))
  }

  @Test func `the overview and the local APIC say of a late timer what Timers says`() {
    var model = model(Size(80, 24))
    model.apply(late(model))
    model.select(ContextID(1, 0))
    model.strike("1")
    #expect(model.draw(model.size).textRows.contains { $0.contains("1.0") && $0.contains("+8.2ms!d") })
    model.strike("3")
    #expect(model.draw(model.size).textRows.contains { $0.contains("LATE 8.2ms") })
  }

  @Test func `a masked expiry is in the history and makes nothing late`() throws {
    let model = Scene.busy(vps: 16)
    let context = try #require(model.snapshot[ContextID(7, 0)])
    let expiries = model.index.timers.expiries(of: .local(context.id))
    #expect(expiries.count { $0.isMasked } == 1)
    let statistics = model.index.timers.statistics(of: .local(context.id), in: context, at: Scene.now)
    #expect(statistics.masked == 1)
    #expect(statistics.lateness?.count == expiries.count - 1)
  }

  @Test func `what still waits is known when its event has left the log`() throws {
    let start = Scene.snapshot(vps: 4, at: Scene.now)
    var model = InspectorModel(name: "x", snapshot: start, eventCapacity: 4)
    model.apply(late(InspectorModel.with(start)))
    var later = model.snapshot
    later.machine.time = Scene.now + .milliseconds(1)
    let first = later.machine.nextEvent
    later.machine.nextEvent += 9
    model.apply(
      Update(snapshot: later, events: (0..<9).map { Event(sequence: first + $0, time: later.machine.time, .nmiTaken) }))
    let context = try #require(later[ContextID(1, 0)])
    #expect(model.index.timers.expiries(of: .local(context.id)).isEmpty)
    #expect(
      model.index.timers.waiting(.local(context.id), in: context)?.due
        == VirtualTime(ticks: Scene.now.rawValue - 8_200_000))
  }

  @Test func `jitter is the standard deviation of the intervals`() throws {
    // Intervals 8, 10, 12 and 10 ticks: mean 10, variance (4 + 0 + 4 + 0) / 4 = 2.
    let times = [0, 8, 18, 30, 40].map { VirtualTime(ticks: UInt64($0 + 100)) }
    let jitter = try #require(Jitter(times))
    #expect(jitter.deviation.rawValue == 1)
    #expect(jitter.intervals.max.rawValue == 12)
    #expect(jitter.intervals.p50.rawValue == 10)
    #expect(Jitter([.zero]) == nil)
  }

  @Test func `a histogram holds every sample in the class it belongs to`() {
    var random = SplitMix(state: 3)
    let samples = (0..<500).map { _ in VirtualTime(ticks: random.next() >> (20 + random.next() % 40)) }
    let histogram = Histogram(samples)
    #expect(histogram.total == 500)
    for (place, count) in histogram.counts.enumerated() {
      let (low, high) = (Histogram.begin(of: place), Histogram.begin(of: place + 1))
      #expect(count == UInt64(samples.count { $0 >= low && $0 < high }))
    }
    for limit in 1...20 {
      let rows = histogram.rows(limit)
      #expect(rows.count <= limit && rows.reduce(0) { $0 + $1.count } == 500)
    }
  }

  @Test func `J shows the interrupt of the selected expiry, Enter its local APIC`() throws {
    var model = model(Size(120, 40))
    model.select(ContextID(12, 0))
    model.strike(",", ",", ",")
    let all = model.index.timers.expiries(of: .local(ContextID(12, 0)))
    #expect(model.selection.expiry == all[all.count - 3].sequence)
    model.strike("J")
    #expect(model.selection.journey == all[all.count - 3].journey)
    model.strike("q", ".", ".", ".")
    #expect(model.selection.expiry == nil)
    model.strike(.enter)
    #expect(model.view == .lapic)
    #expect(model.selection.vector == VectorNumber(0xEF))
  }

  @Test func `the PIT is a row of its own, and has no local APIC`() {
    var model = model(Size(120, 40))
    model.strike(.end)
    #expect(model.draw(model.size).textRows.contains { $0.hasPrefix(">") && $0.contains("PIT") })
    model.strike(.enter)
    #expect(model.view == .timers)
  }

  @Test func `the report is valid and says what the view says`() {
    let model = Scene.busy(vps: 16)
    let report = TimersReport(model.snapshot, model.index.timers)
    var json = JSONWriter()
    report.write(to: &json)
    #expect(json.text.contains("\"schema\": \"vtlscope.timers\""))
    #expect(report.timers.count == model.contexts.count + 1)
    #expect(report.summary.late.map(\.source) == [.local(ContextID(0, 0))])
    #expect(report.summary.next?.source == .local(ContextID(0, 1)))
  }
}

extension InspectorModel {
  /// A model with one event, for helpers that go on after it.
  fileprivate static func with(_ snapshot: Snapshot) -> InspectorModel {
    var model = InspectorModel(name: "x", snapshot: snapshot)
    model.receive([Event(sequence: 1, time: snapshot.machine.time, .nmiTaken)])
    return model
  }
}

extension Array {
  /// In an order that the seed gives.
  func shuffled(with seed: UInt64) -> Self {
    var random = SplitMix(state: seed)
    var out = self
    for i in stride(from: out.count - 1, to: 0, by: -1) { out.swapAt(i, Int(random.next() % UInt64(i + 1))) }
    return out
  }
}
