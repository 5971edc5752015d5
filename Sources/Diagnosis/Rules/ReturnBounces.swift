import Architecture
import Journal

extension Rule {
  /// S27: a higher VTL returns with an interrupt that it does not take because of its IF = 0, is entered by it again at
  /// once, and so on: neither VTL gets anywhere.
  static var returnBounces: Rule {
    Rule(.returnBounces, "a higher VTL returns without taking the interrupt that brings it in") { context, scene in
      guard context.id.vtl > .vtl0, let bounce = scene.facts.vtls.bounces[context.id.vp], bounce.context == context.id,
        bounce.count >= leastBounces, !scene.isOld(bounce.last, scene.thresholds.blocked), !context.interruptsEnabled
      else { return nil }
      let pending = context.pending.contains { $0.vector == bounce.vector }
      guard pending else { return nil }
      let vtl = "VTL\(context.id.vtl.rawValue)"
      return Finding(
        .returnBounces, .proved, .high, .context(context.id), since: bounce.since,
        title:
          "\(vtl) returned \(bounce.count) times without taking \(bounce.vector.text), and is entered again at once",
        evidence: [
          .init("\(count(bounce.count, "return")) of \(vtl) in a row, each undone by \(bounce.vector.text)"),
          .init("\(bounce.vector.text) is still pending there", holds: pending),
          .init("\(vtl) took it in between", holds: false),
          .init("IF of \(context.id) is 0"),
        ],
        effect: "the VTL below makes no progress",
        cause: "\(vtl) returns with IF = 0; RIP \(scene.place(context.rip)), since \(bounce.since.pointText) s",
        remedy: "\(vtl) takes its interrupt (STI) before it returns, or raises its TPR over it",
        journey: context.pending.first { $0.vector == bounce.vector }?.journey)
    }
  }

  private static var leastBounces: Int { 8 }
}
