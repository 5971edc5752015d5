import Architecture
import Journal

/// The columns of the event list, for one width. A column is there whole or not at all.
struct EventsTable {
  enum Column: Hashable, CaseIterable {
    case time, delta, journey, context, kind, what, place

    /// What commands and the configuration file call it.
    var name: String {
      switch self {
      case .time: "TIME"
      case .delta: "DELTA"
      case .journey: "JOURN"
      case .context: "CTX"
      case .kind: "KIND"
      case .what: "WHAT"
      case .place: "AT"
      }
    }
  }

  private(set) var columns: [(column: Column, width: Int)] = []

  /// What is left out first: where the code was, then the journey's number, then the delta.
  ///
  /// - Parameter hidden: names of columns that the operator has left out.
  init(_ model: InspectorModel, width: Int, hidden: Set<String> = []) {
    let newest = model.events.last
    let digits = { (value: UInt64) in String(value).count }
    let widths: [Column: Int] = [
      .time: max(12, newest?.time.pointText.count ?? 0), .delta: 8,
      .journey: max(6, digits(newest?.journey.rawValue ?? 0)),
      .context: max(4, digits(UInt64(model.snapshot.machine.vpCount)) + 2), .kind: 5, .place: 24,
    ]
    // Delta time has a column of its own already: that mode only gives up the other one.
    var wanted: [Column] = model.timeMode == .delta ? [.delta] : [.time, .delta]
    wanted += [.journey, .context, .kind, .what, .place]
    wanted.removeAll { $0 != .what && hidden.contains($0.name) }
    for dropped in [Column.place, .journey, .delta, .context] {
      let room = width - 1 - wanted.reduce(0) { $0 + (widths[$1] ?? 0) + 1 }
      let least = wanted.contains(.place) ? 44 : 28
      if room >= least { break }
      if dropped == .delta && model.timeMode == .delta { continue }
      wanted.removeAll { $0 == dropped }
    }
    let room = width - 1 - wanted.reduce(0) { $0 + (widths[$1] ?? 0) + 1 }
    // Where the code was stands beside what happened, not at the far edge of a wide screen.
    let what = wanted.contains(.place) ? min(room, 72) : room
    columns = wanted.map { ($0, widths[$0] ?? max(0, what)) }
  }

  func header(_ mode: TimeMode, _ style: Style = .bold) -> Line {
    var line = Line(" ")
    for (column, width) in columns {
      let title =
        switch column {
        case .time: mode == .relative ? "BEFORE NOW" : "TIME (s)"
        case .delta: "+DELTA"
        case .journey: "JOURN"
        case .context: "CTX"
        case .kind: "KIND"
        case .what: "WHAT"
        case .place: "AT"
        }
      line.append((isRight(column) ? title.right(width) : title.left(width)) + " ", style)
    }
    return line
  }

  private func isRight(_ column: Column) -> Bool {
    switch column {
    case .delta, .journey, .context: true
    case .time, .kind, .what, .place: false
    }
  }

  /// One event. `older` is the one that happened before it; `marked` is the journey that stands out.
  func row(_ event: Event, after older: Event?, marked: JourneyID, _ model: InspectorModel) -> Line {
    var line = Line(" ")
    for (column, width) in columns {
      let isMarked = marked != .none && event.journey == marked
      let text: String
      var style = Style.plain
      switch column {
      case .time:
        text = model.timeMode == .relative ? "-" + model.ago(event.time).spanText : event.time.pointText
      case .delta:
        text = older.map { (event.time - $0.time).spanText } ?? ""
        style = .dim
      case .journey:
        text = event.journey == .none ? "-" : String(event.journey.rawValue)
        style = isMarked ? .bold : .dim
      case .context: text = Self.context(event)
      case .kind:
        text = event.kindText
        style = .bold
      case .what:
        text = TextForm.escaped(event.text)
        style = EventText.style(event)
      case .place:
        text = event.rip == 0 ? "" : model.code(event.rip)
        style = .dim
      }
      line.append((isRight(column) ? text.right(width) : text.left(width)) + " ", style)
    }
    return line
  }

  /// A short list in a part of a view: a rule with a title, what the columns are, and the newest events.
  static func draw(
    _ title: String, _ events: [Event], _ model: InspectorModel, into grid: inout Grid, _ area: Rect
  ) {
    var area = area
    grid.keepCalm(area)
    grid.rule(title, 0, in: area.takeTop(1))
    let table = EventsTable(model, width: area.width)
    grid.put(table.header(model.timeMode, .dim), 0, in: area.takeTop(1))
    for (row, event) in events.prefix(area.height).enumerated() {
      let older = row + 1 < events.count ? events[row + 1] : nil
      grid.put(table.row(event, after: older, marked: .none, model), row, in: area)
    }
  }

  /// The context; `op` for the operator, `-` for the machine.
  private static func context(_ event: Event) -> String {
    if let context = event.context { return context.description }
    switch event.body {
    case .command, .requested(.operator, _, _): return "op"
    default: return "-"
    }
  }
}
