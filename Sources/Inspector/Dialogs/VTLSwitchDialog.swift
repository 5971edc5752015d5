import Architecture
import Diagnosis
import Interrupts
import Journal

/// Switches the VTL a VP is in: what is exchanged, what stays, why it may be refused, and who wins at once.
struct VTLSwitchDialog: Dialog {
  /// The VP, and the VTL it would go to.
  let vp: VPIndex
  private var target: VTL
  /// What the operator has seen: a change of it needs another Enter.
  private var seen: Outcome
  private var changed = false

  /// What the switch would come to, as far as it must not change unnoticed.
  private struct Outcome: Hashable {
    var from: VTL?
    var refusal: CommandRefusal?
    /// A VTL that takes the VP at once, and by which vector.
    var winner: VTL?
  }

  init(_ vp: VPIndex, in model: InspectorModel) {
    self.vp = vp
    let active = model.snapshot.activeContext(of: vp)?.id.vtl
    let other = (0..<UInt8(min(model.snapshot.machine.vtlCount, 16))).map(VTL.init(rawValue:)).first {
      $0 != active && model.snapshot[ContextID(vp: vp, vtl: $0)]?.isEnabled == true
    }
    target = other ?? (active == .vtl0 ? .vtl1 : .vtl0)
    seen = Outcome()
    seen = outcome(model)
  }

  var title: String { "Switch the VTL of VP \(vp.rawValue)" }

  private func outcome(_ model: InspectorModel) -> Outcome {
    Outcome(
      from: model.snapshot.activeContext(of: vp)?.id.vtl, refusal: refusal(of: target, model),
      winner: winner(over: target, model))
  }

  /// The machine's rules (it has the last word): the VTL exists and is enabled there, is another one, and
  /// neither waits.
  private func refusal(of vtl: VTL, _ model: InspectorModel) -> CommandRefusal? {
    if !model.isAlive { return .machineStopped }
    guard let context = model.snapshot[ContextID(vp: vp, vtl: vtl)] else { return .noSuchContext }
    guard context.isEnabled else { return .vtlNotEnabled }
    if context.isActive { return .alreadyActive }
    let active = model.snapshot.activeContext(of: vp)
    return context.activity == .waitForStartup || active?.activity == .waitForStartup ? .waitsForStartup : nil
  }

  /// The higher VTL that preempts `vtl` as soon as the VP is in it.
  private func winner(over vtl: VTL, _ model: InspectorModel) -> VTL? {
    preemptionTarget(active: vtl, contexts: contexts(model).map { ContextGates($0) })
  }

  private func contexts(_ model: InspectorModel) -> [ContextSnapshot] {
    model.snapshot.contexts.filter { $0.id.vp == vp }
  }

  // MARK: - Drawing

  func size(in model: InspectorModel) -> Size {
    let width = min(92, model.size.width - 4)
    return Size(width, lines(model, width: width - 4).count + 2)
  }

