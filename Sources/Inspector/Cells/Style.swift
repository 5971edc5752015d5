/// What a cell means, not what it looks like: the theme decides that.
///
/// Three hues and no more, so that every pair of them stays apart in every kind of colour vision, and nothing
/// is said by colour alone: a letter or a glyph always says it too.
public struct Style: Hashable, Sendable {
  public enum Role: UInt8, Hashable, Sendable, CaseIterable {
    case plain
    /// Present but of no interest now: halted, inactive, not enabled.
    case dim
    /// Running, delivered, alive.
    case active
    /// Pending, preempted, near its deadline.
    case waiting
    /// Stuck, late, lost; and the badge of a screen that may act.
    case wrong
  }

  public var role: Role
  public var isBold = false
  public var isUnderlined = false
  /// The selection, and badges.
  public var isReversed = false

  public init(_ role: Role = .plain, bold: Bool = false, underlined: Bool = false, reversed: Bool = false) {
    self.role = role
    isBold = bold
    isUnderlined = underlined
    isReversed = reversed
  }

  public static var plain: Self { Style() }
  public static var dim: Self { Style(.dim) }
  public static var bold: Self { Style(bold: true) }
  public static var active: Self { Style(.active) }
  public static var waiting: Self { Style(.waiting) }
  /// Ready to run, held by a higher VTL of the same VP.
  public static var preempted: Self { Style(.waiting, underlined: true) }
  public static var wrong: Self { Style(.wrong) }
  public static var badge: Self { Style(reversed: true) }

  /// The selection is reversed and of no colour, so that a row is one bar; what stood out is bold in it.
  public var selected: Self {
    Style(.plain, bold: isBold || role == .waiting || role == .wrong, underlined: isUnderlined, reversed: true)
  }

  /// One letter for golden files: lower case as it is, upper case reversed.
  public var letter: Character {
    let letter: Character =
      switch (role, isBold, isUnderlined) {
      case (.plain, false, false): "."
      case (.plain, true, _): "b"
      case (.plain, false, true): "u"
      case (.dim, _, _): "d"
      case (.active, _, _): "a"
      case (.waiting, _, false): "w"
      case (.waiting, _, true): "p"
      case (.wrong, _, _): "x"
      }
    guard isReversed else { return letter }
    return letter == "." ? "R" : Character(letter.uppercased())
  }
}

/// One character cell of the screen. Every character is one cell wide; see `Grid.put`.
public struct Cell: Hashable, Sendable {
  public var scalar: Unicode.Scalar
  public var style: Style

  public init(_ scalar: Unicode.Scalar = " ", _ style: Style = .plain) {
    self.scalar = scalar
    self.style = style
  }
}
