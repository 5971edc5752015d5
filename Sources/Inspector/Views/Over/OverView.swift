import Architecture
import Diagnosis
import Journal

/// Who is doing what, and is anything wrong.
public struct OverView: TableView {
  public var id: ViewID { .over }
  public var tab: String? { "Over" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let panes = OverPanes(model, area) else {
      drawContexts(model, into: &grid, area) { ["CTX", "St", "NOTE"].contains($0.name) }
      return
    }
    if let strip = panes.strip {
      grid.put(MapStrip.lines(model, width: strip.width), in: strip)
      MapStrip.mark(model, into: &grid, strip)
    }
    if let tail = panes.tail { drawTail(model, into: &grid, tail) }
    if let summary = panes.summary { OverSummary.draw(model, into: &grid, summary) }
    if var column = panes.context {
      _ = column.takeTop(ContextPane.draw(model, into: &grid, column))
      if panes.summary != nil { ChangesPane.draw(model, into: &grid, column) }
    }
    // The note says more than the VTL, which the context's name says too.
    let isWide = panes.list.width >= 100
    drawContexts(model, into: &grid, panes.list) { isWide || $0.name != "VTL" }
  }

  private func drawContexts(
    _ model: InspectorModel, into grid: inout Grid, _ area: Rect, where isWanted: (Column<ContextSnapshot>) -> Bool
  ) {
    switch model.overLayout {
    case .table: drawTable(model, into: &grid, area, where: isWanted)
    case .folded: FoldedOver().drawTable(model, into: &grid, area)
    case .grid:
      var rest = area
      if rest.height >= 12 { grid.put(MapStrip.legend, 0, in: rest.takeTop(1)) }
      ContextGrid(model, width: rest.width).draw(model, into: &grid, rest)
    }
  }

  private func drawTail(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    EventsTable.draw("events, newest first", model.events.newest(area.height), model, into: &grid, area)
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let context = model.selectedContext, context.isEnabled else { return Line("nothing is selected") }
    var line = Line("\(context.id) \(model.state(context).word)")
    if let finding = model.finding(context.id) {
      line.append(", \(finding.code.rawValue) \(finding.certainty.rawValue): ", .wrong)
      line += Line(TextForm.escaped(finding.title))
    } else {
      line += Line(", " + Waiting(context, in: model.snapshot).text)
    }
    return ending(model) + line + Line(findings(model), model.findings.isEmpty ? .dim : .plain)
  }

  /// How a machine that has stopped for good came to it.
  private func ending(_ model: InspectorModel) -> Line {
    let machine = model.snapshot.machine
    guard machine.runState == .stopped, let cause = machine.stopCause else { return .empty }
    let value = cause == .debugExit ? " (\(machine.exitStatus))" : ""
    return Line("stopped: \(cause.text)\(value)   ", cause == .tripleFault ? .wrong : .bold)
  }

  private func findings(_ model: InspectorModel) -> String {
    let hidden = model.acknowledgedCount > 0 ? ", \(model.acknowledgedCount) acknowledged" : ""
    switch model.openFindings.count {
    case 0: return "   no findings" + hidden
    case 1: return "   1 finding\(hidden): 7"
    default: return "   \(model.openFindings.count) findings\(hidden): 7"
    }
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .why, .fire, .switchVTL, .actions] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    let contexts = model.contexts
    if model.overLayout == .grid, let moved = moveInGrid(command, model) {
      model.select(moved)
      return true
    }
    if let distance = model.distance(command), let list = model.listView {
      model.move(by: distance, in: list)
      return true
    }
    switch command {
    case .left: model.select(neighbour(contexts, model.selection.context, by: -1))
    case .right: model.select(neighbour(contexts, model.selection.context, by: 1))
    case .open: model.show(.lapic)
    case .layout: model.lay(model.overLayout.next)
    case .zoomOut: model.lay(.folded)
    case .zoomIn, .zoomFit: model.lay(.table)
    default: return false
    }
    return true
  }

  /// In the grid the arrows go where they point; nil for a command that is none of them.
  private func moveInGrid(_ command: KeyCommand, _ model: InspectorModel) -> ContextID? {
    let here = model.selection.context
    // As wide as it is drawn.
    let area = ScreenFrame(model.size).content
    let grid = ContextGrid(model, width: (OverPanes(model, area)?.list ?? area).width)
    switch command {
    case .up: return grid.neighbour(of: here, down: -1, right: 0, model) ?? here
    case .down: return grid.neighbour(of: here, down: 1, right: 0, model) ?? here
    case .left: return grid.neighbour(of: here, down: 0, right: -1, model) ?? here
    case .right: return grid.neighbour(of: here, down: 0, right: 1, model) ?? here
    default: return nil
    }
  }

  /// Sideways along the strip: the same VTL of another VP.
  private func neighbour(_ contexts: [ContextID], _ id: ContextID, by distance: Int) -> ContextID? {
    contexts.filter { $0.vtl == id.vtl }.moved(from: id, by: distance)
  }
}

extension OverView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.contexts.map { .context($0) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { .context(model.selection.context) }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.select(row.context) }
  func thing(_ row: RowID, _ model: InspectorModel) -> ContextSnapshot? { model.context(of: row) }
  func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] { ContextTable.columns(model) }
  var filterFields: [FilterField<ContextSnapshot>] { ContextFields.all }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    row.context.map { ContextFields.isQuiet($0, model) } ?? true
  }
}

extension RowID {
  var context: ContextID? { if case .context(let id) = self { id } else { nil } }
}

extension InspectorModel {
  /// The context a row is about, as long as its VTL is enabled.
  func context(of row: RowID) -> ContextSnapshot? {
    row.context.flatMap { snapshot[$0] }.flatMap { $0.isEnabled ? $0 : nil }
  }

  /// Points at a context whose VTL is enabled, and at its group.
  public mutating func select(_ id: ContextID?) {
    guard let id, let context = snapshot[id], context.isEnabled else { return }
    if id != selection.context { selection.vector = nil }
    selection.context = id
    guard selection.group != context.group else { return }
    selection.group = context.group
    // The list of members is another one now.
    GroupsView().arrange(&self)
  }
}
