import Architecture
import Journal

/// What happened, in what order, and because of what: newest first.
///
/// The selection is an event, not a row. While nothing is selected the list follows the newest; otherwise the
/// rows stand still while new events arrive above them.
public struct EventsView: ListView {
  public var id: ViewID { .events }
  public var tab: String? { "Events" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var list = area
    let preview = list.takeBottom(Self.previewRows(model, area))
    drawList(model, into: &grid, list)
    if preview.height > 0 { drawPreview(model, into: &grid, preview) }
  }

  /// From 120x40 on, the journey of the selected event is below the list. While the list follows, nothing is
  /// selected and the list has it all.
  static func previewRows(_ model: InspectorModel, _ area: Rect) -> Int {
    (model.isFollowing && model.pinned == nil) || area.width < 120 || area.height < 36 ? 0 : 10
  }

  private func drawList(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let table = EventsTable(model, width: area.width, hidden: model.lists[.events]?.hiddenColumns ?? [])
    grid.put(table.header(model.timeMode), 0, in: area)
    let list = model.list
    guard !list.isEmpty else {
      let why = model.sieve == nil ? "no event has been seen yet" : "no event passes the filter"
      grid.put(why, .dim, 2, in: area, column: 2)
      return
    }
    grid.putRight(Self.badge(model, isWide: area.width >= 72), 0, in: area)
    let rows = area.height - 1
    let selected = model.isFollowing ? nil : model.eventPlace
    let marked = selected.map { list[$0].journey } ?? .none
    var next: Int? = Self.top(model, rows: rows)
    for row in 0..<max(0, rows) {
      guard let place = next else { break }
      next = list.shown(before: place)
      let older = next.map { list[$0] }
      grid.put(table.row(list[place], after: older, marked: marked, model), row + 1, in: area)
      let id = RowID.event(list[place].sequence)
      if model.tags.contains(id) { grid.put("*", .bold, row + 1, in: area) }
      if place == selected { grid.select(row + 1, in: area) }
      grid.mark(row + 1, in: area, as: .row(id))
    }
  }

  /// Whether the list moves, and what changes that.
  private static func badge(_ model: InspectorModel, isWide: Bool) -> Line {
    if !model.isFollowing { return Line(isWide ? " HELD: F follows " : " HELD ", .badge) }
    let isMoving = model.snapshot.machine.runState == .running && model.isAlive && !model.isFrozen
    return isMoving ? Line(isWide ? " FOLLOWS: Down holds " : " FOLLOWS ", .badge) : .empty
  }

  /// The place of the newest event on the screen: where it was, unless the selection would be out of sight.
  static func top(_ model: InspectorModel, rows: Int) -> Int {
    let selected = model.eventPlace
    guard !model.isFollowing, let kept = model.eventsTop else { return selected }
    let list = model.list
    let top = list.listed(kept)
    if top <= selected { return selected }
    var lowest = top
    for _ in 1..<max(2, rows) {
      if lowest <= selected { return top }
      lowest = list.shown(before: lowest) ?? lowest
    }
    return lowest <= selected ? top : list.shown(rows - 1, after: selected)
  }

  private func drawPreview(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let id = model.pinned ?? model.selectedEvent?.journey, id != .none, let journey = model.journey(id) else {
      grid.rule("journey: this event belongs to no interrupt", 0, in: area)
      return
    }
    let how = model.pinned == nil ? "Enter opens it" : "pinned: P lets go"
    grid.rule("journey #\(journey.id.rawValue)  \(journey.what)   \(how)", 0, in: area)
    var body = area
    _ = body.takeTop(1)
    let ladder = Ladder(journey, at: journey.target(model.selection.context), model, width: area.width)
    grid.put(ladder.lines(body.height), in: body)
  }

  public func status(_ model: InspectorModel) -> Line {
    let kept =
      "kept \(TextForm.count(UInt64(model.listed.count))) of \(TextForm.count(model.snapshot.machine.nextEvent))"
    let missed = model.events.missed
    let state = "\(kept)  missed \(TextForm.count(missed))"
    guard let event = model.selectedEvent, !model.isFollowing else {
      return Line("newest first, time \(model.timeMode.name)   \(state)")
    }
    return EventText.whole(event, model)
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .follow, .timeMode, .fire, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    switch command {
    case .open:
      _ = model.perform(.journey)
      return true
    case .follow:
      model.follow(!model.isFollowing)
      return true
    case .first:
      model.follow(true)
      return true
    case .pin:
      model.pin()
      return true
    default:
      guard let distance = model.distance(command) else { return false }
      model.moveEvent(by: distance)
      return true
    }
  }
}

extension EventsView {
  func allRows(_ model: InspectorModel) -> [RowID] {
    let buffer = model.listed
    return buffer.indices.reversed().filter { !buffer.isRepeated($0) }.map { .event(buffer[$0].sequence) }
  }

