import Architecture
import Journal

/// What the registers of a synthetic timer say.
extension SyntheticTimerSnapshot {
  var settings: SyntheticTimerConfig { SyntheticTimerConfig(rawValue: config) }

  var kind: TimerKind { due == nil && !isWaiting ? .off : settings.isPeriodic ? .periodic : .once }

  /// COUNT of a periodic timer, which is in 100 ns.
  var period: VirtualTime? {
    guard settings.isPeriodic, count > 0 else { return nil }
    let (ticks, overflow) = count.multipliedReportingOverflow(by: 100)
    return overflow ? .never : VirtualTime(ticks: ticks)
  }

  /// `SINT2`, `vector ed`.
  var target: String { settings.isDirect ? "vector \(settings.vector.text)" : "SINT\(settings.sint)" }

  /// `periodic lazy auto`: lazy, and auto-enabled by a write of COUNT.
  var mode: String {
    let isOn = settings.isEnabled
    var words = [isOn ? (settings.isPeriodic ? "periodic" : "one-shot") : "off"]
    if settings.isLazy { words.append("lazy") }
    if settings.isAutoEnabled { words.append("auto") }
    return words.joined(separator: " ")
  }
}

extension SynICSnapshot {
  func source(_ n: Int) -> SINTRegister {
    sources.indices.contains(n) ? SINTRegister(rawValue: sources[n].register) : .atReset
  }
}
