/// The pages of the inspector. The raw value is the key that opens it, where it has one.
public enum ViewID: UInt8, Hashable, Sendable, CaseIterable {
  case over = 1
  case groups = 2
  case lapic = 3
  case timers = 4
  case sched = 5
  case events = 6
  case stuck = 7
  case memory = 8
  case routes = 9
  case vsm = 10
  /// The ladder of one interrupt; opened from an event or a vector, not by a number.
  case journey = 0

  /// The word that commands and the configuration file use.
  public var name: String { "\(self)" }
}

/// What a keystroke asks for. The key map says which key asks for what, and the help and the footer say it
/// from there.
public enum KeyCommand: Hashable, Sendable {
  case help
  case palette
  case search, searchNext, searchPrevious
  case filter
  case sortMenu, sortPrevious, sortInvert
  case columns
  case tag, untagAll
  case mark, diff
  case yank, yankJSON, save
  case mouse, options
  case activeOnly, layout
  case zoomIn, zoomOut, zoomFit
  case view(ViewID)
  case up, down, left, right, pageUp, pageDown, first, last
  case nextPane, previousPane
  case open, back
  case runStop, step
  case fire, switchVTL, actions
  case why, journey
  /// All that is known of what is selected; the view as a file; who looks, and at what.
  case inspect, export, session
  case freeze, live, timeMode, theme
  /// Keep the selection in sight; in events, keep up with the newest.
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
  /// Timers and Sched: how the spans are spread; what comes before and after in the history.
  case histogram, earlier, later
  /// Stuck.
  case acknowledge, thresholds
  /// Sched.
  case onlySwitches
  /// Memory.
  case deniedOnly
  /// Events: which kinds, and the journey that stays in the preview.
  case kinds, pin

  /// What it is called in the palette, in the configuration file and on the status line.
  public var name: String {
    switch self {
    case .help: "help"
    case .palette: "palette"
    case .search: "search"
    case .searchNext: "search-next"
    case .searchPrevious: "search-prev"
    case .filter: "filter"
    case .sortMenu: "sort-menu"
    case .sortPrevious: "sort-prev"
    case .sortInvert: "sort-invert"
    case .columns: "columns"
    case .tag: "tag"
    case .untagAll: "untag-all"
    case .mark: "mark"
    case .diff: "diff"
    case .yank: "yank"
    case .yankJSON: "yank-json"
    case .save: "save"
    case .mouse: "mouse"
    case .options: "options"
    case .activeOnly: "active-only"
    case .layout: "layout"
    case .zoomIn: "zoom-in"
    case .zoomOut: "zoom-out"
    case .zoomFit: "zoom-fit"
    case .view(let id): "view \(id.name)"
    case .up: "up"
    case .down: "down"
    case .left: "left"
    case .right: "right"
    case .pageUp: "page-up"
    case .pageDown: "page-down"
    case .first: "first"
    case .last: "last"
    case .nextPane: "pane-next"
    case .previousPane: "pane-prev"
    case .open: "open"
    case .back: "back"
    case .runStop: "run-stop"
    case .step: "step"
    case .fire: "fire"
    case .switchVTL: "vtl-switch"
    case .actions: "action-menu"
    case .why: "why"
    case .journey: "journey"
    case .inspect: "inspect"
    case .export: "export"
    case .session: "session"
    case .freeze: "freeze"
    case .live: "live"
    case .timeMode: "time-mode"
    case .theme: "theme"
    case .follow: "follow"
    case .slower: "slower"
    case .faster: "faster"
    case .redraw: "redraw"
    case .suspend: "suspend"
    case .quit: "quit"
    case .quitNow: "quit-now"
    case .previousContext: "context-prev"
    case .nextContext: "context-next"
    case .otherVTL: "context-other-vtl"
    case .bitmaps: "bitmap-mode"
    case .crossCheck: "cross-check"
    case .destinations: "dest-table"
    case .histogram: "histogram"
    case .earlier: "earlier"
    case .later: "later"
    case .acknowledge: "ack"
    case .thresholds: "thresholds"
    case .onlySwitches: "only-events"
    case .deniedOnly: "denied-only"
    case .kinds: "kinds"
    case .pin: "pin"
    }
  }

  /// It only moves: there is nothing to say about it.
  var isMove: Bool {
    switch self {
    case .up, .down, .left, .right, .pageUp, .pageDown, .first, .last, .nextPane, .previousPane, .back, .earlier,
      .later:
      true
    default: false
    }
  }
}

/// Where a key means what its binding says.
public enum KeyScope: Hashable, Sendable {
  case everywhere
  case view(ViewID)

  func holds(in view: ViewID) -> Bool { self == .everywhere || self == .view(view) }
}

/// A column of the help page.
public enum KeyPurpose: UInt8, Hashable, Sendable, CaseIterable {
  case move
  case look
  case find
  case act

  public var title: String {
    switch self {
    case .move: "MOVE"
    case .look: "LOOK"
    case .find: "FIND, KEEP"
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
