import Architecture
import Journal

/// What of the selected context changed, below what it is, where a screen has the room.
enum ChangesPane {
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard area.height >= 6 else { return }
    let base = model.marks.base(model.snapshot)
    let ago = model.ago(base.snapshot.machine.time).spanText
    let changes = Changes(old: base.snapshot, new: model.snapshot, model: model).of(model.selection.context)
    let width = area.width - 4
    let lines = changes.isEmpty ? [Line("no change", .dim)] : changes.map { $0.line(width: width) }
    var area = area
    area.height = min(area.height, max(6, lines.count + 2))
    grid.put(lines.prefixed(area.height - 2), in: grid.box("changed since \(base.name), \(ago) ago", area))
  }
}

extension Change {
  /// `5.0 TPR 00 > 50  event 394960 TPR at work+10`.
  func line(width: Int) -> Line {
    let head = Line(subject.left(7), .bold) + Line(field.left(12))
    let line = head + Line("\(old) > ", .dim) + Line(new, .waiting)
    guard !cause.isEmpty, line.width + 3 < width else { return line.clipped(to: width) }
    return line + Line(("  " + TextForm.escaped(cause)).clippedAtWord(to: width - line.width), .dim)
  }
}
