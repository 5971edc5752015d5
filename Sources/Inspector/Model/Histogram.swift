import Architecture
import Journal

/// How many spans are how long, in classes that double: below 1 us, from 1 us, from 2 us, from 4 us and so on.
public struct Histogram: Hashable, Sendable {
  /// Class 0 is what is below 1 us; class n begins at 2^(n-1) us.
  public private(set) var counts: [UInt64] = []

  public init(_ samples: some Sequence<VirtualTime>) {
    for sample in samples {
      let place = Self.place(of: sample)
      if place >= counts.count { counts += Array(repeating: 0, count: place + 1 - counts.count) }
      counts[place] += 1
    }
  }

  static func place(of span: VirtualTime) -> Int {
    let microseconds = span.rawValue / 1_000
    return UInt64.bitWidth - microseconds.leadingZeroBitCount
  }

  /// Where a class begins.
  public static func begin(of place: Int) -> VirtualTime {
    place == 0 ? .zero : .microseconds(1 << UInt64(place - 1))
  }

  public var total: UInt64 { counts.reduce(0, +) }

  /// The classes between the lowest and the highest that hold anything, in at most `limit` rows: what is above
  /// the last row is in it.
  public func rows(_ limit: Int) -> [HistogramRow] {
    guard limit > 0, let first = counts.firstIndex(where: { $0 > 0 }) else { return [] }
    let last = counts.count - 1
    let end = Swift.min(last, first + limit - 1)
    return (first...end).map { place in
      let isOpen = place == end && end < last
      let count = isOpen ? counts[place...].reduce(0, +) : counts[place]
      return HistogramRow(begin: Self.begin(of: place), isOpen: isOpen, count: count)
    }
  }
}

/// One class of a histogram, or the last one and all above it.
public struct HistogramRow: Hashable, Sendable {
  /// Zero for what is below 1 us.
  public var begin: VirtualTime
  /// Whatever is longer is here too.
  public var isOpen: Bool
  public var count: UInt64

  /// `<1us`, `4us`, `1.0ms`, `16us+`: the classes are powers of two of a microsecond.
  public var label: String {
    let micro = begin.rawValue / 1_000
    let text = micro == 0 ? "<1us" : micro < 1_000 ? "\(micro)us" : begin.spanText
    return text + (isOpen ? "+" : "")
  }
}

extension Histogram: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.array { json in
        for (place, count) in counts.enumerated() where count > 0 {
          json.object { json in
            json.field("from", Self.begin(of: place))
            json.field("below", Self.begin(of: place + 1))
            json.field("count", count)
          }
        }
      }
    }
  }
}
