/// All keys, from the key map, and what the letters mean.
struct HelpPage: Searchable {
  static func status(_ model: InspectorModel) -> Line {
    let more = lastRow(model) - model.helpRow
    let cost = model.cost.map { Line("   \($0.text(askedDecihertz: model.refreshDecihertz))", .dim) } ?? .empty
    return (more > 0 ? " \(more) lines more: j k scroll" : " every command has a plain key") + cost
  }

  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let inside = grid.box("Help", area)
    let all = lines(model, width: inside.width)
    let top = min(model.helpRow, max(0, all.count - inside.height))
    grid.put(Array(all.dropFirst(top)), in: inside)
    for row in 0..<min(inside.height, all.count - top) { grid.mark(row, in: inside, as: .row(.line(top + row))) }
    if let hit = model.helpHit { grid.select(hit - top, in: inside) }
  }

  func shownRows(_ model: InspectorModel) -> [RowID] {
    Self.lines(model, width: model.size.width - 4).indices.map { .line($0) }
  }

  func selectedRow(_ model: InspectorModel) -> RowID? { .line(model.helpHit ?? model.helpRow) }

  /// Scrolls to it, with a little of what stands before it.
  func select(_ row: RowID, _ model: inout InspectorModel) {
    guard case .line(let line) = row else { return }
    model.helpHit = model.searched.isEmpty ? nil : line
    model.helpRow = min(Self.lastRow(model), max(0, line - 2))
  }

  func hits(_ needle: Needle, _ model: InspectorModel) -> [RowID] {
    Self.lines(model, width: model.size.width - 4).enumerated().filter { needle.isIn($0.element.text) }
      .map { .line($0.offset) }
  }

  /// The keys of the view, then all the others, in three columns where they fit; and what the letters mean.
  static func lines(_ model: InspectorModel, width: Int) -> [Line] {
    let own = keys(of: model.view, model)
    guard width >= 74 else {
      let all = [own] + KeyPurpose.allCases.map { keys($0, model) } + others(model) + [filters(model, width)]
      return all.filter { !$0.isEmpty }.flatMap { $0.map { $0.clipped(to: width) } + [.empty] } + letters
    }
    let general = KeyPurpose.allCases.map { keys($0, model) }
    let columns = [stacked([own, general[0]]), general[1], stacked(Array(general[2...]))]
    let title = Line("LETTERS, WORDS, COLOURS", .bold) + Line("   no colour is ever the only sign", .dim)
    let table = beside(columns, width) + [Line.empty] + beside(others(model), width) + [Line.empty]
    return table + filters(model, width) + [Line.empty, title] + letters
  }

  private static func stacked(_ blocks: [[Line]]) -> [Line] {
    Array(blocks.filter { !$0.isEmpty }.map { $0 }.joined(separator: [Line.empty]))
  }

  /// Blocks in three columns, row by row of them.
  private static func beside(_ blocks: [[Line]], _ width: Int) -> [Line] {
    var lines: [Line] = []
    for first in stride(from: 0, to: blocks.count, by: 3) {
      let three = blocks[first..<min(first + 3, blocks.count)]
      for row in 0..<(three.map(\.count).max() ?? 0) {
        lines.append(
          three.reduce(Line.empty) { line, block in
            line + (block.indices.contains(row) ? block[row] : .empty).padded(to: width / 3)
          })
      }
    }
    return lines
  }

  /// How many rows the help may scroll: as many as do not fit.
  static func lastRow(_ model: InspectorModel) -> Int {
    // Two of the rows are the edges of the box.
    let rows = ScreenFrame(model.size).content.height - 2
    return max(0, lines(model, width: model.size.width - 4).count - rows)
  }

  private static func keys(_ purpose: KeyPurpose, _ model: InspectorModel) -> [Line] {
    let note = purpose == .act && model.isReadOnly ? "  (read-only here)" : ""
    return [Line(purpose.title + note, .bold)]
      + rows(model.keyMap.helpRows { $0.scope == .everywhere && $0.purpose == purpose })
  }

  /// What only means something in one view.
  private static func keys(of view: ViewID, _ model: InspectorModel) -> [Line] {
    let rows = rows(model.keyMap.helpRows { $0.scope == .view(view) })
    return rows.isEmpty ? [] : [Line("IN \(view.name.uppercased())", .bold)] + rows
  }

  private static func others(_ model: InspectorModel) -> [[Line]] {
    ViewID.allCases.filter { $0 != model.view }.map { keys(of: $0, model).map(\.dimmed) }.filter { !$0.isEmpty }
  }

  /// The language of filters, and what can be asked in this view.
  private static func filters(_ model: InspectorModel, _ width: Int) -> [Line] {
    var lines = [
      Line("FILTERS", .bold) + Line("   \\ or :filter; nothing shows all", .dim),
      Line("state=R   irr=4f   since>2ms   kind in IPI,EOI   vec in 30..3f   \"any text\""),
      Line("= != < <= > >=   and (or nothing between), or, not, ( )"),
    ]
    let names = model.listView?.filterNames.map(\.name).joined(separator: " ") ?? ""
    if !names.isEmpty { lines += TextForm.wrapped("here: " + names, width).map { Line($0) } }
    return lines
  }

  private static func rows(_ rows: [KeyMap.HelpRow]) -> [Line] {
    rows.map { Line($0.keys.left(9), .bold) + Line($0.help) }
  }

  private static var letters: [Line] {
    func row(_ style: Style, _ letter: String, _ text: String) -> Line { Line(letter.left(3), style) + Line(text) }
    return [
      row(.active, "R", "runs in its VP") + Line("             ")
        + row(.waiting, "r", "ready: an interrupt brings it in"),
      row(.dim, "H", "halted, or I: idle") + Line("         ")
        + row(.preempted, "b", "preempted by a higher VTL, not done"),
      row(.dim, "i", "inactive, nothing waits") + Line("    ")
        + row(.dim, "W", "waits for SIPI    x  VTL not enabled"),
      row(.wrong, "!", "a finding: W explains it") + Line("   ")
        + row(.plain, "d", "deadline  p periodic  o one-shot  m masked"),
      .empty,
      Line("RUN IDLE", .active) + Line(" it runs   ") + Line(" PAUSED ", .badge) + Line(" stopped by someone   ")
        + Line(" FROZEN ", .badge)
        + Line(" only the picture"),
      Line(" LOST ", Style(.wrong, reversed: true)) + Line(" does not answer   ")
        + Line(" DEAD ", Style(.wrong, reversed: true))
        + Line(" its last state   ") + Line(" STOPPED ", .badge) + Line(" it has ended"),
    ]
  }
}

