import Journal

/// What the operator has chosen for one list.
struct ListState: Sendable {
  var filter: Filter?
  var sort: SortOrder?
  /// Rows in which nothing goes on are left out.
  var isActiveOnly = false
  var hiddenColumns: Set<String> = []
  /// Events: words under KIND that are left out.
  var hiddenKinds: Set<String> = []
  /// The rows that are shown, in their order, as they were when they were last arranged; nil shows all of them
  /// in their own order.
  var arranged: [RowID]?
  /// The row at the top while the rows stand still; nil while they go along with the selection.
  var top: RowID?

  /// Something decides which rows there are, or in what order.
  var isArranged: Bool { filter != nil || sort != nil || isActiveOnly || !hiddenKinds.isEmpty }
}

struct SortOrder: Hashable, Sendable {
  /// The name of a column; nil is the list's own order.
  var column: String?
  var isDescending: Bool
}

extension InspectorModel {
  /// The list of the view, where it has one.
  var listView: (any ListView)? {
    view == .over && overLayout == .folded ? FoldedOver() : Views.view(view) as? any ListView
  }

  /// The rows of the view's list that are shown, in their order; none where it has no list.
  public var shownRows: [RowID] { listView?.shownRows(self) ?? [] }

  /// How many of its rows a filter, or `a`, holds back.
  public var hiddenRowCount: Int { listView?.hiddenCount(self) ?? 0 }

  /// The row that is pointed at.
  public var selectedRow: RowID? { listView?.selectedRow(self) }

  /// Rows in full, with the columns that have no room on the screen.
  public func texts(of rows: [RowID]) -> [String] { listView?.texts(of: rows, self) ?? [] }

  /// The rows of a list as its filter and its order have them; nil where it has neither.
  func arrangedRows(of list: any ListView) -> [RowID]? {
    guard let state = lists[list.id], state.isArranged else { return nil }
    var rows = list.allRows(self)
    if state.isActiveOnly { rows = rows.filter { !list.isQuiet($0, self) } }
    if let filter = state.filter { rows = list.rows(rows, passing: filter, self) }
    if let sort = state.sort { rows = sorted(rows, of: list, by: sort) }
    return rows
  }

  /// Rows that are equal stay in their own order, whichever way the others go.
  private func sorted(_ rows: [RowID], of list: any ListView, by order: SortOrder) -> [RowID] {
    guard let column = order.column else { return order.isDescending ? rows.reversed() : rows }
    let keys = list.sortKeys(of: rows, by: column, self)
    return rows.indices.sorted { a, b in
      if keys[a] == keys[b] { return a < b }
      if keys[a] == .missing || keys[b] == .missing { return keys[b] == .missing }
      return order.isDescending ? keys[a] > keys[b] : keys[a] < keys[b]
    }.map { rows[$0] }
  }

  /// A change of a list that the operator asked for: it shows at once.
  mutating func change(_ list: any ListView, _ change: (inout ListState) -> Void) {
    change(&lists[list.id, default: ListState()])
    list.arrange(&self)
  }

  /// `a`: only the rows in which something goes on.
  mutating func toggleActiveOnly() {
    guard let list = listView, list.isFilterable else {
      message = "there is no list here to shorten"
      return
    }
    change(list) { $0.isActiveOnly.toggle() }
    message = Line(lists[list.id]?.isActiveOnly == true ? "only where something goes on" : "all rows")
  }

  // MARK: - Standing still

  /// No key for so long, in milliseconds of the host, before a list may change its order by itself.
  static var stillness: UInt64 { 1_000 }

  /// Notes the host's time of a look: the model has no clock of its own.
  mutating func noteTime(_ milliseconds: UInt64?) {
    guard let milliseconds else { return }
    hostMilliseconds = milliseconds
    if isKeyFresh { lastKeyMilliseconds = milliseconds }
    isKeyFresh = false
  }

  /// Filters and sorts with what is new, but never under somebody's fingers.
  mutating func arrangeIfStill() {
    guard dialog == nil, prompt == nil, !isKeyFresh, hostMilliseconds &- lastKeyMilliseconds >= Self.stillness else {
      return
    }
    arrangeShown()
  }

  /// The list that is looked at; the others are arranged when they are. Events are sifted as they come.
  mutating func arrangeShown() {
    if let list = listView, list.id != .events, lists[list.id]?.isArranged == true { list.arrange(&self) }
  }

  // MARK: - Moving

  /// From a row that is not shown, the way goes on from the place where it would be.
  mutating func move(by distance: Int, in list: any ListView) {
    let rows = list.shownRows(self)
    guard !rows.isEmpty else { return }
    let selected = list.selectedRow(self)
    let isShown = rows.contains { $0 == selected }
    let near = isShown ? nil : neighbour(of: selected, distance, rows, list)
    if let next = near ?? rows.moved(from: selected, by: distance) { list.select(next, &self) }
    keepInSight(list)
  }

  private func neighbour(of row: RowID?, _ distance: Int, _ rows: [RowID], _ list: any ListView) -> RowID? {
    guard let row else { return nil }
    let all = list.allRows(self)
    let shown = Set(rows)
    guard let place = all.firstIndex(of: row) else { return nil }
    return distance > 0 ? all[place...].first { shown.contains($0) } : all[..<place].last { shown.contains($0) }
  }
}
