import Architecture
import Diagnosis
import Interrupts
import Journal

/// One interrupt from its source to its end-of-interrupt: the ladder, the hops with their usual times, and
/// why it waits.
public struct JourneyView: View {
  public var id: ViewID { .journey }
  public var tab: String? { nil }

  public func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    guard let journey = model.selectedJourney else {
      grid.put(
        "nothing is known of this journey: its events are gone from the log", .dim, 1, in: area, column: 2)
      return
    }
    let target = journey.target(model.selection.context)
    var rest = area
    grid.put(title(journey, model), 0, in: rest.takeTop(1))
    let hops = journey.hops(at: target, now: model.snapshot.machine.time, code: model.code)
    // The ladder takes what the table leaves, and gives it up from the end; it needs three lanes to say
    // anything.
    if area.width >= 72 {
      let ladder = Ladder(journey, at: target, model, width: area.width)
      let wanted = ladder.lines(1_000).count
      let room = max(2, rest.height - hops.count - 2)
      grid.put(ladder.lines(min(wanted, room)), in: rest.takeTop(min(wanted, room)))
      if rest.height > hops.count + 2 { _ = rest.takeTop(1) }
    }
    drawHops(hops, journey, target, model, into: &grid, rest.takeTop(hops.count + 2))
    let asked = Self.candidates(journey, model)
    if !asked.isEmpty, rest.height >= 3 {
      _ = rest.takeTop(1)
      grid.rule("who was asked, by the registers as they are now", 0, in: rest.takeTop(1))
      grid.put(asked.prefixed(rest.height), in: rest)
    } else if let finding = finding(of: journey, target, model), rest.height >= 4 {
      _ = rest.takeTop(1)
      grid.rule("why the gate is closed", 0, in: rest.takeTop(1))
      let all = WhyText.lines(finding, model, width: rest.width)
      let brief = WhyText.brief(finding, model, width: rest.width)
      grid.put(all.count <= rest.height ? all : brief.prefixed(rest.height), in: rest)
    }
  }

  private func title(_ journey: Journey, _ model: InspectorModel) -> Line {
    let verdict = journey.verdict(at: model.snapshot.machine.time)
    let isWrong = journey.route?.delivered == 0
    let sender = (journey.origin?.text ?? journey.sender.map { "sender \($0)" }).map { "   " + $0 } ?? ""
    return Line(" Journey #\(journey.id.rawValue)", .bold) + Line("\(sender)   \(journey.what)   ")
      + Line(verdict, isWrong ? .wrong : journey.isOpen ? .waiting : .active)
  }

  private func drawHops(
    _ hops: [Hop], _ journey: Journey, _ target: Journey.Target?, _ model: InspectorModel,
    into grid: inout Grid,
    _ area: Rect
  ) {
    let place = journey.targets.count > 1 ? target.map { " at \($0.context)" } ?? "" : ""
    grid.rule("hops\(place)", 0, in: area)
    let isNarrow = area.width < 72
    grid.put(Self.row("HOP", "AT", "TOOK", "p50", "p99", "VERDICT", .bold, .bold, isNarrow), 1, in: area)
    let recent = RecentHops(of: journey.vector, but: journey.id, in: model.events)
    for (row, hop) in hops.enumerated() {
      let usual = recent[hop.name]
      let at = hop.name == .source ? hop.at?.pointText : hop.at.map { "+" + ($0 - journey.begin).spanText }
      let style: Style = hop.isOpen ? (hop.verdict.hasPrefix("BLOCKED") ? .wrong : .waiting) : .plain
      grid.put(
        Self.row(
          hop.name.text, at ?? (hop.isOpen ? "open" : "-"), hop.took?.spanText ?? "-",
          usual?.p50.spanText ?? "-",
          usual?.p99.spanText ?? "-", TextForm.escaped(hop.verdict), .plain, style, isNarrow), row + 2, in: area)
    }
  }

  private static func row(
    _ name: String, _ at: String, _ took: String, _ p50: String, _ p99: String, _ verdict: String,
    _ style: Style,
    _ verdictStyle: Style, _ isNarrow: Bool
  ) -> Line {
    if isNarrow { return Line(" \(name.left(8))\(took.right(8))  ", style) + Line(verdict, verdictStyle) }
    return Line(" \(name.left(9))\(at.right(12))\(took.right(9))\(p50.right(9))\(p99.right(9))  ", style)
      + Line(verdict, verdictStyle)
  }

  /// Each candidate of a request that found nobody, and why it was not meant.
  private static func candidates(_ journey: Journey, _ model: InspectorModel) -> [Line] {
    guard let route = journey.route, route.delivered == 0, let message = journey.message else { return [] }
    let origin: FireRequest.Origin
    switch (journey.source, journey.sender) {
    case (.interruptCommand?, let sender?), (.operator?, let sender?): origin = .context(sender)
    case (.message?, _), (.ioapic?, _): origin = .message(route.group)
    default: return []
    }
    let again = preview(FireRequest(origin: origin, message: message), in: model.snapshot)
    // Where a VTL is not enabled there is nobody to ask, unless that is the reason.
    let others = again.others.filter { $0.rejection != .contextNotEnabled || route.reason == .contextNotEnabled }
    return others.map { other in
      Line(" \(other.context.description.left(7))") + Line(other.rejection?.text ?? "", .waiting)
    } + again.targets.map { Line(" \($0.context.description.left(7))") + Line("would be reached now", .active) }
  }

  /// What is wrong with the context it waits in, when something is.
  private func finding(of journey: Journey, _ target: Journey.Target?, _ model: InspectorModel) -> Finding? {
    guard let target, target.isOpen else { return nil }
    return model.finding(target.context)
  }

  public func status(_ model: InspectorModel) -> Line {
    guard let journey = model.selectedJourney else { return "this journey is not known" }
    guard let target = journey.target(model.selection.context) else { return "it reached no local APIC" }
    let place = journey.targets.firstIndex { $0.context == target.context } ?? 0
    let which = journey.targets.count > 1 ? "target \(place + 1) of \(journey.targets.count) (j k): " : ""
    return Line("\(which)\(target.context) \(target.sentence)")
  }

  public func footer(_ model: InspectorModel) -> [KeyCommand] { [.open, .back, .why] }

  public func perform(_ command: KeyCommand, _ model: inout InspectorModel) -> Bool {
    guard let journey = model.selectedJourney else { return false }
    let target = journey.target(model.selection.context)
    if command == .open, let target {
      model.select(target.context)
      model.selection.vector = journey.vector
      model.show(.lapic)
      return true
    }
    guard let distance = model.distance(command) else { return false }
    let contexts = journey.targets.map(\.context).filter { model.snapshot[$0]?.isEnabled == true }
    if let next = contexts.moved(from: target?.context, by: distance) {
      model.selection.context = next
    }
    return true
  }
}

