/// Which column a list is sorted by, and which way.
struct SortDialog: Dialog {
  private var menu: Menu

  init(_ model: InspectorModel) {
    let names = Self.names(model)
    let current = model.listView.flatMap { model.lists[$0.id]?.sort?.column }
    menu = Menu(at: current.flatMap { name in names.firstIndex { $0 == name } } ?? 0)
  }

  var title: String { "Sort by" }

  /// The columns, after the list's own order.
  private static func names(_ model: InspectorModel) -> [String?] {
    [nil] + (model.listView?.columnNames(model) ?? []).map { $0 }
  }

  func size(in model: InspectorModel) -> Size { Size(34, Self.names(model).count + 2) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let sort = model.listView.flatMap { model.lists[$0.id]?.sort }
    let lines = Self.names(model).map { name in
      let isHere = name == sort?.column
      let mark = isHere ? (sort?.isDescending == true ? " ▼ " : " ▲ ") : "   "
      return Line(mark, .bold) + Line(name ?? "the list's own order", isHere ? .bold : .plain)
    }
    menu.draw(lines, into: &grid, area)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [FooterItem("Enter", "Sort"), FooterItem("I", "Invert"), FooterItem("j k", "Choose"), FooterItem("Esc", "Close")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    let names = Self.names(model)
    if menu.move(key, count: names.count) { return .stay }
    switch key {
    case .escape, .backspace, "q", ">": return .close
    case "I":
      model.invertSort()
      return .stay
    case .enter, " ":
      let name = names[min(menu.place, names.count - 1)]
      let sort = model.listView.flatMap { model.lists[$0.id]?.sort }
      model.sort(by: name, isDescending: name == sort?.column ? sort?.isDescending != true : false)
      return key == .enter ? .close : .stay
    default: return .stay
    }
  }
}

extension InspectorModel {
  mutating func openSortDialog() {
    guard sortable() != nil else { return }
    dialog = SortDialog(self)
  }

  /// The list, where it can be sorted; else says that it cannot.
  private mutating func sortable() -> (any ListView)? {
    if let list = listView, list.isSortable { return list }
    message = "this list has one order"
    return nil
  }

  /// - Parameter column: nil is the list's own order.
  mutating func sort(by column: String?, isDescending: Bool) {
    guard let list = listView else { return }
    let order = column == nil && !isDescending ? nil : SortOrder(column: column, isDescending: isDescending)
    change(list) { $0.sort = order }
    message = Line("sorted by " + (column ?? "its own order") + (isDescending ? ", downwards" : ""))
  }

  mutating func invertSort() {
    guard let list = sortable() else { return }
    let sort = lists[list.id]?.sort
    self.sort(by: sort?.column, isDescending: sort?.isDescending != true)
  }

  /// The column before, and the list's own order before the first.
  mutating func sortPrevious() {
    guard let list = sortable() else { return }
    let names = list.columnNames(self)
    let sort = lists[list.id]?.sort
    let place = sort?.column.flatMap { names.firstIndex(of: $0) } ?? names.count
    self.sort(by: place > 0 ? names[place - 1] : nil, isDescending: false)
  }

  /// By the name of a column, whatever its case.
  mutating func sort(named name: String?, isDescending: Bool) throws(PaletteError) {
    guard let list = listView, list.isSortable else { throw PaletteError("this list has one order") }
    guard let name else { return sort(by: nil, isDescending: isDescending) }
    let names = list.columnNames(self)
    guard let column = names.first(where: { $0.lowercased() == name.lowercased() }) else {
      throw PaletteError("no column \"\(name)\"; one of \(names.joined(separator: " "))")
    }
    sort(by: column, isDescending: isDescending)
  }
}
