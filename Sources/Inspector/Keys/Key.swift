/// A keystroke, as the terminal's layer understood it.
public enum Key: Hashable, Sendable {
  case character(Unicode.Scalar)
  /// A letter with Control held, in lower case.
  case control(Unicode.Scalar)
  case function(UInt8)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, backspace, delete, tab, backTab
  /// Pasted text. It never acts.
  case paste(String)
  case mouse(MouseEvent)

  /// As the footer and the help write it.
  public var name: String {
    switch self {
    case .character(" "): "Space"
    case .character(let scalar): String(Character(scalar))
    case .control(let scalar): "C-" + String(Character(scalar))
    case .function(let n): "F\(n)"
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .home: "Home"
    case .end: "End"
    case .enter: "Enter"
    case .escape: "Esc"
    case .backspace: "Bksp"
    case .delete: "Del"
    case .tab: "Tab"
    case .backTab: "S-Tab"
    case .paste: "Paste"
    case .mouse: "Mouse"
    }
  }
}

extension Key: ExpressibleByUnicodeScalarLiteral {
  public init(unicodeScalarLiteral scalar: Unicode.Scalar) { self = .character(scalar) }
}
