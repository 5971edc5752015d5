import Architecture
import Journal

/// The pins and message routes, one to a row.
enum RouteTable {
  static func columns(_ model: InspectorModel) -> [Column<RouteRow>] {
    [
      Column(title: "ROUTE", width: 6, priority: 0) { Line($0.id.text, $0.isUnused ? .dim : .plain) },
      Column(title: "DEVICE", width: 10, priority: 1) { Line(TextForm.escaped($0.device)) },
      Column(title: "VEC", width: 3, priority: 0) { Line($0.vectorText, $0.isUnused ? .dim : .plain) },
      Column(title: "MODE", width: 7, priority: 5) { Line(modeText($0), $0.isUnused ? .dim : .plain) },
      Column(title: "TRIG", width: 5, priority: 3) {
        Line($0.message?.command.isLevelTriggered ?? false ? "level" : "edge", $0.isUnused ? .dim : .plain)
      },
      Column(title: "DEST", width: 11, priority: 1) { Line($0.destinationText, $0.isUnused ? .dim : .plain) },
      Column(title: "GRP", width: 3, priority: 4) { Line("g\($0.group.rawValue)", $0.isUnused ? .dim : .plain) },
      Column(title: "MASK", width: 4, alignment: .right, priority: 2) {
        Line($0.isMasked ? "yes" : "no", $0.isMasked && !$0.isUnused ? .waiting : .dim)
      },
      Column(title: "RIRR", width: 4, alignment: .right, priority: 2) {
        guard let pin = $0.pin else { return Line("-", .dim) }
        return Line(pin.entry.isRemoteIRRSet ? "1" : "0", pin.entry.isRemoteIRRSet ? .waiting : .dim)
      },
      Column(title: "LINE", width: 4, alignment: .right, priority: 2) {
        guard let pin = $0.pin else { return Line("-", .dim) }
        return Line(pin.isLineHigh ? "high" : "low", pin.isLineHigh ? .active : .dim)
      },
      Column(title: "SENT", width: 5, alignment: .right, priority: 3, sortKey: { SortKey($0.sent) }) {
        count($0.sent, .plain)
      },
      Column(
        title: "LAST", width: 7, alignment: .right, priority: 4,
        sortKey: { SortKey($0.lastSent.map { model.ago($0).rawValue }) }
      ) {
        $0.lastSent.map { Line(model.ago($0).spanText) } ?? Line("-", .dim)
      },
      Column(title: "JOURN", width: 7, alignment: .right, priority: 6) {
        $0.lastJourney == .none ? Line("-", .dim) : Line("#\($0.lastJourney.rawValue)", .dim)
      },
      Column(title: "LOST", width: 5, alignment: .right, priority: 7, sortKey: { SortKey($0.undelivered) }) {
        count($0.undelivered, .wrong)
      },
      Column(title: "COAL", width: 5, alignment: .right, priority: 8, sortKey: { SortKey($0.pin?.counters.coalesced) })
      { count($0.pin?.counters.coalesced, .waiting) },
      Column(
        title: "MEDGE", width: 5, alignment: .right, priority: 8, sortKey: { SortKey($0.pin?.counters.maskedEdges) }
      ) {
        count($0.pin?.counters.maskedEdges, .waiting)
      },
      Column(title: "NOTE", width: 12, priority: 0, isElastic: true) { RouteText.note($0, model) },
    ]
  }

  private static func modeText(_ row: RouteRow) -> String {
    switch row.message?.command.deliveryMode {
    case .fixed: "fixed"
    case .lowestPriority: "lowest"
    case .external: "ExtINT"
    case let mode?: mode.text
    case nil: "-"
    }
  }

  private static func count(_ value: UInt64?, _ style: Style) -> Line {
    guard let value else { return Line("-", .dim) }
    return Line(TextForm.count(value), value == 0 ? .dim : style)
  }

  /// What filters can ask about a route.
  static let fields: [FilterField<RouteRow>] = [
    FilterField("route", .text, "pin or message") { row, _ in [.text(row.id.text)] },
    FilterField("device", .text, "what is on it") { row, _ in [.text(row.device)] },
    FilterField("vec", .hex, "what it sends") { row, _ in
      row.message.map { [FilterValue($0.command.vector.rawValue)] } ?? []
    },
    FilterField("dest", .hex, "whom it names") { row, _ in
      row.message.map { [FilterValue($0.command.destination)] } ?? []
    },
    FilterField("group", .number, "the APIC group") { row, _ in [FilterValue(row.group.rawValue)] },
    FilterField("masked", .flag, "masked, or not enabled") { row, _ in [FilterValue(row.isMasked)] },
    FilterField("rirr", .flag, "remote IRR is set") { row, _ in
      row.pin.map { [FilterValue($0.entry.isRemoteIRRSet)] } ?? []
    },
    FilterField("line", .flag, "the line is high") { row, _ in row.pin.map { [FilterValue($0.isLineHigh)] } ?? [] },
    FilterField("sent", .number, "messages sent") { row, _ in [FilterValue(row.sent)] },
    FilterField("lost", .number, "messages that reached nobody") { row, _ in [FilterValue(row.undelivered)] },
    FilterField("wedged", .flag, "no EOI will come") { row, _ in [FilterValue(row.isWedged)] },
  ]
}
