/// All keys, from the key map, and what the letters mean.
enum HelpPage {
  static func status(_ model: InspectorModel) -> Line {
    let more = lastRow(model) - model.helpRow
    return more > 0 ? " \(more) lines more: j k scroll" : " every command has a plain key"
  }

  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let inside = grid.box("Help", area)
    let all = lines(model, width: inside.width)
    let top = min(model.helpRow, max(0, all.count - inside.height))
    grid.put(Array(all.dropFirst(top)), in: inside)
  }

  /// The keys, in three columns where they fit, and what the letters mean.
  private static func lines(_ model: InspectorModel, width: Int) -> [Line] {
    guard width >= 74 else {
      return KeyPurpose.allCases.flatMap { keys($0, model, width) + [.empty] } + letters
    }
    let columns = KeyPurpose.allCases.map { keys($0, model, width / 3 - 1) }
    let table = (0..<(columns.map(\.count).max() ?? 0)).map { row in
      columns.reduce(Line.empty) { $0 + ($1.indices.contains(row) ? $1[row] : .empty).padded(to: width / 3) }
    }
    let title = Line("LETTERS, WORDS, COLOURS", .bold) + Line("   no colour is ever the only sign", .dim)
    return table + [.empty, title] + letters
  }

  /// How many rows the help may scroll: as many as do not fit.
  static func lastRow(_ model: InspectorModel) -> Int {
    let frame = model.size.width >= 80 && model.size.height >= 24 ? 6 : 5
    return max(0, lines(model, width: model.size.width - 4).count - (model.size.height - frame))
  }

  private static func keys(_ purpose: KeyPurpose, _ model: InspectorModel, _ width: Int) -> [Line] {
    var lines = [Line(purpose.title + (purpose == .act && model.isReadOnly ? "  (read-only here)" : ""), .bold)]
    for row in KeyMap.helpRows(purpose) {
      let isHere = row.scope == .everywhere || row.scope == .view(model.view)
      lines.append(
        Line(row.keys.left(9), isHere ? .bold : .dim) + Line(row.help.clipped(to: width - 9), isHere ? .plain : .dim))
    }
    return lines
  }

  private static var letters: [Line] {
    func row(_ style: Style, _ letter: String, _ text: String) -> Line { Line(letter.left(3), style) + Line(text) }
    return [
      row(.active, "R", "runs in its VP") + Line("             ")
        + row(.waiting, "r", "ready: an interrupt brings it in"),
      row(.dim, "H", "halted, until an interrupt") + Line(" ")
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

extension KeyMap {
  struct HelpRow {
    var keys: String
    var help: String
    var scope: KeyScope
  }

  /// The bindings of one column; the views, and the three keys that change the context, take one row each.
  static func helpRows(_ purpose: KeyPurpose) -> [HelpRow] {
    var rows: [HelpRow] = []
    var views: [String] = []
    for binding in bindings where binding.purpose == purpose {
      if case .view = binding.command {
        views.append(binding.keys.first?.name ?? "")
        continue
      }
      rows.append(
        HelpRow(keys: binding.keys.map(\.name).joined(separator: " "), help: binding.help, scope: binding.scope))
    }
    if !views.isEmpty {
      rows.insert(HelpRow(keys: views.joined(separator: " "), help: "views", scope: .everywhere), at: 0)
    }
    return rows
  }
}
