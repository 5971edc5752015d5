import Host
import Inspector

/// Measures what this thread and its terminal cost, about once a second: this thread alone, because the machine's is what is looked at.
struct CostMeter {
  private var time: UInt64
  private var processor: UInt64
  private var bytes: UInt64 = 0
  private var looks: UInt64 = 0

  init() {
    time = HostClock.now()
    processor = HostClock.ownProcessorTime()
  }

  private static var interval: UInt64 { 1_000_000_000 }

  /// Nil while the second is not over. `bytes` is all that was ever sent, `looks` how often it ever looked.
  mutating func measure(bytes: UInt64, looks: UInt64, publishing: () -> UInt32?) -> OwnCost? {
    let now = HostClock.now()
    let elapsed = now &- time
    guard elapsed >= Self.interval else { return nil }
    let used = HostClock.ownProcessorTime()
    let cost = OwnCost(
      processorPPM: UInt32(clamping: (used &- processor) &* 1_000_000 / elapsed),
      bytesPerSecond: (bytes &- self.bytes) &* 1_000_000_000 / elapsed,
      looksDecihertz: UInt32(clamping: (looks &- self.looks) &* 10_000_000_000 / elapsed), publishingPPM: publishing())
    (time, processor, self.bytes, self.looks) = (now, used, bytes, looks)
    return cost
  }
}
