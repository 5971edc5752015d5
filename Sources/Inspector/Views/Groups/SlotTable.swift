import Architecture
import Journal

/// The members of a group, one to a row, with the registers that routing looks at.
enum SlotTable {
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var area = area
    let group = model.selection.group
    var title = Line("slots of g\(group.rawValue)", .bold)
    if let check = model.crossCheck {
      title = title + Line("   ") + check.line
      if check.time < model.snapshot.machine.time { title.append(", \(model.ago(check.time).spanText) ago", .dim) }
    }
    grid.rule("", 0, in: area)
    grid.put(Line(" ") + title + Line(" "), 0, in: area.takeTop(1), column: 2)
    GroupsView().drawTable(model, into: &grid, area)
  }

  static func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] {
    let hits = lastHits(model)
    return [
      Column(title: "  CTX", width: 5, alignment: .right, priority: 0, sortKey: { SortKey(FilterValue.number($0.id)) })
      { Line($0.id.description) },
      Column(title: "APICID", width: 8, priority: 0) { Line(APICDecoding($0).idText) },
      Column(title: "MODE", width: 8, priority: 0) {
        let mode = APICDecoding($0).mode
        return Line(mode.text, mode == .xAPIC || mode == .x2APIC ? .plain : .waiting)
      },
      Column(title: "LDR", width: 8, priority: 2) { Line(TextForm.hex($0.apic[0xD0], 8)) },
      Column(title: "DFR", width: 8, priority: 6) { Line(APICDecoding($0).dfrText) },
      Column(title: "LOGICAL", width: 17, priority: 1) { Line(APICDecoding($0).logicalText) },
      Column(title: "SVR", width: 4, alignment: .right, priority: 3) {
        Line(TextForm.hex($0.apic[0xF0], 3), APICDecoding($0).isSoftwareEnabled ? .plain : .waiting)
      },
      Column(title: "ON", width: 3, priority: 0) {
        let decoding = APICDecoding($0)
        let isOn = decoding.isSoftwareEnabled && (decoding.mode == .xAPIC || decoding.mode == .x2APIC)
        return Line(isOn ? "yes" : "NO", isOn ? .plain : .waiting)
      },
      Column(
        title: "LAST IN", width: 11, priority: 4,
        sortKey: { SortKey((hits[$0.id]?.time).map { model.ago($0).rawValue }) }
      ) { last(hits[$0.id], model) },
      Column(title: "ACCEPTED", width: 8, alignment: .right, priority: 7, sortKey: { SortKey($0.counters.accepted) }) {
        Line(TextForm.count($0.counters.accepted))
      },
      Column(title: "MERGED", width: 6, alignment: .right, priority: 8, sortKey: { SortKey($0.counters.merged) }) {
        Line(TextForm.count($0.counters.merged))
      },
      Column(title: "REJECTED", width: 8, alignment: .right, priority: 7, sortKey: { SortKey($0.counters.rejected) }) {
        Line(TextForm.count($0.counters.rejected), $0.counters.rejected > 0 ? .waiting : .plain)
      },
      Column(title: "SENT", width: 6, alignment: .right, priority: 8, sortKey: { SortKey($0.counters.sent) }) {
        Line(TextForm.count($0.counters.sent))
      },
      Column(title: "LOST", width: 5, alignment: .right, priority: 8, sortKey: { SortKey($0.counters.undelivered) }) {
        Line(TextForm.count($0.counters.undelivered), $0.counters.undelivered > 0 ? .waiting : .plain)
      },
    ]
  }

  private static func last(_ event: Event?, _ model: InspectorModel) -> Line {
    guard let event, case .accepted(let vector, _, _) = event.body else { return Line("-", .dim) }
    return Line("\(vector.text) \(model.ago(event.time).spanText)")
  }

  /// The last request that reached each local APIC, as far back as a look that costs nothing goes.
  private static func lastHits(_ model: InspectorModel) -> [ContextID: Event] {
    var hits: [ContextID: Event] = [:]
    for event in model.events.suffix(4_096) {
      if case .accepted = event.body, let id = event.context { hits[id] = event }
    }
    return hits
  }
}

extension InspectorModel {
  /// The contexts whose local APICs are in a group, as far as their VTL is enabled.
  func members(of group: GroupID) -> [ContextID] {
    snapshot.contexts.filter { $0.isEnabled && $0.group == group }.map(\.id)
  }
}
