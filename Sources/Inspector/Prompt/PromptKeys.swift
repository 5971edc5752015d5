extension InspectorModel {
  mutating func openPrompt(_ kind: Prompt.Kind, text: String = "") { prompt = Prompt(kind, text: text) }

  mutating func handleInPrompt(_ key: Key) -> Action? {
    guard var open = prompt else { return nil }
    switch key {
    case .control("l"): return .redraw
    case .control("z"): return .suspend
    case .escape:
      prompt = nil
      return nil
    case .backspace where open.text.isEmpty:
      prompt = nil
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
    prompt = open
    return nil
  }

  /// Enter: does what the line says.
  private mutating func accept(_ prompt: Prompt) -> Action? {
    let line = prompt.text
    history.add(line, to: prompt.kind)
    switch prompt.kind {
    case .palette:
      if line.allSatisfy(\.isWhitespace) { return nil }
      return execute(line)
    }
  }

  /// What the word under the cursor may become.
  func completions(of prompt: Prompt) -> [PaletteCompletion] {
    switch prompt.kind {
    case .palette: Palette.completions(prompt.head, self)
    }
  }
}
