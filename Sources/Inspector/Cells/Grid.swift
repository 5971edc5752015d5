/// Columns and rows.
public struct Size: Hashable, Sendable {
  public var width: Int
  public var height: Int
  public init(_ width: Int, _ height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
  }
}

/// A part of a grid.
public struct Rect: Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Cuts `rows` off the top (of this, leaving the rest here) and returns them.
  public mutating func takeTop(_ rows: Int) -> Rect {
    let taken = min(max(0, rows), height)
    defer {
      y += taken
      height -= taken
    }
    return Rect(x: x, y: y, width: width, height: taken)
  }

  public mutating func takeBottom(_ rows: Int) -> Rect {
    let taken = min(max(0, rows), height)
    height -= taken
    return Rect(x: x, y: y + height, width: width, height: taken)
  }

  public mutating func takeRight(_ columns: Int) -> Rect {
    let taken = min(max(0, columns), width)
    width -= taken
    return Rect(x: x + width, y: y, width: taken, height: height)
  }

  public mutating func takeLeft(_ columns: Int) -> Rect {
    let taken = min(max(0, columns), width)
    defer {
      x += taken
      width -= taken
    }
    return Rect(x: x, y: y, width: taken, height: height)
  }

  public func inset(_ columns: Int, _ rows: Int) -> Rect {
    Rect(x: x + columns, y: y + rows, width: width - 2 * columns, height: height - 2 * rows)
  }

  /// What of `other` lies in this.
  public func intersection(_ other: Rect) -> Rect {
    let (left, top) = (max(x, other.x), max(y, other.y))
    return Rect(
      x: left, y: top, width: min(x + width, other.x + other.width) - left,
      height: min(y + height, other.y + other.height) - top)
  }

  /// A rectangle of at most this size in the middle.
  public func centred(_ size: Size) -> Rect {
    let columns = min(size.width, width)
    let rows = min(size.height, height)
    return Rect(x: x + (width - columns) / 2, y: y + (height - rows) / 2, width: columns, height: rows)
  }
}

/// What a screen is: cells, and nothing of a terminal. Writing outside is harmless.
public struct Grid: Hashable, Sendable {
  public let size: Size
  public let glyphs: Glyphs
  public private(set) var cells: [Cell]
  /// Parts that change as a whole and too fast to be read, such as the newest events beside something else: once a
  /// second is often enough for them, unless a key changed them.
  public private(set) var calm: [Rect] = []
  /// What stands where; what was drawn later is in front.
  public private(set) var targets: [Target] = []

  public init(_ size: Size, glyphs: Glyphs = .unicode) {
    self.size = size
    self.glyphs = glyphs
    cells = Array(repeating: Cell(), count: size.width * size.height)
  }

  public mutating func keepCalm(_ area: Rect) { calm.append(area) }

  public var bounds: Rect { Rect(x: 0, y: 0, width: size.width, height: size.height) }

  public subscript(x: Int, y: Int) -> Cell {
    get { contains(x, y) ? cells[y * size.width + x] : Cell() }
    set {
      guard contains(x, y) else { return }
      cells[y * size.width + x] = Cell(glyphs.resolve(newValue.scalar), newValue.style)
    }
  }

  private func contains(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < size.width && y < size.height }

  /// Writes `line` in row `row` of `area`, cut at its right edge; the cut shows as an ellipsis.
  public mutating func put(_ line: Line, _ row: Int, in area: Rect, column: Int = 0) {
    guard row >= 0, row < area.height, column < area.width else { return }
    let right = area.x + area.width
    var x = area.x + column
    let isCut = line.width > area.width - column
    for span in line.spans {
      for scalar in span.text.unicodeScalars where x < right {
        let isLast = isCut && x == right - 1
        self[x, area.y + row] = Cell(isLast ? "…" : scalar, span.style)
        x += 1
      }
    }
  }

  /// Writes `line` so that it ends at the right edge of `area`.
  public mutating func putRight(_ line: Line, _ row: Int, in area: Rect) {
    put(line, row, in: area, column: max(0, area.width - line.width))
  }

  public mutating func put(_ text: String, _ style: Style = .plain, _ row: Int, in area: Rect, column: Int = 0) {
    put(Line(text, style), row, in: area, column: column)
  }

  /// Writes lines downwards from the top of `area`, and leaves out what does not fit.
  public mutating func put(_ lines: [Line], in area: Rect) {
    for (row, line) in lines.prefix(area.height).enumerated() { put(line, row, in: area) }
  }

