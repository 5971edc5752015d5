import Architecture
import Journal

/// What the core's process is doing, as far as the host can tell. What the *machine* does is in the snapshot.
public enum Liveness: Hashable, Sendable {
  /// Its heartbeat is young.
  case beating
  /// The process lives but has not beaten for this long.
  case wedged(milliseconds: UInt64)
  /// The process is stopped by a signal (SIGSTOP).
  case suspended(milliseconds: UInt64)
  /// The process is gone and left its region behind.
  case dead
  /// The process ended in good order.
  case exited
  /// There is no process: a copy of a region is being looked at.
  case archived
}

/// What the inspector learns of the core from one look at it.
public struct Update: Sendable {
  /// The newest frame; nil when it has not changed.
  public var snapshot: Snapshot?
  /// The events since the last look, in order.
  public var events: [Event]
  /// How many events were overwritten before they could be read.
  public var missed: UInt64
  public var liveness: Liveness
  /// When this look was, in milliseconds of a clock of the host that only goes forward; nil when nobody says.
  public var hostMilliseconds: UInt64?

  public init(
    snapshot: Snapshot?, events: [Event] = [], missed: UInt64 = 0, liveness: Liveness = .beating,
    hostMilliseconds: UInt64? = nil
  ) {
    self.hostMilliseconds = hostMilliseconds
    self.snapshot = snapshot
    self.events = events
    self.missed = missed
    self.liveness = liveness
  }
}

/// What the screen wants done outside of itself.
public enum Action: Hashable, Sendable {
  case command(Command)
  /// Give the terminal back and end.
  case quit
  /// Paint every cell again.
  case redraw
  /// Give the terminal back until the shell resumes us.
  case suspend
  /// Puts text on the clipboard of whoever sits at the terminal (OSC 52), and into a file.
  case copy(CopiedText)
  /// Writes the configuration file.
  case keepOptions(Options)
  /// Writes a report to a file.
  case save(SavedText)
  /// Takes the mouse, so that clicks come as keys, or leaves it to the terminal, which then selects text.
  case captureMouse(Bool)
}
