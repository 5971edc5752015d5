import Architecture
import Inspector
import Journal
import Testing

struct LanesTests {
  /// Windows of all lengths, some of them beyond both ends.
  private func windows(_ oracle: LaneOracle, _ seed: UInt64) -> [(VirtualTime, VirtualTime)] {
    var random = SplitMix(state: seed)
    let all = (VirtualTime.zero, oracle.now)
    return [all]
      + (0..<12).map { _ in
        let ends = [random.next() % oracle.now.rawValue, random.next() % oracle.now.rawValue].sorted()
        return (VirtualTime(ticks: ends[0]), VirtualTime(ticks: ends[1]))
      }
  }

  @Test(arguments: UInt64(1)...60) func `the lane time of a VP is its virtual time, to the tick`(seed: UInt64) {
    let oracle = LaneOracle(seed: seed)
    let lanes = EventIndex(oracle.snapshot, oracle.events).lanes
    for (from, to) in windows(oracle, seed) {
      for vp in oracle.vps.indices {
        let times = lanes.times(of: VPIndex(vp), from: from, to: to)
        #expect(times.total == to - from)
        #expect(times.unknown == .zero)
        let truth = oracle.times(vp, from, to)
        for (vtl, lane) in times.lanes.enumerated() {
          let (here, away) = (truth[vtl][true] ?? [:], truth[vtl][false] ?? [:])
          #expect(lane.running.rawValue == here[.running] ?? 0)
          #expect(lane.halted.rawValue == here[.halted] ?? 0)
          #expect(lane.waitsForStartup.rawValue == here[.waitsForStartup] ?? 0)
          #expect(lane.preempted.rawValue == away[.preempted] ?? 0)
          #expect(lane.inactive.rawValue == away.values.reduce(0, +) - (away[.preempted] ?? 0))
        }
      }
    }
  }

  @Test(arguments: UInt64(1)...60)
  func `a log that lost its beginning tells the VTL and what it did from its first event on`(seed: UInt64) throws {
    let oracle = LaneOracle(seed: seed)
    var random = SplitMix(state: seed)
    let kept = oracle.events.suffix(20 + Int(random.next() % 200))
    let first = try #require(kept.first)
    let lanes = EventIndex(oracle.snapshot, kept).lanes
    for vp in oracle.vps.indices {
      let times = lanes.times(of: VPIndex(vp), from: first.time, to: oracle.now)
      #expect(times.unknown == .zero)
      let truth = oracle.times(vp, first.time, oracle.now)
      for (vtl, lane) in times.lanes.enumerated() {
        #expect(lane.running.rawValue == truth[vtl][true]?[.running] ?? 0)
        #expect(lane.halted.rawValue == truth[vtl][true]?[.halted] ?? 0)
        #expect(lane.waitsForStartup.rawValue == truth[vtl][true]?[.waitsForStartup] ?? 0)
      }
      // What was before is known as far as the snapshot says since when, and is not made up.
      let all = lanes.times(of: VPIndex(vp), from: .zero, to: oracle.now)
      #expect(all.total == oracle.now)
      for (vtl, lane) in all.lanes.enumerated() {
        #expect(lane.active.rawValue <= (oracle.times(vp, .zero, oracle.now)[vtl][true] ?? [:]).values.reduce(0, +))
      }
    }
  }

  @Test(arguments: UInt64(1)...60)
  func `overwritten events leave a stretch that is not known, and no other`(seed: UInt64) throws {
    let oracle = LaneOracle(seed: seed)
    var random = SplitMix(state: seed)
    let cut = 50 + Int(random.next() % 100)
    let count = 1 + Int(random.next() % 60)
    let kept = Array(oracle.events[..<cut]) + Array(oracle.events[(cut + count)...])
    let (before, after) = (oracle.events[cut - 1].time, oracle.events[cut + count].time)
    let lanes = EventIndex(oracle.snapshot, kept).lanes
    for vp in oracle.vps.indices {
      let index = VPIndex(vp)
      #expect(lanes.times(of: index, from: .zero, to: before).unknown == .zero)
      #expect(lanes.times(of: index, from: after, to: oracle.now).unknown == .zero)
      let hole = lanes.times(of: index, from: before, to: after)
      #expect(hole.total == after - before)
      let truth = oracle.times(vp, before, after)
      for (vtl, lane) in hole.lanes.enumerated() {
        #expect(lane.running.rawValue <= truth[vtl][true]?[.running] ?? 0)
        #expect(lane.halted.rawValue <= truth[vtl][true]?[.halted] ?? 0)
      }
    }
  }

