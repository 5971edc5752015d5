import Architecture
import Diagnosis
import Interrupts
import Journal

/// Where device interrupts go: the pins of the IOAPIC, the message routes, the 8259 pair.
public struct RoutesView: TableView {
  public var id: ViewID { .routes }
  public var tab: String? { "Routes" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard area.width >= 80, area.height >= 18 else {
      drawList(model, into: &grid, rest) { ["ROUTE", "VEC", "DEST", "NOTE"].contains($0.name) }
      return
    }
    let heads = heads(model, width: area.width)
    grid.put(heads, in: rest.takeTop(heads.count))
    let least = area.height >= 30 ? min(24, rest.height / 2) : 11
    let rows = max(1, shownRows(model).count)
    drawList(model, into: &grid, rest.takeTop(min(rows + 2, rest.height - least))) { _ in true }
    if let row = model.selectedRoute { RouteDetail(row, model).draw(into: &grid, rest) }
  }

  private func drawList(
    _ model: InspectorModel, into grid: inout Grid, _ area: Rect, where isWanted: (Column<RouteRow>) -> Bool
  ) {
    guard !RouteRow.all(model.snapshot).isEmpty else {
      grid.put(" No IOAPIC, and no device that sends messages", .dim, 0, in: area)
      return
    }
    drawTable(model, into: &grid, area, where: isWanted)
  }

  /// The interrupt controllers that there is one of, in a line each.
  func heads(_ model: InspectorModel, width: Int) -> [Line] {
    let platform = model.snapshot.platform
    var lines: [Line] = []
    if platform.ioapics.isEmpty {
      lines.append(
        Line(" No IOAPIC", .bold) + Line(": no device has a line to an interrupt controller of this machine"))
    }
    for ioapic in platform.ioapics {
      lines.append(
        Line(" IOAPIC \(ioapic.id)", .bold)
          + Line("  version \(TextForm.hex(ioapic.version, 2))  at \(TextForm.hex(ioapic.base))  ")
          + Line("\(ioapic.pins.count) pins from GSI \(ioapic.firstInterrupt)  ")
          + Line(ioapic.version >= 0x20 ? "with an EOI register" : "EOI by broadcast", .dim))
    }
    if let pic = platform.pic { lines.append(RouteText.pic(pic)) }
    lines.append(RouteText.lint0(model))
    return lines.map { $0.clipped(to: width) }
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let row = model.selectedRoute else { return "no IOAPIC, and no device sends messages" }
    let name = row.device.isEmpty ? "" : " (\(TextForm.escaped(row.device)))"
    var line = Line(row.id.text, .bold) + Line("\(name): ")
    if let finding = model.finding(row) {
      return line + Line("\(finding.code.rawValue) \(TextForm.escaped(finding.title))", .wrong)
    }
    if row.isWedged {
      return line
        + Line("WEDGED S21: remote IRR set, line high, vector \(row.vectorText) in no ISR: no EOI will come", .wrong)
    }
    guard let preview = row.preview(in: model.snapshot) else {
      return line + Line("sends no interrupt message: \(row.faultText)", .wrong)
    }
    if row.isMasked { line.append("masked; ", .waiting) }
    line.append(row.isMasked ? "would go to " : "goes to ")
    guard preview.route.count > 0 else {
      return line + Line("nobody: \(preview.route.reason?.text ?? "no reason")", row.isMasked ? .waiting : .wrong)
    }
    line.append(Receivers.names(preview.route.contexts))
    if let last = row.lastSent { line.append(", last \(model.ago(last).spanText) ago as #\(row.lastJourney.rawValue)") }
    return line
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.journey, .open, .crossCheck, .fire, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    switch command {
    case .crossCheck: decode(&model)
    case .open: open(&model)
    default: return false
    }
    return true
  }

  /// To the first local APIC that would be reached.
  private func open(_ model: inout InspectorModel) {
    guard let row = model.selectedRoute, let target = row.preview(in: model.snapshot)?.route.contexts.first else {
      model.message = "this route reaches no local APIC"
      return
    }
    model.select(target)
    model.selection.vector = row.message?.command.vector
    model.show(.lapic)
  }

  /// Shows the destination in both forms, or hides them; says how they came out either way.
  private func decode(_ model: inout InspectorModel) {
    guard let row = model.selectedRoute else { return }
    model.showsDecoding = !(model.showsDecoding ?? (model.size.height >= 34))
    guard let decoding = RouteDecoding(row, in: model.snapshot) else {
      model.message = Line("no interrupt message in either form: \(row.faultText)", .wrong)
      return
    }
    let agrees = decoding.plain.check.agrees && decoding.extended.check.agrees
    let forms = decoding.isExtended ? "the forms differ" : "both forms say the same"
    model.message =
      Line("decoded both ways: \(forms), ") + (agrees ? Line("map equals scan") : Line("MAP AND SCAN DIFFER", .wrong))
  }
}

extension RoutesView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.routeRows.map { .route($0.id) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { model.selectedRoute.map { .route($0.id) } }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.selection.route = row.route }
  func thing(_ row: RowID, _ model: InspectorModel) -> RouteRow? {
    row.route.flatMap { RouteRow($0, in: model.snapshot) }
  }
  func columns(_ model: InspectorModel) -> [Column<RouteRow>] { RouteTable.columns(model) }
  var filterFields: [FilterField<RouteRow>] { RouteTable.fields }
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    guard let route = thing(row, model) else { return json.null() }
    json.value(RoutesReport.Entry(row: route, preview: route.preview(in: model.snapshot)))
  }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool { thing(row, model)?.isUnused ?? true }
}

extension RowID {
  var route: RouteID? { if case .route(let id) = self { id } else { nil } }
}

extension InspectorModel {
  /// The worst finding about a route.
  func finding(_ row: RouteRow) -> Finding? {
    guard let subject = row.subject(in: snapshot) else { return nil }
    return findings.first { $0.subject == subject }
  }

  /// The pins and messages that are in use, in their order, then the others.
  var routeRows: [RouteRow] {
    let all = RouteRow.all(snapshot)
    return all.filter { !$0.isUnused } + all.filter(\.isUnused)
  }

  /// The route that is pointed at; before one is, the one that is wedged, else the first that is in use.
  var selectedRoute: RouteRow? {
    let rows = routeRows
    if let id = selection.route, let row = rows.first(where: { $0.id == id }) { return row }
    return rows.first { $0.isWedged } ?? rows.first { !$0.isUnused && !$0.isMasked } ?? rows.first
  }
}
