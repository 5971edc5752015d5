/// Lines to read in a dialog, more of them than there is room for.
struct TextPage: Hashable, Sendable {
  private(set) var top = 0

  /// The lines from the first that is shown.
  func draw(_ lines: [Line], into grid: inout Grid, _ area: Rect) {
    grid.put(Array(lines.dropFirst(min(top, max(0, lines.count - area.height)))), in: area)
  }

  /// Moves by a key; false when it is none that moves.
  mutating func move(_ key: Key, count: Int, in model: InspectorModel) -> Bool {
    let last = max(0, count - 1)
    switch key {
    case .down, "j": top = min(last, top + 1)
    case .up, "k": top = max(0, top - 1)
    case .pageDown, " ": top = min(last, top + model.pageRows)
    case .pageUp: top = max(0, top - model.pageRows)
    case .home, "g": top = 0
    case .end, "G": top = last
    default: return false
    }
    return true
  }
}
