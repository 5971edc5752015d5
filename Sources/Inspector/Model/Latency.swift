import Architecture
import Journal

/// How long interrupts waited and how long they were served, and how late timers were, over the newest events.
public struct Latency: Sendable {
  /// The spans of one hop.
  public struct Hop: Sendable {
    public var name: String
    public var spans: HopStatistics?
    public var histogram: Histogram

    init(_ name: String, _ samples: [VirtualTime]) {
      self.name = name
      spans = HopStatistics(samples)
      histogram = Histogram(samples)
    }
  }

  public private(set) var hops: [Hop]

  public init(_ events: EventBuffer, _ timers: TimerLog, in snapshot: Snapshot, depth: Int, at id: ContextID? = nil) {
    var waited: [VirtualTime] = []
    var served: [VirtualTime] = []
    let first = max(0, events.count - depth)
    for place in first..<events.count {
      let event = events[place]
      guard id == nil || event.context == id else { continue }
      switch event.body {
      case .acknowledged(_, let span): waited.append(span)
      case .endOfInterrupt(_, let span): served.append(span)
      default: break
      }
    }
    var late: [VirtualTime] = []
    let oldest = first < events.count ? events[first].sequence : 0
    for context in snapshot.contexts where id == nil || context.id == id {
      late += timers.lateness(of: .local(context.id), in: context, since: oldest, at: snapshot.machine.time)
    }
    hops = [
      Hop("IRR to ISR", waited), Hop("ISR to EOI", served), Hop("timer late", late),
    ]
  }

  var lines: [Line] {
    [Line("latency       n   p50     p99     max", .dim)]
      + hops.map { hop in
        let cells = [hop.spans?.p50, hop.spans?.p99, hop.spans?.max].map { ($0?.spanText ?? "-").left(8) }
        return Line(
          hop.name.left(11) + TextForm.count(UInt64(hop.spans?.count ?? 0)).right(4) + "   " + cells.joined())
      }
  }
}
