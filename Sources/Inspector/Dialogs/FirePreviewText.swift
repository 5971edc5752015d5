import Architecture
import Diagnosis
import Interrupts
import Journal

/// What a request would do, in lines.
struct FirePreviewText {
  let preview: FirePreview
  let request: FireRequest
  let model: InspectorModel
  /// What the operator had seen when it changed under them; its lines are marked.
  var old: FireFacts?

  /// At most `height` lines: the verdict, then target by target, then why not the others, then warnings.
  func lines(_ height: Int) -> [Line] {
    if let refusal = preview.refusal { return [Line("CANNOT BE SENT: \(refusal.text)", .wrong)] }
    let tail = others + hints + warnings
    var targets = preview.targets.flatMap(lines(of:))
    let room = max(1, height - 1 - tail.count)
    if targets.count > room {
      let shown = max(0, room - 1)
      targets = Array(targets.prefix(shown)) + [Line("  ... and more: \(preview.targets.count) in all", .dim)]
    }
    return [verdict] + targets + tail
  }

  private var members: Int {
    model.snapshot.contexts.count { $0.isEnabled && $0.group == preview.route.group }
  }

  private var verdict: Line {
    let route = preview.route
    let mark = isChanged ? "* " : ""
    guard route.count > 0 else {
      return Line("\(mark)WOULD REACH NOBODY: \(route.reason?.text ?? "no reason")", .wrong)
        + Line("   (\(route.path.text), \(route.candidates) asked)", .dim)
    }
    return Line("\(mark)WOULD REACH \(route.count) of \(members) in g\(route.group.rawValue)", .bold)
      + Line("   \(route.path.text), \(route.candidates) asked", .dim)
  }

  private var isChanged: Bool { old.map { $0.targets.map(\.context) != preview.targets.map(\.context) } ?? false }

  private func lines(of target: TargetPreview) -> [Line] {
    let was = old?.targets.first { $0.context == target.context }
    let isNew = old != nil && was?.fate != FireFacts.Fate(target.acceptance)
    let mark = isNew ? "* " : "  "
    let name = mark + target.context.description.left(7)
    let vector = request.message.command.deliveryMode.hasVector ? request.message.command.vector.text : ""
    switch target.acceptance {
    case .rejected(let reason): return [Line(name) + Line("rejected: \(reason.text)", .wrong)]
    case .merged(let other):
      let number = other == .none ? "" : " (#\(other.rawValue))"
      return [Line(name) + Line("\(vector) pending already\(number): MERGED, no second delivery", .waiting)]
        + then(target)
    case .pending: return [Line(name) + Line(thenText(target), style(target))]
    }
  }

  private func then(_ target: TargetPreview) -> [Line] {
    target.outlook == nil ? [] : [Line("         " + thenText(target), style(target))]
  }

  private func thenText(_ target: TargetPreview) -> String {
    switch target.outlook {
    case .deliverable: "taken at its next instruction"
    case .preempts(let vtl): "taken at once: VTL\(vtl.rawValue) preempts"
    case .held(let gate): "then waits: \(gate.text)"
    case nil: ""
    }
  }

  private func style(_ target: TargetPreview) -> Style {
    switch target.outlook {
    case .deliverable, nil: .active
    case .preempts, .held: .waiting
    }
  }

  /// The others of the group, by reason.
  private var others: [Line] {
    var counts: [Rejection: Int] = [:]
    for other in preview.others { if let reason = other.rejection { counts[reason, default: 0] += 1 } }
    let reasons = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
    guard !reasons.isEmpty else { return [] }
    let text = reasons.map { "\($0.value) \($0.key.text)" }.joined(separator: ", ")
    return [Line("  others: \(text)", .dim)]
  }

  /// The trap of groups: the ID exists, but in another one.
  private var hints: [Line] {
    let command = request.message.command
    guard preview.route.reason == .noSuchID || preview.route.reason == .contextNotEnabled,
      command.shorthand == .none, !command.isLogical
    else { return [] }
    let elsewhere = model.snapshot.contexts.first {
      $0.isEnabled && $0.group != preview.route.group
        && RoutingRegisters($0).id.rawValue == command.destination
    }
    guard let elsewhere else { return [] }
    return [
      Line("  ID \(TextForm.hex(command.destination)) is \(elsewhere.id), in g\(elsewhere.group.rawValue): ", .waiting)
        + Line(isIPI ? "an IPI never leaves its sender's group" : "a route has one group", .waiting)
    ]
  }

  private var isIPI: Bool { if case .context = request.origin { true } else { false } }

  private var warnings: [Line] {
    let merged = preview.targets.count { if case .merged = $0.acceptance { true } else { false } }
    let rejected = preview.targets.count { if case .rejected = $0.acceptance { true } else { false } }
    let waiting = preview.targets.count { if case .held? = $0.outlook { true } else { false } }
    let preempted = preview.targets.count { if case .preempts? = $0.outlook { true } else { false } }
    let parts = [(merged, "merged"), (rejected, "rejected"), (waiting, "would wait"), (preempted, "preempts")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return parts.isEmpty ? [] : [Line("WARNINGS  " + parts.joined(separator: "   "), .waiting)]
  }

  /// One row per group, one column per VP: `m` reached, `-` not, `x` not enabled.
  func matrix(width: Int) -> [Line] {
    let reached = Set(preview.targets.map(\.context))
    return model.snapshot.groups.map { group in
      var line = Line("  g\(group.id.rawValue) ".left(6), .dim)
      for context in model.snapshot.contexts where context.group == group.id {
        let isHit = reached.contains(context.id)
        line.append(isHit ? "m" : context.isEnabled ? "-" : "x", isHit ? .active : .dim)
      }
      return line.clipped(to: width)
    }
  }
}

/// What of a preview must not change unnoticed: whom it reaches, and whether they take it.
///
/// How soon they take it changes with every instruction and is shown, not held against the operator.
struct FireFacts: Hashable {
  enum Fate: Hashable {
    case taken, merged
    case rejected(Rejection)

    init(_ acceptance: Acceptance) {
      switch acceptance {
      case .pending: self = .taken
      case .merged: self = .merged
      case .rejected(let reason): self = .rejected(reason)
      }
    }
  }

  struct Target: Hashable {
    var context: ContextID
    var fate: Fate
  }

  var refusal: CommandRefusal?
  var reason: Rejection?
  var targets: [Target]

  init(_ preview: FirePreview) {
    refusal = preview.refusal
    reason = preview.route.reason
    targets = preview.targets.map { Target(context: $0.context, fate: Fate($0.acceptance)) }
  }
}
