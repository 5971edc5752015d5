import Architecture
import Diagnosis
import Journal

/// A view without a screen.
public enum Page: Hashable, Sendable {
  /// The contexts, and what is wrong.
  case snap
  case groups
  case lapic(ContextID)
  case timers
  /// The lanes of the last so much time.
  case sched(last: VirtualTime)
  case memory
  case routes
  case vsm
}

extension InspectorModel {
  /// The tables of a view as lines of text, without what only means something to somebody with keys.
  ///
  /// Below 80 columns the views leave out what only wide screens have; no line is longer than `width`.
  public func text(of page: Page, width: Int) -> [String] {
    switch page {
    case .snap: [summary, ""] + table(OverView(), width) + [""] + findingLines
    case .groups: groupsText(width)
    case .lapic(let id): lapicText(id, width)
    case .timers: [TimersView().status(self).text, ""] + table(TimersView(), width)
    case .sched(let last): schedText(last, width)
    case .memory: memoryText(width)
    case .routes: routesText(width)
    case .vsm: vsmText(width)
    }
  }

  /// `demo.4711  RUN  12.481 903 s  frame 88214  8 contexts  2 findings`
  var summary: String {
    let state = Header.state(self).text.split(separator: " ").joined(separator: " ")
    let count = findings.count == 1 ? "1 finding" : findings.isEmpty ? "no findings" : "\(findings.count) findings"
    return "\(TextForm.escaped(name))  \(state)  \(snapshot.machine.time.pointText) s  frame \(snapshot.machine.epoch)"
      + "  \(contexts.count) contexts  \(count)"
  }

  var findingLines: [String] { findings.isEmpty ? ["no findings"] : findings.map(line) }

  /// `S1  likely  5.0  for 2.2s  vector 4f blocked by TPR 50`
  func line(_ finding: Finding) -> String {
    "\(finding.code.rawValue)  \(finding.certainty.rawValue)  \(finding.subject)  for \(ago(finding.since).spanText)  "
      + TextForm.escaped(finding.title)
  }

  private func groupsText(_ width: Int) -> [String] {
    var lines: [String] = []
    for group in snapshot.groups {
      var model = self
      model.selection.group = group.id
      if !lines.isEmpty { lines.append("") }
      lines.append(GroupBlock.title(group))
      lines += fitted(GroupBlock.lines(group, self, width: width, isCompact: false), width)
      lines += model.table(GroupsView(), width)
    }
    return lines
  }

  private func lapicText(_ id: ContextID, _ width: Int) -> [String] {
    var model = self
    model.selection.context = id
    model.selection.vector = nil
    return rendered(width, 20) { LapicView().draw(model, into: &$0, $1) }
  }

  private func schedText(_ last: VirtualTime, _ width: Int) -> [String] {
    var model = self
    model.followLanes()
    model.sched.span = max(last, VirtualTime(ticks: 1))
    let scale = LaneScale(end: model.laneEnd, span: model.sched.span, columns: SchedView.columns(width: width))
    let lanes = SchedLanes(model, scale, isNarrow: width < 80)
    let title = "window \(scale.span.spanText), one column is \(VirtualTime(ticks: UInt64(scale.column)).spanText)"
    let picture = rendered(width, lanes.rowCount + 1) { grid, area in
      var rest = area
      grid.put(lanes.axis, 0, in: rest.takeTop(1))
      lanes.draw(into: &grid, rest)
    }
    var lines = [title] + picture.map(Self.unmarked) + fitted(SchedLanes.legend(model), width)
    for vp in 0..<Int(snapshot.machine.vpCount) {
      model.selection.context = ContextID(vp, 0)
      let rows = fitted(SchedDetail(model, width: width).table, width)
      lines += vp == 0 ? [""] + rows : Array(rows.dropFirst())
    }
    return lines
  }

  private func memoryText(_ width: Int) -> [String] {
    var model = self
    model.showsOnlyDenied = false
    model.selection.protection = nil
    let runs = snapshot.memory.protections
    let table = runs.isEmpty ? [MemoryText.emptiness(model)] : model.table(MemoryView(), width)
    let map = MemoryView().mapLines(model, width: width, rows: 16)
    let rest = [MemoryText.summary(model).clipped(to: width)] + MemoryText.overlays(model, width: width)
    return fitted(map, width) + [""] + table + [""] + fitted(rest, width)
  }

  private func routesText(_ width: Int) -> [String] {
    guard !RouteRow.all(snapshot).isEmpty else { return ["no IOAPIC, and no device that sends messages"] }
    return fitted(RoutesView().heads(self, width: width), width) + table(RoutesView(), width)
  }

  private func vsmText(_ width: Int) -> [String] {
    var lines = fitted(VSMText.partition(self, width: width), width) + [""] + table(VSMView(), width)
    for context in contexts.compactMap({ snapshot[$0] }) {
      let detail = fitted(VSMDetail.lines(context, self, width: width), width)
      if !detail.isEmpty { lines += ["", "\(context.id)"] + detail }
    }
    return lines
  }

  // MARK: - Drawing

  /// Every row of a list, whatever is filtered, and nothing pointed at.
  func table(_ view: some TableView, _ width: Int) -> [String] {
    var model = self
    model.lists[view.id] = nil
    model.tags = []
    let rows = view.allRows(model).count
    return rendered(width, rows + 1) { grid, area in view.drawTable(model, into: &grid, area) }
      .map(Self.unmarked)
  }

  func fitted(_ lines: [Line], _ width: Int) -> [String] {
    rendered(width, lines.count) { $0.put(lines, in: $1) }
  }

  /// Without the mark of what is pointed at.
  static func unmarked(_ row: String) -> String { row.hasPrefix(">") ? " " + row.dropFirst() : row }

  func rendered(_ width: Int, _ height: Int, _ draw: (inout Grid, Rect) -> Void) -> [String] {
    var grid = Grid(Size(width, height), glyphs: glyphs)
    draw(&grid, grid.bounds)
    var rows = grid.textRows
    while rows.last == "" { rows.removeLast() }
    return rows
  }
}
