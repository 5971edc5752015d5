import Architecture
import Interrupts
import Journal

extension Rule {
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
        .init(context.idleText),
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
        .init(context.idleText),
        .init("TSC_DEADLINE = 0 \(scene.written(last.write))"),
        .init("any timer of the machine is armed, or any processor runs", holds: false),
      ],
      cause: "TSC_DEADLINE = 0 \(scene.written(last.write))", remedy: "the guest writes a deadline before it halts",
      doubt: "a device may still interrupt it")
  }
}

extension Scene {
  /// No processor runs, and nothing is armed.
  var isAsleep: Bool {
    snapshot.platform.pit?.due == nil
      && snapshot.contexts.allSatisfy {
        !$0.isEnabled || $0.timer.due == nil && !($0.isActive && $0.activity == .running)
      }
  }
}

extension TimerMode {
  var words: String {
    switch self {
    case .oneShot: "one-shot"
    case .periodic: "periodic"
    case .deadline: "TSC-deadline"
    case .reserved: "reserved"
    }
  }
}
