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
          .init("\(context.id) is halted with IF = 1 and nothing pending"),
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

  /// S13: the last write to the timer did nothing, because of its mode, and the processor sleeps with no timer armed.
  static var timerWriteIgnored: Rule {
    Rule(.timerWriteIgnored, "the timer's mode ignored the last write, and its processor sleeps") { context, scene in
      guard context.idle != nil, context.isAPICEnabled, context.timer.due == nil, let last = context.timer.lastWrite
      else { return nil }
      let since = max(last.write.time, context.since)
      guard scene.isOld(since, scene.thresholds.blocked) else { return nil }
      let entry = LocalVectorEntry(rawValue: context.apic[0x320])
      if last.isIgnored { return ignored(context, last, entry, since: since, scene) }
      guard last.register == .deadline, last.write.value == 0, entry.timerMode == .deadline, !entry.isMasked,
        scene.isAsleep
      else { return nil }
      return disarmed(context, last, since: since, scene)
    }
  }

  private static func ignored(
    _ context: ContextSnapshot, _ last: TimerWrite, _ entry: LocalVectorEntry, since: VirtualTime, _ scene: Scene
  ) -> Finding {
    Finding(
      .timerWriteIgnored, .proved, .high, .context(context.id), since: since,
      title:
        "\(last.register.text) = \(hex(last.write.value)) ignored in \(entry.timerMode.words) mode; no timer is armed",
      evidence: [
        .init("\(context.id) is halted with IF = 1 and nothing pending"),
        .init("\(last.register.text) = \(hex(last.write.value)) \(scene.written(last.write))"),
        .init("LVTT \(hex(entry.rawValue)): \(entry.timerMode.words) mode, where that register does nothing"),
        .init("the timer is armed", holds: false),
        .init("\(count(Int(clamping: context.timer.ignoredWrites), "write")) ignored so far"),
      ],
      effect: "sleeps for \(scene.age(context.since).spanText)",
      cause: "the mode and the write do not fit: \(last.register.text) \(scene.written(last.write))",
      remedy: last.register == .deadline
        ? "the guest sets LVTT bits 18:17 to TSC-deadline first"
        : "the guest writes IA32_TSC_DEADLINE, or leaves that mode",
      doubt: "another interrupt may be what it waits for")
  }

  /// Nobody in the machine can wake anybody, and this one has taken back its deadline.
  private static func disarmed(
    _ context: ContextSnapshot, _ last: TimerWrite, since: VirtualTime, _ scene: Scene
  ) -> Finding {
    Finding(
      .timerWriteIgnored, .likely, .high, .context(context.id), since: since,
      title: "deadline 0 written: disarmed, and nothing in the machine is armed",
      evidence: [
        .init("\(context.id) is halted with IF = 1 and nothing pending"),
        .init("TSC_DEADLINE = 0 \(scene.written(last.write))"),
        .init("any timer of the machine is armed, or any processor runs", holds: false),
      ],
      cause: "TSC_DEADLINE = 0 \(scene.written(last.write))", remedy: "the guest writes a deadline before it halts",
      doubt: "a device may still interrupt it")
  }

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
          .init("\(context.id) is halted with IF = 1 and nothing pending"),
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

  /// No processor runs, and nothing is armed.
  var isAsleep: Bool {
    snapshot.platform.pit?.due == nil
      && snapshot.contexts.allSatisfy {
        !$0.isEnabled || $0.timer.due == nil && !($0.isActive && $0.activity == .running)
      }
  }

  /// A device may interrupt it: an unmasked pin or an enabled message route leads to it.
  fileprivate func isServed(_ context: ContextSnapshot) -> Bool {
    let pins = snapshot.platform.pins.filter { !$0.pin.entry.isMasked && $0.pin.group == context.group }
    if pins.contains(where: { targets(of: $0.pin).contains(context.id) }) { return true }
    return snapshot.platform.messageRoutes.contains { route in
      guard route.isEnabled, let message = InterruptMessage(route.signal) else { return false }
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

extension TimerMode {
  fileprivate var words: String {
    switch self {
    case .oneShot: "one-shot"
    case .periodic: "periodic"
    case .deadline: "TSC-deadline"
    case .reserved: "reserved"
    }
  }
}
