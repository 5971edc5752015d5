import Architecture
import Diagnosis
import Journal

/// What is said of the VP under the cursor.
struct SchedDetail {
  let explanation: [Line]
  let table: [Line]
  private let title: String
  private let rows: [SchedRow]

  init(_ model: InspectorModel, width: Int) {
    let vp = model.selection.context.vp
    let lanes = model.lanes
    rows = lanes.rows(of: vp, in: model.snapshot, from: lanes.begin ?? lanes.end, to: lanes.end)
    let at = model.selection.moment.map { "cursor -\((lanes.end - $0).spanText)  \($0.pointText) s" } ?? "now"
    title = "\(at)  VP\(vp.rawValue)"
    explanation = LaneText(model, rows).lines.map { $0.clipped(to: width - 1) }
    table = Self.table(rows, span: lanes.end - (lanes.begin ?? lanes.end), vp, width: width)
  }

  /// How many rows the histograms may take.
  func histogramRows(_ height: Int) -> Int { height >= 30 ? min(12, max(6, height / 4)) : 6 }

  func draw(into grid: inout Grid, _ area: Rect, _ histogram: Int) {
    var rest = area
    grid.rule(title, 0, in: rest.takeTop(1))
    grid.put(explanation, in: rest.takeTop(explanation.count))
    // Where there is no room for both, the histogram stands in place of the table.
    if histogram == 0 || rest.height >= table.count + 4 { grid.put(table, in: rest.takeTop(table.count)) }
    if histogram > 0 { drawHistograms(into: &grid, rest) }
  }

  private func drawHistograms(into grid: inout Grid, _ area: Rect) {
    let shown = rows.filter { $0.stays != nil }.prefix(3)
    guard !shown.isEmpty else {
      grid.rule("no stay in a VTL has ended in the log", 0, in: area)
      return
    }
    var rest = area
    let width = area.width / shown.count
    for row in shown.reversed() {
      var part = rest.takeLeft(width)
      part.width -= 1
      grid.rule("stays of \(row.context)", 0, in: part.takeTop(1))
      grid.put(row.histogram.lines(part.height, width: part.width), in: part)
    }
  }

  private static func table(_ rows: [SchedRow], span: VirtualTime, _ vp: VPIndex, width: Int) -> [Line] {
    let table = Table(columns(span, vp), width: width - 1)
    return [Line(" ") + table.header()] + rows.reversed().map { Line(" ") + table.line($0) }
  }

  private static func columns(_ span: VirtualTime, _ vp: VPIndex) -> [Column<SchedRow>] {
    func count(_ title: String, _ priority: Int, _ value: @escaping (SchedRow) -> Int) -> Column<SchedRow> {
      Column(title: title, width: title.count, alignment: .right, priority: priority) {
        Line(TextForm.count(UInt64(value($0))), value($0) == 0 ? .dim : .plain)
      }
    }
    func time(_ title: String, _ priority: Int, _ value: @escaping (SchedRow) -> VirtualTime?) -> Column<SchedRow> {
      Column(title: title, width: 7, alignment: .right, priority: priority) {
        value($0).map { Line($0.spanText) } ?? Line("-", .dim)
      }
    }
    return [
      Column(title: "  CTX", width: 5, alignment: .right, priority: 0) { Line($0.context.description) },
      Column(title: "OF \(span.spanText)", width: 10, alignment: .right, priority: 0) {
        $0.sharePermille.map { Line("\($0 / 10).\($0 % 10)%") } ?? Line("-", .dim)
      },
      time("RUN", 7) { $0.times.running },
      time("HALT", 7) { $0.times.halted },
      time("PREEMPT", 6) { $0.times.preempted },
      count("ENTRIES", 1) { $0.entries },
      count("CALLS", 2) { $0.calls },
      count("INTR", 2) { $0.interrupts },
      count("OTHER", 8) { $0.intercepts + $0.operators },
      count("BACK", 3) { $0.returns },
      time("p50", 4) { $0.stays?.p50 },
      time("p99", 4) { $0.stays?.p99 },
      time("LONGEST", 1) { $0.longest },
      Column(title: "HELD WITH WORK", width: 16, priority: 0) {
        var line = Line("\($0.holdings)", $0.holdings == 0 ? .dim : .plain)
        if let first = $0.held.first { line.append(", now \(first.vector.text)", .waiting) }
        return line
      },
    ]
  }
}

extension Snapshot {
  /// The contexts below the active one of a VP that have an interrupt waiting, the highest VTL first.
  func heldContexts(of vp: VPIndex) -> [ContextSnapshot] {
    guard let active = activeContext(of: vp) else { return [] }
    return (0..<active.id.vtl.index).reversed().compactMap { self[ContextID(vp: vp, vtl: VTL($0))] }
      .filter { $0.isEnabled && !$0.pending.isEmpty }
  }
}
