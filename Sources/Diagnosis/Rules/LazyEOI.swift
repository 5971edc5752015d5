import Architecture
import Interrupts
import Journal

extension Rule {
  /// S4: looks like S2, and is not: the guest has cleared the byte in place of an EOI, and the core has not looked.
  ///
  /// A core that looks when an interrupt comes never lets it hold one back, but the bit stays in the ISR for as long as
  /// the guest asks for nothing. It is worth a word when it has lasted so long that it would be taken for stuck.
  static var lazyEOI: Rule {
    Rule(.lazyEOI, "an ISR bit that a lazy EOI has taken back already") { context, scene in
      guard context.lazyEOI == .taken, let served = context.inService.first,
        let since = scene.leftOverSince(context, served)
      else { return nil }
      return Finding(
        .lazyEOI, .proved, .info, .context(context.id), since: since,
        title: "ISR \(served.vector.text) is only left over: its EOI is lazy",
        evidence: [
          .init("ISR \(served.vector.text) set since \(served.since.pointText) s"),
          .init("lazy EOI: the byte at \(hex(context.lazyEOIAddress)) is clear"),
          .init("the core has looked at it since", holds: false),
        ],
        effect: context.heldBack, cause: "the guest cleared the byte in place of writing EOI",
        remedy: "nothing: the next exit of this processor ends it",
        doubt: "if it lasts, the core does not come back to this processor", journey: served.journey)
    }
  }
}

extension Scene {
  /// Since when the left-over bit has held another back, or has just stood there; nil when that is not for long.
  ///
  /// By the gates the highest ISR bit is gone, by the registers it is there.
  fileprivate func leftOverSince(_ context: ContextSnapshot, _ served: VectorState) -> VirtualTime? {
    let since = max(served.since, settledSince(context))
    if !context.isDeaf, let highest = context.pending.first,
      case .inService? = priorityCause(
        of: highest.vector, taskPriority: context.taskPriority, inService: served.vector),
      isOld(max(highest.since, since), thresholds.blocked)
    {
      return max(highest.since, since)
    }
    return isOld(since, thresholds.slow) ? since : nil
  }
}
