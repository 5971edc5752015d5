import Architecture
import Interrupts
import Journal

/// Who would receive an interrupt, and why not: the groups, their maps, and their members' registers.
public struct GroupsView: TableView {
  public var id: ViewID { .groups }
  public var tab: String? { "Groups" }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    guard area.width >= 80, area.height >= 18 else {
      for group in model.snapshot.groups {
        grid.put(
          Line(GroupBlock.title(group), .bold)
            + Line("  \(group.softwareEnabled) of \(group.members), \(group.logicalMode.text)"), 0, in: rest.takeTop(1))
      }
      SlotTable.draw(model, into: &grid, rest)
      return
    }
    drawMaps(model, into: &grid, &rest)
    let isTall = area.height >= 30
    if model.showsReceivers ?? isTall {
      drawReceivers(model, into: &grid, isTall ? rest.takeTop(9) : rest)
      if !isTall { return }
    }
    if rest.height >= 30 { drawHistory(model, into: &grid, rest.takeBottom(12)) }
    SlotTable.draw(model, into: &grid, rest)
  }

  /// Side by side where they fit, else below one another.
  private func drawMaps(_ model: InspectorModel, into grid: inout Grid, _ rest: inout Rect) {
    let groups = model.snapshot.groups
    if rest.width >= 180, groups.count <= 2 {
      let top = rest.takeTop(5)
      let width = top.width / 2
      for (i, group) in groups.enumerated() {
        var half = Rect(x: top.x + i * width, y: top.y, width: width - 1, height: 5)
        grid.rule(GroupBlock.title(group), 0, in: half.takeTop(1))
        grid.put(GroupBlock.lines(group, model, width: half.width, isCompact: false), in: half)
      }
      return
    }
    let isCompact = groups.count * 5 > rest.height * 3 / 5
    for group in groups {
      var block = rest.takeTop(isCompact ? 3 : 5)
      grid.rule(GroupBlock.title(group), 0, in: block.takeTop(1))
      grid.put(GroupBlock.lines(group, model, width: block.width, isCompact: isCompact), in: block)
    }
  }

  private func drawReceivers(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let target = model.selectedContext, target.isEnabled else { return }
    var area = area
    let receivers = Receivers(model.snapshot, about: target)
    grid.rule("who would receive, addressed as \(target.id) is; column = group of the sender", 0, in: area.takeTop(1))
    let width = max(10, (area.width - 26) / max(1, receivers.groups.count))
    var header = Line(" form".left(26), .dim)
    for group in receivers.groups { header.append("from g\(group.rawValue)".left(width), .dim) }
    grid.put(header, 0, in: area.takeTop(1))
    for (row, form) in receivers.forms.enumerated() {
      var line = Line(" " + form.name.left(25))
      for answer in form.answers { line += answer.padded(to: width - 1) + " " }
      grid.put(line, row, in: area)
    }
  }

  private func drawHistory(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let events = model.events.newest(area.height) { if case .mapRebuilt = $0.body { true } else { false } }
    EventsTable.draw("history of the maps, newest first", events, model, into: &grid, area)
    if events.isEmpty { grid.put(" no map was rebuilt in the events that are kept", .dim, 2, in: area) }
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let context = model.selectedContext, context.isEnabled else { return "" }
    let decoding = APICDecoding(context)
    let state =
      switch decoding.mode {
      case .disabled, .invalid: "off in APIC_BASE"
      case .xAPIC, .x2APIC: decoding.isSoftwareEnabled ? "enabled" : "off in SVR"
      }
    return Line(
      "\(context.id) in g\(context.group.rawValue)  id \(decoding.idText)  \(decoding.mode.text)  \(state)  \(decoding.logicalText)"
    )
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] {
    [.open, .nextPane, .destinations, .crossCheck, .fire, .switchVTL]
  }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    if let distance = model.distance(command) {
      model.move(by: distance, in: self)
      return true
    }
    switch command {
    case .right, .nextPane: selectGroup(1, &model)
    case .left, .previousPane: selectGroup(-1, &model)
    case .open: model.show(.lapic)
    case .crossCheck:
      let check = CrossCheck(model.snapshot)
      model.crossCheck = check
      model.message = check.line
    case .destinations: model.showsReceivers = !(model.showsReceivers ?? (model.size.height >= 34))
    default: return false
    }
    return true
  }

  /// To the next group that has members: the same VP there, or its first member.
  private func selectGroup(_ step: Int, _ model: inout InspectorModel) {
    let groups = model.snapshot.groups.map(\.id).filter { !model.members(of: $0).isEmpty }
    guard let place = groups.firstIndex(of: model.selection.group), groups.count > 1 else {
      model.message = "there is no other group with members"
      return
    }
    let members = model.members(of: groups[(place + step + groups.count) % groups.count])
    model.select(members.first { $0.vp == model.selection.context.vp } ?? members.first)
  }
}

extension GroupsView {
  func allRows(_ model: InspectorModel) -> [RowID] { model.members(of: model.selection.group).map { .context($0) } }
  func selectedRow(_ model: InspectorModel) -> RowID? { .context(model.selection.context) }
  func select(_ row: RowID, _ model: inout InspectorModel) { model.select(row.context) }
  func thing(_ row: RowID, _ model: InspectorModel) -> ContextSnapshot? { model.context(of: row) }
  func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] { SlotTable.columns(model) }
  var filterFields: [FilterField<ContextSnapshot>] { ContextFields.all }
  /// A slot in which no local APIC takes anything.
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    guard let context = model.context(of: row) else { return true }
    let decoding = APICDecoding(context)
    return !decoding.isSoftwareEnabled || (decoding.mode != .xAPIC && decoding.mode != .x2APIC)
  }
}
