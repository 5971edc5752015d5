import Architecture
import Journal

/// What virtual secure mode is and does: the VTLs of the partition, those of each VP, SynIC slots and synthetic timers.
public struct VSMView: TableView {
  public var id: ViewID { .vsm }
  public var tab: String? { "VSM" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard area.width >= 80, area.height >= 18 else {
      drawTable(model, into: &grid, rest) { ["CTX", "St", "ENTERED-BY", "SLOTS"].contains($0.name) }
      return
    }
    let head = VSMText.partition(model, width: area.width)
    grid.put(head.prefixed(area.height / 4), in: rest.takeTop(min(head.count, area.height / 4)))
    let rows = max(1, shownRows(model).count)
    drawTable(model, into: &grid, rest.takeTop(min(rows + 2, rest.height / 2)))
    guard let context = model.selectedContext, context.isEnabled else { return }
    VSMDetail.draw(context, model, into: &grid, rest)
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let context = model.selectedContext, context.isEnabled else { return Line("nothing is selected") }
    var line = Line("\(context.id) \(model.state(context).word)")
    if let reason = context.entryReason {
      line.append(", entered by \(reason.text) \(model.ago(context.entryTime).spanText) ago")
    }
    if context.vinaAsserted { line.append("; VINA asserted: a VTL below has an interrupt to take", .waiting) }
    if let waits = VSMText.waits(context) { line.append("; waits for \(waits)", .waiting) }
    let queued = context.synic?.sources.count { $0.queued > 0 } ?? 0
    if queued > 0 {
      line.append("; messages wait behind \(queued) full \(queued == 1 ? "slot" : "slots") until EOM", .waiting)
    }
    return line
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .switchVTL, .filter, .sortMenu, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    guard command == .open else { return false }
    model.show(.lapic)
    return true
  }
}

extension VSMView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.contexts.map { .context($0) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { .context(model.selection.context) }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.select(row.context) }
  func thing(_ row: RowID, _ model: InspectorModel) -> ContextSnapshot? { model.context(of: row) }
  func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] { VSMTable.columns(model) }
  var filterFields: [FilterField<ContextSnapshot>] { VSMTable.fields }
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    guard let context = thing(row, model) else { return json.null() }
    VSMReport.write(context, to: &json)
  }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    row.context.map { ContextFields.isQuiet($0, model) } ?? true
  }
}
