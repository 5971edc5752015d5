import Architecture
import Diagnosis
import Journal

/// Why something does not get on: the findings, the checks of one of them, who waits for whom, and what would help.
public struct StuckView: TableView {
  public var id: ViewID { .stuck }
  public var tab: String? { "Stuck" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard let finding = model.selectedFinding else {
      grid.put(nothing(model, width: area.width - 2), in: area.inset(1, 0))
      return
    }
    guard area.width >= 80, area.height >= 18 else {
      drawTable(model, into: &grid, rest) { ["CODE", "ABOUT", "FINDING"].contains($0.name) }
      return
    }
    let rows = shownRows(model).count
    drawTable(model, into: &grid, rest.takeTop(min(rows + 1, area.height / 3) + 1))
    if rest.width >= 180 {
      let tree = grid.box("who waits for whom", rest.takeRight(78))
      grid.put(ChainTree.lines(model, width: tree.width).prefixed(tree.height), in: tree)
      _ = rest.takeRight(1)
    }
    grid.rule("\(finding.code.rawValue) of \(finding.subject): [x] a check that came out", 0, in: rest.takeTop(1))
    grid.put(StuckDetail.lines(finding, model, Size(rest.width, rest.height)), in: rest)
  }

  /// What stands there when there is no finding to show.
  private func nothing(_ model: InspectorModel, width: Int) -> [Line] {
    let contexts = "\(model.contexts.count) contexts"
    if model.acknowledgedCount > 0 {
      return [Line("no finding but the \(model.acknowledgedCount) acknowledged, in \(contexts)", .active)]
    }
    return [Line("no findings in \(contexts)", .active), .empty] + StuckDetail.order(width: width, matching: 0)
  }

  public func status(_ model: InspectorModel) -> Line {
    let all = model.openFindings
    guard !all.isEmpty || model.acknowledgedCount > 0 else { return "nothing is stuck that is known" }
    var line = Line("\(all.count) finding\(all.count == 1 ? "" : "s")")
    let high = all.count { $0.severity == .high }
    let cycles = all.count { $0.isCycle }
    if high > 0 { line.append("  \(high) high", .wrong) }
    if cycles > 0 { line.append("  \(cycles) cycle\(cycles == 1 ? "" : "s")", .wrong) }
    if model.acknowledgedCount > 0 { line.append("  \(model.acknowledgedCount) acknowledged, hidden", .waiting) }
    if model.thresholds != Thresholds() { line.append("  thresholds changed", .waiting) }
    return line
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] {
    [.open, .journey, .acknowledge, .thresholds, .why]
  }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    switch command {
    case .acknowledge: model.acknowledgeSelected()
    case .thresholds: model.dialog = ThresholdsDialog()
    case .open: open(&model)
    case .why:
      // The dialog is about a context: the one the finding is about.
      if let id = model.selectedFinding?.context { model.select(id) }
      return false
    default: return false
    }
    return true
  }

  /// To the thing: the local APIC of a context, or the route.
  private func open(_ model: inout InspectorModel) {
    guard let finding = model.selectedFinding else { return }
    if let id = finding.context {
      model.select(id)
      model.show(.lapic)
    } else if let route = RouteID(finding.subject, in: model.snapshot) {
      model.selection.route = route
      model.show(.routes)
    }
  }
}

extension StuckView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.openFindings.map { .finding($0.identity) } }

  /// An arranged list keeps its order, but not what is gone or acknowledged.
  func shownRows(_ model: InspectorModel) -> [RowID] {
    let all = allRows(model)
    guard let arranged = model.lists[id]?.arranged else { return all }
    return arranged.filter(all.contains)
  }

  func selectedRow(_ model: InspectorModel) -> RowID? { model.selectedFinding.map { .finding($0.identity) } }

  func select(_ row: RowID, _ model: inout InspectorModel) {
    guard case .finding(let identity) = row else { return }
    model.selection.finding = identity
    if let id = identity.subject.context { model.select(id) }
  }

  func thing(_ row: RowID, _ model: InspectorModel) -> Finding? {
    guard case .finding(let identity) = row else { return nil }
    return model.findings.first { $0.identity == identity }
  }

  func columns(_ model: InspectorModel) -> [Column<Finding>] {
    [
      Column(title: "SEV", width: 6, priority: 2, sortKey: { SortKey($0.severity.rawValue) }) {
        Line($0.severity.text.uppercased(), $0.severity >= .medium ? .wrong : .dim)
      },
      Column(title: "CODE", width: 5, priority: 0) { Line($0.code.rawValue, .bold) },
      Column(title: "CERTAINTY", width: 10, priority: 3) { Line($0.certainty.rawValue) },
      Column(title: "ABOUT", width: 8, priority: 0) { Line($0.subject.description) },
      Column(
        title: "SINCE", width: 7, alignment: .right, priority: 1, sortKey: { SortKey(model.ago($0.since).rawValue) }
      ) { Line(model.ago($0.since).spanText) },
      Column(title: "FINDING", width: 14, priority: 0, isElastic: true) { finding in
        let waiters = finding.isCycle ? [] : finding.chain.map(\.waiter)
        let tail =
          waiters.isEmpty
          ? "" : "; \(waiters.map(\.description).joined(separator: " ")) \(waiters.count == 1 ? "waits" : "wait")"
        return Line(TextForm.escaped(finding.title + tail))
      },
    ]
  }

  var filterFields: [FilterField<Finding>] {
    [
      FilterField("code", .word, "the signature") { finding, _ in
        ([finding] + finding.causes).map { .word($0.code.rawValue) }
      },
      FilterField("severity", .word, "how bad", words: Finding.Severity.allCases.map(\.text)) { finding, _ in
        [.word(finding.severity.text)]
      },
      FilterField("ctx", .context, "whom it is about") { finding, _ in
        ([finding] + finding.causes).compactMap(\.context).map { FilterValue($0) }
      },
      FilterField("waits", .context, "who waits for it") { finding, _ in
        finding.chain.map { FilterValue($0.waiter) }
      },
      FilterField("ago", .span, "since when") { finding, model in [FilterValue(model.ago(finding.since))] },
    ]
  }
}
