import Architecture
import Interrupts
import Journal

extension Rule {
  /// S2: a vector in service holds back one that waits, and no EOI comes.
  ///
  /// A handler that still runs is not this, so it depends on what can be seen of it: halted or in another VTL it does
  /// not run any more; with IF = 1 it may be nested; with IF = 0 it may just be slow. A lazy EOI that the core has not
  /// looked at is S4.
  static var missingEOI: Rule {
    Rule(.missingEOI, "a vector in service, without an EOI, holds others back") { context, scene in
      guard context.lazyEOI != .taken, let held = scene.heldByService(context) else { return nil }
      let isOver = !context.isActive || context.activity == .halted
      let certainty: Finding.Certainty
      if scene.isOld(held.since, scene.thresholds.blocked), isOver {
        certainty = .proved
      } else if scene.isOld(held.since, scene.thresholds.slow) {
        certainty = context.interruptsEnabled ? .proved : .likely
      } else if scene.isOld(held.since, scene.thresholds.blocked), context.interruptsEnabled {
        certainty = .likely
      } else {
        return nil
      }
      return finding(context, held, certainty, scene)
    }
  }

  private static func finding(
    _ context: ContextSnapshot, _ held: Scene.HeldByService, _ certainty: Finding.Certainty, _ scene: Scene
  ) -> Finding {
    let served = held.served
    let last = context.lastEndOfInterrupt
    let cause =
      last.map {
        "the handler of \(served.vector.text) wrote no EOI; the last one, "
          + ($0.value == 0 ? "spurious" : "for \(hex2(UInt8(truncatingIfNeeded: $0.value)))")
          + ", was \(scene.written($0))"
      } ?? "the handler of \(served.vector.text) wrote no EOI, and none was ever written here"
    return Finding(
      .missingEOI, certainty, .high, .context(context.id), since: held.since,
      title: "\(served.vector.text) in service for \(scene.age(served.since).spanText), no EOI; "
        + "\(held.highest.vector.text) waits",
      evidence: [
        .init("ISR \(served.vector.text) set since \(served.since.pointText) s"),
        .init("in service, nested: \(list(context.inService))", holds: context.inService.count > 1),
        .init(
          "IRR \(held.highest.vector.text) pending for \(scene.age(held.highest.since).spanText), class "
            + "\(hex2(held.highest.vector.priorityClass)) <= \(hex2(served.vector.priorityClass)) of the ISR"),
        .init(
          "the TPR (\(hex2(context.taskPriority))) holds it back as well",
          holds: held.highest.vector.priorityClass <= context.taskPriority),
        .init(
          "an EOI of \(served.vector.text) came after it was taken",
          holds: last.map { $0.time > served.since && $0.value == UInt64(served.vector.rawValue) } ?? false),
        .init("a lazy EOI waits to be looked at (\(context.lazyEOI.text))", holds: false),
        .init(
          context.isActive
            ? (context.activity == .halted ? "it is halted: no handler runs" : "IF is 1: its handler would be nested")
            : "its VTL has been left: no handler runs",
          holds: !context.isActive || context.activity == .halted || context.interruptsEnabled),
      ],
      effect: context.heldBack, cause: cause + "; RIP now \(scene.place(context.rip))",
      remedy: "the guest writes EOI; by hand: x, then e",
      doubt: certainty == .proved ? "" : "its handler may still be at work",
      journey: served.journey)
  }

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
  struct HeldByService {
    var highest: VectorState
    var served: VectorState
    /// Since when the one has held back the other.
    var since: VirtualTime
  }

  /// The highest pending vector and the one in service that holds it back. Halted with IF = 0 is worse (S5).
  fileprivate func heldByService(_ context: ContextSnapshot) -> HeldByService? {
    let isDeaf = context.isActive && context.activity == .halted && !context.interruptsEnabled
    guard !isDeaf, case .inService(let vector) = gate(context), let highest = context.pending.first,
      let served = context.inService.first(where: { $0.vector == vector })
    else { return nil }
    return held(highest, by: served, in: context)
  }

  /// The same of the highest ISR bit whose lazy EOI has come: by the gates it is gone, by the registers it is there.
  private func heldByLeftOver(_ context: ContextSnapshot) -> HeldByService? {
    guard let highest = context.pending.first, let served = context.inService.first,
      case .inService? = priorityCause(
        of: highest.vector, taskPriority: context.taskPriority, inService: served.vector)
    else { return nil }
    return held(highest, by: served, in: context)
  }

  /// Since when the left-over bit has held another back, or has just stood there; nil when that is not for long.
  fileprivate func leftOverSince(_ context: ContextSnapshot, _ served: VectorState) -> VirtualTime? {
    if let held = heldByLeftOver(context), isOld(held.since, thresholds.blocked) { return held.since }
    let since = max(served.since, settledSince(context))
    return isOld(since, thresholds.slow) ? since : nil
  }

  private func held(_ highest: VectorState, by served: VectorState, in context: ContextSnapshot) -> HeldByService {
    HeldByService(
      highest: highest, served: served, since: max(highest.since, served.since, settledSince(context)))
  }
}

extension ContextSnapshot {
  /// "held back: 4f 2f", and what its timer has lost meanwhile.
  var heldBack: String {
    var parts: [String] = []
    if !pending.isEmpty { parts.append("held back: \(list(pending))") }
    if timer.mergedTicks > 0 { parts.append("\(timer.mergedTicks) timer ticks merged so far") }
    return parts.joined(separator: "; ")
  }
}
