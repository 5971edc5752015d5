/// Why there is no screen. One clear line each.
public enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
  case notATerminal
  case unknownType(String)
  case cannotMoveCursor(String)
  case failed

  public var description: String {
    switch self {
    case .notATerminal: "standard input and output are not a terminal"
    case .unknownType(let name):
      name.isEmpty ? "TERM is not set: this terminal's type is unknown" : "TERM=\(name): unknown terminal type"
    case .cannotMoveCursor(let name): "TERM=\(name): this terminal cannot move its cursor"
    case .failed: "the terminal could not be opened"
    }
  }
}