  public mutating func clear(_ area: Rect, _ style: Style = .plain) {
    for y in area.y..<(area.y + area.height) {
      for x in area.x..<(area.x + area.width) { self[x, y] = Cell(" ", style) }
    }
  }

  /// Reverses a row of `area` that has been written: the selection.
  public mutating func select(_ row: Int, in area: Rect) {
    guard row >= 0, row < area.height else { return }
    for x in area.x..<(area.x + area.width) {
      let cell = self[x, area.y + row]
      self[x, area.y + row] = Cell(cell.scalar, cell.style.selected)
    }
  }

  /// Says what a row of `area` stands for.
  public mutating func mark(_ row: Int, in area: Rect, as meaning: Target.Meaning) {
    guard row >= 0, row < area.height else { return }
    mark(Rect(x: area.x, y: area.y + row, width: area.width, height: 1), as: meaning)
  }

  public mutating func mark(_ area: Rect, as meaning: Target.Meaning) {
    targets.append(Target(area: area, meaning: meaning))
  }

  /// What stands at a cell; nil where it means nothing.
  public func target(_ x: Int, _ y: Int) -> Target? { targets.last { $0.contains(x, y) } }

  /// Nothing that was drawn so far can be clicked on any more: something stands in front of it.
  public mutating func coverTargets() { targets = [] }

  /// Makes `needle` stand out wherever it is in `area`, whatever the case of its letters.
  mutating func emphasize(_ needle: [Unicode.Scalar], in area: Rect) {
    guard !needle.isEmpty else { return }
    for y in area.y..<(area.y + area.height) {
      var x = area.x
      while x + needle.count <= area.x + area.width {
        let isHit = needle.indices.allSatisfy {
          self[x + $0, y].scalar.properties.lowercaseMapping == needle[$0].properties.lowercaseMapping
        }
        guard isHit else {
          x += 1
          continue
        }
        for place in x..<(x + needle.count) where contains(place, y) {
          cells[y * size.width + place].style.isBold = true
          cells[y * size.width + place].style.isUnderlined = true
        }
        x += needle.count
      }
    }
  }

  /// Gives the cells of `area` that have one role another one.
  public mutating func restyle(_ area: Rect, _ change: (Style.Role) -> Style.Role) {
    for y in area.y..<(area.y + area.height) {
      for x in area.x..<(area.x + area.width) where contains(x, y) {
        let place = y * size.width + x
        cells[place].style.role = change(cells[place].style.role)
      }
    }
  }

  /// A titled rule over the whole width: `── title ─────`.
  public mutating func rule(_ title: String, _ row: Int, in area: Rect) {
    guard area.width > 0 else { return }
    put(Line(String(repeating: "─", count: area.width), .dim), row, in: area)
    guard !title.isEmpty, area.width > 6 else { return }
    put(Line(" " + title.clipped(to: area.width - 6) + " ", .bold), row, in: area, column: 2)
  }

  /// A box with a title in its upper edge; returns what is inside.
  @discardableResult
  public mutating func box(_ title: String, _ area: Rect, _ style: Style = .dim) -> Rect {
    guard area.width >= 4, area.height >= 2 else { return Rect(x: area.x, y: area.y, width: 0, height: 0) }
    let edge = String(repeating: "─", count: area.width - 2)
    put(Line("┌" + edge + "┐", style), 0, in: area)
    put(Line("└" + edge + "┘", style), area.height - 1, in: area)
    for row in 1..<(area.height - 1) {
      put(Line("│", style), row, in: area)
      put(Line("│", style), row, in: area, column: area.width - 1)
    }
    if !title.isEmpty, area.width > 8 {
      put(
        Line("[ ", style) + Line(title.clipped(to: area.width - 8), .bold) + Line(" ]", style), 0, in: area, column: 2)
    }
    return area.inset(2, 1)
  }
}

extension Grid {
  /// The rows as text, without trailing blanks.
  public var textRows: [String] { rows { String(Character($0.scalar)) } }

  /// The rows as style letters, `.` for plain.
  public var styleRows: [String] { rows { String($0.style.letter) } }

  private func rows(_ text: (Cell) -> String) -> [String] {
    (0..<size.height).map { y in
      var row = cells[(y * size.width)..<((y + 1) * size.width)].map(text).joined()
      while row.last == " " { row.removeLast() }
      return row
    }
  }
}
