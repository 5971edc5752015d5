import Architecture
import Diagnosis
import Journal

/// One letter per context, over many lines: columns are VPs, and each line of VPs has a row for each VTL, the highest
/// on top.
struct ContextGrid {
  private let vpCount: Int
  private let vtlCount: Int
  /// VPs beside each other.
  let columns: Int

  private static var margin: Int { 10 }

  init(_ model: InspectorModel, width: Int) {
    vpCount = Int(clamping: model.snapshot.machine.vpCount)
    vtlCount = Int(model.snapshot.machine.vtlCount)
    // A power of two where it is larger than 16, so that a VP is easy to count.
    let room = max(1, width - Self.margin)
    let powers = [16, 32, 64, 128, 256].last { $0 <= room }
    columns = max(1, min(vpCount, powers ?? room))
  }

  /// How many rows there are.
  private var height: Int { (vpCount + columns - 1) / columns * vtlCount }

  private func row(of id: ContextID) -> Int { id.vp.index / columns * vtlCount + vtlCount - 1 - id.vtl.index }

  private func context(_ row: Int, _ column: Int) -> ContextID? {
    let vp = row / vtlCount * columns + column
    guard row >= 0, row < height, column >= 0, column < columns, vp < vpCount else { return nil }
    return ContextID(vp, vtlCount - 1 - row % vtlCount)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let shown = model.lists[.over]?.arranged.map { Set($0) }
    let found = model.searched.isEmpty ? [] : Set(OverView().hits(Needle(model.searched), model))
    let rows = window(count: height, selected: row(of: model.selection.context), visible: area.height)
    for (y, row) in rows.enumerated() {
      let first = row / vtlCount * columns
      let isFirst = row % vtlCount == 0 || y == 0
      let label = (isFirst ? "\(first)".right(5) : "     ") + " VTL\(vtlCount - 1 - row % vtlCount)"
      grid.put(Line(label, .dim), y, in: area)
      for column in 0..<columns {
        guard let id = context(row, column) else { break }
        let x = area.x + Self.margin + column
        guard x < area.x + area.width else { break }
        grid[x, area.y + y] = cell(id, shown, found, model)
        grid.mark(Rect(x: x, y: area.y + y, width: 1, height: 1), as: .thing(.context(id)))
      }
    }
  }

  private func cell(_ id: ContextID, _ shown: Set<RowID>?, _ found: Set<RowID>, _ model: InspectorModel) -> Cell {
    guard let context = model.snapshot[id] else { return Cell() }
    var (letter, style) = MapStrip.letter(context, model)
    if let shown, !shown.contains(.context(id)) { (letter, style) = ("·", .dim) }
    if found.contains(.context(id)) {
      style.isBold = true
      style.isUnderlined = true
    }
    if model.tags.contains(.context(id)) { style.isUnderlined = true }
    return Cell(letter, id == model.selection.context ? style.selected : style)
  }

  /// The nearest context in a direction; nil at the edge.
  func neighbour(of id: ContextID, down: Int, right: Int, _ model: InspectorModel) -> ContextID? {
    var row = row(of: id) + down
    var column = id.vp.index % columns + right
    // Sideways, the way goes on in the next line of VPs.
    if right != 0, !(0..<columns).contains(column) {
      row += column < 0 ? -vtlCount : vtlCount
      column = column < 0 ? columns - 1 : 0
    }
    while let next = context(row, column) {
      if model.snapshot[next]?.isEnabled == true { return next }
      row += down == 0 ? 0 : down.signum()
      column += right
    }
    return nil
  }
}