  func shownRows(_ model: InspectorModel) -> [RowID] {
    model.sieve.map { $0.passed.reversed().map { .event($0) } } ?? allRows(model)
  }

  func hiddenCount(_ model: InspectorModel) -> Int { model.sieve?.hiddenCount ?? 0 }
  func arrange(_ model: inout InspectorModel) { model.sift(anew: true) }

  func selectedRow(_ model: InspectorModel) -> RowID? { model.selection.event.map { .event($0) } }

  func select(_ row: RowID, _ model: inout InspectorModel) {
    guard case .event(let sequence) = row else { return }
    if model.isFollowing { model.follow(false) }
    model.selection.event = sequence
  }

  func texts(of rows: [RowID], _ model: InspectorModel) -> [String] {
    rows.map { row in
      guard case .event(let sequence) = row, let event = model.listed.event(sequence) else { return "" }
      return EventText.searched(event, model)
    }
  }

  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    if case .event(let sequence) = row, let event = model.listed.event(sequence) {
      event.write(to: &json)
    } else {
      json.null()
    }
  }

  var filterNames: [FilterName] { EventFields.all.map(\.description) }
  func columnNames(_ model: InspectorModel) -> [String] { EventsTable.Column.allCases.map(\.name) }
}

extension InspectorModel {
  /// Keeps the journey of the selected event in the preview, whatever is selected after it; or lets it go.
  mutating func pin() {
    if pinned != nil {
      pinned = nil
      message = "the preview goes along with the selection"
    } else if let event = selectedEvent, event.journey != .none {
      pinned = event.journey
      watch(event.journey)
      message = Line("pinned #\(event.journey.rawValue)")
    } else {
      message = "this event belongs to no interrupt"
    }
  }

  /// The list of events keeps up with the newest, and none is selected.
  var isFollowing: Bool { selection.event == nil }

  /// The place of the selected event in the buffer; the newest while following. Only when an event is shown.
  var eventPlace: Int {
    guard let selected = selection.event else { return list.newest ?? 0 }
    return list.listed(selected)
  }

  public var selectedEvent: Event? { list.isEmpty ? nil : list[eventPlace] }

  /// Follows the newest event, or stays at the one that is newest now.
  mutating func follow(_ on: Bool) {
    held = on ? nil : events
    selection.event = on ? nil : list.newest.map { list[$0].sequence }
    eventsTop = selection.event
  }

  /// `distance` is in rows: towards older events.
  mutating func moveEvent(by distance: Int) {
    guard !list.isEmpty else { return }
    // From following, the first key only holds the list, with the newest event selected.
    if isFollowing, abs(distance) == 1 { return follow(false) }
    if isFollowing { follow(false) }
    if distance < 0 { catchUp() }
    let list = list
    var place = eventPlace
    eventsTop = list[EventsView.top(self, rows: eventRows)].sequence
    for _ in 0..<min(abs(distance), list.buffer.count) {
      guard let next = distance > 0 ? list.shown(before: place) : list.shown(after: place) else { break }
      place = next
    }
    selection.event = list[place].sequence
    eventsTop = self.list[EventsView.top(self, rows: eventRows)].sequence
  }

  /// At the newest event of a held list: takes in what has come since, as long as nothing is missing between.
  private mutating func catchUp() {
    guard list.shown(after: eventPlace) == nil, let selected = selection.event else { return }
    if events.event(selected) != nil {
      held = events
    } else {
      message = "what came next is gone from the log; F follows the newest"
    }
  }

  /// Holds the list with what the operator had done selected, a few newer events above it.
  mutating func hold(at deed: Deed) {
    held = deed.log
    guard deed.log.event(deed.event) != nil else { return follow(true) }
    selection.event = deed.event
    eventsTop = list[list.shown(6, after: eventPlace)].sequence
  }

  /// How many events are in sight.
  private var eventRows: Int {
    let frame = size.width >= 80 && size.height >= 24 ? 4 : 3
    let area = Rect(x: 0, y: 0, width: size.width, height: size.height - frame)
    return max(1, area.height - 1 - EventsView.previewRows(self, area))
  }
}

extension EventText {
  /// What a search looks at.
  static func searched(_ event: Event, _ model: InspectorModel) -> String {
    let who = event.context?.description ?? "-"
    let journey = event.journey == .none ? "" : "#\(event.journey.rawValue) "
    let at = event.rip == 0 ? "" : " " + model.code(event.rip)
    return "\(event.time.pointText) \(journey)\(who) \(event.kindText) \(event.text)\(at)"
  }

  /// The whole of an event in one sentence, for the status line.
  static func whole(_ event: Event, _ model: InspectorModel) -> Line {
    let who = event.context.map { "\($0) " } ?? ""
    let at = event.rip == 0 ? "" : "  at " + model.code(event.rip)
    return Line("\(event.kindText) ", .bold) + Line(who + TextForm.escaped(event.text) + at)
  }
}
