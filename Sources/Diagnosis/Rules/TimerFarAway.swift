import Architecture
import Interrupts
import Journal

extension Rule {
  /// S14: the timer is armed for a time that no guest waits for, and nothing else can be seen to wake its processor.
  ///
  /// Only for VP 0 or for one that somebody's last request named: a guest may leave the others asleep for good.
  static var timerFarAway: Rule {
    Rule(.timerFarAway, "the timer is armed for a time no guest waits for") { context, scene in
      guard context.idle != nil, context.isAPICEnabled, let due = context.timer.due,
        due - scene.now >= scene.thresholds.sleep, !LocalVectorEntry(rawValue: context.apic[0x320]).isMasked,
        scene.isOld(context.since, scene.thresholds.blocked), !scene.isServed(context)
      else { return nil }
      let namer = scene.lastNamer(of: context)
      guard context.id.vp == VPIndex(0) || namer != nil else { return nil }
      let entry = LocalVectorEntry(rawValue: context.apic[0x320])
      return Finding(
        .timerFarAway, .likely, .medium, .context(context.id), since: context.since,
        title: "timer due in \((due - scene.now).spanText); nothing else wakes it",
        evidence: [
          .init(context.idleText),
          .init(
            "\(entry.timerMode.words): TMICT \(hex(context.apic[0x380])), TDCR \(hex(context.apic[0x3E0])), "
              + "deadline \(hex(context.timer.deadline)), TSC about \(hex(scene.now.rawValue))"),
          .init("due in \((due - scene.now).spanText), more than \(scene.thresholds.sleep.spanText)"),
          .init("a pin or a message route leads to it", holds: false),
          .init(
            namer.map { "\($0.sender.map(\.description) ?? "")'s last request, #\($0.journey.rawValue), named it" }
              ?? "somebody's last request named it", holds: namer != nil),
        ],
        effect: "sleeps for \(scene.age(context.since).spanText)",
        cause: context.timer.lastWrite.map { "\($0.register.text) = \(hex($0.write.value)) \(scene.written($0.write))" }
          ?? "the write that armed it is not on record",
        remedy: "the guest arms it again, for sooner",
        doubt: "it may wait for another processor's interrupt")
    }
  }
}

extension Scene {
  /// A device may interrupt it: an unmasked pin or an enabled message route leads to it.
  fileprivate func isServed(_ context: ContextSnapshot) -> Bool {
    let pins = snapshot.platform.pins.filter { !$0.pin.entry.isMasked && $0.pin.group == context.group }
    if pins.contains(where: { targets(of: $0.pin).contains(context.id) }) { return true }
    return snapshot.platform.messageRoutes.contains { route in
      guard route.isEnabled, let message = route.message else { return false }
      return resolve(message, from: nil, in: route.group).contexts.contains(context.id)
    }
  }

  /// The last request of another context, if it named this one and nothing followed it.
  fileprivate func lastNamer(of context: ContextSnapshot) -> Request? {
    facts.requests.last.lazy.compactMap { $0 }.filter {
      $0.sender != context.id && $0.route.firstTarget == context.id && $0.route.delivered == 1
        && self.isOld($0.time, self.thresholds.blocked)
    }.max { ($0.time, $0.journey) < ($1.time, $1.journey) }
  }
}