extension Line {
  /// The same in the background.
  var dimmed: Line { Line(spans.map { Span($0.text, .dim) }) }
}

extension KeyMap {
  struct HelpRow {
    var keys: String
    var help: String
  }

  /// `1-9 o`: digits that follow one another are one word.
  private static func ranges(_ names: [String]) -> String {
    let digits = names.prefix { Int($0).map { (0...9).contains($0) } ?? false }.compactMap { Int($0) }
    guard let first = digits.first, digits.count > 2, digits == Array(first..<first + digits.count) else {
      return names.joined(separator: " ")
    }
    return (["\(first)-\(first + digits.count - 1)"] + names.dropFirst(digits.count)).joined(separator: " ")
  }

  /// Some of the bindings; the views take one row together.
  func helpRows(_ isWanted: (KeyBinding) -> Bool) -> [HelpRow] {
    var rows: [HelpRow] = []
    var views: [String] = []
    for binding in bindings where isWanted(binding) {
      if case .view = binding.command {
        views += binding.keys.first.map { [$0.name] } ?? []
      } else {
        rows.append(HelpRow(keys: binding.keys.map(\.name).joined(separator: " "), help: binding.help))
      }
    }
    return (views.isEmpty ? [] : [HelpRow(keys: Self.ranges(views), help: "views")]) + rows
  }
}
