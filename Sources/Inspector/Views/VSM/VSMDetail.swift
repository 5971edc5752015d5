import Architecture
import Journal

/// All of one context's virtual secure mode, SynIC and synthetic timers.
enum VSMDetail {
  /// The registers beside the SynIC and its timers; below them, where there is room, what happened on the VP.
  static func draw(_ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var rest = area
    if area.height >= 15 { drawEvents(context, model, into: &grid, rest.takeBottom(area.height / 2)) }
    let width = area.width >= 110 ? 50 : area.width * 2 / 5
    var left = rest.takeLeft(width)
    left.width -= 1
    grid.rule("\(context.id) virtual secure mode", 0, in: left.takeTop(1))
    grid.put(registers(context, width: left.width).prefixed(left.height), in: left)
    let timers = timerLines(context, model, width: rest.width)
    let hasTimers = rest.height >= 6 && !timers.isEmpty
    var below =
      hasTimers ? rest.takeBottom(min(timers.count + 1, rest.height / 2)) : .init(x: 0, y: 0, width: 0, height: 0)
    grid.rule("\(context.id) SynIC: \(control(context))", 0, in: rest.takeTop(1))
    let sources = sourceLines(context, width: rest.width)
    grid.put(sources.isEmpty ? [Line(" every SINT is as at reset", .dim)] : sources.prefixed(rest.height), in: rest)
    if hasTimers {
      grid.rule("\(context.id) synthetic timers", 0, in: below.takeTop(1))
      grid.put(timers.prefixed(below.height), in: below)
    }
  }

  /// The same without a screen.
  static func lines(_ context: ContextSnapshot, _ model: InspectorModel, width: Int) -> [Line] {
    registers(context, width: width)
      + VSMText.hanging(" SynIC     ", control(context), width: width)
      + sourceLines(context, width: width) + timerLines(context, model, width: width)
  }

  private static func drawEvents(
    _ context: ContextSnapshot, _ model: InspectorModel, into grid: inout Grid, _ area: Rect
  ) {
    let events = model.events.newest(area.height, depth: depth) {
      $0.context?.vp == context.id.vp && $0.body.isOfVSM
    }
    EventsTable.draw("VP \(context.id.vp.rawValue), newest first", events, model, into: &grid, area)
    if events.isEmpty { grid.put(" nothing of it is among the last \(depth) events", .dim, 2, in: area) }
  }

  /// How many events are looked at: not all that there may be at every look.
  private static let depth = 20_000

  // MARK: - Registers

  private static func registers(_ context: ContextSnapshot, width: Int) -> [Line] {
    var lines = [("VINA", VSMText.notification(context)), ("assist", VSMText.page(context.assistPage))]
    if context.id.vtl == .vtl0 { lines.removeFirst() }
    if context.lazyEOI != .off { lines.append(("EOI", "lazy, byte at \(TextForm.hex(context.lazyEOIAddress))")) }
    if context.id.vtl > .vtl0 {
      lines.append(("imposes", VSMText.secure(context)))
      let heard = InterceptWords.registers(context.vsm)
      lines.append(("hears of", heard.isEmpty ? "no register" : heard.joined(separator: ", ")))
    }
    if let event = VSMText.pendingEvent(context) { lines.append(("takes", event)) }
    if context.vsm.isWaitingForTLB { lines.append(("waits", "for a TLB lock of a VTL above")) }
    return lines.flatMap { VSMText.hanging(" \($0.0.left(9)) ", $0.1, width: width) }
  }

  // MARK: - SynIC

  /// `on, SIMP 7f010, SIEFP off`.
  private static func control(_ context: ContextSnapshot) -> String {
    guard let synic = context.synic else { return "as at reset" }
    return "\(synic.control.bit(0) ? "on" : "off"), SIMP \(VSMText.page(synic.messagePage)), "
      + "SIEFP \(VSMText.page(synic.eventPage))"
  }

  private struct Source {
    var number: Int
    var state: SINTSnapshot
    var register: SINTRegister { SINTRegister(rawValue: state.register) }

