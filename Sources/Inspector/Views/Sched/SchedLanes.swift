import Architecture
import Journal

/// The lanes as rows of characters.
struct SchedLanes {
  private let model: InspectorModel
  private let scale: LaneScale
  private let order: [ContextID]
  private let isNarrow: Bool

  init(_ model: InspectorModel, _ scale: LaneScale, isNarrow: Bool) {
    self.model = model
    self.scale = scale
    self.isNarrow = isNarrow
    order = SchedView.order(model)
  }

  var rowCount: Int { order.count }

  private var labelWidth: Int { isNarrow ? 6 : SchedView.labelWidth }

  // MARK: - Axis

  /// How long before the right edge, every dozen columns; the cursor over it.
  var axis: Line {
    let step = scale.columns >= 150 ? 23 : scale.columns >= 100 ? 13 : 10
    var text = ""
    var column = 0
    while column + 8 <= scale.columns || column == 0 {
      let before = scale.end - scale.time(of: column)
      text = text.left(column) + "|-" + before.spanText
      column += step
    }
    var line = Line(String(repeating: " ", count: labelWidth)) + Line(text.left(scale.columns), .dim)
    if let moment = model.selection.moment, let column = scale.column(of: moment) {
      let padded = text.left(scale.columns).unicodeScalars.map(Character.init)
      line =
        Line(String(repeating: " ", count: labelWidth)) + Line(String(padded[..<column]), .dim) + Line("▼", .bold)
        + Line(String(padded[(column + 1)...]), .dim)
    }
    return line
  }

  // MARK: - Lanes

  /// True when timer marks are left out, as there would be nothing else.
  @discardableResult
  func draw(into grid: inout Grid, _ area: Rect) -> Bool {
    let rows = visible(area.height)
    var pictures: [VPIndex: LanePicture] = [:]
    for (row, i) in rows.enumerated() {
      let id = order[i]
      if pictures[id.vp] == nil { pictures[id.vp] = model.lanes.picture(of: id.vp, scale) }
      let isFirst = row == 0 || order[i - 1].vp != id.vp
      grid.put(label(id, isFirst: isFirst), row, in: area)
      guard let lanes = pictures[id.vp]?.lanes, id.vtl.index < lanes.count else { continue }
      draw(lanes[id.vtl.index], id, into: &grid, x: area.x + labelWidth, y: area.y + row)
    }
    return pictures.values.contains { $0.hidesTimers }
  }

  /// Whole VPs, as far as they fit, with the selected one among them.
  private func visible(_ height: Int) -> Range<Int> {
    guard order.count > height, height > 0 else { return 0..<max(0, min(order.count, height)) }
    let vp = model.selection.context.vp
    let first = order.firstIndex { $0.vp == vp } ?? 0
    let count = order[first...].prefix { $0.vp == vp }.count
    var start = min(order.count - height, max(0, first - max(0, height - count) / 2))
    // The first row of the picture is the first lane of a VP.
    while start < first, start > 0, order[start - 1].vp == order[start].vp { start += 1 }
    return start..<min(order.count, start + height)
  }

  private func label(_ id: ContextID, isFirst: Bool) -> Line {
    let isSelected = id == model.selection.context
    let mark = isSelected ? ">" : " "
    if isNarrow { return Line((mark + id.description).left(5), isSelected ? .badge : .plain) }
    let vp = isFirst ? "VP\(id.vp.rawValue)" : ""
    return Line("\(mark)\(vp.left(6))VTL\(id.vtl.rawValue)", isSelected ? .badge : .plain)
  }

  private func draw(_ lane: [LaneCell], _ id: ContextID, into grid: inout Grid, x: Int, y: Int) {
    let cursor = model.selection.moment.flatMap { scale.column(of: $0) }
    for (column, cell) in lane.enumerated() {
      var (letter, style) = glyph(cell, id.vtl)
      if column == cursor, id.vp == model.selection.context.vp { style.isReversed = true }
      grid[x + column, y] = Cell(letter.unicodeScalars.first ?? " ", style)
    }
  }

  private func glyph(_ cell: LaneCell, _ vtl: VTL) -> (Character, Style) {
    if let mark = cell.mark { return (mark.letter, Self.style(mark)) }
    guard let state = cell.state else { return (" ", .plain) }
    if model.sched.showsSwitchesOnly, state != .unknown { return (" ", .plain) }
    return (state == .running ? Self.run(vtl) : state.letter, Self.style(state))
  }

  /// The VTLs run in characters of their own.
  static func run(_ vtl: VTL) -> Character {
    switch vtl.rawValue {
    case 0: "#"
    case 1: "="
    case 2: "%"
    default: "+"
    }
  }

  static func style(_ state: LaneState) -> Style {
    switch state {
    case .running: .active
    case .preempted: .preempted
    case .halted, .inactive, .waitsForStartup, .unknown: .dim
    case .shutDown: .wrong
    }
  }

  static func style(_ mark: LaneMark) -> Style {
    switch mark {
    case .timerDue: .waiting
    case .fault: .wrong
    case .returned, .call, .intercept, .interrupt, .operator: .bold
    }
  }

  /// What the letters mean.
  static func legend(_ model: InspectorModel) -> [Line] {
    var states = Line(" ")
    for vtl in Set(model.contexts.map(\.vtl)).sorted() {
      states += Line(String(run(vtl)), .active) + Line(" VTL\(vtl.rawValue)  ")
    }
    for (state, word) in [
      (LaneState.preempted, "preempted"), (.halted, "halted"), (.inactive, "inactive"), (.waitsForStartup, "SIPI"),
      (.unknown, "not known"),
    ] {
      states += Line(String(state.letter), style(state)) + Line(" \(word)  ")
    }
    var marks = Line(" ")
    for (mark, word) in [
      (LaneMark.call, "call"), (.interrupt, "interrupt"), (.intercept, "intercept"), (.returned, "return"),
      (.operator, "operator"), (.timerDue, "timer due"), (.fault, "fault"),
    ] {
      marks += Line(String(mark.letter), style(mark)) + Line(" \(word)  ")
    }
    return [states, marks]
  }
}
