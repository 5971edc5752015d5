/// What a `Style` looks like on a terminal. The background is always the terminal's own.
public struct Appearance: Hashable, Sendable {
  /// A palette index; nil is the terminal's own foreground.
  public var colour: Int16?
  public var isBold = false
  public var isDim = false
  public var isUnderlined = false
  public var isReversed = false
}

/// The palette. Meaning survives all of them: what colour says, an attribute says too.
///
/// In 256 colours the three hues keep a contrast above 3 to 1 on black and on white, so `auto` needs to know
/// nothing.
public enum Theme: UInt8, Hashable, Sendable, CaseIterable {
  case auto
  case dark
  case light
  case mono

  public var name: String {
    switch self {
    case .auto: "auto"
    case .dark: "dark"
    case .light: "light"
    case .mono: "mono"
    }
  }

  public var next: Theme { Theme(rawValue: (rawValue + 1) & 3) ?? .auto }

  /// - Parameter colours: how many the terminal has; below 8 there is no colour at all.
  public func appearance(of style: Style, colours: Int) -> Appearance {
    var out = Appearance(isBold: style.isBold, isUnderlined: style.isUnderlined, isReversed: style.isReversed)
    if self == .mono || colours < 8 {
      switch style.role {
      case .plain, .active: break
      case .dim: out.isDim = true
      case .waiting: out.isBold = out.isBold || !style.isUnderlined
      case .wrong:
        // On a selected row, which is reversed already, bold and underlined tell it from the rest of the row.
        if style.isReversed {
          out.isBold = true
          out.isUnderlined = true
        }
        out.isReversed = true
      }
      return out
    }
    out.colour = colour(style.role, colours: colours)
    out.isDim = style.role == .dim
    if style.role == .wrong && colours < 256 { out.isBold = true }
    return out
  }

  private func colour(_ role: Style.Role, colours: Int) -> Int16? {
    let isLight = self == .light
    switch role {
    case .plain, .dim: return nil
    case .active: return colours >= 256 ? 27 : isLight ? 4 : 6
    case .waiting: return colours >= 256 ? 136 : isLight ? 5 : 3
    case .wrong: return colours >= 256 ? 198 : 1
    }
  }
}
