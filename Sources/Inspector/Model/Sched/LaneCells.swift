import Architecture
import Journal

/// What stands over the state of a lane in one column. The later cases hide the earlier ones.
public enum LaneMark: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case timerDue
  case returned
  case call
  case intercept
  case interrupt
  case `operator`
  case fault

  public var letter: Character {
    switch self {
    case .timerDue: "T"
    case .returned: "<"
    case .call: "C"
    case .intercept: "I"
    case .interrupt: "E"
    case .operator: "o"
    case .fault: "!"
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One column of one lane.
public struct LaneCell: Hashable, Sendable {
  /// Nil where there is no time: before power-on and after now.
  public var state: LaneState?
  public var mark: LaneMark?
}

/// The lanes of a VP as columns.
public struct LanePicture: Hashable, Sendable {
  /// By VTL.
  public var lanes: [[LaneCell]]
  /// Timers come due so often at this scale that their marks would hide all else: they are left out.
  public var hidesTimers: Bool
}

/// The scale of a picture: columns of equal length.
public struct LaneScale: Hashable, Sendable {
  /// Where the first column begins. It may be before power-on.
  public var begin: Int64
  /// Ticks in a column, at least 1.
  public var column: Int64
  public var columns: Int

  /// Columns whose last one holds `end`. They begin at multiples of their length, so that a picture that moves
  /// on moves by whole columns.
  public init(end: VirtualTime, span: VirtualTime, columns: Int) {
    self.columns = max(1, columns)
    let ticks = Int64(clamping: min(span.rawValue, 1 << 60))
    column = max(1, (ticks + Int64(self.columns) - 1) / Int64(self.columns))
    let last = Int64(clamping: min(end.rawValue, 1 << 62)) / column + 1
    begin = (last - Int64(self.columns)) * column
  }

  /// Where a column begins; zero for columns before power-on.
  public func time(of column: Int) -> VirtualTime {
    VirtualTime(ticks: UInt64(max(0, begin + Int64(column) * self.column)))
  }

  public func column(of time: VirtualTime) -> Int? {
    let ticks = Int64(clamping: time.rawValue) - begin
    let column = ticks / self.column
    return ticks >= 0 && column < Int64(columns) ? Int(column) : nil
  }

  public var end: VirtualTime { time(of: columns) }
  public var span: VirtualTime { VirtualTime(ticks: UInt64(column) * UInt64(columns)) }
}

extension Lanes {
  /// The lanes of a VP at a scale: in each column the state that took the most of its time.
  public func picture(of vp: VPIndex, _ scale: LaneScale) -> LanePicture {
    var painter = LanePainter(scale, vtlCount: vtlCount)
    let segments = backlog(of: vp)
    let (first, stop) = (scale.time(of: 0), min(end, scale.end))
    if let begin = segments.first?.begin ?? Optional(stop), begin > first {
      painter.paint(nil, from: first, to: min(begin, stop))
    }
    var i = max(0, segments.partition { $0.begin <= first } - 1)
    while i < segments.count, segments[i].begin <= stop {
      let next = i + 1 < segments.count ? segments[i + 1].begin : end
      painter.paint(segments[i], from: max(first, segments[i].begin), to: min(stop, next))
      if let entry = segments[i].entry, segments[i].begin >= first { painter.mark(entry, segments[i]) }
      i += 1
    }
    let points = points(of: vp)
    i = points.partition { $0.time < first }
    while i < points.count, points[i].time <= stop {
      painter.mark(points[i])
      i += 1
    }
    return painter.finish()
  }
}

private struct LanePainter {
  let scale: LaneScale
  var cells: [[LaneCell]]
  /// By VTL, the ticks of each state in the column under way.
  var ticks: [[UInt64]]
  var column = 0

  init(_ scale: LaneScale, vtlCount: Int) {
    self.scale = scale
    cells = Array(repeating: Array(repeating: LaneCell(), count: scale.columns), count: vtlCount)
    ticks = Array(repeating: Array(repeating: 0, count: LaneState.allCases.count), count: vtlCount)
  }

  mutating func paint(_ segment: LaneSegment?, from: VirtualTime, to: VirtualTime) {
    guard from < to, let first = scale.column(of: from) else { return }
    go(to: first)
    let states = cells.indices.map { segment?.state(of: VTL($0)) ?? .unknown }
    var at = from
    while at < to, column < scale.columns {
      let stop = min(to, scale.time(of: column + 1))
      for vtl in states.indices { ticks[vtl][Int(states[vtl].rawValue)] += (stop - at).rawValue }
      at = stop
      if at < to { go(to: column + 1) }
    }
  }

  /// Closes the column under way.
  private mutating func go(to next: Int) {
    guard next > column else { return }
    for vtl in cells.indices {
      var best: LaneState?
      var most: UInt64 = 0
      for state in LaneState.allCases where ticks[vtl][Int(state.rawValue)] > most {
        most = ticks[vtl][Int(state.rawValue)]
        best = state
      }
      cells[vtl][column].state = best
      for i in ticks[vtl].indices { ticks[vtl][i] = 0 }
    }
    column = next
  }

  mutating func mark(_ entry: LaneEntry, _ segment: LaneSegment) {
    guard let to = segment.active, let column = scale.column(of: segment.begin) else { return }
    let isReturn = entry.reason == .return || entry.from.map { $0 > to } ?? false
    if isReturn, entry.reason != .operator {
      // The mark is in the lane that is left.
      if let from = entry.from { set(.returned, from, column) }
    } else {
      set(LaneMark(entry.reason), to, column)
    }
  }

  mutating func mark(_ point: LanePoint) {
    guard let column = scale.column(of: point.time) else { return }
    set(point.kind == .fault ? .fault : .timerDue, point.vtl, column)
  }

  private mutating func set(_ mark: LaneMark, _ vtl: VTL, _ column: Int) {
    guard vtl.index < cells.count, cells[vtl.index][column].mark.map({ $0 < mark }) ?? true else { return }
    cells[vtl.index][column].mark = mark
  }

  mutating func finish() -> LanePicture {
    if column < scale.columns { go(to: column + 1) }
    var picture = LanePicture(lanes: cells, hidesTimers: false)
    for vtl in cells.indices where cells[vtl].count(where: { $0.mark == .timerDue }) * 3 > scale.columns {
      picture.hidesTimers = true
      for i in cells[vtl].indices where cells[vtl][i].mark == .timerDue { picture.lanes[vtl][i].mark = nil }
    }
    return picture
  }
}

extension LaneMark {
  fileprivate init(_ reason: VTLSwitchReason) {
    switch reason {
    case .call: self = .call
    case .interrupt: self = .interrupt
    case .intercept: self = .intercept
    case .return: self = .returned
    case .operator: self = .operator
    }
  }
}
