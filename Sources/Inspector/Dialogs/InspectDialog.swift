import Journal

/// `i`: all that is known of what is selected, as it stands in the snapshot: nothing is put into words, and nothing is
/// left out.
struct InspectDialog: Dialog {
  private let row: RowID
  /// The list it is a row of.
  private let view: ViewID
  private var page = TextPage()
  private var text: [String] = []

  init(_ row: RowID, of view: ViewID, in model: InspectorModel) {
    self.row = row
    self.view = view
    refresh(model)
  }

  mutating func refresh(_ model: InspectorModel) {
    guard let list = Views.view(view) as? any ListView else { return }
    var writer = JSONWriter()
    list.json(row, model, &writer)
    text = writer.text.split(separator: "\n", omittingEmptySubsequences: false).map { TextForm.escaped(String($0)) }
  }

  var title: String { "Raw state" }

  func size(in model: InspectorModel) -> Size {
    let width = min(110, model.size.width - 2)
    return Size(width, lines(width: width - 4).count + 2)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    page.draw(lines(width: area.width), into: &grid, area)
  }

  private func lines(width: Int) -> [Line] {
    text.flatMap { TextForm.broken($0, width).map { Line($0) } }
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    [FooterItem("Esc", "Close"), FooterItem("j k", "Scroll"), FooterItem("y", "Yank")]
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    let width = min(110, model.size.width - 2) - 4
    if page.move(key, count: lines(width: width).count, in: model) { return .stay }
    switch key {
    case .escape, .backspace, .enter, "q", "i": return .close
    case "y": return .actAndStay(.copy(CopiedText(text.map { $0 + "\n" }.joined(), "the raw state", isJSON: true)))
    default: return .stay
    }
  }
}

extension InspectorModel {
  mutating func openInspection() {
    let selected = listView.flatMap { list in list.selectedRow(self).map { ($0, list.id) } }
    let (row, view) = selected ?? (.context(selection.context), .over)
    dialog = InspectDialog(row, of: view, in: self)
  }
}

extension TextForm {
  /// In pieces of at most `width`; what goes on stands as far in as the line does, and a little more.
  static func broken(_ text: String, _ width: Int) -> [String] {
    guard text.count > width, width > 8 else { return [text] }
    let indent = String(repeating: " ", count: min(width / 2, text.prefix { $0 == " " }.count + 2))
    var parts: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      let head = parts.isEmpty ? "" : indent
      parts.append(head + rest.prefix(width - head.count))
      rest = rest.dropFirst(width - head.count)
    }
    return parts
  }
}
