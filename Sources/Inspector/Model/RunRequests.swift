import Journal

/// What the operator has asked of the run state and no frame shows yet.
///
/// A frame is as old as the last look. A key that is struck sooner than the next one is about what was asked
/// for, not about what is still shown.
struct RunRequests: Sendable {
  /// The last command that was sent, of those that run or stop the machine; nil when frames show all that came
  /// of it.
  private(set) var last: CommandKind?
  /// How many were sent that the log does not answer yet.
  private var unanswered = 0

  /// Where the machine will be when it has done what was asked.
  var state: RunState? {
    switch last {
    case .run: .running
    case .pause, .stepEvent: .paused
    default: nil
    }
  }

  mutating func sent(_ kind: CommandKind) {
    last = kind
    unanswered += 1
  }

  /// Takes in what the log says of the commands, and the frame that is at least as late.
  mutating func note(_ events: ArraySlice<Event>, missed: UInt64, shown: RunState) {
    guard last != nil else { return }
    for event in events {
      guard case .command(let kind, let refusal) = event.body, [.run, .pause, .stepEvent].contains(kind) else {
        continue
      }
      unanswered = max(0, unanswered - 1)
      // A step that is refused because another is under way leaves that one to wait for.
      if unanswered == 0, kind != .stepEvent || ![nil, .notPaused].contains(refusal) { last = nil }
    }
    // An answer that was overwritten never comes.
    if missed > 0 { unanswered = 0 }
    // A step is answered when it begins; it is over in the first frame that does not run.
    if unanswered == 0, missed > 0 || shown != .running { last = nil }
  }
}
