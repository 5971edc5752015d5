import Architecture
import Diagnosis
import Journal

/// The selected timer: how late it was, and what became of each expiry.
enum TimerDetail {
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let id = model.selectedTimer.context, let context = model.snapshot[id] else {
      grid.rule(model.selectedTimer.text, 0, in: area)
      grid.put(" its expiries are the rising edges of its pin: see Routes (9)", .dim, 1, in: area)
      return
    }
    var rest = area
    let facts = facts(context, model)
    if model.timersShowHistogram {
      let left = rest.takeLeft(area.width / 2)
      drawLateness(context, model, into: &grid, Rect(x: left.x, y: left.y, width: left.width - 1, height: left.height))
    }
    let bottom = rest.height >= 12 ? rest.takeBottom(facts.count) : Rect(x: 0, y: 0, width: 0, height: 0)
    drawHistory(context, model, into: &grid, rest)
    grid.put(facts, in: bottom.inset(1, 0))
  }

  private static func drawLateness(
    _ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect
  ) {
    var rest = area
    let statistics = model.index.timers.statistics(
      of: model.selectedTimer, in: context, at: model.snapshot.machine.time)
    let count = TextForm.count(UInt64(statistics.lateness?.count ?? 0))
    grid.rule("\(model.selectedTimer.text) lateness, \(count) in the log", 0, in: rest.takeTop(1))
    guard let late = statistics.lateness else {
      grid.put(" no interrupt of this timer is in the log", .dim, 0, in: rest)
      return
    }
    var lines: [Line] = []
    if let jitter = statistics.jitter { lines = jitterLines(jitter) }
    let below = rest.takeBottom(rest.height >= 10 ? lines.count + 1 : min(1, lines.count))
    let bars = statistics.histogram.lines(rest.height, width: rest.width)
    grid.put(bars, in: rest)
    if rest.height > bars.count {
      let text = "  p50 \(late.p50.spanText)  p99 \(late.p99.spanText)  max \(late.max.spanText)"
      grid.put(Line(text), bars.count, in: rest)
    }
    grid.put(lines, in: Rect(x: below.x, y: below.y, width: below.width, height: below.height))
  }

  private static func jitterLines(_ jitter: Jitter) -> [Line] {
    let spans = jitter.intervals
    return [
      Line(" between two p50 \(spans.p50.spanText) sd \(jitter.deviation.spanText)"),
      Line(" p1 \(spans.p1.spanText) p99 \(spans.p99.spanText) max \(spans.max.spanText)"),
    ]
  }

  private static func drawHistory(
    _ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect
  ) {
    var rest = area
    let all = model.index.timers.expiries(of: model.selectedTimer)
    grid.rule("\(model.selectedTimer.text) expiries, newest first", 0, in: rest.takeTop(1))
    guard !all.isEmpty else {
      let text = model.index.timers.begin == nil ? "the log is empty" : "none in the log"
      grid.put(" " + text, .dim, 0, in: rest)
      return
    }
    let selected = model.selection.expiry.map { _ in all.count - 1 - model.expiryPlace(in: all) }
    for (row, i) in window(count: all.count, selected: selected, visible: rest.height).enumerated() {
      let expiry = all[all.count - 1 - i]
      grid.put(
        Line(i == selected ? ">" : " ") + when(expiry, model, isNarrow: rest.width < 60) + "  "
          + expiry.outcome(in: context, model.snapshot, isNarrow: rest.width < 60), row, in: rest)
      if i == selected { grid.select(row, in: rest) }
    }
  }

  /// When it was due. Where there is no room for the clock, how long ago.
  private static func when(_ expiry: Expiry, _ model: InspectorModel, isNarrow: Bool) -> Line {
    guard !isNarrow, model.timeMode != .relative else { return Line("-" + model.ago(expiry.due).spanText.left(7)) }
    return Line(expiry.due.pointText.right(12) + " due")
  }

  private static func facts(_ context: ContextSnapshot, _ model: InspectorModel) -> [Line] {
    guard let row = model.selectedTimerRow else { return [] }
    if case .synthetic(_, let n) = row.source, context.syntheticTimers.indices.contains(n) {
      return syntheticFacts(context.syntheticTimers[n], row)
    }
    var lines: [Line] = [.empty]
    if let last = row.lastWrite {
      lines.append(
        label("last set") + Line("\(last.write.time.pointText) ") + Line(last.text, last.isIgnored ? .waiting : .plain)
          + Line(" \(model.code(last.write.rip))"))
    } else {
      lines.append(label("last set") + Line("never written", .dim))
    }
    let entry = APICDecoding(context).timerEntry
    lines.append(
      label("mode")
        + Line(
          entry.timerMode.text + (row.kind == .off ? ", not armed" : "")
            + (entry.timerMode == .deadline ? "" : ", input clock / \(row.divisor ?? 1)")))
    lines.append(
      label("counts")
        + counts(
          row,
          [("masked", row.firedMasked), ("merged", row.mergedTicks), ("ignored writes", row.ignoredWrites)]))
    if let last = row.lastMaskedExpiry {
      lines.append(label("") + Line("last masked \(model.ago(last).spanText) ago", .waiting))
    }
    return lines
  }

  private static func syntheticFacts(_ timer: SyntheticTimerSnapshot, _ row: TimerRow) -> [Line] {
    [
      .empty,
      label("set")
        + Line("CONFIG \(TextForm.hex(timer.config)), COUNT \(timer.count)") + Line(" x 100 ns", .dim),
      label("mode") + Line("\(timer.mode), to \(timer.target)"),
      label("counts") + counts(row, [("skipped", row.mergedTicks)]),
    ]
  }

  private static func label(_ text: String) -> Line { Line(text.left(9), .dim) }

  private static func counts(_ row: TimerRow, _ others: [(String, UInt64)]) -> Line {
    var line = Line("fired \(TextForm.count(row.fired))")
    for (name, count) in others {
      line.append("  \(name) \(TextForm.count(count))", count > 0 ? .waiting : .plain)
    }
    return line
  }
}
