import Architecture
import Journal

/// Counts per virtual second, over the last dozen frames.
///
/// Per *virtual* second, so that slow motion does not look like silence.
public struct Rates: Sendable {
  private struct Sample: Sendable {
    var time: VirtualTime
    var nextEvent: UInt64
    var sent: [UInt64]
  }

  private static var depth: Int { 12 }
  private var samples: [Sample] = []

  public init() {}

  public mutating func note(_ snapshot: Snapshot) {
    if let last = samples.last {
      guard snapshot.machine.time != last.time else { return }
      // Time that runs backwards is another machine, or this one rewound: nothing before it counts.
      if snapshot.machine.time < last.time || snapshot.contexts.count != last.sent.count { samples = [] }
    }
    if samples.count == Self.depth { samples.removeFirst() }
    samples.append(
      Sample(
        time: snapshot.machine.time, nextEvent: snapshot.machine.nextEvent,
        sent: snapshot.contexts.map(\.counters.sent)))
  }

  /// Interrupts sent per second by the context at `place` in the snapshot; nil until two moments are known.
  public func sentPerSecond(_ place: Int) -> UInt64? {
    guard let first = samples.first, let last = samples.last, samples.count > 1, last.sent.indices.contains(place)
    else { return nil }
    return Self.perSecond(last.sent[place] &- first.sent[place], last.time - first.time)
  }

  public var eventsPerSecond: UInt64? {
    guard let first = samples.first, let last = samples.last, samples.count > 1 else { return nil }
    return Self.perSecond(last.nextEvent &- first.nextEvent, last.time - first.time)
  }

  private static func perSecond(_ count: UInt64, _ span: VirtualTime) -> UInt64? {
    guard span > .zero else { return nil }
    let rate = Double(count) / span.seconds
    return rate < 1e15 ? UInt64(rate.rounded()) : nil
  }
}
