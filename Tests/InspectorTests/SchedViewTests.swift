import Architecture
import Inspector
import Journal
import Testing

struct SchedViewTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size) -> InspectorModel {
    var model = Scene.busy(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.strike("5")
    return model
  }

  @Test(arguments: sizes) func `lanes are what they were`(size: Size) throws {
    try expectGolden(model(size).draw(size), "sched-\(size.width)x\(size.height)")
  }

  @Test func `the cursor explains a moment of the past`() throws {
    var model = model(Size(120, 40))
    model.strike("-", ",", ",", ",")
    try expectGolden(model.draw(model.size), "sched-cursor-120x40")
  }

  @Test func `the lengths of stays, where there is no room for the table`() throws {
    var model = model(Size(80, 24))
    model.strike("H")
    try expectGolden(model.draw(model.size), "sched-stays-80x24")
  }

  @Test func `switches only, in ASCII`() throws {
    var model = model(Size(80, 24))
    model.glyphs = .ascii
    model.strike("E", "h")
    try expectGolden(model.draw(model.size), "sched-switches-80x24")
  }

  @Test func `a letter says what a colour says: every state and mark has its own`() {
    let letters = LaneState.allCases.map(\.letter) + LaneMark.allCases.map(\.letter)
    #expect(Set(letters).count == letters.count)
  }

  @Test func `the cursor holds the picture while time goes on, and L lets it go`() {
    var model = model(Size(80, 24))
    model.strike("h", "h", "h")
    let rows = model.draw(model.size).textRows[2..<16]
    var next = model.snapshot
    next.machine.time = Scene.now + .milliseconds(5)
    next.machine.nextEvent += 1
    let event = Event(
      sequence: next.machine.nextEvent - 1, time: Scene.now + .milliseconds(2), context: ContextID(0, 0),
      .vtlSwitched(from: .vtl1, to: .vtl0, .return, nil))
    model.apply(Update(snapshot: next, events: [event]))
    #expect(model.draw(model.size).textRows[2..<16] == rows)
    model.strike("L")
    #expect(model.selection.moment == nil)
    #expect(model.draw(model.size).textRows[2..<16] != rows)
  }

  @Test func `moving the cursor beyond the left edge brings earlier time in`() throws {
    var model = model(Size(80, 24))
    model.strike(.left)
    let first = try #require(model.selection.moment)
    for _ in 0..<80 { model.strike(.left) }
    let moment = try #require(model.selection.moment)
    #expect(first - moment > .milliseconds(8))
    #expect(model.draw(model.size).textRows[3].contains("▼"))
    // To the right of all there is, the picture follows again.
    for _ in 0..<200 { model.strike(.right) }
    #expect(model.selection.moment == nil)
  }

  @Test func `zooming keeps what the cursor points at, and never loses the picture`() {
    var model = model(Size(80, 24))
    model.strike(",")
    let moment = model.selection.moment
    for key: Key in ["+", "+", "+", "-", "-", "=", "+"] {
      model.strike(key)
      #expect(model.selection.moment == moment)
      #expect(model.draw(model.size).textRows[3].contains("▼"))
    }
    for _ in 0..<80 { model.strike("+") }
    #expect(model.draw(model.size).textRows[2].contains("1 col = 1ns"))
    for _ in 0..<80 { model.strike("-") }
    #expect(model.draw(model.size).textRows[3].contains("▼"))
  }

  @Test func `timer marks never hide all else: where they are too many they are left out`() {
    let lanes = Scene.busy().index.lanes
    for (columns, isHidden) in [(200, false), (20, true)] {
      let scale = LaneScale(end: Scene.now, span: .milliseconds(20), columns: columns)
      let picture = lanes.picture(of: VPIndex(0), scale)
      #expect(picture.hidesTimers == isHidden)
      #expect(picture.lanes[0].contains { $0.mark == .timerDue } == !isHidden)
      #expect(picture.lanes[1].contains { $0.mark == .call })
    }
  }

  @Test func `all 64 VPs can be reached, and the selected one is in sight`() {
    var model = model(Size(80, 24))
    model = Scene.busy(vps: 64)
    model.size = Size(80, 24)
    model.strike("5")
    for vp in [0, 3, 31, 63] {
      model.select(ContextID(vp, 0))
      #expect(model.draw(model.size).textRows.contains { $0.hasPrefix(">") && $0.contains("VTL0") })
      #expect(model.draw(model.size).textRows.contains { $0.contains("VP\(vp) ") })
    }
    model.strike(.down)
    #expect(model.selection.context == ContextID(63, 0))
    model.strike(.up)
    #expect(model.selection.context == ContextID(62, 0))
  }

  @Test func `J is the interrupt that brought the VTL in`() {
    var model = model(Size(120, 40))
    model.strike("J")
    #expect(model.view == .journey)
    let made = model.events.first {
      if case .timerExpired(VectorNumber(0xD1), _, _) = $0.body { $0.context == ContextID(0, 1) } else { false }
    }
    #expect(made != nil && model.selection.journey == made?.journey)
  }

  @Test func `without events the view says that it does not know`() {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now))
    model.strike("5")
    for size in Self.sizes {
      model.size = size
      #expect(model.draw(size).textRows.contains { $0.contains("?") || $0.contains("not known") })
    }
  }

  @Test func `the report's lane times are the window`() {
    let model = Scene.busy(vps: 16)
    let report = SchedReport(model.snapshot, model.index.lanes, last: .milliseconds(5))
    #expect(report.to - report.from == .milliseconds(5))
    for vp in report.vps {
      #expect(vp.rows.reduce(vp.unknown) { $0 + $1.times.active } == .milliseconds(5))
    }
    var json = JSONWriter()
    report.write(to: &json)
    #expect(json.text.contains("\"schema\": \"vtlscope.sched\""))
  }
}
