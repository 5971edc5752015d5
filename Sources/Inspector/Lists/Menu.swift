/// The rows of a dialog that is a list to choose from: where the cursor is, and what is in sight.
struct Menu: Hashable, Sendable {
  private(set) var place: Int

  init(at place: Int = 0) { self.place = place }

  /// Moves the cursor; false for a key that does not move.
  mutating func move(_ key: Key, count: Int) -> Bool {
    switch key {
    case .up, "k", .backTab: place -= 1
    case .down, "j", .tab: place += 1
    case .pageUp: place -= 8
    case .pageDown: place += 8
    case .home, "g": place = 0
    case .end, "G": place = count - 1
    default: return false
    }
    place = max(0, min(count - 1, place))
    return true
  }

  func draw(_ lines: [Line], into grid: inout Grid, _ area: Rect) {
    for (row, i) in window(count: lines.count, selected: place, visible: area.height).enumerated() {
      grid.put(lines[i], row, in: area)
      if i == place { grid.select(row, in: area) }
    }
  }
}
