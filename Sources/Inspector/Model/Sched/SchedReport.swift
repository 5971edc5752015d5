import Architecture
import Journal

/// Who had each VP in a window, with the numbers: what `sched --json` writes.
public struct SchedReport: Sendable {
  /// The version of the JSON form.
  public static var schema: Int { 1 }

  public var time: VirtualTime
  public var epoch: UInt64
  public var from: VirtualTime
  public var to: VirtualTime
  public var vps: [VP]

  public struct VP: Sendable {
    public var vp: VPIndex
    public var unknown: VirtualTime
    public var rows: [SchedRow]
    /// The stretches of the window, oldest first.
    public var segments: [LaneSegment]
  }

  /// - Parameter last: how far back from now; nil for all of the log.
  public init(_ snapshot: Snapshot, _ lanes: Lanes, last: VirtualTime? = nil) {
    time = snapshot.machine.time
    epoch = snapshot.machine.epoch
    let to = lanes.end
    let from = last.map { to - $0 } ?? lanes.begin ?? to
    (self.from, self.to) = (from, to)
    vps = (0..<lanes.vpCount).map { index in
      let vp = VPIndex(index)
      let segments = lanes.segments(of: vp)
      let next = segments.dropFirst().map(\.begin) + [to]
      return VP(
        vp: vp, unknown: lanes.times(of: vp, from: from, to: to).unknown,
        rows: lanes.rows(of: vp, in: snapshot, from: from, to: to),
        segments: zip(segments, next).filter { $0.1 > from || $0.0.begin >= from }.map(\.0))
    }
  }
}

extension SchedReport: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.head("vtlscope.sched", version: Self.schema, time: time, epoch: epoch)
      json.field("from", from)
      json.field("to", to)
      json.key("vps")
      json.array { json in
        for vp in vps {
          json.object { json in
            json.field("vp", vp.vp.rawValue)
            json.field("unknown", vp.unknown)
            json.key("vtls")
            json.array { json in for row in vp.rows { json.value(row) } }
            json.field("segments", lines: vp.segments) { $0.write(to: &$1, vp.rows.map(\.context.vtl)) }
          }
        }
      }
    }
  }
}

extension SchedRow: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("context", context)
      json.field("active", times.active)
      json.field("running", times.running)
      json.field("halted", times.halted)
      json.field("waitsForStartup", times.waitsForStartup)
      json.field("shutDown", times.shutDown)
      json.field("preempted", times.preempted)
      json.field("inactive", times.inactive)
      json.field("sharePermille", sharePermille)
      json.field("entries", entries)
      json.field("calls", calls)
      json.field("interrupts", interrupts)
      json.field("intercepts", intercepts)
      json.field("operators", operators)
      json.field("returns", returns)
      json.field("stays", stays)
      json.field("histogram", histogram)
      json.field("longest", longest)
      json.field("current", current)
      json.field("holdings", holdings)
      json.field("held", lines: held) { $0.write(to: &$1) }
    }
  }
}

extension LaneSegment {
  /// With the state of each of `vtls`.
  func write(to json: inout JSONWriter, _ vtls: [VTL]) {
    json.object { json in
      json.field("begin", begin)
      json.field("event", sequence)
      json.field("vtl", active?.rawValue)
      json.key("states")
      json.array { json in for vtl in vtls { json.value("\(state(of: vtl))") } }
      json.field("from", entry?.from?.rawValue)
      json.field("reason", entry.map { "\($0.reason)" })
      json.field("vector", entry?.vector)
      json.field("rip", hex: entry?.rip)
    }
  }
}
