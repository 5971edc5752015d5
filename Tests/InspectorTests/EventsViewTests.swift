import Architecture
import Inspector
import Journal
import Testing

struct EventsViewTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  private func model(_ size: Size) -> InspectorModel {
    var model = Scene.model(vps: size.width >= 200 ? 64 : 16)
    model.size = size
    model.strike("6")
    return model
  }

  @Test(arguments: sizes) func `events are what they were`(size: Size) throws {
    try expectGolden(model(size).draw(size), "events-\(size.width)x\(size.height)")
  }

  @Test(arguments: sizes) func `the journey of an open interrupt is what it was`(size: Size) throws {
    var model = model(size)
    model.strike(.end, .up, "J")
    try expectGolden(model.draw(size), "journey-\(size.width)x\(size.height)")
  }

  @Test func `following shows each new event at the top`() {
    var model = model(Size(80, 24))
    #expect(model.selectedEvent?.sequence == 394_996 - 1)
    model.receive([Event(sequence: 400_000, .nmiTaken)])
    #expect(model.selectedEvent?.sequence == 400_000)
  }

  @Test func `a selected event and its row stay while new events arrive`() {
    var model = model(Size(80, 24))
    model.strike(.down, .down)
    let selected = model.selectedEvent?.sequence
    let rows = model.draw(Size(80, 24)).textRows[3..<22]
    for sequence in UInt64(400_000)..<400_050 {
      model.receive([Event(sequence: sequence, time: Scene.now, .nmiTaken)])
    }
    #expect(model.selectedEvent?.sequence == selected)
    #expect(model.draw(Size(80, 24)).textRows[3..<22] == rows)
  }

  @Test func `F follows and stops following`() {
    var model = model(Size(80, 24))
    model.strike("F")
    #expect(model.selection.event == model.events.last?.sequence)
    model.strike("F")
    #expect(model.selection.event == nil)
  }

  @Test func `a held list stays whole when the log has run over all of it`() {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now), eventCapacity: 8)
    model.size = Size(80, 24)
    model.receive((0..<8).map { Event(sequence: UInt64($0), .nmiTaken) })
    model.strike("6", .down, .down)
    let rows = list(model)
    model.receive((8..<40).map { Event(sequence: UInt64($0), .nmiTaken) })
    #expect(model.selectedEvent?.sequence == 6)
    #expect(list(model) == rows)
    model.strike(.up, .up)
    #expect(model.selectedEvent?.sequence == 7)
    #expect(model.message?.text == "what came next is gone from the log; F follows the newest")
    model.strike("F")
    #expect(model.selectedEvent?.sequence == 39)
  }

  @Test func `at the top of a held list Up takes in what has come since`() {
    var model = model(Size(80, 24))
    model.strike(.down)
    model.receive([Event(sequence: 400_000, .nmiTaken)])
    model.strike(.up)
    #expect(model.selectedEvent?.sequence == 400_000)
  }

  @Test func `a journey that is looked at is kept, and goes on, when the log has run over it`() {
    var model = InspectorModel(name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now), eventCapacity: 8)
    model.receive(tick(100))
    model.strike("6", "J")
    model.receive((200..<240).map { Event(sequence: UInt64($0), .nmiTaken) })
    model.receive([
      Event(
        sequence: 300, time: Scene.now, journey: JourneyID(rawValue: 100), context: ContextID(0, 0),
        .acknowledged(VectorNumber(0xE0), waited: .zero))
    ])
    #expect(model.selectedJourney?.hasBeginning == true)
    #expect(model.selectedJourney?.targets.first?.taken == Scene.now)
  }

  @Test func `paging keeps the selection in sight`() {
    for size in Self.sizes {
      var model = model(size)
      for key in [Key.pageDown, .down, .pageDown, .up, .pageUp, .end, .pageUp, .down] {
        model.strike(key)
        let selected = model.draw(size).styleRows.count { $0.contains("R") && !$0.contains("a") }
        #expect(size.height < 20 || selected >= 1)
      }
    }
  }

  @Test func `an event without a journey opens none`() {
    var model = model(Size(80, 24))
    model.strike(.end, .enter)
    #expect(model.view == .events)
    #expect(model.message?.text == "this event belongs to no interrupt")
  }

  @Test func `columns go whole: a narrow list keeps time, kind and what`() {
    var model = model(Size(40, 10))
    model.size = Size(40, 10)
    let header = model.draw(Size(40, 10)).textRows[1]
    #expect(header.contains("TIME (s)") && header.contains("KIND") && header.contains("WHAT"))
    #expect(!header.contains("JOURN") && !header.contains("…"))
  }

  @Test func `a guest's text cannot bring control characters into a cell`() {
    var model = InspectorModel(
      name: "x", snapshot: Scene.snapshot(vps: 4, at: Scene.now),
      symbols: SymbolTable([.init(address: 0, name: "\u{1b}[31m\u{9b}x")], end: .max))
    model.receive([Event(sequence: 1, context: ContextID(0, 0), rip: 5, .nmiTaken)])
    model.strike("6")
    for cell in model.draw(Size(200, 60)).cells { #expect(cell.scalar.value >= 0x20 && cell.scalar.value != 0x9B) }
  }
}

extension EventsViewTests {
  private func opened(_ size: Size, _ events: [Event]) -> InspectorModel {
    var model = Scene.model()
    model.size = size
    model.receive(events)
    model.strike("6", .enter)
    return model
  }