  @Test(arguments: UInt64(1)...20) func `a column shows what took the most of its time`(seed: UInt64) {
    let oracle = LaneOracle(seed: seed)
    let lanes = EventIndex(oracle.snapshot, oracle.events).lanes
    for columns in [1, 7, 67, 187] {
      let scale = LaneScale(end: oracle.now, span: oracle.now, columns: columns)
      for vp in oracle.vps.indices {
        let cells = lanes.picture(of: VPIndex(vp), scale).lanes
        for column in 0..<columns {
          let (from, to) = (scale.time(of: column), min(oracle.now, scale.time(of: column + 1)))
          guard from < to else { continue }
          let truth = oracle.times(vp, from, to)
          for vtl in 0..<oracle.vtlCount {
            var sums: [LaneState: UInt64] = [:]
            for part in truth[vtl].values { sums.merge(part) { $0 + $1 } }
            #expect(
              cells[vtl][column].state.flatMap { sums[$0] } == sums.values.max(),
              "VP \(vp) VTL\(vtl) column \(column) of \(columns): \(cells[vtl][column]), \(sums)")
          }
        }
      }
    }
  }

  @Test func `entries, returns and stays are those of the events`() throws {
    let oracle = LaneOracle(seed: 5, vps: 1, vtls: 2, steps: 600)
    let lanes = EventIndex(oracle.snapshot, oracle.events).lanes
    let rows = lanes.rows(of: VPIndex(0), in: oracle.snapshot, from: .zero, to: oracle.now)
    var lengths: [VirtualTime] = []
    var reasons: [VTLSwitchReason: Int] = [:]
    var entered: VirtualTime?
    for event in oracle.events {
      guard case .vtlSwitched(_, let to, let reason, _) = event.body else { continue }
      if to == .vtl1 { reasons[reason, default: 0] += 1 }
      if let entered, to == .vtl0 { lengths.append(event.time - entered) }
      entered = to == .vtl1 ? event.time : nil
    }
    let row = try #require(rows.last)
    #expect(row.calls == reasons[.call] && row.interrupts == reasons[.interrupt])
    #expect(row.operators == reasons[.operator])
    #expect(row.stays == HopStatistics(lengths))
    #expect(row.entries - rows[0].returns == (oracle.vps[0].active == 1 ? 1 : 0))
    #expect(row.histogram.total == UInt64(lengths.count))
  }

  @Test func `events that come one by one give the same lanes as all at once`() {
    let oracle = LaneOracle(seed: 9)
    let whole = EventIndex(oracle.snapshot, oracle.events).lanes
    var model = InspectorModel(name: "x", snapshot: oracle.snapshot)
    for event in oracle.events { model.apply(Update(snapshot: nil, events: [event])) }
    for vp in oracle.vps.indices {
      #expect(model.index.lanes.segments(of: VPIndex(vp)).elementsEqual(whole.segments(of: VPIndex(vp))))
    }
  }

  @Test func `lanes go back as far as the log and no further`() throws {
    let oracle = LaneOracle(seed: 4, steps: 2_000)
    var model = InspectorModel(name: "x", snapshot: oracle.snapshot, eventCapacity: 100)
    for event in oracle.events { model.apply(Update(snapshot: nil, events: [event])) }
    let begin = try #require(model.events.first?.time)
    #expect(model.index.lanes.begin == begin)
    for vp in oracle.vps.indices {
      #expect(model.index.lanes.segments(of: VPIndex(vp)).count <= 102)
      let times = model.index.lanes.times(of: VPIndex(vp), from: begin, to: oracle.now)
      #expect(times.unknown == .zero && times.total == oracle.now - begin)
    }
  }

  @Test func `hostile events and snapshots do no harm`() {
    var random = SplitMix(state: 77)
    let oracle = LaneOracle(seed: 3)
    var snapshot = oracle.snapshot
    snapshot.contexts.reverse()
    var events: [Event] = []
    for i in 0..<3_000 {
      var event = oracle.events[Int(random.next() % UInt64(oracle.events.count))]
      event.sequence = UInt64(i) &* (random.next() % 3)
      event.time = VirtualTime(ticks: random.next() >> (random.next() % 64))
      event.context = ContextID(Int(random.next() % 5), Int(random.next() % 20))
      events.append(event)
    }
    snapshot.machine.nextEvent = (events.map(\.sequence).max() ?? 0) + 1
    let index = EventIndex(snapshot, events)
    let scale = LaneScale(end: .never, span: .never, columns: 50)
    for vp in 0..<4 {
      _ = index.lanes.picture(of: VPIndex(vp), scale)
      let times = index.lanes.times(of: VPIndex(vp), from: .zero, to: VirtualTime(ticks: 1 << 40))
      #expect(times.total == VirtualTime(ticks: 1 << 40))
    }
  }
}
