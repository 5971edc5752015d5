import Architecture
import Journal

/// The first two lines: what is looked at, whether it lives, and where in time it is.
enum Header {
  static func line(_ model: InspectorModel, width: Int) -> Line {
    let left =
      Line(" vtlscope ", .bold) + Line(TextForm.escaped(model.name).clipped(to: 20)) + "  " + state(model)
      + "  " + role(model)
    // The right half gives up its parts one by one, the least important first.
    var parts = clock(model)
    while parts.count > 1, left.width + 2 + joined(parts).width > width { parts.removeLast() }
    let right = joined(parts)
    let gap = width - left.width - right.width
    return gap >= 1 ? left.padded(to: left.width + gap) + right : left.clipped(to: width)
  }

  /// All there is room for when there is no room.
  static func summary(_ model: InspectorModel) -> Line {
    state(model) + Line(" " + TextForm.escaped(model.name) + " " + model.snapshot.machine.time.pointText)
  }

  private static func joined(_ parts: [Line]) -> Line {
    var line = Line.empty
    for part in parts { line = line.spans.isEmpty ? part : line + "  " + part }
    return line
  }

  private static func clock(_ model: InspectorModel) -> [Line] {
    let machine = model.snapshot.machine
    let missed = Line("missed \(TextForm.count(model.events.missed))", model.events.missed > 0 ? .waiting : .plain)
    var parts: [Line] = [Line("vt \(machine.time.pointText) s")]
    // How fast it goes is said of what goes.
    let isGoing = machine.runState == .running && model.liveness == .beating
    if isGoing { parts.append(Line(TextForm.ratio(milli: machine.paceMilli))) }
    parts += [Line("frame \(machine.epoch)"), Line(rate(model))]
    // What is not there must not go unnoticed.
    parts.insert(missed, at: model.events.missed > 0 ? 1 : parts.count)
    if isGoing, let events = model.rates.eventsPerSecond { parts.append(Line("\(TextForm.count(events)) ev/s")) }
    if let cost = model.cost { parts.append(Line(cost.text(askedDecihertz: model.refreshDecihertz), .dim)) }
    return parts
  }

  static func rate(_ model: InspectorModel) -> String {
    let tenths = model.refreshDecihertz
    return tenths % 10 == 0 ? "\(tenths / 10)Hz" : "\(tenths / 10).\(tenths % 10)Hz"
  }

  private static func role(_ model: InspectorModel) -> Line {
    model.isReadOnly ? Line("RO", .dim) : Line("RW")
  }

  /// The four kinds of standing still never look alike, and none of them looks like running.
  static func state(_ model: InspectorModel) -> Line {
    switch model.liveness {
    case .wedged(let age): return lost("LOST \(seconds(age))")
    case .suspended(let age): return lost(age == 0 ? "LOST suspended" : "LOST \(seconds(age)) suspended")
    case .dead: return lost("DEAD")
    case .exited: return badge("EXITED")
    case .archived: return badge("FILE")
    case .beating: break
    }
    if model.isFrozen { return badge("FROZEN") }
    switch model.snapshot.machine.runState {
    case .paused: return badge("PAUSED")
    case .stopped: return badge("STOPPED")
    case .running: return isIdle(model) ? Line("IDLE", .active) : Line("RUN", .active)
    }
  }

  /// Everything waits, and for long: a guest that sleeps a millisecond at a time is running.
  private static func isIdle(_ model: InspectorModel) -> Bool {
    guard let until = model.snapshot.machine.idleUntil else { return false }
    return until - model.snapshot.machine.time >= .milliseconds(100)
  }

  private static func badge(_ word: String) -> Line { Line(" \(word) ", .badge) }
  private static func lost(_ word: String) -> Line { Line(" \(word) ", Style(.wrong, reversed: true)) }
  private static func seconds(_ milliseconds: UInt64) -> String {
    "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)s"
  }

  /// The key of each view, and its word.
  private static func tabs(
    _ model: InspectorModel, _ word: (any View) -> String?
  ) -> [(view: any View, text: String)] {
    Views.all.compactMap { view in
      guard let word = word(view) else { return nil }
      let key = model.keyMap.binding(for: .view(view.id))?.keys.first.map(\.name)
      return (view, [key, word].compactMap(\.self).joined(separator: " "))
    }
  }

  static func drawTabs(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var x = 0
    var tabs = tabs(model, \.tab)
    // Where there is no room for two blanks between tabs, neighbours share one; where there is none for that, some
    // words are shorter.
    let shared = tabs.reduce(0) { $0 + $1.text.columns + 2 } > area.width ? 1 : 0
    if tabs.reduce(1, { $0 + $1.text.columns + 1 }) > area.width { tabs = self.tabs(model, \.shortTab) }
    for (view, text) in tabs {
      let isHere = view.id == model.view || (model.view == .journey && view.id == .events)
      let line = isHere ? Line("[\(text)]", .bold) : Line(" \(text) ")
      let isAfterHere = shared == 1 && !isHere && grid[area.x + x, area.y].scalar == "]"
      if isAfterHere {
        grid.put(Line("\(text) "), 0, in: area, column: x + 1)
      } else {
        grid.put(line, 0, in: area, column: x)
      }
      grid.mark(Rect(x: area.x + x, y: area.y, width: line.width, height: 1), as: .view(view.id))
      x += line.width - shared
    }
  }
}
