import Architecture
import Diagnosis
import Journal

// What the line mode prints of the views. Each is what a command for scripts prints of it; where it lists things, they
// are numbered.

extension PlainMode {
  mutating func show(_ view: ViewID) -> [String] {
    if view != model.view { model.show(view) }
    return list(view)
  }

  mutating func list(_ view: ViewID) -> [String] {
    switch view {
    case .over: [model.summary, ""] + numbered(OverView()) + [""] + model.findingLines
    case .groups: model.text(of: .groups, width: width)
    case .lapic: model.text(of: .lapic(model.selection.context), width: width)
    case .timers: [TimersView().status(model).text, ""] + numbered(TimersView())
    case .sched: model.text(of: .sched(last: model.sched.span), width: width)
    case .events: listEvents(20)
    case .stuck: listFindings()
    case .memory: model.text(of: .memory, width: width)
    case .routes: listRoutes()
    case .vsm: model.text(of: .vsm, width: width)
    default: model.rendered(width, 60) { Views.view(view).draw(model, into: &$0, $1) }
    }
  }

  /// The rows that pass the filter of the list, in its order.
  private mutating func numbered(_ view: some TableView) -> [String] {
    remember(view.shownRows(model))
    let lines = model.rendered(width - Self.numberWidth, max(rows.count, 1) + 1) {
      view.drawTable(model, into: &$0, $1)
    }
    return lines.enumerated().map { number, line in
      Self.numbered(rows.isEmpty ? 0 : number, InspectorModel.unmarked(line))
    }
  }

  mutating func listEvents(_ count: Int) -> [String] {
    var places: [Int] = []
    var next = model.list.newest
    while let place = next, places.count < count {
      places.append(place)
      next = model.list.shown(before: place)
    }
    let events = places.reversed().map { model.list[$0] }
    remember(events.map { .event($0.sequence) })
    guard !events.isEmpty else {
      return [model.sieve == nil ? "no event has been seen yet" : "no event passes the filter"]
    }
    var table = EventLines(model, width: width - Self.numberWidth)
    return [Self.numbered(0, " " + table.header)]
      + events.enumerated().map { Self.numbered($0.offset + 1, " " + table.line($0.element)) }
  }

  private mutating func listFindings() -> [String] {
    let findings = model.openFindings
    remember(findings.map { .finding($0.identity) })
    guard !findings.isEmpty else { return ["no findings in \(model.contexts.count) contexts"] }
    return findings.enumerated().map { Self.numbered($0.offset + 1, " " + model.line($0.element)) }
  }

  private mutating func listRoutes() -> [String] {
    guard !RoutesView().allRows(model).isEmpty else {
      remember([])
      return model.text(of: .routes, width: width)
    }
    return model.fitted(RoutesView().heads(model, width: width), width) + numbered(RoutesView())
  }

  private mutating func remember(_ rows: [RowID]) {
    self.rows = rows
    place = nil
  }

  private static var numberWidth: Int { 4 }

  /// 0 is the line of titles.
  private static func numbered(_ number: Int, _ line: String) -> String {
    (number == 0 ? "" : String(number)).right(numberWidth) + line
  }

  // MARK: - Reading

  /// All about a row of the last list.
  mutating func read(_ place: Int) throws(PaletteError) -> [String] {
    guard !rows.isEmpty else {
      throw PaletteError("nothing has been listed: over, stuck, events, timers and routes list")
    }
    guard rows.indices.contains(place) else {
      throw PaletteError("the list has the rows 1 to \(rows.count)")
    }
    self.place = place
    let row = rows[place]
    switch row {
    case .context(let id):
      model.select(id)
      return [sentence(about: id)] + model.text(of: .lapic(id), width: width)
    case .finding(let identity):
      guard let finding = model.findings.first(where: { $0.identity == identity }) else { break }
      if let id = finding.context { model.select(id) }
      return ["\(finding.subject)"] + WhyText.lines(finding, model, width: width).map(\.text)
    case .event(let sequence): return try readEvent(sequence)
    case .timer: return fields(TimersView(), row)
    case .route: return fields(RoutesView(), row)
    default: return texts(of: [row])
    }
    throw PaletteError("row \(place + 1) is gone")
  }

  func readEvent(_ sequence: UInt64) throws(PaletteError) -> [String] {
    guard let event = model.events.event(sequence) else { throw PaletteError("event \(sequence) is not in the log") }
    var table = EventLines(model, width: width)
    let line = table.line(event)
    guard event.journey != .none, model.journey(event.journey) != nil else { return [line] }
    var looking = model
    looking.openJourney(event.journey)
    return [line] + looking.rendered(width, 60) { JourneyView().draw(looking, into: &$0, $1) }
  }

  /// One column a line, with its name.
  private func fields<V: TableView>(_ view: V, _ row: RowID) -> [String] {
    guard let thing = view.thing(row, model) else { return ["it is gone"] }
    let columns = view.columns(model)
    let titles = columns.map { String($0.title.drop { $0 == " " }) }
    let longest = titles.map(\.columns).max() ?? 0
    return zip(titles, columns).map { title, column in
      title.left(longest) + " " + column.cell(thing).text.drop { $0 == " " }
    }
  }

  func texts(of rows: [RowID]) -> [String] { model.listView?.texts(of: rows, model) ?? [] }

  /// What a context does and waits for.
  func sentence(about id: ContextID) -> String {
    guard let context = model.snapshot[id] else { return "there is no context \(id)" }
    let (word, waiting) = (model.state(context).word, Waiting(context, in: model.snapshot).text)
    return word == waiting ? "\(id) \(word)" : "\(id) \(word): \(waiting)"
  }

  func why(_ id: ContextID) -> [String] { WhyDialog(id, in: model).lines(model, width: width).map(\.text) }
}
