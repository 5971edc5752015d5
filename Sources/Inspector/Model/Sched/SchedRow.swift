import Architecture
import Journal

/// How one VTL of a VP shared it with the others, in a window.
public struct SchedRow: Hashable, Sendable {
  public var context: ContextID
  public var times: LaneTimes.Lane
  /// Of what is known of the VP's time, in thousandths; nil when nothing is.
  public var sharePermille: Int?
  /// How often the VP came in from a lower VTL, and by what.
  public var calls = 0
  public var interrupts = 0
  public var intercepts = 0
  public var operators = 0
  /// How often it came back from a higher VTL.
  public var returns = 0
  /// The stays that ended in the window.
  public var stays: HopStatistics?
  public var histogram: Histogram
  /// How long the stay that lasts has lasted; nil when the VP is elsewhere, or its beginning is not known.
  public var current: VirtualTime?
  /// How often an interrupt began to wait for a higher VTL, in the whole log.
  public var holdings: Int
  /// What waits for a higher VTL now.
  public var held: [VectorState]

  public var entries: Int { calls + interrupts + intercepts + operators }

  /// The longest stay, including the one that lasts.
  public var longest: VirtualTime? {
    guard let current else { return stays?.max }
    return stays.map { max($0.max, current) } ?? current
  }
}

extension Lanes {
  /// One row per VTL that is enabled on a VP.
  public func rows(of vp: VPIndex, in snapshot: Snapshot, from: VirtualTime, to: VirtualTime) -> [SchedRow] {
    let times = times(of: vp, from: from, to: to)
    let known = times.total - times.unknown
    let moment = moment(of: vp, at: end)
    var rows: [SchedRow] = []
    for vtl in 0..<vtlCount {
      let id = ContextID(vp: vp, vtl: VTL(vtl))
      guard let context = snapshot[id], context.isEnabled else { continue }
      let stays = stays(of: id).lazy.filter { ($0.end ?? .never) >= from && $0.begin <= to }
      let lengths = stays.map { $0.length(at: to) }.sorted()
      let isHere = moment?.active == id.vtl
      let share = known > .zero ? Double(times.lanes[vtl].active.rawValue) / Double(known.rawValue) : nil
      rows.append(
        SchedRow(
          context: id, times: times.lanes[vtl], sharePermille: share.map { Int(($0 * 1_000).rounded()) },
          stays: HopStatistics(sorted: lengths), histogram: Histogram(lengths),
          current: isHere ? currentStay(of: vp)?.length(at: end) : nil, holdings: holdings(of: id),
          held: moment.map { id.vtl < $0.active } ?? false ? context.pending : []))
    }
    count(vp, from, to, &rows)
    return rows
  }

  private func count(_ vp: VPIndex, _ from: VirtualTime, _ to: VirtualTime, _ rows: inout [SchedRow]) {
    let segments = backlog(of: vp)
    var i = segments.partition { $0.begin < from }
    while i < segments.count, segments[i].begin <= to {
      defer { i += 1 }
      guard let entry = segments[i].entry, let vtl = segments[i].active,
        let row = rows.firstIndex(where: { $0.context.vtl == vtl })
      else { continue }
      if let left = entry.from, left > vtl {
        rows[row].returns += 1
        continue
      }
      switch entry.reason {
      case .call: rows[row].calls += 1
      case .interrupt: rows[row].interrupts += 1
      case .intercept: rows[row].intercepts += 1
      case .operator: rows[row].operators += 1
      case .return: rows[row].returns += 1
      }
    }
  }
}