  func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    grid.put(lines(model, width: area.width), in: area)
  }

  private func lines(_ model: InspectorModel, width: Int) -> [Line] {
    var lines = contexts(model).map { choice($0, model) }
    lines.append(.empty)
    lines += preview(model, width: width)
    lines.append(.empty)
    lines.append(prompt(model))
    return lines
  }

  private func choice(_ context: ContextSnapshot, _ model: InspectorModel) -> Line {
    let isTarget = context.id.vtl == target
    let mark = context.isActive ? "is in " : isTarget ? "   to " : "      "
    var line =
      Line(mark, .dim) + Line("VTL\(context.id.vtl.rawValue)", isTarget ? Style.bold.selected : .bold)
    line.append("  g\(context.group.rawValue)  ", .dim)
    guard context.isEnabled else { return line + Line("not enabled on this VP", .dim) }
    line.append("\(model.state(context).word), RIP \(model.code(context.rip))")
    return line
  }

  private func preview(_ model: InspectorModel, width: Int) -> [Line] {
    let now = outcome(model)
    let mark = { (isNew: Bool) in changed && isNew ? "* " : "  " }
    if let refusal = now.refusal {
      return [Line("\(mark(now != seen))refused: \(refusal.text)", .wrong)]
    }
    var lines = [verdict(now, mark, model)]
    lines += WhyText.labelled(
      "swaps",
      "RIP RSP RFLAGS CR0 CR3 CR4 EFER DR7, segments, IDTR GDTR LDTR TR, SYSCALL and SYSENTER MSRs, "
        + "PAT, TSC_AUX; and the local APIC with TPR, IRR, ISR and timer", width: width)
    lines += WhyText.labelled(
      "keeps", "RAX-R15 but RSP, CR2, DR0-DR3, x87 and SSE state, XCR0, MTRRs", width: width)
    lines += WhyText.labelled(
      "leaves", "RIP of both sides unchanged; no assist page is written; the event says operator",
      width: width)
    return lines
  }

  /// Who has the VP after the switch: what matters most, so it comes first.
  private func verdict(_ now: Outcome, _ mark: (Bool) -> String, _ model: InspectorModel) -> Line {
    guard let winner = now.winner else {
      return Line("  then VTL\(target.rawValue) has the VP\(next(model))", .active)
    }
    let id = ContextID(vp: vp, vtl: winner)
    let vector = model.snapshot[id]?.deliverable.map { " (vector \($0.vector.text))" } ?? ""
    let what = "then VTL\(winner.rawValue) wins at once: it has an interrupt to take\(vector)"
    return Line(mark(now.winner != seen.winner) + what, .waiting)
  }

  /// What the VTL does first.
  private func next(_ model: InspectorModel) -> String {
    guard let context = model.snapshot[ContextID(vp: vp, vtl: target)] else { return "" }
    let isAsleep = context.activity.isAsleep
    guard let first = context.pending.first else {
      if isAsleep { return ", \(context.activity.text)" }
      return target == .vtl0 ? " and runs on" : " and runs on, until it returns"
    }
    var entered = context
    entered.isActive = true
    var snapshot = model.snapshot
    for i in snapshot.contexts.indices where snapshot.contexts[i].id.vp == vp {
      snapshot.contexts[i].isActive = snapshot.contexts[i].id.vtl == target
    }
    switch snapshot.outlook(of: first.vector, in: entered) {
    case .held(let gate): return "; \(first.vector.text) waits: \(gate.text)"
    case .deliverable, .preempts: return " and takes \(first.vector.text)"
    }
  }

  private func prompt(_ model: InspectorModel) -> Line {
    if model.isReadOnly {
      return Line("read-only: this core belongs to another process, so this is a preview", .dim)
    }
    if changed { return Line("* has changed since you looked: Enter again to switch", .waiting) }
    if refusal(of: target, model) != nil { return .empty }
    return Line("as of frame \(model.snapshot.machine.epoch), checked again at Enter", .dim)
  }

  func footer(_ model: InspectorModel) -> [FooterItem] {
    let act = FooterItem("Enter", "Switch")
    let choose = FooterItem("j k", "VTL")
    let can = !model.isReadOnly && refusal(of: target, model) == nil
    return (can ? [act] : []) + [choose, FooterItem("Esc", "Cancel")]
  }

  // MARK: - Keys

  mutating func handle(_ key: Key, _ model: inout InspectorModel) -> DialogOutcome {
    switch key {
    case .escape, .backspace, "q": return .close
    case .up, "k", .backTab: choose(by: -1, model)
    case .down, "j", .tab, " ": choose(by: 1, model)
    case .character(let digit) where digit.value >= 0x30 && digit.value <= 0x39:
      choose(VTL(rawValue: UInt8(digit.value - 0x30)), model)
    case .enter: return switchNow(&model)
    default: break
    }
    return .stay
  }

  private mutating func choose(by step: Int, _ model: InspectorModel) {
    if let next = contexts(model).map(\.id.vtl).moved(from: target, by: step) { choose(next, model) }
  }

  private mutating func choose(_ vtl: VTL, _ model: InspectorModel) {
    guard contexts(model).contains(where: { $0.id.vtl == vtl }) else { return }
    target = vtl
    seen = outcome(model)
    changed = false
  }

  private mutating func switchNow(_ model: inout InspectorModel) -> DialogOutcome {
    let now = outcome(model)
    if model.isReadOnly {
      model.message = "read-only: start the core from here to act on it"
      return .stay
    }
    if let refusal = now.refusal {
      model.message = Line("refused: " + refusal.text, .wrong)
      return .stay
    }
    guard now == seen else {
      seen = now
      changed = true
      return .stay
    }
    return .act(.command(.switchVTL(vp, to: target)))
  }
}

extension InspectorModel {
  mutating func openVTLSwitchDialog() {
    guard snapshot.machine.vtlCount > 1 else {
      message = "this machine has one VTL: there is none to switch to"
      return
    }
    dialog = VTLSwitchDialog(selection.context.vp, in: self)
  }
}