extension Journey {
  /// The target in `context`, or the one to look at first.
  func target(_ context: ContextID) -> Target? { targets.first { $0.context == context } ?? foremost }
}

extension Journey.Target {
  /// What became of it there, after the name of the context.
  var sentence: String {
    switch state {
    case .waiting(nil): "takes it at its next instruction boundary"
    case .waiting(let gate?): "has it in its IRR; gate: \(gate.text)"
    case .inService: "is serving it: no EOI yet"
    case .done: "is done with it"
    case .merged(let other):
      "merged it with #\(other.rawValue), which was pending already: one delivery for both"
    case .rejected(let reason): "did not take it: \(reason.text)"
    case .gone: "has it neither pending nor in service, and its end is not in the log"
    }
  }
}

extension InspectorModel {
  public var selectedJourney: Journey? { journey(selection.journey) }

  /// Shows the ladder of what is selected.
  mutating func openJourney() {
    guard let journey = pointedJourney else {
      message = view == .events ? "this event belongs to no interrupt" : "no interrupt is selected"
      return
    }
    openJourney(journey)
  }

  mutating func openJourney(_ journey: JourneyID) {
    selection.journey = journey
    watch(journey)
    show(.journey)
  }

  /// The journey of the selected event or vector; elsewhere what the selected context waits for, or did last.
  private var pointedJourney: JourneyID? {
    if let journey = done?.journey, journey != .none { return journey }
    switch view {
    case .journey: return selection.journey
    case .stuck: return selectedFinding?.journey
    case .events where isFollowing: return events.last { $0.journey != .none }?.journey
    case .events: return selectedEvent.map(\.journey).flatMap { $0 == .none ? nil : $0 }
    case .lapic where selection.vector != nil: return journeyOfVector
    case .timers: if let journey = journeyOfExpiry, journey != .none { return journey }
    case .sched: if let journey = journeyOfMoment, journey != .none { return journey }
    case .routes: return selectedRoute.map(\.lastJourney).flatMap { $0 == .none ? nil : $0 }
    case .over, .groups, .lapic, .memory, .vsm: break
    }
    if let found = finding(selection.context)?.journey, found != .none { return found }
    if let first = selectedContext?.pending.first?.journey, first != .none { return first }
    return events.last { $0.context == selection.context && $0.journey != .none }?.journey
  }

  private var journeyOfVector: JourneyID? {
    let states = (selectedContext?.pending ?? []) + (selectedContext?.inService ?? [])
    if let state = states.first(where: { $0.vector == selection.vector && $0.journey != .none }) {
      return state.journey
    }
    return events.last { event in
      guard event.context == selection.context, event.journey != .none else { return false }
      return switch event.body {
      case .accepted(let vector, _, _), .acknowledged(let vector, _), .endOfInterrupt(let vector, _):
        vector == selection.vector
      default: false
      }
    }?.journey
  }
}
