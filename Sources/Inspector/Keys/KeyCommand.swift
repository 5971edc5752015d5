/// The pages of the inspector. The raw value is the key that opens it, where it has one.
public enum ViewID: UInt8, Hashable, Sendable, CaseIterable {
  case over = 1
  case groups = 2
  case lapic = 3
  case events = 6
  /// The ladder of one interrupt; opened from an event or a vector, not by a number.
  case journey = 0
}

/// What a keystroke asks for. The key map says which key asks for what, and the help and the footer say it
/// from there.
public enum KeyCommand: Hashable, Sendable {
  case help
  case view(ViewID)
  case up, down, left, right, pageUp, pageDown, first, last
  case nextPane
  case open, back
  case runStop, step
  case fire, switchVTL, actions
  case why, journey
  case freeze, timeMode, theme
  /// Events: keep up with the newest.
  case follow
  case slower, faster
  case redraw, suspend
  case quit, quitNow
  /// Lapic: another context.
  case previousContext, nextContext, otherVTL
  /// Lapic: a grid of vectors, or hexadecimal words.
  case bitmaps
  /// Groups.
  case crossCheck, destinations
}

/// Where a key means what its binding says.
public enum KeyScope: Hashable, Sendable {
  case everywhere
  case view(ViewID)
}

/// A column of the help page.
public enum KeyPurpose: UInt8, Hashable, Sendable, CaseIterable {
  case move
  case look
  case act

  public var title: String {
    switch self {
    case .move: "MOVE"
    case .look: "LOOK"
    case .act: "ACT"
    }
  }
}

/// One row of the key map.
public struct KeyBinding: Hashable, Sendable {
  public var keys: [Key]
  public var command: KeyCommand
  public var scope: KeyScope
  public var purpose: KeyPurpose
  /// One or two words, for the footer.
  public var label: String
  /// A few words, for the help.
  public var help: String
  /// The core must be ours to act on.
  public var needsControl: Bool
}
