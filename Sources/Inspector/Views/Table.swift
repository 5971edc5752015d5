/// One column of a table.
struct Column<Row> {
  enum Alignment { case left, right }

  /// What stands above it.
  var title: String
  var width: Int
  var alignment: Alignment = .left
  /// The column goes whole when there is no room: the highest number first. 0 always stays.
  var priority: Int
  /// Takes what is left of the width, at least `width`.
  var isElastic = false
  /// By what rows are sorted; nil is by the text of the cell.
  var sortKey: ((Row) -> SortKey)?
  var cell: (Row) -> Line

  /// What commands and the configuration file call it: without blanks.
  var name: String { String(title.drop { $0 == " " }.map { $0 == " " ? "-" : $0 }) }
}

/// Columns that fit a width.
struct Table<Row> {
  var columns: [(column: Column<Row>, width: Int)] = []

  init(_ all: [Column<Row>], width: Int) {
    var kept = all
    func needed() -> Int { kept.reduce(0) { $0 + $1.width + 1 } }
    while needed() > width, let worst = kept.indices.max(by: { kept[$0].priority < kept[$1].priority }),
      kept[worst].priority > 0
    {
      kept.remove(at: worst)
    }
    let spare = max(0, width - needed())
    columns = kept.map { ($0, $0.width + ($0.isElastic ? spare : 0)) }
  }

  /// The titles; the one that rows are sorted by stands out, with its direction where there is room.
  func header(_ sort: SortOrder? = nil) -> Line {
    var line = Line.empty
    for (column, width) in columns {
      var title = Line(column.title, .dim)
      if let sort, sort.column == column.name {
        let arrow = sort.isDescending ? "▼" : "▲"
        title = Line(column.title + (column.title.columns < width ? arrow : ""), .bold)
      }
      line += Self.place(title, column, width) + " "
    }
    return line
  }

  func line(_ row: Row) -> Line {
    var line = Line.empty
    for (column, width) in columns { line += Self.place(column.cell(row), column, width) + " " }
    return line
  }

  private static func place(_ text: Line, _ column: Column<Row>, _ width: Int) -> Line {
    let missing = width - text.width
    if missing < 0, column.isElastic { return text.clippedAtWord(to: width).padded(to: width) }
    guard missing > 0, column.alignment == .right else { return text.padded(to: width) }
    return Line(String(repeating: " ", count: missing)) + text
  }
}

/// Which rows of a long list are on the screen: those around the selection, so that the place follows the
/// thing.
///
/// - Parameter first: the row at the top where the rows stand still instead.
func window(count: Int, selected: Int?, first: Int? = nil, visible: Int) -> Range<Int> {
  guard count > visible, visible > 0 else { return 0..<max(0, min(count, visible)) }
  let start = min(count - visible, max(0, first ?? (selected ?? 0) - visible / 2))
  return start..<(start + visible)
}

extension String {
  /// Cut between words, with an ellipsis, so that no word reads as another.
  func clippedAtWord(to width: Int) -> String {
    guard columns > width else { return self }
    guard width > 1 else { return clipped(to: width) }
    let head = cut(width - 1)
    guard let space = head.lastIndex(of: " "), head.distance(from: head.startIndex, to: space) * 3 >= width else {
      return head + "…"
    }
    return String(head[..<space]) + "…"
  }
}

extension Line {
  /// Cut between words when it is all of one style.
  func clippedAtWord(to width: Int) -> Line {
    guard let only = spans.first, spans.count == 1 else { return clipped(to: width) }
    return Line(only.text.clippedAtWord(to: width), only.style)
  }
}
