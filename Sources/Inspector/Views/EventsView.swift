import Architecture
import Journal

/// What happened, in what order, and because of what: newest first.
///
/// The selection is an event, not a row. While nothing is selected the list follows the newest; otherwise the
/// rows stand still while new events arrive above them.
public struct EventsView: View {
  public var id: ViewID { .events }
  public var tab: String? { "Events" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var list = area
    let preview = list.takeBottom(Self.previewRows(area))
    drawList(model, into: &grid, list)
    if preview.height > 0 { drawPreview(model, into: &grid, preview) }
  }

  /// From 120x40 on, the journey of the selected event is below the list.
  static func previewRows(_ area: Rect) -> Int { area.width >= 120 && area.height >= 36 ? 12 : 0 }

  private func drawList(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let table = EventsTable(model, width: area.width)
    grid.put(table.header(model.timeMode), 0, in: area)
    guard !model.events.isEmpty else {
      grid.put("no event has been seen yet", .dim, 2, in: area, column: 2)
      return
    }
    let rows = area.height - 1
    let selected = model.eventPlace
    let top = Self.top(model, rows: rows)
    let marked = model.events[selected].journey
    for row in 0..<max(0, rows) {
      let place = top - row
      guard place >= 0 else { break }
      let older = place > 0 ? model.events[place - 1] : nil
      grid.put(table.row(model.events[place], after: older, marked: marked, model), row + 1, in: area)
      if place == selected { grid.select(row + 1, in: area) }
    }
  }

  /// The place of the newest event on the screen: where it was, unless the selection would be out of sight.
  static func top(_ model: InspectorModel, rows: Int) -> Int {
    let selected = model.eventPlace
    guard model.selection.event != nil, let kept = model.eventsTop else { return model.events.count - 1 }
    let top = min(model.events.count - 1, model.events.place(of: kept))
    return min(max(top, selected), selected + max(0, rows - 1))
  }

  private func drawPreview(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let event = model.selectedEvent, event.journey != .none,
      let journey = Journey(event.journey, from: model.events, in: model.snapshot)
    else {
      grid.rule("journey: this event belongs to no interrupt", 0, in: area)
      return
    }
    grid.rule("journey #\(journey.id.rawValue)  \(journey.what)  (Enter opens it)", 0, in: area)
    var body = area
    _ = body.takeTop(1)
    let ladder = Ladder(journey, at: journey.target(model.selection.context), model, width: area.width)
    grid.put(ladder.lines(body.height), in: body)
  }

  public func status(_ model: InspectorModel) -> Line {
    let kept =
      "kept \(TextForm.count(UInt64(model.events.count))) of \(TextForm.count(model.snapshot.machine.nextEvent))"
    let missed = model.events.missed
    let state = "\(kept)  missed \(TextForm.count(missed))"
    guard let event = model.selectedEvent else { return Line(state) }
    guard model.selection.event != nil else {
      return Line("follow ON   time \(model.timeMode.name)   \(state)")
    }
    return Line("follow off  ") + EventText.whole(event, model)
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .follow, .timeMode, .fire, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    switch command {
    case .open:
      _ = model.perform(.journey)
      return true
    case .follow:
      model.follow(model.selection.event != nil)
      return true
    case .first:
      model.follow(true)
      return true
    default:
      guard let distance = model.distance(command) else { return false }
      model.moveEvent(by: distance)
      return true
    }
  }
}

extension InspectorModel {
  /// The place of the selected event in the buffer; the newest while following. Only when there are events.
  var eventPlace: Int {
    guard let selected = selection.event else { return events.count - 1 }
    return min(events.count - 1, events.place(of: selected))
  }

  public var selectedEvent: Event? { events.isEmpty ? nil : events[eventPlace] }

  /// Follows the newest event, or stays at the one that is newest now.
  mutating func follow(_ on: Bool) {
    selection.event = on ? nil : events.last?.sequence
    eventsTop = selection.event
  }

  /// `distance` is in rows: towards older events.
  mutating func moveEvent(by distance: Int) {
    guard !events.isEmpty else { return }
    let rows = eventRows
    let top = EventsView.top(self, rows: rows)
    let place = min(events.count - 1, max(0, eventPlace - distance))
    selection.event = events[place].sequence
    eventsTop = events[min(max(top, place), place + max(0, rows - 1))].sequence
  }

  /// How many events are in sight.
  private var eventRows: Int {
    let frame = size.width >= 80 && size.height >= 24 ? 4 : 3
    let area = Rect(x: 0, y: 0, width: size.width, height: size.height - frame)
    return max(1, area.height - 1 - EventsView.previewRows(area))
  }
}

extension EventText {
  /// The whole of an event in one sentence, for the status line.
  static func whole(_ event: Event, _ model: InspectorModel) -> Line {
    let who = event.context.map { "\($0) " } ?? ""
    let at = event.rip == 0 ? "" : "  at " + model.code(event.rip)
    return Line("\(event.kindText) ", .bold) + Line(who + TextForm.escaped(event.text) + at)
  }
}
