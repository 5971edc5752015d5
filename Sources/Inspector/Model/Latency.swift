import Architecture
import Journal

/// How long interrupts waited and how long they were served, over the newest events.
public struct Latency: Sendable {
  /// The spans of one hop, in ascending order.
  public struct Hop: Sendable {
    public var name: String
    public var spans: [VirtualTime]

    public func quantile(_ percent: Int) -> VirtualTime? {
      spans.isEmpty ? nil : spans[min(spans.count - 1, spans.count * percent / 100)]
    }
  }

  public private(set) var hops: [Hop]

  public init(_ events: EventBuffer, depth: Int, at context: ContextID? = nil) {
    var waited: [VirtualTime] = []
    var served: [VirtualTime] = []
    var late: [VirtualTime] = []
    for place in max(0, events.count - depth)..<events.count {
      let event = events[place]
      guard context == nil || event.context == context else { continue }
      switch event.body {
      case .acknowledged(_, let span): waited.append(span)
      case .endOfInterrupt(_, let span): served.append(span)
      case .timerExpired(_, let due, _): late.append(event.time - due)
      default: break
      }
    }
    hops = [
      Hop(name: "IRR to ISR", spans: waited.sorted()), Hop(name: "ISR to EOI", spans: served.sorted()),
      Hop(name: "timer late", spans: late.sorted()),
    ]
  }

  var lines: [Line] {
    [Line("latency       n   p50     p99     max", .dim)]
      + hops.map { hop in
        let cells = [hop.quantile(50), hop.quantile(99), hop.spans.last].map { ($0?.spanText ?? "-").left(8) }
        return Line(hop.name.left(11) + TextForm.count(UInt64(hop.spans.count)).right(4) + "   " + cells.joined())
      }
  }
}
