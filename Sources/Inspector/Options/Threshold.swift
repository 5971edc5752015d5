import Architecture
import Diagnosis

/// One of the thresholds, with its name in a configuration file and what it is about.
struct Threshold {
  var name: String
  var help: String
  var path: WritableKeyPath<Thresholds, VirtualTime>

  /// Key paths are no Sendable values, so the list is made where it is wanted.
  static var all: [Threshold] {
    [
      Threshold(name: "blocked", help: "a vector waits, a line is up, no answer came", path: \.blocked),
      Threshold(name: "slow", help: "the same while the guest is at work on it", path: \.slow),
      Threshold(name: "preempted", help: "an unusually long stay of a higher VTL", path: \.preempted),
      Threshold(name: "startup", help: "INIT without a SIPI", path: \.startup),
      Threshold(name: "second-sipi", help: "as the protocol sends it", path: \.secondStartup),
      Threshold(name: "untouched", help: "never started while others were", path: \.untouched),
      Threshold(name: "sleep", help: "a timer armed for longer than this", path: \.sleep),
    ]
  }
}

extension VirtualTime {
  /// In the largest unit that says it exactly, so that it is read again as it was.
  var exactSpanText: String {
    let units: [(String, UInt64)] = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)]
    let (unit, ticks) = units.first { rawValue.isMultiple(of: $0.1) } ?? ("ns", 1)
    return "\(rawValue / ticks)\(unit)"
  }
}
