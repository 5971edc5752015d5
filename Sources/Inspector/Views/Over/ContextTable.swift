import Architecture
import Diagnosis
import Journal

/// The contexts, one to a row.
enum ContextTable {
  static func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] {
    let snapshot = model.snapshot
    return [
      Column(
        title: "  CTX", width: 5, alignment: .right, priority: 0, sortKey: { SortKey(FilterValue.number($0.id)) }
      ) { Line($0.id.description) },
      Column(title: "VTL", width: 3, alignment: .right, priority: 9, sortKey: { SortKey($0.id.vtl.rawValue) }) {
        Line("\($0.id.vtl.rawValue)")
      },
      Column(title: "St", width: 2, priority: 0) {
        let state = model.state($0)
        return Line(" " + String(state.letter), state.style)
      },
      Column(title: "IRR", width: 3, priority: 3, sortKey: { SortKey($0.pending.first?.vector.rawValue) }) {
        vectors($0.pending, .waiting)
      },
      Column(title: "ISR", width: 3, priority: 3, sortKey: { SortKey($0.inService.first?.vector.rawValue) }) {
        vectors($0.inService, .active)
      },
      Column(title: "PPR", width: 3, alignment: .right, priority: 3, sortKey: { SortKey($0.processorPriority) }) {
        Line(TextForm.hex($0.processorPriority, 2), $0.processorPriority == 0 ? .dim : .plain)
      },
      Column(title: "IF", width: 2, alignment: .right, priority: 4) { Line($0.interruptsEnabled ? "1" : "0") },
      Column(title: "TIMER", width: 9, alignment: .right, priority: 5, sortKey: { SortKey($0.timer.due?.rawValue) }) {
        model.timer($0).shortText(at: snapshot.machine.time)
      },
      Column(
        title: "IPI/s", width: 5, alignment: .right, priority: 6,
        sortKey: { SortKey(rate($0.id, model)) }
      ) { rate($0, model) },
      Column(
        title: "SINCE", width: 7, alignment: .right, priority: 2, sortKey: { SortKey(model.ago($0.since).rawValue) }
      ) { Line(model.ago($0.since).spanText) },
      Column(title: "NOTE", width: 14, priority: 0, isElastic: true) { note($0, model) },
    ]
  }

  /// The highest vector, and a plus sign when there are more.
  static func vectors(_ states: [VectorState], _ style: Style) -> Line {
    guard let first = states.first else { return Line("..", .dim) }
    return Line(first.vector.text + (states.count > 1 ? "+" : ""), style)
  }

  private static func rate(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    guard let rate = rate(context.id, model) else { return Line("-", .dim) }
    return Line(TextForm.count(rate), rate == 0 ? .dim : .plain)
  }

  /// Interrupts it sends in a second.
  static func rate(_ id: ContextID, _ model: InspectorModel) -> UInt64? {
    model.rates.sentPerSecond(id.vp.index * Int(model.snapshot.machine.vtlCount) + id.vtl.index)
  }

  /// Why it is worth a look, else what it does.
  static func note(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    if let finding = model.finding(context.id) {
      let code = finding.code == .waitsForOther ? "" : finding.code.rawValue + " "
      return Line(code + TextForm.escaped(finding.title), finding.severity > .info ? .wrong : .dim)
    }
    if let (link, finding) = model.wait(of: context.id) {
      return Line("\(link.what.text) > \(link.target) \(finding.code.rawValue)", .waiting)
    }
    switch model.state(context) {
    case .running: return Line(place(context, model), .plain)
    case .ready: return Line("\(context.pending.first?.vector.text ?? "") about to enter", .waiting)
    case .preempted:
      let active = model.snapshot.activeContext(of: context.id.vp)
      return Line("preempted by " + (active?.id.description ?? "a higher VTL"), .preempted)
    case .halted, .idle:
      return Line(context.idle?.text(at: model.snapshot.machine.time) ?? context.activity.text, .dim)
    case .waitsForStartup: return Line("waits for SIPI", .dim)
    case .shutDown: return Line("triple fault", .wrong)
    case .inactive, .notEnabled: return .empty
    }
  }

  /// Where it runs; for a higher VTL also what brought it in.
  private static func place(_ context: ContextSnapshot, _ model: InspectorModel) -> String {
    let code = "in " + model.code(context.rip)
    guard context.id.vtl > .vtl0, let reason = context.entryReason else { return code }
    return "\(code), \(reason.text)"
  }
}
