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
    case .pin(_, _, let outcome, _): outcome == .coalesced || outcome == .waitsForEOI ? .waiting : .plain
    case .messageSent(_, _, let fault): fault == nil ? .plain : .wrong
    case .externalAcknowledged(_, _, let isSpurious): isSpurious ? .waiting : .plain
    case .timerWriteIgnored: .waiting
    case .paravirtualCall(_, let result, _): result < 0 ? .wrong : .plain
    case .hypercall(let call): call.status == 0 ? .plain : .wrong
    case .intercepted, .flushWaits: .waiting
    case .synicMessage(_, _, let outcome):
      switch outcome {
      case .delivered: .plain
      case .waits: .waiting
      case .dropped: .wrong
      }
    case .connectionChanged(let connection): connection.change == .refused ? .wrong : .plain
    case .guestCrashed, .guestCrashDetail: .wrong
    case .stopped(let cause, _): cause == .tripleFault || cause == .nothingCanHappen ? .wrong : .plain
    case .accepted, .acknowledged, .endOfInterrupt, .timerExpired, .halted, .idled, .woke, .vtlSwitched,
      .taskPriorityChanged, .nmiTaken, .initialized, .started, .mapRebuilt, .apicBaseChanged, .softwareEnable,
      .vtlEnabled, .notificationAsserted, .routeWritten, .remoteIRRCleared, .synicEvent, .syntheticTimerExpired,
      .protectionChanged, .overlayChanged, .tlbLockChanged, .eventInjected:
      .plain
    }
  }
}
