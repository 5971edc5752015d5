extension InspectorModel {
  mutating func openPrompt(_ kind: Prompt.Kind, text: String = "") {
    var open = Prompt(kind, text: text)
    if kind == .search { open.origin = searchable?.selectedRow(self) }
    prompt = open
  }

  mutating func handleInPrompt(_ key: Key) -> Action? {
    guard var open = prompt else { return nil }
    open.error = nil
    let before = open.text
    switch key {
    case .control("l"): return .redraw
    case .control("z"): return .suspend
    case .escape:
      cancel(open)
      return nil
    case .backspace where open.text.isEmpty:
      cancel(open)
      return nil
    case .enter:
      prompt = nil
      return accept(open)
    case .up: open.recall(1, in: history[open.kind])
    case .down: open.recall(-1, in: history[open.kind])
    case .tab: open.complete(completions(of: open).map(\.word), backwards: false)
    case .backTab: open.complete(completions(of: open).map(\.word), backwards: true)
    default: _ = open.edit(key)
    }
    if open.kind == .search, open.text != before { open.note = searchAhead(open) }
    prompt = open
    return nil
  }

  /// A search that is given up comes back to where it began.
  mutating func cancel(_ open: Prompt) {
    prompt = nil
    guard open.kind == .search else { return }
    searched = ""
    if let origin = open.origin, let list = searchable { list.select(origin, &self) }
  }

  /// Enter: does what the line says.
  private mutating func accept(_ prompt: Prompt) -> Action? {
    let line = prompt.text
    history.add(line, to: prompt.kind)
    switch prompt.kind {
    case .palette:
      if line.allSatisfy(\.isWhitespace) { return nil }
      do throws(PaletteError) {
        return try perform(Palette.parse(line))
      } catch {
        refuse(prompt, error)
      }
    case .search: search(for: line, from: prompt.origin)
    case .filter:
      do throws(PaletteError) { try filter(line) } catch { refuse(prompt, error) }
    }
    return nil
  }

  /// What is written wrong can be put right; what cannot be done now is only said.
  private mutating func refuse(_ prompt: Prompt, _ error: PaletteError) {
    guard error.column != nil else {
      message = Line(error.description, .wrong)
      return
    }
    var open = prompt
    open.point(at: error)
    self.prompt = open
  }

  /// What the word under the cursor may become.
  func completions(of prompt: Prompt) -> [PaletteCompletion] {
    switch prompt.kind {
    case .palette: Palette.completions(prompt.head, self)
    case .search: []
    case .filter: filterCompletions(prompt)
    }
  }
}
