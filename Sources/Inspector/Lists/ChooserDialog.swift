import Journal

/// What of something is shown: the columns of a list, or the kinds of events.
struct ChooserDialog: Dialog {
  enum Subject: Hashable, Sendable {
    case columns
    case kinds
  }

  private let subject: Subject
  private let list: ViewID
  private var menu = Menu()

  init(_ subject: Subject, of list: ViewID) {
    self.subject = subject
    self.list = list
  }

  var title: String {
    switch subject {
    case .columns: "Columns"
    case .kinds: "Kinds of events"
    }
  }

  private func names(_ model: InspectorModel) -> [String] {
    switch subject {
    case .columns: (Views.view(list) as? any ListView)?.columnNames(model) ?? []
    case .kinds: EventFields.kinds
    }
  }

  private func hidden(_ model: InspectorModel) -> Set<String> {
    let state = model.lists[list]
    return (subject == .columns ? state?.hiddenColumns : state?.hiddenKinds) ?? []
  }

  func size(in model: InspectorModel) -> Size { Size(34, names(model).count + 2) }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let hidden = hidden(model)
    let counts = subject == .kinds ? Self.counts(model) : [:]
    let lines = names(model).map { name in
      let count = subject == .kinds ? TextForm.count(counts[name] ?? 0).right(10) : ""
      return Line(hidden.contains(name) ? " [ ] " : " [x] ", .bold) + Line(name.left(14) + count)
    }
    menu.draw(lines, into: &grid, area)
  }

  private static func counts(_ model: InspectorModel) -> [String: UInt64] {
    model.listed.reduce(into: [:]) { $0[$1.kindText, default: 0] += 1 }
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [
      FooterItem("Space", "Show, hide"), FooterItem("a", "All"), FooterItem("n", "None"), FooterItem("j k", "Choose"),
      FooterItem("Esc", "Close"),
    ]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    let names = names(model)
    if menu.move(key, count: names.count) { return .stay }
    var hidden = hidden(model)
    switch key {
    case .escape, .backspace, .enter, "q": return .close
    case " ":
      guard names.indices.contains(menu.place) else { break }
      if hidden.remove(names[menu.place]) == nil { hidden.insert(names[menu.place]) }
    case "a": hidden = []
    case "n": hidden = Set(names)
    default: return .stay
    }
    model.hide(hidden, subject, of: list)
    return .stay
  }
}

extension InspectorModel {
  /// Columns and kinds by their names. The first column always stays: it says what a row is about.
  mutating func hide(_ names: Set<String>, _ subject: ChooserDialog.Subject, of id: ViewID) {
    guard let list = Views.view(id) as? any ListView else { return }
    switch subject {
    case .columns:
      let first = list.columnNames(self).first
      lists[id, default: ListState()].hiddenColumns = names.filter { $0 != first }
    case .kinds: change(list) { $0.hiddenKinds = names }
    }
  }

  mutating func openChooser(_ subject: ChooserDialog.Subject) {
    guard let list = listView, !list.columnNames(self).isEmpty else {
      message = "there are no columns here"
      return
    }
    dialog = ChooserDialog(subject, of: list.id)
  }

  /// Shows these columns, and no others.
  mutating func showColumns(_ names: [String]) throws(PaletteError) {
    guard let list = listView else { throw PaletteError("there are no columns here") }
    let all = list.columnNames(self)
    var shown: Set<String> = []
    for name in names {
      guard let column = all.first(where: { $0.lowercased() == name.lowercased() }) else {
        throw PaletteError("no column \"\(name)\"; one of \(all.joined(separator: " "))")
      }
      shown.insert(column)
    }
    hide(Set(all).subtracting(shown), .columns, of: list.id)
  }
}
