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
      let isOver = !context.isActive || context.activity.isAsleep
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
            ? (context.activity.isAsleep
              ? "it is \(context.activity.text): no handler runs" : "IF is 1: its handler would be nested")
            : "its VTL has been left: no handler runs",
          holds: !context.isActive || context.activity.isAsleep || context.interruptsEnabled),
      ],
      effect: context.heldBack, cause: cause + "; RIP now \(scene.place(context.rip))",
      remedy: "the guest writes EOI; by hand: x, then e",
      doubt: certainty == .proved ? "" : "its handler may still be at work",
      journey: served.journey)
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
  func heldByService(_ context: ContextSnapshot) -> HeldByService? {
    guard !context.isDeaf, case .inService(let vector) = gate(context), let highest = context.pending.first,
      let served = context.inService.first(where: { $0.vector == vector })
    else { return nil }
    return HeldByService(
      highest: highest, served: served, since: max(highest.since, served.since, settledSince(context)))
  }
}

extension ContextSnapshot {
  /// The active context of its VP, halted with IF = 0.
  var isDeaf: Bool { isActive && activity == .halted && !interruptsEnabled }

  /// "held back: 4f 2f", and what its timer has lost meanwhile.
  var heldBack: String {
    var parts: [String] = []
    if !pending.isEmpty { parts.append("held back: \(list(pending))") }
    if timer.mergedTicks > 0 { parts.append("\(timer.mergedTicks) timer ticks merged so far") }
    return parts.joined(separator: "; ")
  }
}
