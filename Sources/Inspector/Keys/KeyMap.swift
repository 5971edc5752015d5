/// The one table that drives key handling, the footer, the help and the palette.
///
/// No key means two things in one place. Every command has a plain key: function and control keys are never
/// the only way, because terminals and multiplexers eat them.
public struct KeyMap: Hashable, Sendable {
  public internal(set) var bindings: [KeyBinding]

  /// What the keys mean unless a configuration file says otherwise.
  public static let standard = KeyMap(bindings: moving + looking + finding + acting)

  /// What `key` asks for in `view`; nil when it means nothing there.
  public func command(for key: Key, in view: ViewID) -> KeyCommand? {
    bindings.first { $0.keys.contains(key) && $0.scope.holds(in: view) }?.command
  }

  /// The row of a command: the one that holds in `view` where there is more than one.
  public func binding(for command: KeyCommand, in view: ViewID? = nil) -> KeyBinding? {
    let all = bindings.lazy.filter { $0.command == command }
    return view.flatMap { view in all.first { $0.scope.holds(in: view) } } ?? all.first
  }

  private static func bind(
    _ keys: [Key], _ command: KeyCommand, _ label: String, _ help: String, in scope: KeyScope = .everywhere,
    for purpose: KeyPurpose, needsControl: Bool = false
  ) -> KeyBinding {
    KeyBinding(
      keys: keys, command: command, scope: scope, purpose: purpose, label: label, help: help,
      needsControl: needsControl)
  }

  private static let moving: [KeyBinding] = [
    bind(["1"], .view(.over), "Over", "overview", for: .move),
    bind(["2"], .view(.groups), "Groups", "APIC groups and their maps", for: .move),
    bind(["3"], .view(.lapic), "Lapic", "one local APIC", for: .move),
    bind(["4"], .view(.timers), "Timers", "timers, and how late", for: .move),
    bind(["5"], .view(.sched), "Sched", "who had each VP", for: .move),
    bind(["6"], .view(.events), "Events", "what happened", for: .move),
    bind(["7"], .view(.stuck), "Stuck", "what is stuck, and why", for: .move),
    bind(["8"], .view(.memory), "Memory", "what VTLs may touch", for: .move),
    bind(["9"], .view(.routes), "Routes", "where device interrupts go", for: .move),
    bind(["o"], .view(.vsm), "VSM", "VTLs and SynIC", for: .move),
    bind(["k", .up], .up, "Up", "row up", for: .move),
    bind(["j", .down], .down, "Down", "row down", for: .move),
    bind(["h", .left], .left, "Left", "left", for: .move),
    bind(["l", .right], .right, "Right", "right", for: .move),
    bind([.pageUp], .pageUp, "Page up", "page up", for: .move),
    bind([.pageDown], .pageDown, "Page down", "page down", for: .move),
    bind(["g", .home], .first, "First", "first row", for: .move),
    bind(["G", .end], .last, "Last", "last row", for: .move),
    bind([.tab], .nextPane, "Next pane", "next pane", for: .move),
    bind([.backTab], .previousPane, "Pane before", "pane before", for: .move),
    bind([.enter], .open, "Open", "open", for: .move),
    bind([.escape, .backspace], .back, "Back", "close, back", for: .move),
    bind([","], .previousContext, "Prev", "context before", in: .view(.lapic), for: .move),
    bind(["."], .nextContext, "Next", "context after", in: .view(.lapic), for: .move),
    bind([";"], .otherVTL, "Other VTL", "other VTL", in: .view(.lapic), for: .move),
    bind([","], .earlier, "Earlier", "expiry before", in: .view(.timers), for: .move),
    bind(["."], .later, "Later", "expiry after", in: .view(.timers), for: .move),
    bind([","], .earlier, "Earlier", "switch before", in: .view(.sched), for: .move),
    bind(["."], .later, "Later", "switch after", in: .view(.sched), for: .move),
  ]

