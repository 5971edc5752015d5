import Architecture
import Journal

extension Rule {
  /// S29: an intercept has nowhere to put its message, so the access waits and is tried again: the slot of SINT0 is taken,
  /// or the VTL that asked for it takes no messages.
  ///
  /// Nothing tells when the access is no longer intercepted; but then its context has gone on.
  static var interceptWaits: Rule {
    Rule(.interceptWaits, "an intercept's message has nowhere to go") { context, scene in
      guard context.isEnabled, context.isActive, let wait = scene.facts.vtls.intercepts[context.id],
        case .intercepted(let summary) = wait.body, context.rip == wait.rip,
        scene.isOld(wait.time, scene.thresholds.blocked),
        let target = scene.snapshot[ContextID(vp: context.id.vp, vtl: summary.vtl)], target.activity.isStarted
      else { return nil }
      let synic = target.synic ?? SynICSnapshot()
      let takesMessages = synic.control.bit(0) && synic.messagePage.bit(0)
      let source = synic.sources[0]
      let isFull = source.messageType != 0 || source.queued > 0
      guard !takesMessages || isFull else { return nil }
      let isMasked = SINTRegister(rawValue: source.register).isMasked
      let reason =
        !takesMessages
        ? "takes no messages"
        : isMasked ? "has SINT0 masked, and its slot is taken" : "has not emptied the slot of SINT0"
      return Finding(
        .interceptWaits, .proved, .high, .context(context.id), since: wait.time,
        title: "an intercept waits: \(target.id) \(reason)",
        evidence: [
          .init("\(context.id) is at the access that was intercepted, \(hex(wait.rip))"),
          .init(
            "\(target.id) takes messages: SCONTROL \(hex(synic.control)), SIMP \(hex(synic.messagePage))",
            holds: takesMessages),
          .init("a message of type \(hex(UInt64(source.messageType))) is in the slot of SINT0", holds: isFull),
          .init("SINT0 is masked: nothing enters \(target.id) for it", holds: isMasked),
        ],
        effect: "tries the access again for \(scene.age(wait.time).spanText)",
        cause: "\(wait.text), \(scene.moment(wait.time))",
        remedy: takesMessages
          ? "\(target.id) takes the message, clears its type and writes EOM" + (isMasked ? "; it unmasks SINT0" : "")
          : "\(target.id) enables its SynIC and the message page before it asks for intercepts")
    }
  }
}
