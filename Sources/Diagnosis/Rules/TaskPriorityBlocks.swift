import Architecture
import Interrupts
import Journal

extension Rule {
  /// S1: the highest pending vector waits for the TPR to fall below its class.
  ///
  /// A healthy guest raises its TPR for microseconds, so the block must have lasted: 10 ms since the vector
  /// came, the TPR was last written and the VP last changed VTL. A guest that keeps rewriting the TPR while
  /// the vector waits is only likely stuck, after 100 ms. An inactive context waits for its VTL and not for
  /// its TPR.
  static var taskPriorityBlocks: Rule {
    Rule(.taskPriorityBlocks, "the TPR blocks the highest pending vector") { context, scene in
      guard context.isActive, let highest = context.pending.first, case .taskPriority? = scene.gate(context),
        !context.isDeaf
      else { return nil }
      let settled = max(highest.since, scene.activeSince(context))
      let since = max(settled, context.lastTaskPriorityWrite?.time ?? .zero)
      if scene.isOld(since, scene.thresholds.blocked) {
        return finding(context, highest, .proved, since: since, scene)
      }
      guard scene.isOld(settled, scene.thresholds.slow) else { return nil }
      return finding(context, highest, .likely, since: settled, scene)
    }
  }

  private static func finding(
    _ context: ContextSnapshot, _ highest: VectorState, _ certainty: Finding.Certainty, since: VirtualTime,
    _ scene: Scene
  ) -> Finding {
    Finding(
      .taskPriorityBlocks, certainty, .high, .context(context.id), since: since,
      title: "vector \(highest.vector.text) blocked by TPR \(hex2(context.taskPriority))",
      evidence: [.init("\(context.id) is the active context of its VP, \(context.activity.text)")]
        + scene.priorityEvidence(context, highest) + [
          .init("RFLAGS.IF is \(context.interruptsEnabled ? 1 : 0)", holds: context.interruptsEnabled)
        ],
      effect: context.heldBack,
      cause: scene.taskPriorityCause(context) + "; RIP now \(scene.place(context.rip))",
      remedy: "the guest writes a TPR of \(hex2(highest.vector.priorityClass &- 1)) or less",
      doubt: certainty == .proved ? "" : "the TPR is written again and again: it may come down by itself",
      journey: highest.journey)
  }
}

extension Scene {
  /// The checks of IRR against PPR, where the TPR made the PPR.
  func priorityEvidence(_ context: ContextSnapshot, _ highest: VectorState) -> [Finding.Evidence] {
    let tpr = context.taskPriority
    var evidence: [Finding.Evidence] = [
      .init("IRR \(highest.vector.text) pending for \(age(highest.since).spanText)"),
      .init("class \(hex2(highest.vector.priorityClass)) <= PPR \(hex2(context.processorPriority))"),
      .init("PPR comes from TPR \(hex2(tpr)) (CR8 = \(hex(tpr >> 4)))"),
      .init(
        context.inService.first.map { "ISR \($0.vector.text) holds the PPR up" } ?? "an interrupt is in service",
        holds: false),
    ]
    if context.pending.count > 1 {
      evidence.append(.init("held back behind it: \(list(context.pending.dropFirst()))"))
    }
    return evidence
  }

  func taskPriorityCause(_ context: ContextSnapshot) -> String {
    guard let write = context.lastTaskPriorityWrite else {
      return "TPR \(hex2(context.taskPriority)); no write of it is on record"
    }
    return "TPR \(hex2(UInt8(truncatingIfNeeded: write.value))) \(written(write))"
  }
}
