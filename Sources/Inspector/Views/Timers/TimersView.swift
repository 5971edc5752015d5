import Architecture
import Diagnosis
import Journal

/// When each timer fires, and how late it was.
public struct TimersView: TableView {
  public var id: ViewID { .timers }
  public var tab: String? { "Timers" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard area.width >= 80, area.height >= 18 else {
      drawTable(model, into: &grid, rest) { ["CTX", "MODE", "VEC", "DUE-IN"].contains($0.name) }
      return
    }
    // The table takes what it needs, the history what is left and at least two fifths.
    let least = area.height * 2 / 5
    let rows = max(1, shownRows(model).count)
    drawTable(model, into: &grid, rest.takeTop(min(rows + 2, area.height - least)))
    TimerDetail.draw(model, into: &grid, rest)
  }

  public func status(_ model: InspectorModel) -> Line {
    let summary = TimersSummary(model.timerRows, at: model.snapshot.machine.time)
    var line = Line(summary.count == 1 ? "1 timer, " : "\(summary.count) timers, ")
    if let worst = summary.late.first {
      let others = summary.late.count > 1 ? ", the latest" : ""
      line.append("\(summary.late.count) late\(others) (\(worst.source.text) by \(worst.by.spanText))", .wrong)
    } else {
      line.append("0 late")
    }
    line.append(", ")
    line.append(
      "\(summary.maskedWhilePending) masked-while-pending", summary.maskedWhilePending > 0 ? .waiting : .plain)
    if let next = summary.next { line.append(", next \(next.after.spanText) (\(next.source.text))") }
    return line
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] {
    [.open, .journey, .earlier, .later, .histogram, .why, .fire]
  }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if model.isInExpiries, command == .up || command == .down {
      moveExpiry(command == .down ? -1 : 1, &model)
      return true
    }
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    switch command {
    case .earlier: moveExpiry(-1, &model)
    case .later: moveExpiry(1, &model)
    case .nextPane, .previousPane: turnPane(&model)
    case .histogram: model.timersShowHistogram.toggle()
    case .open: open(&model)
    default: return false
    }
    return true
  }

  private func open(_ model: inout InspectorModel) {
    guard let id = model.selectedTimer.context else {
      model.message = "this timer belongs to no local APIC"
      return
    }
    let vector = model.selectedTimerRow?.vector
    model.select(id)
    model.selection.vector = vector
    model.show(.lapic)
  }

  /// Between the table and the history below it.
  private func turnPane(_ model: inout InspectorModel) {
    if model.isInExpiries {
      model.selection.expiry = nil
    } else {
      model.entersExpiries = true
      if model.selection.expiry == nil { moveExpiry(-1, &model) }
    }
  }

  /// Through the history of the selected timer: by expiries, towards later ones when positive.
  private func moveExpiry(_ distance: Int, _ model: inout InspectorModel) {
    guard model.selectedTimer.context != nil else { return }
    let all = model.index.timers.expiries(of: model.selectedTimer)
    guard let last = all.last else {
      model.message = "no expiry of this timer is in the log"
      return
    }
    guard model.selection.expiry != nil else {
      model.selection.expiry = last.sequence
      return
    }
    let place = model.expiryPlace(in: all) + distance
    // Past the newest the selection lets go, and what is shown follows.
    model.selection.expiry = place < all.count ? all[max(0, place)].sequence : nil
  }
}

extension TimersView {
  func allRows(_ model: InspectorModel) -> [RowID] { TimerRow.sources(model.snapshot).map { .timer($0) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { .timer(model.selectedTimer) }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.select(timer: row.timer) }
  func thing(_ row: RowID, _ model: InspectorModel) -> TimerRow? {
    row.timer.flatMap { TimerRow($0, model.index.timers, in: model.snapshot) }
  }
  func columns(_ model: InspectorModel) -> [Column<TimerRow>] { TimerTable.columns(model) }
  var filterFields: [FilterField<TimerRow>] { TimerTable.fields }
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    guard let timer = thing(row, model) else { return json.null() }
    json.object { timer.writeFields(to: &$0, at: model.snapshot.machine.time) }
  }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    thing(row, model).map { $0.kind == .off && !$0.isPending } ?? true
  }
}

extension RowID {
  var timer: TimerSource? { if case .timer(let source) = self { source } else { nil } }
}

extension InspectorModel {
  mutating func select(timer: TimerSource?) {
    guard let timer, timer != selectedTimer else { return }
    selection.expiry = nil
    if let id = timer.context { select(id) }
    if case .local = timer { selection.timer = nil } else { selection.timer = timer }
  }

  /// The arrows move in the history of the selected timer, until it is let go.
  var isInExpiries: Bool { entersExpiries && selection.expiry != nil }

  /// The offset of the selected expiry, the newest while none is.
  func expiryPlace(in expiries: Backlog<Expiry>) -> Int {
    let last = max(0, expiries.count - 1)
    return selection.expiry.map { selected in min(last, expiries.partition { $0.sequence < selected }) } ?? last
  }

  /// The interrupt of the selected expiry, else of the one that waits, else of the newest.
  var journeyOfExpiry: JourneyID? {
    guard selectedTimer.context != nil else { return nil }
    let all = index.timers.expiries(of: selectedTimer)
    let place = expiryPlace(in: all)
    let pointed = place < all.count ? all[place].journey : nil
    if selection.expiry != nil { return pointed }
    let waiting = selectedTimerRow?.waitingJourney ?? .none
    return waiting == .none ? pointed : waiting
  }
}
