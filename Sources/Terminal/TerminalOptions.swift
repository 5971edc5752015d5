import Inspector

/// How the terminal is to be used.
public struct TerminalOptions: Sendable {
  /// A serial line: ASCII, no mouse, and small pieces from the start.
  public var isSerial: Bool
  public var wantsColour: Bool
  /// What the time is, in nanoseconds of a clock that only goes forward.
  public var clock: @Sendable () -> UInt64

  public init(isSerial: Bool = false, wantsColour: Bool = true, clock: @escaping @Sendable () -> UInt64) {
    self.isSerial = isSerial
    self.wantsColour = wantsColour
    self.clock = clock
  }
}
