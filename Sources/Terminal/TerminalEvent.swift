import Inspector

/// What the terminal has to say.
public enum TerminalEvent: Hashable, Sendable {
  case key(Key)
  /// The size has changed, or the whole screen must be painted again.
  case resize
  /// The time has passed.
  case tick
  /// The terminal is gone, or a signal asks us to end.
  case hangup
}
