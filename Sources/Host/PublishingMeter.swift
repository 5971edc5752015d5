/// The part of the host's time that goes into frames, over about the last second.
struct PublishingMeter {
  private var since: UInt64
  private var spent: UInt64 = 0

  init(host: UInt64) { since = host }

  /// Takes in one frame; returns millionths when a second is over.
  mutating func measure(from begin: UInt64, to end: UInt64) -> UInt32? {
    spent &+= end &- begin
    let elapsed = end &- since
    guard elapsed >= 1_000_000_000 else { return nil }
    // Rounded up, because 0 means that nothing is known.
    let share = UInt32(clamping: (spent &* 1_000_000 &+ elapsed &- 1) / elapsed)
    (since, spent) = (end, 0)
    return max(1, share)
  }
}
