import Architecture
import Journal

/// The runs of protected pages, one to a row.
enum ProtectionTable {
  static func columns(_ model: InspectorModel) -> [Column<ProtectionRun>] {
    let log = model.index.memory
    return [
      Column(title: "GPA", width: 19, priority: 0, sortKey: { SortKey($0.firstPage) }) { Line($0.rangeText) },
      Column(title: "PAGES", width: 5, alignment: .right, priority: 3, sortKey: { SortKey($0.count) }) {
        Line(TextForm.count($0.count))
      },
      Column(title: "VTL", width: 4, priority: 1) { Line("VTL\($0.vtl.rawValue)") },
      Column(title: "MAY", width: 3, priority: 0) { Line(AccessText.letters($0.access), .bold) },
      Column(title: "BY", width: 4, priority: 4) {
        log.lastChange(of: $0)?.context.map { Line("VTL\($0.vtl.rawValue)") } ?? Line("-", .dim)
      },
      Column(
        title: "AGE", width: 7, alignment: .right, priority: 4,
        sortKey: { SortKey(log.lastChange(of: $0).map { model.ago($0.time).rawValue }) }
      ) {
        log.lastChange(of: $0).map { Line(model.ago($0.time).spanText) } ?? Line("-", .dim)
      },
      Column(title: "DENIED", width: 6, alignment: .right, priority: 2, sortKey: { SortKey(log.denials(of: $0).count) })
      {
        let count = log.denials(of: $0).count
        return Line(TextForm.count(UInt64(count)), count == 0 ? .dim : .wrong)
      },
      Column(title: "WHAT LAST", width: 12, priority: 5, isElastic: true) {
        log.denials(of: $0).last.map { what($0, model) } ?? Line("-", .dim)
      },
    ]
  }

  /// `0.0 write at work+10, 40.2us ago`.
  static func what(_ event: Event, _ model: InspectorModel) -> Line {
    guard case .intercepted(let summary) = event.body else { return .empty }
    let who = event.context.map { "\($0) " } ?? ""
    return Line(
      "\(who)\(summary.access) of \(TextForm.hex(summary.number)), \(model.ago(event.time).spanText) ago"
        + (summary.isWaiting ? ", waits for the slot" : ""), .waiting)
  }

  /// What filters can ask about a run.
  static let fields: [FilterField<ProtectionRun>] = [
    FilterField("gpa", .hex, "the first byte") { run, _ in [FilterValue(run.firstPage &<< 12)] },
    FilterField("pages", .number, "how many") { run, _ in [FilterValue(run.count)] },
    FilterField("vtl", .number, "whose accesses are meant") { run, _ in [FilterValue(run.vtl.rawValue)] },
    FilterField("may", .text, "letters, such as r-x") { run, _ in [.text(AccessText.letters(run.access))] },
    FilterField("denied", .number, "accesses that were stopped, in the log") { run, model in
      [FilterValue(model.index.memory.denials(of: run).count)]
    },
  ]
}
