import Architecture
import Diagnosis
import Journal

/// Who had each VP, and who waited: one lane per VTL, time from left to right.
public struct SchedView: ListView {
  public var id: ViewID { .sched }
  public var tab: String? { "Sched" }

  static let labelWidth = 12

  /// How many columns of time a screen has.
  static func columns(width: Int) -> Int { max(1, width - (width < 80 ? 7 : labelWidth + 1)) }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    let scale = LaneScale(
      end: model.laneEnd, span: model.sched.span, columns: Self.columns(width: area.width))
    let lanes = SchedLanes(model, scale, isNarrow: area.width < 80)
    guard area.width >= 80, area.height >= 18 else {
      grid.put(lanes.axis, 0, in: rest.takeTop(1))
      lanes.draw(into: &grid, rest)
      return
    }
    let top = rest.takeTop(1)
    grid.put(lanes.axis, 0, in: rest.takeTop(1))
    let detail = SchedDetail(model, width: area.width)
    let wanted = detail.explanation.count + detail.table.count + 1
    let histogram = showsHistogram(model, area) ? detail.histogramRows(area.height) : 0
    let below = rest.takeBottom(min(rest.height - 4, wanted + (area.height < 30 && histogram > 0 ? 0 : histogram)))
    let legend = SchedLanes.legend(model)
    let shown = min(lanes.rowCount, rest.height - legend.count)
    let hidesTimers = lanes.draw(into: &grid, rest.takeTop(shown))
    grid.put(title(model, scale, hidesTimers: hidesTimers), 0, in: top)
    if model.selection.moment != nil { grid.putRight(Line(" HELD: L follows ", .badge), 0, in: top) }
    grid.put(legend, in: rest.takeTop(legend.count))
    detail.draw(
      into: &grid, Rect(x: 0, y: rest.y, width: area.width, height: below.y + below.height - rest.y), histogram)
  }

  private func showsHistogram(_ model: InspectorModel, _ area: Rect) -> Bool {
    model.sched.showsHistogram ?? (area.height >= 34)
  }

  private func title(_ model: InspectorModel, _ scale: LaneScale, hidesTimers: Bool) -> Line {
    let column = VirtualTime(ticks: UInt64(scale.column))
    var line = Line(" window \(scale.span.spanText)  1 col = \(column.spanText)   ")
    if hidesTimers {
      line.append("T left out: too many", .dim)
    } else if model.selection.moment == nil {
      line.append("zoom + - =  cursor h l , .   now at the right", .dim)
    }
    if model.sched.showsSwitchesOnly { line.append("   switches only (E)", .waiting) }
    return line
  }

  public func status(_ model: InspectorModel) -> Line {
    let id = model.selection.context
    guard let moment = model.lanes.moment(of: id.vp, at: model.moment) else {
      return Line("VP \(id.vp.rawValue): the log does not say what it did then", .waiting)
    }
    let length = moment.length(at: model.lanes.end)
    var line = Line("VP \(id.vp.rawValue): VTL\(moment.active.rawValue) for \(length.spanText)")
    if !moment.isBeginKnown { line.append(" or longer") }
    guard moment.end == nil, model.selection.moment == nil,
      let held = model.snapshot.heldContexts(of: id.vp).first, let vector = held.pending.first
    else { return line }
    line.append(" with VTL\(held.id.vtl.rawValue) interrupt \(vector.vector.text) pending", .waiting)
    if let finding = model.finding(held.id) { line.append(" -> \(finding.code.rawValue)", .wrong) }
    return line
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] {
    [.zoomIn, .zoomOut, .zoomFit, .earlier, .later, .histogram, .journey, .switchVTL]
  }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    let vp = model.selection.context.vp
    switch command {
    case .up, .down, .pageUp, .pageDown:
      model.select(Self.order(model).moved(from: model.selection.context, by: model.distance(command) ?? 0))
    case .left: model.moveMoment(by: -1)
    case .right: model.moveMoment(by: 1)
    case .first: model.point(at: model.lanes.begin ?? .zero)
    case .last: model.followLanes()
    case .earlier: jump(model.lanes.switchTime(of: vp, before: model.moment), &model)
    case .later: jump(model.lanes.switchTime(of: vp, after: model.moment), &model)
    case .zoomIn: model.zoom(by: 0.5)
    case .zoomOut: model.zoom(by: 2)
    case .zoomFit: model.fitLanes()
    case .histogram: model.sched.showsHistogram = !(model.sched.showsHistogram ?? (model.size.height >= 38))
    case .onlySwitches: model.sched.showsSwitchesOnly.toggle()
    case .open: model.show(.lapic)
    default: return false
    }
    return true
  }

  private func jump(_ time: VirtualTime?, _ model: inout InspectorModel) {
    guard let time else {
      model.message = Line("VP \(model.selection.context.vp.rawValue) does not switch there in the log")
      return
    }
    model.point(at: time)
  }

  /// The lanes from top to bottom: VPs upwards, in each the highest VTL first.
  static func order(_ model: InspectorModel) -> [ContextID] {
    model.contexts.sorted { ($0.vp, $1.vtl) < ($1.vp, $0.vtl) }
  }
}

/// The lanes as rows: they can be searched and copied; they stand where they stand.
extension SchedView {
  var isFilterable: Bool { false }

  func allRows(_ model: InspectorModel) -> [RowID] { Self.order(model).map { .context($0) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { .context(model.selection.context) }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.select(row.context) }

  func texts(of rows: [RowID], _ model: InspectorModel) -> [String] {
    rows.map { row in
      guard let context = model.context(of: row) else { return "" }
      let id = context.id
      return "\(id)  VP\(id.vp.rawValue) VTL\(id.vtl.rawValue)  \(model.state(context).word)  "
        + ContextTable.note(context, model).text
    }
  }

  /// How it shared its VP in the window.
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    let end = model.laneEnd
    let rows = row.context.map {
      model.lanes.rows(of: $0.vp, in: model.snapshot, from: end - model.sched.span, to: end)
    }
    guard let found = rows?.first(where: { $0.context == row.context }) else { return json.null() }
    json.value(found)
  }
}
