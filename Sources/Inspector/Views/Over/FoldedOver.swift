import Architecture
import Diagnosis
import Journal

/// The overview with one row for each VP.
struct FoldedOver: TableView {
  var id: ViewID { .over }
  var tab: String? { OverView().tab }

  /// The contexts of a VP whose VTLs are enabled, the lowest first.
  typealias Row = [ContextSnapshot]

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) { drawTable(model, into: &grid, area) }
  func status(_ model: InspectorModel) -> Line { OverView().status(model) }
  func footer(_ model: InspectorModel) -> [KeyCommand] { OverView().footer(model) }
  func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool { false }

  func allRows(_ model: InspectorModel) -> [RowID] {
    (0..<Int(clamping: model.snapshot.machine.vpCount)).map { .vp(VPIndex($0)) }
  }

  func selectedRow(_ model: InspectorModel) -> RowID? { .vp(model.selection.context.vp) }

  /// The same VTL of the VP where it is enabled, else the one that tells most.
  func select(_ row: RowID, _ model: inout InspectorModel) {
    guard let contexts = thing(row, model) else { return }
    let same = contexts.first { $0.id.vtl == model.selection.context.vtl }
    model.select((same ?? Self.foremost(contexts, model))?.id)
  }

  func thing(_ row: RowID, _ model: InspectorModel) -> [ContextSnapshot]? {
    guard case .vp(let vp) = row else { return nil }
    let contexts = (0..<Int(model.snapshot.machine.vtlCount)).compactMap { vtl in
      model.snapshot[ContextID(vp: vp, vtl: VTL(vtl))].flatMap { $0.isEnabled ? $0 : nil }
    }
    return contexts.isEmpty ? nil : contexts
  }

  /// The context with a finding, else the one the VP is in.
  private static func foremost(_ contexts: [ContextSnapshot], _ model: InspectorModel) -> ContextSnapshot? {
    contexts.first { model.finding($0.id) != nil } ?? contexts.first { $0.isActive } ?? contexts.first
  }

  func columns(_ model: InspectorModel) -> [Column<[ContextSnapshot]>] {
    let vtls = max(3, Int(model.snapshot.machine.vtlCount))
    return [
      Column(title: "  VP", width: 5, alignment: .right, priority: 0, sortKey: { SortKey($0.first?.id.vp.rawValue) }) {
        Line($0.first.map { "\($0.id.vp.rawValue)" } ?? "")
      },
      Column(title: "VTL", width: vtls, priority: 0) { contexts in
        var line = Line.empty
        for context in contexts {
          let (letter, style) = MapStrip.letter(context, model)
          line.append(String(letter), style)
        }
        return line
      },
      Column(title: "IN", width: 4, priority: 2) { contexts in
        Line(contexts.first { $0.isActive }.map { "VTL\($0.id.vtl.rawValue)" } ?? "-")
      },
      Column(
        title: "IRR", width: 3, priority: 3, sortKey: { SortKey($0.flatMap(\.pending).map(\.vector.rawValue).max()) }
      ) {
        ContextTable.vectors($0.flatMap(\.pending).sorted { $0.vector > $1.vector }, .waiting)
      },
      Column(
        title: "ISR", width: 3, priority: 3, sortKey: { SortKey($0.flatMap(\.inService).map(\.vector.rawValue).max()) }
      ) {
        ContextTable.vectors($0.flatMap(\.inService).sorted { $0.vector > $1.vector }, .active)
      },
      Column(title: "IPI/s", width: 5, alignment: .right, priority: 6, sortKey: { SortKey(rate($0, model)) }) {
        Line(rate($0, model).map(TextForm.count) ?? "-")
      },
      Column(title: "NOTE", width: 14, priority: 0, isElastic: true) { contexts in
        Self.foremost(contexts, model).map { ContextTable.note($0, model) } ?? .empty
      },
    ]
  }

  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    let contexts = thing(row, model) ?? []
    json.array { json in for context in contexts { json.value(context) } }
  }

  private func rate(_ contexts: [ContextSnapshot], _ model: InspectorModel) -> UInt64? {
    contexts.reduce(UInt64?.none) { sum, context in
      guard let rate = ContextTable.rate(context.id, model) else { return sum }
      return (sum ?? 0) &+ rate
    }
  }

  /// What may be asked is asked about contexts: a VP passes when one of its contexts does.
  var filterFields: [FilterField<[ContextSnapshot]>] { [] }
  var filterNames: [FilterName] { OverView().filterNames }

  func rows(_ rows: [RowID], passing filter: Filter, _ model: InspectorModel) -> [RowID] {
    let contexts = OverView().allRows(model)
    let passing = Set(OverView().rows(contexts, passing: filter, model).compactMap { $0.context?.vp })
    return rows.filter { row in if case .vp(let vp) = row { passing.contains(vp) } else { false } }
  }

  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool {
    (thing(row, model) ?? []).allSatisfy { ContextFields.isQuiet($0.id, model) }
  }
}
