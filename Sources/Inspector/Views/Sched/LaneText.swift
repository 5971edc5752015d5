import Architecture
import Diagnosis
import Interrupts
import Journal

/// What happened at the cursor, in sentences.
struct LaneText {
  private let model: InspectorModel
  private let rows: [SchedRow]
  private let vp: VPIndex
  private let isNow: Bool

  init(_ model: InspectorModel, _ rows: [SchedRow]) {
    self.model = model
    self.rows = rows
    vp = model.selection.context.vp
    isNow = model.selection.moment == nil
  }

  var lines: [Line] {
    guard let moment = model.lanes.moment(of: vp, at: model.moment) else {
      return [
        Line(" not known: the events of this time are not in the log", .waiting), .empty,
        Line(" what is known of the VP begins where its lanes have letters", .dim),
      ]
    }
    return [stay(moment), others(moment), next(moment)]
  }

  // MARK: - The stay

  /// `0.1 has had the VP for 3.1ms (stays p50 38us p99 210us), by interrupt d1 at 12.478 803`.
  private func stay(_ moment: LaneMoment) -> Line {
    let id = ContextID(vp: vp, vtl: moment.active)
    let length = moment.length(at: model.lanes.end)
    let usual = rows.first { $0.context == id }?.stays
    let isLong = usual.map { length > $0.p99 } ?? false
    let state = moment.segment.state(of: moment.active)
    var line = Line(" \(id) ", .bold)
    if state != .running { line += Line("\(Self.word(state)), ", SchedLanes.style(state)) }
    line.append(moment.end == nil ? "has the VP for " : "had the VP for ")
    line.append("\(length.spanText)" + (moment.isBeginKnown ? "" : " or more"), isLong ? .waiting : .plain)
    if let usual { line.append(" (stays p50 \(usual.p50.spanText) p99 \(usual.p99.spanText))", .dim) }
    return line + Line(", " + entry(moment))
  }

  private func entry(_ moment: LaneMoment) -> String {
    guard let entry = moment.entry else { return "since before the log" }
    let vector = entry.vector.map { " \($0.text)" } ?? ""
    let isBack = entry.from.map { $0 > moment.active } ?? false
    let how =
      switch entry.reason {
      case .call: "by a VTL call"
      case .interrupt: "by interrupt\(vector)"
      case .intercept: "by an intercept"
      case .return: "back from VTL\(entry.from?.rawValue ?? 0)"
      case .operator: isBack ? "brought back by the operator" : "brought in by the operator"
      }
    return how + " at \(moment.begin.pointText)"
  }

  static func word(_ state: LaneState) -> String {
    switch state {
    case .running: "runs"
    case .preempted: "preempted"
    case .halted: "halted"
    case .inactive: "inactive"
    case .waitsForStartup: "waits for SIPI"
    case .shutDown: "shut down"
    case .unknown: "not known"
    }
  }

  // MARK: - The others

  /// The VTLs that do not have the VP, those first that wait for it.
  private func others(_ moment: LaneMoment) -> Line {
    let others = rows.map(\.context).filter { $0.vtl != moment.active }
      .sorted { ($0.vtl < moment.active ? 0 : 1, $1.vtl) < ($1.vtl < moment.active ? 0 : 1, $0.vtl) }
    guard let first = others.first else { return Line(" no other VTL is enabled on this VP", .dim) }
    var line = Line(" \(first) ", .bold) + other(first, moment)
    for id in others.dropFirst() { line += Line("; \(id) ") + Line(Self.word(moment.segment.state(of: id.vtl)), .dim) }
    return line
  }

  private func other(_ id: ContextID, _ moment: LaneMoment) -> Line {
    let state = moment.segment.state(of: id.vtl)
    var line = Line(Self.word(state), SchedLanes.style(state))
    if state == .preempted, let entry = moment.entry, entry.from == id.vtl, entry.rip != 0 {
      line.append(" at \(model.code(entry.rip))")
    }
    guard isNow, let context = model.snapshot[id] else {
      if moment.segment.held & id.vtl.bit != 0 { line.append("; an interrupt waits for it", .waiting) }
      return line
    }
    if state == .preempted { line.append(", IF \(context.interruptsEnabled ? 1 : 0)") }
    if let first = context.pending.first {
      let more = context.pending.count > 1 ? " +\(context.pending.count - 1)" : ""
      line.append("; pending \(first.vector.text)\(more) for \(model.ago(first.since).spanText)", .waiting)
    } else {
      line.append("; nothing pending", .dim)
    }
    return line
  }

  // MARK: - What comes next

  private func next(_ moment: LaneMoment) -> Line {
    if let end = moment.end {
      let to = moment.next.map { "VTL\($0.rawValue)" } ?? "not known"
      let why = moment.exit.map { " by \($0.reason.text)" + ($0.vector.map { " \($0.text)" } ?? "") } ?? ""
      return Line(" then  \(to)\(why) at \(end.pointText)")
    }
    guard isNow else { return Line(" then  it still has the VP") }
    return Line(" next  ") + Line(upcoming(moment)) + notification(moment)
  }

  /// Who has the VP after this, by the gates of its contexts.
  private func upcoming(_ moment: LaneMoment) -> String {
    let contexts = model.snapshot.contexts.filter { $0.id.vp == vp && $0.isEnabled }
    if let to = preemptionTarget(active: moment.active, contexts: contexts.map(ContextGates.init)) {
      return "VTL\(to.rawValue) comes in at the next boundary"
    }
    let state = moment.segment.state(of: moment.active)
    if state == .waitsForStartup { return "nothing, until INIT and SIPI come" }
    if state == .shutDown { return "nothing: it is shut down" }
    if moment.active > .vtl0 { return "it stays: a VTL leaves by itself, or for a higher one" }
    return state == .halted ? "an interrupt wakes it" : "it stays: no higher VTL wants the VP"
  }

  /// Whether the active VTL is told that a lower one waits.
  private func notification(_ moment: LaneMoment) -> Line {
    guard moment.active > .vtl0, let context = model.snapshot[ContextID(vp: vp, vtl: moment.active)] else {
      return .empty
    }
    guard context.vina.bit(8) else { return Line("   VINA off", .dim) }
    let vector = TextForm.hex(UInt8(truncatingIfNeeded: context.vina), 2)
    return Line("   VINA vector \(vector)" + (context.vinaAsserted ? ", asserted" : ""), .dim)
  }
}
