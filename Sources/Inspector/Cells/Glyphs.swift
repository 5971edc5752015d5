/// Which characters the terminal can show.
///
/// Views write the Unicode form; the grid replaces each by one ASCII character where the locale is not UTF-8.
/// Nothing outside this repertoire and printable ASCII ever becomes a cell, so a cell is always one column
/// wide.
public enum Glyphs: UInt8, Hashable, Sendable, CaseIterable {
  case unicode
  case ascii

  /// What to put in a cell for `scalar`.
  public func resolve(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.value >= 0x20 && scalar.value < 0x7F { return scalar }
    guard let plain = Self.replacement(scalar) else { return "?" }
    return self == .unicode ? scalar : plain
  }

  /// The ASCII stand-in of a glyph; nil when it is not one of ours.
  private static func replacement(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar {
    case "─": "-"
    case "│": "|"
    case "┌", "┐", "└", "┘", "├", "┤", "┬", "┴", "┼": "+"
    case "→", "▶": ">"
    case "←", "◀": "<"
    case "…": "~"
    case "·": "."
    case "✓": "y"
    case "✗": "n"
    case "▲": "^"
    case "▼": "v"
    case "█": "#"
    case "µ": "u"
    default: nil
    }
  }
}