  private static let looking: [KeyBinding] = [
    bind(["?", .function(1)], .help, "Help", "this page", for: .look),
    bind(["W"], .why, "Why", "why stuck", for: .look),
    bind(["J"], .journey, "Journey", "interrupt's way", for: .look),
    bind(["i"], .inspect, "Inspect", "its raw state", for: .look),
    bind(["0"], .session, "Session", "this session", for: .look),
    bind(["F"], .follow, "Follow", "follow", for: .look),
    bind(["a"], .activeOnly, "Active", "active only", for: .look),
    bind(["t"], .layout, "Layout", "table, grid...", for: .look),
    bind(["c"], .columns, "Columns", "columns", for: .look),
    bind(["z"], .freeze, "Freeze", "freeze picture", for: .look),
    bind(["L"], .live, "Live", "jump to now", for: .look),
    bind(["+"], .zoomIn, "Zoom in", "zoom in, unfold", for: .look),
    bind(["-"], .zoomOut, "Zoom out", "zoom out, fold", for: .look),
    bind(["="], .zoomFit, "Fit", "fit", for: .look),
    bind(["r"], .timeMode, "Time", "abs, rel, delta", for: .look),
    bind(["T"], .theme, "Theme", "theme", for: .look),
    bind(["("], .slower, "Slower", "refresh slower", for: .look),
    bind([")"], .faster, "Faster", "refresh faster", for: .look),
    bind(["M"], .mouse, "Mouse", "mouse on, off", for: .look),
    bind(["O"], .options, "Options", "options", for: .look),
    bind([.control("l")], .redraw, "Redraw", "repaint", for: .look),
    bind(["V"], .bitmaps, "Bitmaps", "grid or words", in: .view(.lapic), for: .look),
    bind(["D"], .destinations, "Receivers", "who receives", in: .view(.groups), for: .look),
    bind(["X"], .crossCheck, "Cross-check", "prove the map", in: .view(.groups), for: .look),
    bind(["H"], .histogram, "Histogram", "how long", in: .view(.lapic), for: .look),
    bind(["H"], .histogram, "Histogram", "how late", in: .view(.timers), for: .look),
    bind(["H"], .histogram, "Histogram", "length of stays", in: .view(.sched), for: .look),
    bind(["E"], .onlySwitches, "Switches", "switches only", in: .view(.sched), for: .look),
    bind(["A"], .acknowledge, "Acknowledge", "hide till change", in: .view(.stuck), for: .look),
    bind(["S"], .thresholds, "Thresholds", "thresholds", in: .view(.stuck), for: .look),
    bind(["X"], .crossCheck, "Decode", "decode both ways", in: .view(.routes), for: .look),
    bind(["D"], .deniedOnly, "Denied only", "denied only", in: .view(.memory), for: .look),
    bind(["K"], .kinds, "Kinds", "which kinds", in: .view(.events), for: .look),
    bind(["P"], .pin, "Pin", "pin the journey", in: .view(.events), for: .look),
  ]

  private static let finding: [KeyBinding] = [
    bind([":", .function(2)], .palette, "Cmd", "any command", for: .find),
    bind(["/", .function(3)], .search, "Search", "search", for: .find),
    bind(["n"], .searchNext, "Next hit", "next hit", for: .find),
    bind(["N"], .searchPrevious, "Hit before", "hit before", for: .find),
    bind(["\\", .function(4)], .filter, "Filter", "filter", for: .find),
    bind([">", .function(6)], .sortMenu, "Sort", "sort by", for: .find),
    bind(["<"], .sortPrevious, "Sort before", "column before", for: .find),
    bind(["I"], .sortInvert, "Invert", "invert order", for: .find),
    bind([" "], .tag, "Tag", "tag row", for: .find),
    bind(["U"], .untagAll, "Untag", "untag all", for: .find),
    bind(["m"], .mark, "Mark", "mark this moment", for: .find),
    bind(["d"], .diff, "Diff", "changes since", for: .find),
    bind(["y"], .yank, "Yank", "copy as text", for: .find),
    bind(["Y"], .yankJSON, "Yank JSON", "copy as JSON", for: .find),
    bind(["w"], .save, "Save", "save a report", for: .find),
    bind(["e"], .export, "Export", "save as JSON", for: .find),
  ]

  private static let acting: [KeyBinding] = [
    bind(["p", .function(5)], .runStop, "Stop/run", "stop or run", for: .act, needsControl: true),
    bind(["s"], .step, "Step", "step one event", for: .act, needsControl: true),
    bind(["f", .function(9)], .fire, "Fire", "fire interrupt", for: .act),
    bind(["v"], .switchVTL, "VTL", "switch VTL", for: .act),
    bind(["x"], .actions, "Actions", "NMI, INIT, EOI", for: .act),
    bind([.control("z")], .suspend, "Suspend", "suspend", for: .act),
    bind(["q", .function(10)], .quit, "Quit", "back, quit", for: .act),
    bind(["Q"], .quitNow, "Quit now", "quit now", for: .act),
  ]
}
