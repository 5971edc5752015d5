import Architecture
import Diagnosis
import Interrupts
import Journal

/// How timers are written, in every view.
extension TimerRow {
  /// How long until it fires, or since when it is late: `41.2us`, `LATE 8.2ms`, `-`.
  func dueText(at now: VirtualTime) -> Line {
    if let late = late(at: now) { return Line("LATE \(late.spanText)", lateStyle(at: now)) }
    guard let due else { return Line("-", .dim) }
    return Line((due - now).spanText, isMasked ? .dim : .plain)
  }

  /// In the nine columns of the overview: until it fires and how it counts, m when masked; `+8.2ms!d` when late.
  func shortText(at now: VirtualTime) -> Line {
    let letter = isMasked ? "m" : kind.letter
    if let late = late(at: now) { return Line("+\(late.spanText)!\(letter)", lateStyle(at: now)) }
    guard let due else { return Line("-", .dim) }
    return Line("\((due - now).spanText) \(letter)", isMasked ? .dim : .plain)
  }

  private func lateStyle(at now: VirtualTime) -> Style { isLate(at: now) ? .wrong : .waiting }

  /// `VTL1 runs`: what keeps the interrupt of the last expiry from being taken; empty when nothing does.
  var gateText: String { held ?? "" }

  /// The same; nil when nothing does.
  public var held: String? { fullSlot.map { "SINT\($0)'s slot is full" } ?? gate?.text }
}

extension TimerKind {
  /// The letter of the overview's TIMER column.
  var letter: String {
    switch self {
    case .off: "-"
    case .once: "o"
    case .periodic: "p"
    case .deadline: "d"
    }
  }

  /// In a sentence.
  var word: String {
    switch self {
    case .off: "not armed"
    case .once: "one-shot"
    case .periodic: "periodic"
    case .deadline: "TSC-deadline"
    }
  }
}

extension TimerWrite {
  /// `TSC_DEADLINE = 5f2b88d1c0`, and that it did nothing, where it did nothing.
  var text: String {
    "\(register.text) = \(TextForm.hex(write.value))" + (isIgnored ? " IGNORED: not its mode" : "")
  }
}

extension Expiry {
  /// What became of it, the most telling first; where there is no room, not how long it was in service.
  func outcome(in context: ContextSnapshot, _ snapshot: Snapshot, isNarrow: Bool) -> Line {
    if isMasked { return Line("masked: no interrupt", .waiting) }
    if let taken, let lateness {
      var line = Line("late \(lateness.spanText.left(7))", lateness >= TimerRow.tolerance ? .wrong : .plain)
      line.append("  ISR +\((taken - expired).spanText)", .dim)
      if let ended, !isNarrow { line = line.padded(to: 28) + Line("EOI +\((ended - taken).spanText)", .dim) }
      return line
    }
    switch acceptance {
    case .merged(let other):
      return Line("MERGED with #\(other.rawValue): this tick is lost", .waiting)
    case .rejected(let reason): return Line("NOT delivered: \(reason.text)", .wrong)
    case .pending, nil: break
    }
    guard let vector, context.pending.contains(where: { $0.journey == journey }) else {
      return Line("its end is not in the log", .dim)
    }
    guard let gate = snapshot.outlook(of: vector, in: context).gate else {
      return Line("NOT delivered: next boundary", .waiting)
    }
    return Line("NOT delivered: \(gate.text)", .wrong)
  }
}

extension Histogram {
  /// Bars of at most `width` columns with labels and counts.
  func lines(_ rows: Int, width: Int) -> [Line] {
    let all = self.rows(rows)
    let most = all.map(\.count).max() ?? 0
    let room = max(4, width - 16)
    return all.map { row in
      // What is there shows, however little it is.
      let length = most == 0 ? 0 : max(row.count > 0 ? 1 : 0, Int(Double(row.count) / Double(most) * Double(room)))
      return Line(row.label.right(7) + " ", .dim) + Line(String(repeating: "#", count: length).left(room))
        + Line(TextForm.count(row.count).right(7))
    }
  }
}

extension InspectorModel {
  /// The timer of a context, as every view has it.
  func timer(_ context: ContextSnapshot) -> TimerRow { TimerRow(context, index.timers, in: snapshot) }

  var timerRows: [TimerRow] { TimerRow.all(snapshot, index.timers) }

  /// The timer that is pointed at.
  var selectedTimer: TimerSource {
    guard let timer = selection.timer, timer.context ?? selection.context == selection.context else {
      return .local(selection.context)
    }
    return timer
  }

  /// The timer that is pointed at, as it is now; nil when it is gone.
  var selectedTimerRow: TimerRow? { TimerRow(selectedTimer, index.timers, in: snapshot) }
}
