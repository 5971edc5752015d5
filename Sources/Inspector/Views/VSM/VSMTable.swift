import Architecture
import Journal

/// Virtual secure mode, a context to a row.
enum VSMTable {
  static func columns(_ model: InspectorModel) -> [Column<ContextSnapshot>] {
    [
      Column(
        title: "  CTX", width: 5, alignment: .right, priority: 0, sortKey: { SortKey(FilterValue.number($0.id)) }
      ) { Line($0.id.description) },
      Column(title: "St", width: 2, priority: 0) {
        let state = model.state($0)
        return Line(" " + String(state.letter), state.style)
      },
      Column(title: "ENTERED BY", width: 17, priority: 2, sortKey: { SortKey(entryAge($0, model)) }) {
        entry($0, model)
      },
      Column(title: "ENTRIES", width: 7, alignment: .right, priority: 6, sortKey: { SortKey($0.counters.vtlEntries) }) {
        Line(TextForm.count($0.counters.vtlEntries), $0.counters.vtlEntries == 0 ? .dim : .plain)
      },
      Column(title: "VINA", width: 5, priority: 1) { notification($0) },
      Column(title: "ASSIST", width: 9, priority: 5) { page($0.assistPage) },
      Column(title: "SYNIC", width: 5, priority: 3) { synic($0) },
      Column(title: "SLOTS", width: 7, priority: 1, sortKey: { SortKey($0.fullSlots) }) { slots($0) },
      Column(title: "STIMERS", width: 7, alignment: .right, priority: 2, sortKey: { SortKey($0.armedTimers) }) {
        count($0.armedTimers)
      },
      Column(title: "HEARS OF", width: 8, alignment: .right, priority: 4, sortKey: { SortKey(hears($0)) }) {
        count(hears($0))
      },
      Column(title: "WAITS FOR", width: 9, priority: 3, isElastic: true) {
        VSMText.waits($0).map { Line($0, .waiting) } ?? Line("-", .dim)
      },
    ]
  }

  /// `call 41.2us ago`: how it was entered last.
  private static func entry(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    guard let reason = context.entryReason else { return Line("-", .dim) }
    return Line("\(reason.text.left(9)) \(model.ago(context.entryTime).spanText)", context.isActive ? .plain : .dim)
  }

  private static func entryAge(_ context: ContextSnapshot, _ model: InspectorModel) -> UInt64? {
    context.entryReason.map { _ in model.ago(context.entryTime).rawValue }
  }

  /// Its vector; `!` while it is asserted.
  private static func notification(_ context: ContextSnapshot) -> Line {
    let vina = VSMVina(rawValue: context.vina)
    let mark = context.vinaAsserted ? "!" : ""
    guard context.id.vtl > .vtl0 else { return Line("-", .dim) }
    guard vina.isEnabled else { return Line("off" + mark, context.vinaAsserted ? .waiting : .dim) }
    return Line(vina.vector.text + mark, context.vinaAsserted ? .waiting : .plain)
  }

  private static func page(_ register: UInt64) -> Line {
    Line(VSMText.page(register), register.bit(0) ? .plain : .dim)
  }

  private static func synic(_ context: ContextSnapshot) -> Line {
    guard let synic = context.synic, synic.control.bit(0) else { return Line("off", .dim) }
    return Line("on")
  }

  /// `1`: message slots that are full; `1+3` with three messages behind them.
  private static func slots(_ context: ContextSnapshot) -> Line {
    let queued = context.synic?.sources.reduce(0) { $0 &+ UInt64($1.queued) } ?? 0
    guard context.fullSlots > 0 || queued > 0 else { return Line("0", .dim) }
    return Line(
      "\(context.fullSlots)" + (queued > 0 ? "+\(TextForm.count(queued))" : ""), queued > 0 ? .waiting : .plain)
  }

  private static func hears(_ context: ContextSnapshot) -> Int { InterceptWords.registers(context.vsm).count }

  private static func count(_ count: Int) -> Line { Line("\(count)", count == 0 ? .dim : .plain) }

  /// What filters can ask, beyond what they can ask of contexts everywhere.
  static let fields: [FilterField<ContextSnapshot>] =
    ContextFields.all + [
      FilterField("entered", .word, "how it was entered last", words: VTLSwitchReason.allCases.map(\.text)) {
        context, _ in context.entryReason.map { [.word($0.text)] } ?? []
      },
      FilterField("vina", .flag, "VINA is on") { context, _ in [FilterValue(VSMVina(rawValue: context.vina).isEnabled)]
      },
      FilterField("asserted", .flag, "VINA is asserted") { context, _ in [FilterValue(context.vinaAsserted)] },
      FilterField("slots", .number, "message slots that are full") { context, _ in [FilterValue(context.fullSlots)] },
      FilterField("stimers", .number, "synthetic timers that run") { context, _ in [FilterValue(context.armedTimers)] },
      FilterField("tlb", .flag, "its hypercall waits for a TLB lock") { context, _ in
        [FilterValue(context.vsm.isWaitingForTLB)]
      },
    ]
}

extension ContextSnapshot {
  var fullSlots: Int { synic?.sources.count { $0.messageType != 0 } ?? 0 }
  var armedTimers: Int { syntheticTimers.count { $0.due != nil } }
}
