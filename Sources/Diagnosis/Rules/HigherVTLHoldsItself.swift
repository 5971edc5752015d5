import Architecture
import Interrupts
import Journal

extension Rule {
  /// S25: a higher VTL's interrupt is held by that VTL's own TPR, so that its VP is not switched to it, which is
  /// correct. Its RFLAGS.IF would be no reason (TLFS).
  static var higherVTLHoldsItself: Rule {
    Rule(.higherVTLHoldsItself, "a higher VTL's own TPR keeps it from being entered") { context, scene in
      guard !context.isActive, let highest = context.pending.first, case .taskPriority? = scene.gate(context),
        let active = scene.active(on: context.id.vp), active.id.vtl < context.id.vtl
      else { return nil }
      let since = max(highest.since, context.since, context.lastTaskPriorityWrite?.time ?? .zero)
      guard scene.isOld(since, scene.thresholds.blocked) else { return nil }
      return Finding(
        .higherVTLHoldsItself, .proved, .high, .context(context.id), since: since,
        title: "vector \(highest.vector.text) held by VTL\(context.id.vtl.rawValue)'s own TPR "
          + "\(hex2(context.taskPriority)); \(active.id) runs on",
        evidence: [.init("\(active.id) is the active context of VP \(context.id.vp.rawValue), a lower VTL")]
          + scene.priorityEvidence(context, highest) + [
            .init("IF is a reason: it is not one for a VTL that is not active", holds: false)
          ],
        effect: context.heldBack,
        cause: scene.taskPriorityCause(context)
          + "; VTL\(context.id.vtl.rawValue) was left so at \(scene.moment(context.since))",
        remedy:
          "VTL\(context.id.vtl.rawValue) writes a TPR of \(hex2(highest.vector.priorityClass &- 1)) or less before it returns",
        journey: highest.journey)
    }
  }
}
