import Journal

/// The moments that a change can be told from.
///
/// Without a mark of the operator's, that is the last stop: where the machine stood before it went to where it is now.
struct Marks: Sendable {
  /// Set with `m`.
  var mark: Snapshot?
  /// What the inspector saw first.
  private let first: Snapshot
  /// The first frame of the stop the machine is in.
  private var stop: Snapshot?
  /// The last frame of the stop before that.
  private var stopBefore: Snapshot?

  init(_ snapshot: Snapshot) {
    first = snapshot
    if snapshot.machine.runState == .paused { stop = snapshot }
  }

  mutating func note(_ next: Snapshot, after previous: Snapshot) {
    let wasPaused = previous.machine.runState == .paused
    switch next.machine.runState {
    case .paused:
      guard !wasPaused || next.machine.time != previous.machine.time else { return }
      if wasPaused { stopBefore = previous }
      stop = next
    case .running, .stopped:
      if wasPaused { stopBefore = previous }
      stop = nil
    }
  }

  /// What `now` is compared with, and what to call it.
  func base(_ now: Snapshot) -> (snapshot: Snapshot, name: String) {
    if let mark { return (mark, "the mark") }
    // What was done to a machine that stands still is a change too.
    if let stop, stop.contexts != now.contexts { return (stop, "it stopped") }
    return stopBefore.map { ($0, "the last stop") } ?? (first, "the inspector came")
  }
}

extension InspectorModel {
  mutating func setMark() {
    marks.mark = snapshot
    message = Line("marked: d shows what changes from here on")
  }

  mutating func clearMark() {
    marks.mark = nil
    message = "no mark: d goes by the last stop"
  }
}
