import Journal

extension InspectorModel {
  /// `F` in a table: the rows go along with the selection, or stand still.
  mutating func toggleFollow(_ list: any ListView) {
    if lists[list.id]?.top == nil {
      lists[list.id, default: ListState()].top = visibleRows.first
      message = "the rows stand still; F goes along with the selection again"
    } else {
      lists[list.id]?.top = nil
      message = "the selection stays in sight"
    }
  }

  /// The rows of the list that are on the screen, from top to bottom.
  var visibleRows: [RowID] {
    draw(size).targets.compactMap { if case .row(let row) = $0.meaning { row } else { nil } }
  }

  /// After a move in rows that stand still: they go only as far as the selection needs.
  mutating func keepInSight(_ list: any ListView) {
    guard lists[list.id]?.top != nil, let selected = list.selectedRow(self) else { return }
    let visible = visibleRows
    guard !visible.isEmpty, !visible.contains(selected) else { return }
    let rows = list.shownRows(self)
    guard let place = rows.firstIndex(of: selected), let top = rows.firstIndex(of: visible[0]) else { return }
    lists[list.id]?.top = rows[place < top ? place : max(0, place - visible.count + 1)]
  }
}
