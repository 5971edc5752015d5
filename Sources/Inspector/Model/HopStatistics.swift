import Architecture
import Journal

/// How spans of one kind are spread: exact percentiles by the nearest rank, over all samples.
public struct HopStatistics: Hashable, Sendable {
  public var count: Int
  public var p1: VirtualTime
  public var p50: VirtualTime
  public var p99: VirtualTime
  public var max: VirtualTime

  /// Nil of no samples.
  public init?(_ samples: [VirtualTime]) { self.init(sorted: samples.sorted()) }

  /// Of samples in ascending order.
  init?(sorted: [VirtualTime]) {
    guard let last = sorted.last else { return nil }
    count = sorted.count
    max = last
    p1 = sorted[Self.rank(1, of: sorted.count)]
    p50 = sorted[Self.rank(50, of: sorted.count)]
    p99 = sorted[Self.rank(99, of: sorted.count)]
  }

  /// The place of a percentile among `count` sorted samples: the smallest that so many percent do not exceed.
  static func rank(_ percent: Int, of count: Int) -> Int { (count * percent + 99) / 100 - 1 }
}

extension HopStatistics: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("count", count)
        json.field("p1", p1)
        json.field("p50", p50)
        json.field("p99", p99)
        json.field("max", max)
      }
    }
  }
}

/// How regularly something comes: the spans between one time and the next.
public struct Jitter: Hashable, Sendable {
  public var intervals: HopStatistics
  /// The standard deviation of the intervals.
  public var deviation: VirtualTime

  /// Of points in time in the order they came; nil of fewer than two.
  public init?(_ times: [VirtualTime]) {
    let spans = zip(times.dropFirst(), times).map { $0 - $1 }
    guard let intervals = HopStatistics(spans) else { return nil }
    self.intervals = intervals
    let ticks = spans.map { Double($0.rawValue) }
    let mean = ticks.reduce(0, +) / Double(ticks.count)
    let variance = ticks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ticks.count)
    deviation = VirtualTime(ticks: UInt64(variance.squareRoot().rounded()))
  }
}

extension Jitter: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("intervals", intervals)
      json.field("deviation", deviation)
    }
  }
}
