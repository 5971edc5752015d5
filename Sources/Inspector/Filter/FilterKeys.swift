import Journal

extension InspectorModel {
  /// Opens the prompt with the filter that holds now.
  mutating func openFilter() {
    guard let list = listView, list.isFilterable else {
      message = "there is no list here to filter"
      return
    }
    openPrompt(.filter, text: lists[list.id]?.filter?.text ?? "")
  }

  /// Filters the list of the view; an empty text shows everything.
  mutating func filter(_ text: String) throws(PaletteError) {
    guard let list = listView, list.isFilterable else { throw PaletteError("there is no list here to filter") }
    let filter = try Filter.parse(text, fields: list.filterNames)
    change(list) { $0.filter = filter }
    guard filter != nil else {
      message = "no filter"
      return
    }
    // What is selected stays selected; where it is not shown, the selection goes to what is.
    guard let selected = list.selectedRow(self), !list.shownRows(self).contains(selected) else { return }
    move(by: 1, in: list)
  }

  /// Fields, and after a sign the words that the field can have.
  func filterCompletions(_ prompt: Prompt) -> [PaletteCompletion] { filterCompletions(prompt.word, in: prompt.head) }

  /// - Parameter begun: the word under the cursor, at the end of `text`.
  func filterCompletions(_ begun: String, in text: String) -> [PaletteCompletion] {
    guard let list = listView, list.isFilterable else { return [] }
    let signs: [Character] = ["=", "<", ">", ","]
    let before = text.dropLast(begun.count)
    if let sign = before.last, signs.contains(sign) {
      let name = before.reversed().drop { signs.contains($0) || $0 == "!" }.prefix { $0.isLetter }.reversed()
      let field = list.filterNames.first { $0.name == String(name).lowercased() }
      let words = field.map { $0.kind == .flag ? ["yes", "no"] : $0.words } ?? []
      return words.filter { $0.lowercased().hasPrefix(begun.lowercased()) }.map { PaletteCompletion($0) }
    }
    return list.filterNames.filter { $0.name.hasPrefix(begun.lowercased()) }.map {
      PaletteCompletion($0.name, usage: Self.usage($0), help: $0.help)
    }
  }

  private static func usage(_ field: FilterName) -> String {
    switch field.kind {
    case .number: "= 3"
    case .hex: "= 4f"
    case .span: "> 2ms"
    case .word: "= \(field.words.first ?? "word")"
    case .text: "= part of it"
    case .context: "= 5.0"
    case .flag: "= yes"
    }
  }
}
