import Architecture
import Diagnosis
import Journal

/// All timers of a machine with their numbers: what `timers --json` writes.
public struct TimersReport: Sendable {
  /// The version of the JSON form.
  public static var schema: Int { 1 }

  public var time: VirtualTime
  public var epoch: UInt64
  public var summary: TimersSummary
  public var timers: [Entry]

  public struct Entry: Sendable {
    public var row: TimerRow
    /// Nil for timers whose expiries are not logged as such.
    public var statistics: TimerStatistics?
    /// Oldest first.
    public var expiries: [Expiry]
  }

  public init(_ snapshot: Snapshot, _ log: TimerLog) {
    time = snapshot.machine.time
    epoch = snapshot.machine.epoch
    let rows = TimerRow.all(snapshot, log)
    summary = TimersSummary(rows, at: time)
    timers = rows.map { row in
      let context = row.source.context.flatMap { snapshot[$0] }
      return Entry(
        row: row, statistics: context.map { log.statistics(of: row.source, in: $0, at: snapshot.machine.time) },
        expiries: Array(log.expiries(of: row.source)))
    }
  }
}

/// The timers in one line.
public struct TimersSummary: Hashable, Sendable {
  public var count: Int
  public var late: [Late]
  /// Masked, with the interrupt of an expiry still in the IRR.
  public var maskedWhilePending: Int
  public var next: Next?

  public struct Late: Hashable, Sendable {
    public var source: TimerSource
    public var by: VirtualTime
  }

  /// What comes due next, of those that are not masked.
  public struct Next: Hashable, Sendable {
    public var source: TimerSource
    public var after: VirtualTime
  }

  public init(_ rows: [TimerRow], at now: VirtualTime) {
    count = rows.count
    late = rows.filter { $0.isLate(at: now) }.map { Late(source: $0.source, by: $0.late(at: now) ?? .zero) }
      .sorted { $0.by > $1.by }
    maskedWhilePending = rows.count { $0.isMasked && $0.isPending }
    let first = rows.filter { !$0.isMasked && ($0.due ?? .zero) >= now }.min { $0.due ?? .never < $1.due ?? .never }
    next = first.flatMap { row in row.due.map { Next(source: row.source, after: $0 - now) } }
  }
}

extension TimersReport: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.head("vtlscope.timers", version: Self.schema, time: time, epoch: epoch)
      json.field("late", summary.late.count)
      json.field("maskedWhilePending", summary.maskedWhilePending)
      json.key("timers")
      json.array { json in
        for entry in timers {
          json.object { json in
            entry.row.writeFields(to: &json, at: time)
            entry.statistics?.writeFields(to: &json)
            json.field("expiries", lines: entry.expiries) { $0.write(to: &$1) }
          }
        }
      }
    }
  }
}

extension TimerRow {
  func writeFields(to json: inout JSONWriter, at now: VirtualTime) {
    json.field("source", source.name)
    json.field("context", source.context)
    json.field("mode", "\(kind)")
    json.field("vector", vector)
    json.field("due", due)
    json.field("period", period)
    json.field("divisor", divisor)
    json.field("masked", isMasked)
    json.field("pending", isPending)
    json.field("late", late(at: now))
    json.field("gate", held)
    json.field("fired", fired)
    json.field("firedMasked", firedMasked)
    json.field("lastMaskedExpiry", lastMaskedExpiry)
    json.field("mergedTicks", mergedTicks)
    json.field("ignoredWrites", ignoredWrites)
    json.field("lastWrite", lastWrite)
  }
}

extension Expiry: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("event", sequence)
      json.field("journey", journey)
      json.field("vector", vector)
      json.field("due", due)
      json.field("expired", expired)
      json.field("masked", isMasked)
      json.field("merged", isMerged)
      json.field("taken", taken)
      json.field("late", lateness)
      json.field("ended", ended)
    }
  }
}