    /// Nothing was done with it.
    var isUntouched: Bool {
      register == .atReset && state.messageType == 0 && state.queued == 0 && state.eventFlags == 0
        && state.delivered == 0 && state.dropped == 0
    }

    var how: String {
      if register.isMasked { return "masked" }
      if register.isPolled { return "polled" }
      return register.isAutoEOI ? "auto-EOI" : "-"
    }
  }

  private static var sourceColumns: [Column<Source>] {
    [
      Column(title: "SINT", width: 4, alignment: .right, priority: 0) { Line("\($0.number)") },
      Column(title: "VEC", width: 3, priority: 0) {
        $0.register.vector.rawValue < 16 ? Line("-", .dim) : Line($0.register.vector.text)
      },
      Column(title: "HOW", width: 8, priority: 1) { Line($0.how, $0.register.isMasked ? .dim : .plain) },
      Column(title: "IN THE SLOT", width: 15, priority: 0, isElastic: true) { slot($0.state) },
      Column(title: "QUEUED", width: 6, alignment: .right, priority: 1) { number($0.state.queued, .waiting) },
      Column(title: "FLAGS", width: 5, alignment: .right, priority: 4) { number($0.state.eventFlags) },
      Column(title: "DELIVERED", width: 9, alignment: .right, priority: 3) { number($0.state.delivered) },
      Column(title: "DROPPED", width: 7, alignment: .right, priority: 2) { number($0.state.dropped, .wrong) },
    ]
  }

  /// The message that waits there; `owes EOM` when another waits behind it.
  private static func slot(_ source: SINTSnapshot) -> Line {
    guard source.messageType != 0 else { return Line("empty", .dim) }
    return Line(messageTypeText(source.messageType) + (source.isMessagePending ? ", owes EOM" : ""))
  }

  private static func number(_ value: some FixedWidthInteger & UnsignedInteger, _ style: Style = .plain) -> Line {
    Line(TextForm.count(UInt64(value)), value == 0 ? .dim : style)
  }

  private static func sourceLines(_ context: ContextSnapshot, width: Int) -> [Line] {
    let sources = (context.synic?.sources ?? []).enumerated()
      .map { Source(number: $0.offset, state: $0.element) }.filter { !$0.isUntouched }
    return lines(sources, sourceColumns, width: width)
  }

  // MARK: - Timers

  private static func timerLines(_ context: ContextSnapshot, _ model: InspectorModel, width: Int) -> [Line] {
    let timers = context.syntheticTimers.enumerated().filter { $0.element != SyntheticTimerSnapshot() }
      .map { Timer(number: $0.offset, state: $0.element) }
    return lines(timers, timerColumns(at: model.snapshot.machine.time), width: width)
  }

  private struct Timer {
    var number: Int
    var state: SyntheticTimerSnapshot
  }

  private static func timerColumns(at now: VirtualTime) -> [Column<Timer>] {
    [
      Column(title: "STIMER", width: 6, alignment: .right, priority: 0) { Line("\($0.number)") },
      Column(title: "MODE", width: 12, priority: 2, isElastic: true) {
        Line($0.state.mode, $0.state.settings.isEnabled ? .plain : .dim)
      },
      Column(title: "TO", width: 9, priority: 0) { Line($0.state.target) },
      Column(title: "DUE IN", width: 9, priority: 0) { timer in
        if timer.state.isWaiting { return Line("slot full", .waiting) }
        return timer.state.due.map { Line(TextForm.span($0 < now ? .zero : $0 - now)) } ?? Line("-", .dim)
      },
      Column(title: "PERIOD", width: 8, priority: 1) {
        $0.state.period.map { Line(TextForm.span($0)) } ?? Line("-", .dim)
      },
      Column(title: "FIRED", width: 6, alignment: .right, priority: 3) { number($0.state.expired) },
      Column(title: "SKIPPED", width: 7, alignment: .right, priority: 4) { number($0.state.skipped, .waiting) },
    ]
  }

  private static func lines<Row>(_ rows: [Row], _ columns: [Column<Row>], width: Int) -> [Line] {
    guard !rows.isEmpty else { return [] }
    let table = Table(columns, width: width)
    return [table.header()] + rows.map(table.line)
  }
}
