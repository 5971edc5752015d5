import Inspector

/// What came from the terminal.
enum Input: Hashable, Sendable {
  case key(Key)
  /// The answer to `CSI 5 n`: everything sent before it has been taken in (ECMA-48, DSR).
  case statusReport
  /// The answer to the OSC 11 query; 0...65535 each.
  case background(red: UInt16, green: UInt16, blue: UInt16)
}

/// What is asked of the terminal. The answers come among the keys.
enum TerminalQuery {
  /// Device status report, ECMA-48 8.3.35.
  static var status: String { "\u{1B}[5n" }
  /// The background's colour (xterm, "Operating System Commands", 11).
  static var background: String { "\u{1B}]11;?\u{1B}\\" }
}
