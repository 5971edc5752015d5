import Architecture
import Diagnosis
import Journal

/// The registers of a local APIC and what follows from them, one line each.
struct LapicRegisters {
  let model: InspectorModel
  let context: ContextSnapshot
  let decoding: APICDecoding
  let width: Int

  init(_ context: ContextSnapshot, _ model: InspectorModel, width: Int) {
    self.model = model
    self.context = context
    decoding = APICDecoding(context)
    self.width = width
  }

  /// All of it; fits 20 rows.
  var lines: [Line] {
    guard decoding.mode == .xAPIC || decoding.mode == .x2APIC else { return off + [.empty] + writes + verdict }
    return registers + [.empty] + timer + entries + writes + verdict
  }

  /// A local APIC that is not there has no registers to read.
  private var off: [Line] {
    [
      mode, line("", "off in IA32_APIC_BASE: no registers", .waiting), line("IF", cpu),
      line("next", Waiting(context, in: model.snapshot).text, .dim),
    ]
  }

  private var mode: Line {
    let isOff = decoding.mode != .xAPIC && decoding.mode != .x2APIC
    let base = TextForm.hex(context.apicBase & ~0xFFF)
    return line(
      "mode",
      Line(decoding.mode.text, isOff ? .wrong : .bold) + Line("  base \(base)  BSP \(context.apicBase.bit(8) ? 1 : 0)"))
  }

  private func line(_ label: String, _ value: Line) -> Line {
    (Line(label.left(5), .dim) + value).clippedAtSpans(to: width)
  }

  private func line(_ label: String, _ value: String, _ style: Style = .plain) -> Line {
    line(label, Line(value.clippedAtWord(to: width - 5), style))
  }

  private var registers: [Line] {
    let apic = context.apic
    let ppr = context.processorPriority
    let tpr = context.taskPriority
    let fromTask = tpr == ppr
    return [
      mode,
      line("id", "\(decoding.idText)  version \(TextForm.hex(apic[0x30], 8))"),
      line(
        "TPR",
        "\(TextForm.hex(tpr, 2))  PPR \(TextForm.hex(ppr, 2)) (from \(fromTask ? "TPR" : "ISR"))  CR8 \(TextForm.hex(tpr >> 4))"
      ),
      line("LDR", "\(TextForm.hex(apic[0xD0], 8))  \(decoding.logicalText)  DFR \(decoding.dfrText)"),
      line("SVR", decoding.svrText, decoding.isSoftwareEnabled ? .plain : .wrong),
      decoding.isCommandWritten
        ? line("ICR", decoding.icrText(isShort: width < 60)) : line("ICR", "never written", .dim),
      line("ESR", TextForm.hex(apic[0x280] & 0xFF, 2), apic[0x280] & 0xFF == 0 ? .plain : .wrong),
      line("IRR", vectors(context.pending), context.pending.isEmpty ? .dim : .waiting),
      line("ISR", vectors(context.inService), context.inService.isEmpty ? .dim : .active),
      deliverable,
      line("IF", cpu),
    ]
  }

  private var cpu: String {
    var text = "\(context.interruptsEnabled ? 1 : 0)  shadow \(context.interruptShadow ? 1 : 0)"
    text += "  NMI \(context.nmiPending)" + (context.nmiBlocked ? " blocked" : "")
    text += "  INIT \(context.initPending ? 1 : 0)  SIPI " + (context.startupPending?.text ?? "-")
    if context.externalPending { text += "  ExtINT" }
    return text
  }

  private func vectors(_ states: [VectorState]) -> String {
    if states.isEmpty { return "none" }
    return states.map { state in
      var text = "\(state.vector.text) \(model.ago(state.since).spanText)"
      if width >= 60 {
        text = "\(state.vector.text) \(state.isLevelTriggered ? "level" : "edge") \(model.ago(state.since).spanText)"
        if state.journey != .none { text += " #\(state.journey.rawValue)" }
      }
      return text
    }.joined(separator: ", ")
  }

  private var deliverable: Line {
    let waiting = Waiting(context, in: model.snapshot)
    guard waiting.highest != nil else { return line("next", waiting.text, .dim) }
    return line("next", (waiting.isHeld ? "NO: " : "") + waiting.text, waiting.isHeld ? .waiting : .active)
  }

  // MARK: - Timer

  private var timer: [Line] {
    let entry = decoding.timerEntry
    let row = model.timer(context)
    let now = model.snapshot.machine.time
    var due = row.dueText(at: now)
    if row.late(at: now) == nil { due = row.due == nil ? Line("not armed", .dim) : Line("due in ") + due }
    if row.due != nil {
      due += Line(
        row.period.map { "  of \($0.spanText)" } ?? "  deadline \(TextForm.hex(context.timer.deadline))")
    }
    var counts = "expired \(TextForm.count(row.fired))"
    if row.firedMasked > 0 { counts += ", masked \(TextForm.count(row.firedMasked))" }
    if let last = row.lastMaskedExpiry { counts += ", last \(model.ago(last).spanText) ago" }
    if entry.timerMode != .deadline {
      counts += ", count \(TextForm.hex(context.apic[0x390]))"
      if width >= 60 { counts += " of \(TextForm.hex(context.apic[0x380])), input clock / \(decoding.timerDivisor)" }
    }
    return [
      line(
        "LVTT",
        Line("\(entry.vector.text)  \(entry.timerMode.text)  ")
          + (entry.isMasked ? Line("masked", .waiting) : Line("unmasked"))),
      line("", due), line("", counts, row.firedMasked > 0 ? .waiting : .plain),
    ]
  }

  private var entries: [Line] {
    func text(_ offset: Int) -> String { decoding.entry(offset).text }
    return [
      line("LVT0", "\(text(0x350))   LVT1 \(text(0x360))   ERR \(text(0x370))"),
      line("PMC", "\(text(0x340))   THERM \(text(0x330))"),
    ]
  }

  // MARK: - Last writes, verdict

  private var writes: [Line] {
    [last("EOI", context.lastEndOfInterrupt), last("TPR", context.lastTaskPriorityWrite)]
  }

  private func last(_ name: String, _ write: LastWrite?) -> Line {
    guard let write else { return line("last", "\(name) never written", .dim) }
    let value = TextForm.hex(UInt8(truncatingIfNeeded: write.value), 2)
    let what = name == "EOI" && write.value == 0 ? "with nothing in service" : value
    return line("last", Line("\(name) \(what) \(model.ago(write.time).spanText) ago, \(model.code(write.rip))"))
  }

  private var verdict: [Line] {
    guard let finding = model.finding(context.id) else { return [] }
    return [line("WHY", "\(finding.code.rawValue) \(TextForm.escaped(finding.title))", .wrong)]
  }
}

extension Line {
  /// Cut where it must be; a line of one style is cut between words instead, see `clippedAtWord`.
  func clippedAtSpans(to width: Int) -> Line { self.width > width ? clipped(to: width) : self }
}
