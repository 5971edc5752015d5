import Architecture
import Diagnosis
import Journal

/// One letter per context: columns are VPs, rows are VTLs, the highest on top.
enum MapStrip {
  static func lines(_ model: InspectorModel, width: Int) -> [Line] {
    let snapshot = model.snapshot
    let all = Int(clamping: snapshot.machine.vpCount)
    let shown = shown(model, width)
    var lines = [ruler(shown, all, width)]
    for vtl in (0..<Int(snapshot.machine.vtlCount)).reversed() {
      var line = Line(" VTL\(vtl)  ", .dim)
      for vp in shown { line += letter(ContextID(vp, vtl), model) }
      lines.append(line)
    }
    lines.append(legend)
    return lines
  }

  /// The VPs that have a column.
  private static func shown(_ model: InspectorModel, _ width: Int) -> Range<Int> {
    let all = Int(clamping: model.snapshot.machine.vpCount)
    return window(count: all, selected: model.selection.context.vp.index, visible: max(1, width - 8))
  }

  /// Says which context each letter stands for.
  static func mark(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let count = Int(model.snapshot.machine.vtlCount)
    for vtl in 0..<count {
      for (column, vp) in shown(model, area.width).enumerated() {
        let place = Rect(x: area.x + 7 + column, y: area.y + count - vtl, width: 1, height: 1)
        grid.mark(place, as: .thing(.context(ContextID(vp, vtl))))
      }
    }
  }

  private static func ruler(_ shown: Range<Int>, _ all: Int, _ width: Int) -> Line {
    var line = Line(" VP    ", .dim)
    line.append(shown.map { String($0 % 10) }.joined(), .dim)
    let note = shown.count < all ? "VP \(shown.lowerBound)-\(shown.upperBound - 1) of \(all)" : "column = VP, row = VTL"
    if line.width + 3 + note.columns <= width { line.append("   " + note, .dim) }
    return line
  }

  private static func letter(_ id: ContextID, _ model: InspectorModel) -> Line {
    guard let context = model.snapshot[id] else { return " " }
    let (letter, style) = letter(context, model)
    return Line(String(letter), id == model.selection.context ? style.selected : style)
  }

  /// What it is doing, or that something is wrong with it.
  static func letter(_ context: ContextSnapshot, _ model: InspectorModel) -> (Unicode.Scalar, Style) {
    if let finding = model.finding(context.id), finding.severity > .info { return ("!", .wrong) }
    let state = model.state(context)
    return (state.letter.unicodeScalars.first ?? " ", state.style)
  }

  static var legend: Line {
    var line = Line(" ")
    let words: [(String, Style, String)] = [
      ("R", .active, "run"), ("r", .waiting, "ready"), ("b", .preempted, "preempted"), ("i", .dim, "inactive"),
      ("H", .dim, "halt"), ("W", .dim, "wait-SIPI"), ("!", .wrong, "stuck"), ("x", .dim, "off"),
    ]
    for (letter, style, word) in words {
      line.append(letter, style)
      line.append(" \(word)  ", .dim)
    }
    return line
  }
}
