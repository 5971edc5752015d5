import Architecture
import Diagnosis
import Journal

/// One letter per context: columns are VPs, rows are VTLs, the highest on top.
enum MapStrip {
  static func lines(_ model: InspectorModel, width: Int) -> [Line] {
    let snapshot = model.snapshot
    let room = max(1, width - 8)
    let all = Int(clamping: snapshot.machine.vpCount)
    let shown = window(count: all, selected: model.selection.context.vp.index, visible: room)
    var lines = [ruler(shown, all, width)]
    for vtl in (0..<Int(snapshot.machine.vtlCount)).reversed() {
      var line = Line(" VTL\(vtl)  ", .dim)
      for vp in shown { line += letter(ContextID(vp, vtl), model) }
      lines.append(line)
    }
    lines.append(legend)
    return lines
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
    let state = model.state(context)
    var style = state.style
    var letter = String(state.letter)
    if let finding = model.finding(id), finding.severity > .info {
      style = .wrong
      letter = "!"
    }
    return Line(letter, id == model.selection.context ? style.selected : style)
  }

  private static var legend: Line {
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
