import Architecture
import Diagnosis
import Journal

/// Why a context does not get on: its findings with the checks that were run, and what else is wrong
/// elsewhere.
struct WhyDialog: Dialog {
  /// Bound to the context, not to a finding: it stays while the findings change.
  var context: ContextID
  private var scroll = 0
  /// What is wrong in the snapshot on the screen: made anew with each one, so that every age in it is of one moment.
  private var findings: [Finding] = []

  init(_ context: ContextID, in model: InspectorModel) {
    self.context = context
    refresh(model)
  }

  mutating func refresh(_ model: InspectorModel) {
    findings = diagnose(model.snapshot, model.events, symbols: model.symbols, thresholds: model.thresholds)
  }

  var title: String { "Why \(context)" }

  func size(in model: InspectorModel) -> Size {
    let width = min(104, model.size.width - 2)
    return Size(width, lines(model, width: width - 4).count + 2)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    let all = lines(model, width: area.width)
    let first = min(scroll, max(0, all.count - area.height))
    grid.put(Array(all.dropFirst(first)), in: area)
  }

  func lines(_ model: InspectorModel, width: Int) -> [Line] {
    guard let here = model.snapshot[context], here.isEnabled else {
      return [
        Line(
          "VTL\(context.vtl.rawValue) is not enabled on VP \(context.vp.rawValue): there is nothing to explain."
        )
      ]
    }
    var lines = [Line(sentence(here, model))]
    let own = findings.filter(concerns)
    if own.isEmpty {
      lines.append(
        Line(
          here.idle.map { "nothing is wrong: \($0.text(at: model.snapshot.machine.time))" }
            ?? "nothing is wrong that is known:", .active))
      for rule in Rule.all {
        lines += WhyText.checked("\(rule.code.rawValue)  \(rule.summary)", false, width: width)
      }
    }
    for finding in own { lines += [.empty] + WhyText.lines(finding, model, width: width) }
    let others = findings.filter { !concerns($0) }
    if !others.isEmpty {
      lines += [.empty, Line("elsewhere", .dim)]
      for finding in others {
        lines.append(
          Line(" " + finding.subject.description.left(9)) + Line(finding.code.rawValue.left(6), .bold)
            + Line(finding.title))
      }
    }
    lines += [.empty, Line("all from one consistent snapshot, frame \(model.snapshot.machine.epoch)", .dim)]
    return lines
  }

  private func sentence(_ here: ContextSnapshot, _ model: InspectorModel) -> String {
    let state = model.state(here)
    let verb = state == .waitsForStartup ? "" : "is "
    return "\(context) \(verb)\(state.word), RIP \(model.code(here.rip)), IF=\(here.interruptsEnabled ? 1 : 0), "
      + "TPR \(TextForm.hex(here.taskPriority, 2)), PPR \(TextForm.hex(here.processorPriority, 2))"
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    var items = [
      FooterItem("Esc", "Close"), FooterItem("Tab", "Next finding"), FooterItem("j k", "Scroll"),
      FooterItem("y", "Yank"),
    ]
    if journey != nil { items.insert(FooterItem("J", "Journey"), at: 1) }
    return items
  }

  /// It is about the context, or the context waits for it.
  private func concerns(_ finding: Finding) -> Bool {
    finding.isAbout(context) || finding.link(of: context) != nil
  }

  private var journey: JourneyID? {
    findings.first { concerns($0) && $0.journey != nil }?.journey
  }

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape, .backspace, .enter, "q", "W": return .close
    case .down, "j":
      scroll = min(scroll + 1, max(0, lines(model, width: min(104, model.size.width - 2) - 4).count - 1))
    case .up, "k": scroll = max(0, scroll - 1)
    case .tab: turn(by: 1, &model)
    case .backTab: turn(by: -1, &model)
    case "y":
      let lines = lines(model, width: 100).map { TextForm.escaped($0.text) + "\n" }
      return .actAndStay(.copy(CopiedText(lines.joined(), "why \(context)")))
    case "J":
      guard let journey else { break }
      model.openJourney(journey)
      return .close
    default: break
    }
    return .stay
  }

  /// To the next context that has a finding.
  private mutating func turn(by step: Int, _ model: inout InspectorModel) {
    var contexts: [ContextID] = []
    for id in findings.compactMap(\.context) where !contexts.contains(id) { contexts.append(id) }
    guard !contexts.isEmpty else { return }
    let place = contexts.firstIndex(of: context).map { ($0 + step + contexts.count) % contexts.count } ?? 0
    context = contexts[place]
    model.select(context)
    scroll = 0
  }
}

extension InspectorModel {
  mutating func openWhy() { dialog = WhyDialog(selection.context, in: self) }
}
