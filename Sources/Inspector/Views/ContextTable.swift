import Architecture
import Diagnosis
import Journal

/// The contexts, one to a row.
enum ContextTable {
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect, isNarrow: Bool) {
    var area = area
    var all = isNarrow ? narrow(model) : columns(model)
    // The note says more than the VTL, which the context's name says too.
    if area.width < 100 { all.removeAll { $0.title == "VTL" } }
    let table = Table(all, width: area.width - 1)
    grid.put(Line(" ") + table.header, 0, in: area.takeTop(1))
    let contexts = model.contexts
    let place = contexts.firstIndex(of: model.selection.context)
    let shown = window(count: contexts.count, selected: place, visible: area.height)
    for (row, i) in shown.enumerated() {
      guard let context = model.snapshot[contexts[i]] else { continue }
      let isSelected = i == place
      grid.put(Line(isSelected ? ">" : " ") + table.line(context), row, in: area)
      if isSelected { grid.select(row, in: area) }
    }
  }

  private static func narrow(_ model: InspectorModel) -> [Column<ContextSnapshot>] {
    columns(model).filter { ["  CTX", "St", "NOTE"].contains($0.title) }
  }

  private static func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] {
    let snapshot = model.snapshot
    return [
      Column(title: "  CTX", width: 5, alignment: .right, priority: 0) { Line($0.id.description) },
      Column(title: "VTL", width: 3, alignment: .right, priority: 9) { Line("\($0.id.vtl.rawValue)") },
      Column(title: "St", width: 2, priority: 0) {
        let state = model.state($0)
        return Line(" " + String(state.letter), state.style)
      },
      Column(title: "IRR", width: 3, priority: 3) { vectors($0.pending, .waiting) },
      Column(title: "ISR", width: 3, priority: 3) { vectors($0.inService, .active) },
      Column(title: "PPR", width: 3, alignment: .right, priority: 3) {
        Line(TextForm.hex($0.processorPriority, 2), $0.processorPriority == 0 ? .dim : .plain)
      },
      Column(title: "IF", width: 2, alignment: .right, priority: 4) { Line($0.interruptsEnabled ? "1" : "0") },
      Column(title: "TIMER", width: 9, alignment: .right, priority: 5) { timer($0, snapshot.machine.time) },
      Column(title: "IPI/s", width: 5, alignment: .right, priority: 6) { rate($0, model) },
      Column(title: "SINCE", width: 7, alignment: .right, priority: 2) { Line(model.ago($0.since).spanText) },
      Column(title: "NOTE", width: 14, priority: 0, isElastic: true) { note($0, model) },
    ]
  }

  /// The highest vector, and a plus sign when there are more.
  private static func vectors(_ states: [VectorState], _ style: Style) -> Line {
    guard let first = states.first else { return Line("..", .dim) }
    return Line(first.vector.text + (states.count > 1 ? "+" : ""), style)
  }

  /// Until it expires, and its mode: d for TSC-deadline, p periodic, o one-shot; m when masked.
  static func timer(_ context: ContextSnapshot, _ now: VirtualTime) -> Line {
    guard let due = context.timer.due else { return Line("-", .dim) }
    let entry = LocalVectorEntry(rawValue: context.apic[0x320])
    let mode = entry.isMasked ? "m" : entry.timerMode.letter
    if due < now { return Line("+\((now - due).spanText)!\(mode)", .wrong) }
    return Line("\((due - now).spanText) \(mode)", entry.isMasked ? .dim : .plain)
  }

  private static func rate(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    let place = context.id.vp.index * Int(model.snapshot.machine.vtlCount) + context.id.vtl.index
    guard let rate = model.rates.sentPerSecond(place) else { return Line("-", .dim) }
    return Line(TextForm.count(rate), rate == 0 ? .dim : .plain)
  }

  /// Why it is worth a look, else what it does.
  static func note(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    if let finding = model.finding(context.id) {
      let isChain = finding.code == .waitsForOther
      return Line(
        (isChain ? "" : finding.code.rawValue + " ") + TextForm.escaped(finding.title), isChain ? .waiting : .wrong)
    }
    switch model.state(context) {
    case .running: return Line(place(context, model), .plain)
    case .ready: return Line("\(context.pending.first?.vector.text ?? "") about to enter", .waiting)
    case .preempted:
      let active = model.snapshot.activeContext(of: context.id.vp)
      return Line("preempted by " + (active?.id.description ?? "a higher VTL"), .preempted)
    case .halted: return Line(context.idle?.text(at: model.snapshot.machine.time) ?? "halted", .dim)
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
