/// Draws the list of a view as a table: the header, and the rows around the selection.
extension TableView {
  /// - Parameter isWanted: columns that have a place here at all; those the operator has left out are not asked
  ///   about.
  func drawTable(
    _ model: InspectorModel, into grid: inout Grid, _ area: Rect, where isWanted: (Column<Row>) -> Bool = { _ in true }
  ) {
    var area = area
    let state = model.lists[id]
    let columns = columns(model).filter { isWanted($0) && state?.hiddenColumns.contains($0.name) != true }
    let table = Table(columns, width: area.width - 1)
    grid.put(Line(" ") + table.header(state?.sort), 0, in: area.takeTop(1))
    let rows = shownRows(model)
    if rows.isEmpty { grid.put(emptiness(model), .dim, 0, in: area, column: 2) }
    let selected = selectedRow(model)
    let place = selected.flatMap { rows.firstIndex(of: $0) }
    let first = state?.top.flatMap { rows.firstIndex(of: $0) }
    for (row, i) in window(count: rows.count, selected: place, first: first, visible: area.height).enumerated() {
      guard let thing = thing(rows[i], model) else { continue }
      let mark = model.tags.contains(rows[i]) ? Line("*", .bold) : Line(i == place ? ">" : " ")
      grid.put(mark + table.line(thing), row, in: area)
      if i == place { grid.select(row, in: area) }
      grid.mark(row, in: area, as: .row(rows[i]))
    }
  }

  /// What stands where there is no row.
  private func emptiness(_ model: InspectorModel) -> String {
    guard model.lists[id]?.isArranged == true else { return "nothing" }
    return model.lists[id]?.filter == nil ? "nothing is going on" : "nothing passes the filter"
  }
}
