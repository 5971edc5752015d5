import Architecture
import Journal

/// Events on a line: the words are the journal's, where and how they stand is the screen's.
public enum EventText {
  /// What went wrong stands out, and what waits.
  public static func style(_ event: Event) -> Style {
    switch event.body {
    case .requested(_, _, let route): route.delivered == 0 ? .wrong : .plain
    case .accepted(_, _, .merged): .waiting
    case .accepted(_, _, .rejected), .spuriousEOI, .apicError, .exception: .wrong
    case .command(_, let refusal): refusal == nil ? .plain : .wrong
    case .stopped(let cause, _): cause == .tripleFault || cause == .nothingCanHappen ? .wrong : .plain
    case .accepted, .acknowledged, .endOfInterrupt, .timerExpired, .halted, .woke, .vtlSwitched, .hypercall,
      .taskPriorityChanged, .nmiTaken, .initialized, .started, .mapRebuilt, .apicBaseChanged, .softwareEnable,
      .vtlEnabled, .notificationAsserted:
      .plain
    }
  }

  /// When it happened, as the operator wants it written, in 12 columns.
  ///
  /// - Parameter older: the event before it in the list, for delta time.
  public static func time(_ event: Event, after older: Event?, _ model: InspectorModel) -> String {
    switch model.timeMode {
    case .absolute: event.time.pointText.right(12)
    case .relative: ("-" + model.ago(event.time).spanText).right(12)
    case .delta: ("+" + (older.map { (event.time - $0.time).spanText } ?? "0ns")).right(12)
    }
  }

  /// One event on one line: time, context, kind, journey, words.
  public static func line(_ event: Event, after older: Event?, _ model: InspectorModel) -> Line {
    let context = event.context?.description ?? "-"
    let journey = event.journey == .none ? "" : "#\(event.journey.rawValue)"
    return Line(" " + time(event, after: older, model) + " ") + Line(context.right(5) + " ")
      + Line(event.kindText.left(6), .bold) + Line(journey.left(7) + " ", .dim)
      + Line(TextForm.escaped(event.text), style(event))
  }
}
