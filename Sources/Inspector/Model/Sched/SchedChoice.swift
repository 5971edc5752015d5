import Architecture
import Journal

/// What the operator has chosen to see of the lanes.
struct SchedChoice: Sendable {
  /// How much time the picture shows.
  var span = VirtualTime.milliseconds(8)
  /// The lanes as they were when the cursor was set, so that what it points at stays; nil while they are live.
  var held: Lanes?
  /// The right edge of the picture; nil is now.
  var end: VirtualTime?
  /// The length of stays; nil for "when there is room".
  var showsHistogram: Bool?
  var showsSwitchesOnly = false
}

extension InspectorModel {
  /// The lanes on the screen: those at the moment the cursor was set, else all.
  var lanes: Lanes { sched.held ?? index.lanes }

  var laneEnd: VirtualTime { sched.end ?? lanes.end }

  /// The picture's scale, in a screen as wide as the last one.
  var laneScale: LaneScale {
    LaneScale(end: laneEnd, span: sched.span, columns: SchedView.columns(width: size.width))
  }

  /// Where the cursor is.
  var moment: VirtualTime { selection.moment ?? lanes.end }

  /// Lets the picture follow again.
  mutating func followLanes() {
    selection.moment = nil
    sched.held = nil
    sched.end = nil
  }

  /// Sets the cursor, and holds the picture. It moves only as far as it must to keep the cursor in sight.
  mutating func point(at time: VirtualTime) {
    let lanes = lanes
    let scale = laneScale
    guard time < lanes.end else { return followLanes() }
    sched.held = lanes
    sched.end = sched.end ?? lanes.end
    selection.moment = time
    let column = VirtualTime(ticks: UInt64(scale.column))
    if time < scale.time(of: 0) { sched.end = time + scale.span - column }
    if time >= scale.end { sched.end = min(lanes.end, time + column) }
  }

  /// Moves the cursor by columns.
  mutating func moveMoment(by columns: Int) {
    let step = VirtualTime(ticks: UInt64(laneScale.column) &* UInt64(columns.magnitude))
    let begin = lanes.begin ?? .zero
    let time = columns < 0 ? moment - step : moment + step
    point(at: max(time, begin))
  }

  /// Shows more or less time; what the cursor points at stays where it is.
  mutating func zoom(by factor: Double) {
    let least = VirtualTime(ticks: UInt64(SchedView.columns(width: size.width)))
    let most = max(least, lanes.end)
    let ticks = Double(sched.span.rawValue) * factor
    let span = min(max(VirtualTime(ticks: UInt64(min(ticks, 1e18))), least), most)
    if let moment = selection.moment {
      let after = Double((laneEnd - moment).rawValue) * Double(span.rawValue) / Double(sched.span.rawValue)
      sched.end = min(lanes.end, moment + VirtualTime(ticks: UInt64(after)))
    }
    sched.span = span
    message = Line("the picture shows " + span.spanText)
  }

  /// Shows all of the log.
  mutating func fitLanes() {
    sched.span = max(VirtualTime(ticks: 1), lanes.end - (lanes.begin ?? .zero))
    sched.end = sched.held.map(\.end)
    message = Line("the picture shows " + sched.span.spanText)
  }

  /// The interrupt that brought the VP in where the cursor is, or what waits for it now.
  var journeyOfMoment: JourneyID? {
    let sequence = lanes.moment(of: selection.context.vp, at: moment)?.entrySequence
    guard let sequence, let event = events.event(sequence) else { return nil }
    if event.journey != .none { return event.journey }
    // A switch carries no journey of its own; the interrupt that it was for is taken next.
    guard case .vtlSwitched(_, _, .interrupt, let vector?) = event.body else { return nil }
    let next = events.place(of: sequence) + 1
    return events[next..<min(events.count, next + 512)].first {
      if case .acknowledged(vector, _) = $0.body { $0.context == event.context } else { false }
    }?.journey
  }
}
