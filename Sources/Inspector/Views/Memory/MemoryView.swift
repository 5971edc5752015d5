import Architecture
import Journal

/// What the VTLs may do with guest memory: a map, the runs of protected pages, what was denied, and overlay pages.
public struct MemoryView: TableView {
  public var id: ViewID { .memory }
  public var tab: String? { "Memory" }
  public var shortTab: String? { "Mem" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard area.width >= 80, area.height >= 18 else {
      drawList(model, into: &grid, rest) { ["GPA", "MAY", "DENIED"].contains($0.name) }
      return
    }
    let map = mapLines(model, width: area.width, rows: area.height >= 30 ? 8 : 4)
    grid.put(map, in: rest.takeTop(map.count))
    grid.put(MemoryText.summary(model).clipped(to: area.width), 0, in: rest.takeBottom(1))
    let rows = max(1, shownRows(model).count)
    drawList(model, into: &grid, rest.takeTop(min(rows + 2, rest.height - rest.height / 3))) { _ in true }
    drawPanes(model, into: &grid, rest)
  }

  private func drawList(
    _ model: InspectorModel, into grid: inout Grid, _ area: Rect, where isWanted: (Column<ProtectionRun>) -> Bool
  ) {
    if model.snapshot.memory.protections.isEmpty {
      grid.put(Line(" " + MemoryText.emptiness(model).clippedAtWord(to: area.width - 1), .dim), 0, in: area)
    } else {
      drawTable(model, into: &grid, area, where: isWanted)
    }
  }

  /// What was denied, and below it, where there is room, what lies over memory.
  private func drawPanes(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    let overlays = MemoryText.overlays(model, width: area.width)
    if area.height >= 14, !overlays.isEmpty {
      var pane = rest.takeBottom(min(overlays.count + 1, area.height / 2))
      grid.rule("overlay pages: of whom, what, where", 0, in: pane.takeTop(1))
      grid.put(overlays, in: pane)
    }
    let events = model.index.memory.intercepts.suffix(max(0, rest.height - 2)).reversed()
    EventsTable.draw("intercepts, newest first", Array(events), model, into: &grid, rest)
    if events.isEmpty { grid.put(" no intercept is in the log", .dim, 2, in: rest) }
  }

  /// The map of the VTL whose run is selected.
  func mapLines(_ model: InspectorModel, width: Int, rows: Int) -> [Line] {
    let vtl = model.selectedProtection?.vtl ?? .vtl0
    let columns = width >= 160 ? 128 : width >= 76 ? 64 : 16
    let map = ProtectionMap(model.snapshot, of: vtl, columns: columns, rows: rows)
    let megabytes = model.snapshot.machine.memoryBytes >> 20
    let title =
      Line(" VTL\(vtl.rawValue)", .bold)
      + Line(" access   1 letter = \(map.unitText)   RAM \(megabytes) MB")
    let body = (0..<map.rowCount).map { row in
      Line(" " + TextForm.hex(map.address(ofRow: row), 9) + " ", .dim) + styled(map.text(ofRow: row))
    }
    return ([title, Line(" " + AccessText.legend, .dim)] + body).map { $0.clipped(to: width) }
  }

  /// What is free stands back.
  private func styled(_ letters: String) -> Line {
    var line = Line.empty
    for letter in letters {
      let style: Style = letter == "w" ? .dim : letter == "-" || letter == "m" ? .waiting : .active
      if line.spans.last?.style == style {
        line.spans[line.spans.count - 1].text.append(letter)
      } else {
        line.append(String(letter), style)
      }
    }
    return line
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let run = model.selectedProtection else {
      return model.snapshot.memory.protections.isEmpty
        ? Line(MemoryText.emptiness(model)) : "nothing has been denied in any protected page"
    }
    return MemoryText.sentence(run, model)
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.deniedOnly, .filter, .sortMenu, .yank, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    guard command == .deniedOnly else { return false }
    model.showsOnlyDenied.toggle()
    model.message = model.showsOnlyDenied ? "only runs with denied accesses" : "all runs"
    return true
  }
}

extension MemoryView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.protectionRows.map { .protection($0.id) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { model.selectedProtection.map { .protection($0.id) } }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.selection.protection = row.protection }
  func thing(_ row: RowID, _ model: InspectorModel) -> ProtectionRun? {
    row.protection.flatMap { id in model.snapshot.memory.protections.first { $0.id == id } }
  }
  func columns(_ model: InspectorModel) -> [Column<ProtectionRun>] { ProtectionTable.columns(model) }
  var filterFields: [FilterField<ProtectionRun>] { ProtectionTable.fields }
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    guard let run = thing(row, model) else { return json.null() }
    MemoryReport(model).write(run, to: &json)
  }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    thing(row, model).map { model.index.memory.denials(of: $0).isEmpty } ?? true
  }
}

extension RowID {
  var protection: ProtectionID? { if case .protection(let id) = self { id } else { nil } }
}

extension InspectorModel {
  /// The runs that are listed: all, or those that have stopped something.
  var protectionRows: [ProtectionRun] {
    guard showsOnlyDenied else { return snapshot.memory.protections }
    let log = index.memory
    return snapshot.memory.protections.filter { !log.denials(of: $0).isEmpty }
  }

  /// The run that is pointed at; before one is, the first.
  var selectedProtection: ProtectionRun? {
    let rows = protectionRows
    return rows.first { $0.id == selection.protection } ?? rows.first
  }
}
