import Architecture
import Interrupts
import Journal

extension Rule {
  /// S12: the timer expired while LVTT was masked, its processor sleeps, and nothing will tell it.
  ///
  /// The tick is lost, as the manual has it (SDM Vol. 3A, 12.5.1); KVM delivers it late, at the unmask. A guest that
  /// polls a masked timer is healthy, so it must have expired while the processor was asleep already, or have been
  /// unmasked after it and not armed again.
  static var timerExpiredMasked: Rule {
    Rule(.timerExpiredMasked, "the timer expired while masked, and its processor sleeps") { context, scene in
      guard context.idle != nil, context.isAPICEnabled, let expiry = context.timer.lastMaskedExpiry else { return nil }
      let entry = LocalVectorEntry(rawValue: context.apic[0x320])
      let isUnmasked = !entry.isMasked && context.timer.due == nil && scene.wasUnmasked(context, after: expiry)
      guard entry.isMasked && expiry >= context.since || isUnmasked else { return nil }
      let since = entry.isMasked ? scene.firstMaskedExpiry(context) ?? expiry : max(expiry, context.since)
      guard scene.isOld(since, scene.thresholds.blocked) else { return nil }
      let times = context.timer.expiredWhileMasked
      return Finding(
        .timerExpiredMasked, .likely, .high, .context(context.id), since: since,
        title: "timer expired while masked\(times > 1 ? " \(times) times" : ""); the tick is lost and it sleeps on",
        evidence: [
          .init(context.idleText),
          .init("LVTT \(hex(entry.rawValue)): masked" + (entry.isMasked ? "" : " then, unmasked since"), holds: true),
          .init("expired while masked: \(count(Int(clamping: times), "time")), the last at \(expiry.pointText) s"),
          .init("an expiry is delivered at the unmask", holds: false),
          .init(
            context.timer.due.map { "armed again, for \($0.pointText) s, masked" } ?? "armed again", holds: false),
        ],
        effect: "sleeps for \(scene.age(context.since).spanText)",
        cause: scene.timerCause(context, expiry),
        remedy: entry.isMasked ? "the guest unmasks LVTT and arms the timer again" : "the guest arms the timer again",
        doubt: "it may wait for another interrupt, and use its timer by reading it")
    }
  }
}

extension Scene {
  fileprivate func wasUnmasked(_ context: ContextSnapshot, after expiry: VirtualTime) -> Bool {
    guard let last = context.timer.lastWrite, last.register == .localVector else { return false }
    return last.write.time > expiry && context.timer.lastExpiry.map { $0 <= expiry } ?? true
  }

  fileprivate func firstMaskedExpiry(_ context: ContextSnapshot) -> VirtualTime? {
    facts.layout.place(context.id).flatMap { facts.maskedExpiry[$0] }
  }

  fileprivate func timerCause(_ context: ContextSnapshot, _ expiry: VirtualTime) -> String {
    if let off = facts.layout.place(context.id).flatMap({ facts.softwareOff[$0] }), off.time <= expiry {
      return
        "SVR bit 8 was cleared at \(place(off.rip)), \(moment(off.time)): that masks LVTT, and setting it again does not unmask"
    }
    guard let last = context.timer.lastWrite else { return "the write that masked LVTT is not on record" }
    return "the last write to the timer: \(last.register.text) = \(hex(last.write.value)) \(written(last.write))"
  }
}
