import Architecture
import Journal

/// The timers, one to a row.
enum TimerTable {
  static func columns(_ model: InspectorModel) -> [Column<TimerRow>] {
    let now = model.snapshot.machine.time
    return [
      Column(
        title: "  CTX", width: 5, alignment: .right, priority: 0,
        sortKey: { SortKey($0.source.context.map(FilterValue.number)) }
      ) { Line($0.source.context?.description ?? "-") },
      Column(title: "SRC", width: 7, priority: 4) { Line($0.source.name) },
      Column(title: "MODE", width: 6, priority: 1) { Line($0.kind.text, $0.kind == .off ? .dim : .plain) },
      Column(title: "VEC", width: 3, priority: 1) { $0.vector.map { Line($0.text) } ?? Line("-", .dim) },
      Column(title: "DUE IN", width: 12, priority: 0, sortKey: { SortKey(($0.owedSince(at: now) ?? $0.due)?.rawValue) })
      { $0.dueText(at: now) },
      Column(title: "PERIOD", width: 8, priority: 2, sortKey: { SortKey(periodOf($0, model)?.rawValue) }) {
        period($0, model)
      },
      Column(title: "DCR", width: 4, priority: 8) { $0.divisor.map { Line("/\($0)") } ?? Line("-", .dim) },
      Column(title: "PEND", width: 4, alignment: .right, priority: 3) {
        Line($0.isPending ? "1" : "0", $0.isPending ? .waiting : .dim)
      },
      Column(title: "MASK", width: 4, alignment: .right, priority: 3) {
        Line($0.isMasked ? "yes" : "no", $0.isMasked ? .waiting : .dim)
      },
      Column(
        title: "LATE p50/p99/max", width: 21, priority: 2, sortKey: { SortKey(latenessOf($0, model)?.max.rawValue) }
      ) { lateness($0, model) },
      Column(title: "FIRED", width: 6, alignment: .right, priority: 5, sortKey: { SortKey($0.fired) }) {
        Line(TextForm.count($0.fired))
      },
      Column(title: "COUNTDOWN", width: 22, priority: 6) { countdown($0, now) },
      Column(title: "HELD BY", width: 20, priority: 7) { Line($0.gateText, .wrong) },
    ]
  }

  /// The programmed one; with a mark in front, the one that is lived.
  private static func period(_ row: TimerRow, _ model: InspectorModel) -> Line {
    guard let period = periodOf(row, model) else { return Line("-", .dim) }
    return Line((row.period == nil ? "~" : "") + period.spanText)
  }

  private static func periodOf(_ row: TimerRow, _ model: InspectorModel) -> VirtualTime? {
    row.period ?? (row.kind == .deadline ? model.index.timers.usualPeriod(of: row.source) : nil)
  }

  private static func latenessOf(_ row: TimerRow, _ model: InspectorModel) -> HopStatistics? {
    guard let context = row.source.context.flatMap({ model.snapshot[$0] }) else { return nil }
    return HopStatistics(model.index.timers.lateness(of: row.source, in: context, at: model.snapshot.machine.time))
  }

  private static func lateness(_ row: TimerRow, _ model: InspectorModel) -> Line {
    guard let late = latenessOf(row, model) else { return Line("-", .dim) }
    let isLong = late.max >= TimerRow.tolerance
    let texts = [late.p50.spanText, late.p99.spanText, late.max.spanText]
    return Line("\(withoutUnit(texts[0], of: texts[1]))/\(withoutUnit(texts[1], of: texts[2]))/")
      + Line(texts[2], isLong ? .waiting : .plain)
  }

  /// `2.2` of `2.2us` in front of `14.0us`: the unit is said once.
  private static func withoutUnit(_ text: String, of next: String) -> String {
    let unit = text.drop { $0.isNumber || $0 == "." }
    return next.drop { $0.isNumber || $0 == "." } == unit ? String(text.dropLast(unit.count)) : text
  }

  /// How much of the time until it fires has passed; all of it when it is late.
  private static func countdown(_ row: TimerRow, _ now: VirtualTime) -> Line {
    let width = 20
    if row.isLate(at: now) { return Line("[" + String(repeating: "!", count: width) + "]", .wrong) }
    guard let elapsed = row.elapsedPermille(at: now) else {
      return Line("[" + String(repeating: " ", count: width) + "]", .dim)
    }
    let full = elapsed * width / 1_000
    return Line("[") + Line(String(repeating: "#", count: full))
      + Line(String(repeating: ".", count: width - full) + "]", .dim)
  }

  /// What filters can ask about a timer.
  static let fields: [FilterField<TimerRow>] = [
    FilterField("ctx", .context, "the context") { row, _ in row.source.context.map { [FilterValue($0)] } ?? [] },
    FilterField("vp", .number, "the VP") { row, _ in
      row.source.context.map { [FilterValue($0.vp.rawValue)] } ?? []
    },
    FilterField("vtl", .number, "the VTL") { row, _ in
      row.source.context.map { [FilterValue($0.vtl.rawValue)] } ?? []
    },
    FilterField("src", .word, "its kind", words: ["LAPIC", "STIMER", "PIT"]) { row, _ in
      if case .synthetic = row.source { return [.word("STIMER"), .word(row.source.name)] }
      return [.word(row.source.name)]
    },
    FilterField("mode", .word, "how it counts", words: TimerKind.allCases.map(\.text)) { row, _ in
      [.word(row.kind.text)]
    },
    FilterField("vec", .hex, "what it delivers") { row, _ in row.vector.map { [FilterValue($0.rawValue)] } ?? [] },
    FilterField("due", .span, "until it fires") { row, model in
      row.due.map { [FilterValue($0 - model.snapshot.machine.time)] } ?? []
    },
    FilterField("late", .span, "since when it should have") { row, model in
      row.late(at: model.snapshot.machine.time).map { [FilterValue($0)] } ?? []
    },
    FilterField("masked", .flag, "its entry is masked") { row, _ in [FilterValue(row.isMasked)] },
    FilterField("pending", .flag, "its vector waits in the IRR") { row, _ in [FilterValue(row.isPending)] },
  ]
}