  private var allButSelf: InterruptMessage {
    var command = InterruptCommand(rawValue: 0)
    command.vector = VectorNumber(0x2F)
    command.shorthand = .allExcludingSelf
    return InterruptMessage(command, isNarrow: false)
  }

  private func event(_ sequence: UInt64, _ context: ContextID, _ body: Event.Body) -> Event {
    Event(
      sequence: sequence, time: VirtualTime(ticks: Scene.now.rawValue - (600_100 - sequence) * 100),
      journey: JourneyID(rawValue: 9_000), context: context, body)
  }

  private var broadcast: [Event] {
    let vector = VectorNumber(0x2F)
    let route = Event.RouteSummary(
      group: GroupID(0), path: .scan, candidates: 15, delivered: 3, rejected: 12, reason: nil,
      firstTarget: ContextID(2, 0))
    return [
      event(600_000, ContextID(1, 0), .requested(.interruptCommand, allButSelf, route)),
      event(600_001, ContextID(2, 0), .accepted(vector, .fixed, .pending)),
      event(600_002, ContextID(3, 0), .accepted(vector, .fixed, .pending)),
      event(600_003, ContextID(4, 0), .accepted(vector, .fixed, .rejected(.softwareDisabled))),
      event(600_010, ContextID(2, 0), .acknowledged(vector, waited: VirtualTime(ticks: 900))),
      event(600_030, ContextID(2, 0), .endOfInterrupt(vector, inService: VirtualTime(ticks: 2_000))),
    ]
  }

  @Test func `a broadcast shows its targets, and moving goes through them`() throws {
    let size = Size(80, 24)
    var model = opened(size, broadcast)
    try expectGolden(model.draw(size), "journey-broadcast-80x24")
    model.strike(.down, .down)
    #expect(model.selection.context == ContextID(4, 0))
    model.strike(.enter)
    #expect(model.view == .lapic)
    #expect(model.selection.vector == VectorNumber(0x2F))
  }

  @Test func `a lost request shows each candidate and why it was not meant`() throws {
    let size = Size(80, 24)
    let route = Event.RouteSummary(
      group: GroupID(1), path: .scan, candidates: 3, delivered: 0, rejected: 3, reason: .groupNotZero,
      firstTarget: nil)
    let model = opened(size, [event(600_000, ContextID(1, 1), .requested(.interruptCommand, allButSelf, route))])
    try expectGolden(model.draw(size), "journey-lost-80x24")
  }
}

extension EventsViewTests {
  /// A local timer's expiry, the request that the log makes of it, and the IRR.
  private func tick(_ sequence: UInt64, delivered: UInt16 = 1) -> [Event] {
    let vector = VectorNumber(0xE0)
    let id = ContextID(0, 0)
    let route = Event.RouteSummary(
      group: GroupID(0), path: .direct, candidates: 1, delivered: delivered, rejected: 0, reason: nil, firstTarget: id)
    let journey = JourneyID(rawValue: sequence)
    let bodies: [Event.Body] = [
      .timerExpired(vector, due: Scene.now, isMasked: false),
      .requested(.timer, InterruptMessage(vector: vector, to: ApicID(0)), route),
      .accepted(vector, .fixed, .pending),
    ]
    return bodies.enumerated().map {
      Event(
        sequence: sequence + UInt64($0.offset), time: Scene.now, journey: journey, context: id, $0.element)
    }
  }

  private func list(_ model: InspectorModel) -> [String] { model.draw(Size(80, 24)).textRows[3..<22].map { $0 } }

  @Test func `a timer's tick takes two lines: what its request says, its expiry has said`() {
    var model = model(Size(80, 24))
    model.receive(tick(400_000))
    let rows = list(model)
    #expect(rows[0].contains("IRR   e0 pending"))
    #expect(rows[1].contains("TIMER e0 expired"))
    #expect(!rows.contains { $0.contains("(direct)") })
    // The journey still knows all of it.
    model.strike("J")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("g0 direct, 1 asked, 1 reached") })
  }

  @Test func `a tick that reached nobody is all there`() {
    var model = model(Size(80, 24))
    model.receive(tick(400_000, delivered: 0))
    #expect(list(model).contains { $0.contains("nobody") })
  }

  @Test func `moving goes from line to line, and never to one that is not there`() {
    var model = model(Size(80, 24))
    model.receive(tick(400_000) + tick(400_010))
    model.strike(.down)
    #expect(model.selectedEvent?.sequence == 400_012)
    model.strike(.down)
    #expect(model.selectedEvent?.sequence == 400_010)
    model.strike(.down)
    #expect(model.selectedEvent?.sequence == 400_002)
    model.strike(.up)
    #expect(model.selectedEvent?.sequence == 400_010)
  }

  @Test func `the list says whether it follows, and nothing is selected while it does`() {
    var model = model(Size(80, 24))
    #expect(model.draw(Size(80, 24)).textRows[2].hasSuffix("FOLLOWS: Down holds"))
    #expect(!model.draw(Size(80, 24)).styleRows[3].contains("R"))
    model.strike(.down)
    #expect(model.draw(Size(80, 24)).textRows[2].hasSuffix("HELD: F follows"))
    #expect(model.selectedEvent?.sequence == model.events.last?.sequence)
    #expect(model.draw(Size(80, 24)).styleRows[3].contains("R"))
  }
}
