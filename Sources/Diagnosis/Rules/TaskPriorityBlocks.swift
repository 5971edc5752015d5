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
      guard context.isActive, context.isAPICEnabled, let highest = context.pending.first,
        context.activity == .running || context.activity == .halted && context.interruptsEnabled,
        case .taskPriority? = priorityCause(
          of: highest.vector, taskPriority: context.taskPriority, inService: context.inService.first?.vector)
      else { return nil }

      let settled = max(highest.since, scene.activeSince(context))
      let since = max(settled, context.lastTaskPriorityWrite?.time ?? .zero)
      let certainty: Finding.Certainty
      if scene.age(since) >= .milliseconds(10) {
        certainty = .proved
      } else if scene.age(settled) >= .milliseconds(100) {
        certainty = .likely
      } else {
        return nil
      }
      return finding(context, highest, certainty, since: certainty == .proved ? since : settled, scene)
    }
  }

  private static func finding(
    _ context: ContextSnapshot, _ highest: VectorState, _ certainty: Finding.Certainty, since: VirtualTime,
    _ scene: Scene
  ) -> Finding {
    let vector = highest.vector.text
    let tpr = context.taskPriority
    let ppr = hex2(context.processorPriority)
    let below = hex2(highest.vector.priorityClass &- 1)
    var evidence: [Finding.Evidence] = [
      .init(
        "\(context.id) is the active context of its VP, \(context.activity == .halted ? "halted" : "running")"
      ),
      .init("IRR \(vector) pending for \(scene.age(highest.since).spanText)"),
      .init("class \(hex2(highest.vector.priorityClass)) <= PPR \(ppr)"),
      .init("PPR comes from TPR \(hex2(tpr)) (CR8 = \(String(tpr >> 4, radix: 16)))"),
    ]
    if let isr = context.inService.first {
      evidence.append(.init("ISR \(isr.vector.text) holds the PPR up", holds: false))
    } else {
      evidence.append(.init("an interrupt is in service", holds: false))
    }
    evidence.append(
      .init("RFLAGS.IF is \(context.interruptsEnabled ? 1 : 0)", holds: context.interruptsEnabled))
    if context.pending.count > 1 {
      let rest = context.pending.dropFirst().prefix(4).map { $0.vector.text }.joined(separator: " ")
      evidence.append(.init("held back behind it: \(rest)\(context.pending.count > 5 ? " ..." : "")"))
    }
    let cause =
      if let write = context.lastTaskPriorityWrite {
        "TPR \(hex2(UInt8(truncatingIfNeeded: write.value))) written at \(scene.place(write.rip)), "
          + "\(write.time.pointText) s (\(scene.age(write.time).spanText) ago); "
          + "RIP now \(scene.place(context.rip))"
      } else {
        "TPR \(hex2(tpr)); no write of it is on record; RIP now \(scene.place(context.rip))"
      }
    return Finding(
      code: .taskPriorityBlocks, certainty: certainty, severity: .high, context: context.id, since: since,
      title: "vector \(vector) blocked by TPR \(hex2(tpr))",
      evidence: evidence, cause: cause,
      remedy: "the guest writes a TPR of \(below) or less",
      journey: highest.journey == .none ? nil : highest.journey)
  }
}
