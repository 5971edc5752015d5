import Architecture
import Journal

/// How late a timer's interrupts were taken, and how regularly, over all its expiries in the log.
public struct TimerStatistics: Hashable, Sendable {
  /// From due to taken; for those that still wait, from due to now. Nil when there are none.
  public var lateness: HopStatistics?
  public var histogram: Histogram
  /// Between one taken interrupt and the next.
  public var jitter: Jitter?
  /// Between one due time and the next: the period that is lived, where none is programmed.
  public var usualPeriod: VirtualTime?
  public var expiries: Int
  public var masked: Int
  public var merged: Int
}

extension TimerLog {
  public func statistics(
    of source: TimerSource, in context: ContextSnapshot, at now: VirtualTime
  ) -> TimerStatistics {
    let expiries = expiries(of: source)
    let late = lateness(of: source, in: context, at: now)
    return TimerStatistics(
      lateness: HopStatistics(late), histogram: Histogram(late), jitter: Jitter(expiries.compactMap(\.taken)),
      usualPeriod: usualPeriod(of: source), expiries: expiries.count, masked: expiries.count { $0.isMasked },
      merged: expiries.count { $0.isMerged })
  }

  /// The median of the spans between one due time and the next; nil of fewer than two expiries.
  func usualPeriod(of source: TimerSource) -> VirtualTime? {
    let expiries = expiries(of: source)
    return HopStatistics(zip(expiries.dropFirst(), expiries).map { $0.due - $1.due })?.p50
  }

  /// How late each interrupt was, or is until now, of the expiries whose events are `oldest` or newer.
  func lateness(
    of source: TimerSource, in context: ContextSnapshot, since oldest: UInt64 = 0, at now: VirtualTime
  ) -> [VirtualTime] {
    var late: [VirtualTime] = []
    for expiry in expiries(of: source).reversed() {
      guard expiry.sequence >= oldest else { break }
      if let lateness = expiry.lateness {
        late.append(lateness)
      } else if expiry.isWaiting, context.pending.contains(where: { $0.journey == expiry.journey }) {
        late.append(now - expiry.due)
      }
    }
    return late
  }
}

extension TimerStatistics {
  func writeFields(to json: inout JSONWriter) {
    json.field("lateness", lateness)
    json.field("histogram", histogram)
    json.field("jitter", jitter)
    json.field("usualPeriod", usualPeriod)
    json.field("expiriesInLog", expiries)
    json.field("maskedInLog", masked)
    json.field("mergedInLog", merged)
  }
}
