import Architecture
import Diagnosis
import Journal

/// Everything that matters about the selected context, beside the table.
enum ContextPane {
  /// Returns how many rows it took.
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) -> Int {
    guard let context = model.selectedContext else { return 0 }
    let lines = lines(context, model, width: area.width - 4)
    var area = area
    area.height = min(area.height, max(18, lines.count + 2))
    let inside = grid.box(
      "\(context.id)  VP\(context.id.vp.rawValue) VTL\(context.id.vtl.rawValue)  \(model.state(context).word)", area)
    grid.put(lines, in: inside)
    return area.height
  }

  private static func lines(_ context: ContextSnapshot, _ model: InspectorModel, width: Int) -> [Line] {
    let waiting = Waiting(context, in: model.snapshot)
    var lines = [
      label("IRR") + vectors(context.pending, model, width - 6),
      label("ISR") + vectors(context.inService, model, width - 6),
      label("PPR")
        + Line("\(TextForm.hex(context.processorPriority, 2))   TPR \(TextForm.hex(context.taskPriority, 2))"),
      label("IF")
        + Line(
          "\(context.interruptsEnabled ? 1 : 0)   shadow \(context.interruptShadow ? 1 : 0)   NMI \(context.nmiPending)"
            + (context.nmiBlocked ? " blocked" : "")),
      label("gate") + Line(waiting.text.clippedAtWord(to: width - 6), waiting.isHeld ? .waiting : .plain),
      .empty,
    ]
    lines += timer(context, model)
    lines += interrupts(context, model)
    lines += code(context, model, width)
    lines.append(.empty)
    lines += verdict(context, model, width)
    return lines
  }

  private static func label(_ text: String) -> Line { Line(text.left(6), .dim) }

  private static func vectors(_ states: [VectorState], _ model: InspectorModel, _ width: Int) -> Line {
    guard let first = states.first else { return Line("none", .dim) }
    var text = "\(first.vector.text) \(first.isLevelTriggered ? "level" : "edge"), \(model.ago(first.since).spanText)"
    if first.journey != .none { text += "  #\(first.journey.rawValue)" }
    if states.count > 1 { text += "  +\(states.count - 1) more" }
    return Line(text.clippedAtWord(to: width))
  }

  private static func timer(_ context: ContextSnapshot, _ model: InspectorModel) -> [Line] {
    let now = model.snapshot.machine.time
    let row = model.timer(context)
    var first = label("timer")
    if row.kind == .off, row.late(at: now) == nil {
      first += Line("not armed", .dim)
    } else {
      first += Line("\(row.kind.word), ") + Line(row.late(at: now) == nil ? "in " : "") + row.dueText(at: now)
      if row.isMasked { first += Line(", masked", .waiting) }
    }
    var second = Line("      expired \(TextForm.count(row.fired))")
    if row.firedMasked > 0 { second += Line(", masked \(TextForm.count(row.firedMasked))", .waiting) }
    return [first, second]
  }

  private static func interrupts(_ context: ContextSnapshot, _ model: InspectorModel) -> [Line] {
    var lines: [Line] = []
    let last = model.events.newest(1, depth: 4_096) {
      if case .accepted = $0.body { $0.context == context.id } else { false }
    }.first
    if let last, case .accepted(let vector, _, _) = last.body {
      lines.append(label("in") + Line("\(vector.text) #\(last.journey.rawValue), \(model.ago(last.time).spanText) ago"))
    }
    if let eoi = context.lastEndOfInterrupt {
      let what = eoi.value == 0 ? "spurious" : VectorNumber(rawValue: UInt8(truncatingIfNeeded: eoi.value)).text
      lines.append(label("EOI") + Line("\(what), \(model.ago(eoi.time).spanText) ago"))
    }
    return lines
  }

  private static func code(_ context: ContextSnapshot, _ model: InspectorModel, _ width: Int) -> [Line] {
    var lines = [label("RIP") + Line(TextForm.wide(context.rip))]
    if let symbol = model.symbol(context.rip) {
      lines.append(Line("      " + symbol.clipped(to: width - 6)))
    }
    let bytes = (0..<min(8, Int(context.instruction.count))).map { TextForm.hex(context.instruction[$0], 2) }
    if !bytes.isEmpty { lines.append(label("code") + Line(bytes.joined(separator: " "), .dim)) }
    return lines
  }

  private static func verdict(_ context: ContextSnapshot, _ model: InspectorModel, _ width: Int) -> [Line] {
    guard let finding = model.finding(context.id) else {
      return [Line((context.idle?.text(at: model.snapshot.machine.time) ?? "no finding"), .dim)]
    }
    return [Line("\(finding.code.rawValue) \(finding.certainty.rawValue)", .wrong)]
      + TextForm.wrapped(TextForm.escaped(finding.title), width).map { Line($0) }
  }
}
