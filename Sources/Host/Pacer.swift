import Architecture

/// How fast virtual time may pass.
public enum Pace: Hashable, Sendable {
  /// As fast as the host can.
  case max
  /// This many virtual seconds per second of host time: 1 is real time, 0.001 slow motion. Always above 0.
  case factor(Double)

  public static var real: Pace { .factor(1) }
}

/// Holds virtual time back to the host's clock.
///
/// Virtual time may never be ahead of `factor` times the host time since the anchor. When it has fallen behind
/// by more than `slackNanoseconds`, because the host was too slow, was suspended or the machine was stopped, the
/// anchor is moved, so that it goes on at the same pace instead of catching up in a burst.
struct Pacer {
  let pace: Pace
  private var anchorVirtual: VirtualTime
  private var anchorHost: UInt64
  static var slackNanoseconds: Double { 50_000_000 }

  init(_ pace: Pace, virtual: VirtualTime, host: UInt64) {
    self.pace = pace
    anchorVirtual = virtual
    anchorHost = host
  }

  mutating func anchor(virtual: VirtualTime, host: UInt64) {
    anchorVirtual = virtual
    anchorHost = host
  }

  /// How far virtual time may have come at this moment; re-anchors when it has fallen behind.
  mutating func allowed(virtual: VirtualTime, host: UInt64) -> VirtualTime {
    guard case .factor(let factor) = pace else { return .never }
    let elapsed = Double(host &- anchorHost) * factor
    let target = anchorVirtual + VirtualTime(ticks: UInt64(Swift.min(elapsed, 9e18)))
    if target > virtual, Double((target - virtual).rawValue) / factor > Self.slackNanoseconds {
      anchor(virtual: virtual, host: host)
      return virtual
    }
    return target
  }

  /// How long to sleep until virtual time may reach `goal`, in nanoseconds of host time.
  func delay(until goal: VirtualTime, host: UInt64) -> UInt64 {
    guard case .factor(let factor) = pace, goal > anchorVirtual else { return 0 }
    let due = Double((goal - anchorVirtual).rawValue) / factor
    let elapsed = Double(host &- anchorHost)
    return due > elapsed ? UInt64(Swift.min(due - elapsed, 1e18)) : 0
  }
}
