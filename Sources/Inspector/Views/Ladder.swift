import Architecture
import Diagnosis
import Journal

/// The way of one interrupt as a call flow: three lanes, one row per step, the time since the step before on
/// the left.
struct Ladder {
  private var rows: [Row] = []
  private var rest: [Row] = []
  private var titles: [String]
  private let lanes: [Int]
  private let width: Int

  private struct Row {
    var time: VirtualTime
    /// What stands in place of the time.
    var label: String?
    /// From one lane to another, with a word on it.
    var arrow: (from: Int, to: Int, text: String)?
    var note: (lane: Int, text: String, style: Style)?
  }

  private static var timeWidth: Int { 13 }

  init(_ journey: Journey, at target: Journey.Target?, _ model: InspectorModel, width: Int) {
    self.width = width
    let gap = width >= 118 ? 34 : max(14, (width - Self.timeWidth - 24) / 2)
    lanes = [Self.timeWidth + 1, Self.timeWidth + 1 + gap, Self.timeWidth + 1 + 2 * gap]
    titles = Self.titles(journey)
    rows = Self.sourceRows(journey)
    if let cleared = journey.cleared {
      rest.append(Row(time: cleared.time, note: (0, "remote IRR cleared", .active)))
    }
    for other in journey.targets {
      let steps = Self.targetRows(other, journey, model, isNamed: journey.targets.count > 1)
      if other.context == target?.context { rows += steps } else { rest += steps }
    }
  }

  private static func titles(_ journey: Journey) -> [String] {
    let sender =
      switch (journey.source, journey.sender) {
      case _ where journey.origin != nil: journey.origin?.text ?? ""
      case (.operator?, let sender): sender.map { "operator as \($0)" } ?? "operator"
      case (.timer?, let sender): "timer" + (sender.map { " of \($0)" } ?? "")
      case (_, let sender?): "\(sender) sender"
      case (let source?, nil): source.text
      case (nil, nil): "sender not in the log"
      }
    let targets =
      switch journey.targets.count {
      case 0: "nobody"
      case 1: "\(journey.targets[0].context) target"
      default: "\(journey.targets.count) targets"
      }
    return [sender, journey.route.map { "router g\($0.group.rawValue)" } ?? "", targets]
  }

  private static func sourceRows(_ journey: Journey) -> [Row] {
    guard journey.hasBeginning else { return [] }
    guard let route = journey.route else {
      let what = journey.vector.map { "\($0.text) expired" } ?? "expired"
      return [Row(time: journey.begin, arrow: (0, 2, what))]
    }
    let found =
      route.delivered == 0
      ? (1, "nobody: \(route.reason?.text ?? "no reason given")", Style.wrong)
      : (1, "\(route.candidates) asked, \(route.delivered) found", Style.plain)
    return [
      Row(time: journey.begin, arrow: (0, 1, journey.message?.kindText ?? "")),
      Row(time: journey.begin, note: found),
    ]
  }

  private static func targetRows(
    _ target: Journey.Target, _ journey: Journey, _ model: InspectorModel, isNamed: Bool
  ) -> [Row] {
    let name = isNamed ? "\(target.context) " : ""
    let vector = journey.vector?.text ?? "?"
    let isVector = target.mode == .fixed || target.mode == .lowestPriority
    var rows: [Row] = []
    if let reached = target.reached {
      let note: (String, Style) =
        switch target.acceptance {
        case .pending, nil: (isVector ? "IRR \(vector) set" : "\(target.mode.text) pending", .plain)
        case .merged(let other): ("merged with #\(other.rawValue)", .waiting)
        case .rejected(let reason): (reason.text, .wrong)
        }
      rows.append(
        Row(
          time: reached, arrow: journey.route == nil ? nil : (1, 2, "accept"), note: (2, name + note.0, note.1)))
    }
    for merge in target.merges {
      rows.append(Row(time: merge.time, note: (2, "\(name)#\(merge.journey.rawValue) merged", .waiting)))
    }
    if let taken = target.taken {
      rows.append(
        Row(time: taken, note: (2, name + (isVector ? "ISR \(vector), handler" : "taken"), .active)))
    }
    if let ended = target.ended, isVector {
      rows.append(Row(time: ended, note: (2, name + "EOI", .active)))
    }
    if let open = openRow(target, journey, model, name) { rows.append(open) }
    return rows
  }

  private static func openRow(
    _ target: Journey.Target, _ journey: Journey, _ model: InspectorModel, _ name: String
  ) -> Row? {
    let now = model.snapshot.machine.time
    switch target.state {
    case .waiting(let gate):
      let label = "open " + (now - (target.reached ?? journey.begin)).spanText
      return Row(
        time: now, label: label, note: (2, "\(name)GATE: \(gate?.text ?? "open")", gate == nil ? .waiting : .wrong))
    case .inService:
      let label = "open " + (target.taken.map { now - $0 } ?? .zero).spanText
      return Row(time: now, label: label, note: (2, "\(name)no EOI yet", .waiting))
    case .gone: return Row(time: now, label: "", note: (2, "\(name)end not in the log", .dim))
    case .done, .merged, .rejected: return nil
    }
  }

  /// The titles, then as many steps as fit: those of the source and of the target asked for, then of the
  /// others.
  func lines(_ height: Int) -> [Line] {
    guard height > 1 else { return [] }
    var steps = rows + rest
    var more: Line?
    if steps.count > height - 1 {
      let left = steps.count - max(0, height - 2)
      steps = Array(steps.prefix(max(0, height - 2)))
      more = Line("").padded(to: lanes[2] + 2) + Line("and \(left) steps more", .dim)
    }
    steps = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    var out = [title]
    var last: VirtualTime?
    for step in steps {
      out.append(line(step, after: last))
      last = step.time
    }
    if let more { out.append(more) }
    return Array(out.prefix(height))
  }

  private var title: Line {
    var line = Line.empty
    for (lane, title) in zip(lanes, titles) {
      let start = max(line.width + (line.width > 0 ? 1 : 0), lane - title.columns / 2)
      line = line.padded(to: start) + Line(title, .bold)
    }
    return line.clipped(to: width)
  }

  private func line(_ row: Row, after last: VirtualTime?) -> Line {
    let time = row.label ?? (last.map { "+" + (row.time - $0).spanText } ?? row.time.pointText)
    var line = Line(time.right(Self.timeWidth - 1) + " ", .dim)
    for lane in 0...2 {
      line = line.padded(to: lanes[lane])
      line.append("│", .dim)
      if let arrow = row.arrow, arrow.from == lane {
        line += Self.arrow(arrow.text, lanes[arrow.to] - lanes[lane] - 1)
        if arrow.to == 2 && lane == 0 { break }
      }
      if let note = row.note, note.lane == lane { line.append(" " + note.text, note.style) }
      // A note that is wider than its lane hides the ones after it.
      if lane < 2, line.width > lanes[lane + 1] { return line.clipped(to: width) }
    }
    if let arrow = row.arrow, arrow.from == 0, arrow.to == 2 {
      line = line.padded(to: lanes[2])
      line.append("│", .dim)
      if let note = row.note { line.append(" " + note.text, note.style) }
    }
    return line.clipped(to: width)
  }

  /// `── text ──▶` in `width` columns.
  private static func arrow(_ text: String, _ width: Int) -> Line {
    let label = " " + text.clipped(to: max(0, width - 6)) + " "
    let left = max(1, (width - 1 - label.columns) / 2)
    let right = max(0, width - 1 - label.columns - left)
    return Line(String(repeating: "─", count: left), .dim) + Line(label)
      + Line(String(repeating: "─", count: right) + "▶", .dim)
  }
}
