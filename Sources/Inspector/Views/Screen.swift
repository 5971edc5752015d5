import Architecture
import Journal

/// What stands where: the first line, the tabs where there is room, the view, the sentence and the keys.
struct ScreenFrame {
  var header: Rect
  var tabs: Rect?
  /// What belongs to the view.
  var content: Rect
  var status: Rect
  var footer: Rect

  /// A smaller screen has one line that sums up, and nothing else.
  static func hasRoom(_ size: Size) -> Bool { size.width >= 40 && size.height >= 10 }

  init(_ size: Size) {
    content = Rect(x: 0, y: 0, width: size.width, height: size.height)
    header = content.takeTop(1)
    tabs = size.width >= 80 && size.height >= 24 ? content.takeTop(1) : nil
    footer = content.takeBottom(1)
    status = content.takeBottom(1)
  }
}

extension InspectorModel {
  /// The whole screen at `size`. Pure: the same model gives the same cells.
  public func draw(_ size: Size) -> Grid {
    var grid = Grid(size, glyphs: wantsASCII ? .ascii : glyphs)
    guard ScreenFrame.hasRoom(size) else {
      grid.put(Header.summary(self), 0, in: grid.bounds)
      return grid
    }
    let current = Views.view(view)
    let frame = ScreenFrame(size)
    let area = frame.content
    grid.put(Header.line(self, width: size.width), 0, in: frame.header)
    if let tabs = frame.tabs { Header.drawTabs(self, into: &grid, tabs) }
    if isHelpOpen {
      HelpPage.draw(self, into: &grid, area)
      markHits(&grid)
    } else {
      current.draw(self, into: &grid, area)
      fade(&grid, area)
      markHits(&grid)
      drawDialog(into: &grid, area)
    }
    if let prompt {
      PromptBox.draw(prompt, self, into: &grid, area)
      grid.put(PromptBox.line(prompt, width: size.width), 0, in: frame.status)
    } else {
      grid.put(statusLine(current, width: size.width), 0, in: frame.status)
    }
    Footer.draw(self, current, into: &grid, frame.footer)
    return grid
  }

  /// Old data is never drawn as live: dimmed while the core does not answer, without life when it is gone.
  private func fade(_ grid: inout Grid, _ area: Rect) {
    switch liveness {
    case .beating: break
    case .wedged, .suspended: grid.restyle(area) { $0 == .plain || $0 == .active ? .dim : $0 }
    case .dead, .exited, .archived: grid.restyle(area) { $0 == .active ? .plain : $0 }
    }
  }

  /// What is searched stands out in every row of a list.
  private func markHits(_ grid: inout Grid) {
    let needle = Array(searched.unicodeScalars)
    for target in grid.targets {
      if case .row = target.meaning { grid.emphasize(needle, in: target.area) }
    }
  }

  private func drawDialog(into grid: inout Grid, _ area: Rect) {
    guard let dialog else { return }
    // What is behind it cannot be clicked on.
    grid.coverTargets()
    let place = area.centred(dialog.size(in: self))
    // What is behind it steps back, and no half word of it is left beside the dialog.
    grid.restyle(area) { _ in .dim }
    let band = Rect(x: area.x, y: place.y, width: area.width, height: place.height)
    grid.clear(band)
    let inside = grid.box(dialog.title, place)
    dialog.draw(self, into: &grid, inside)
  }

  /// The sentence, and where there is room the name of what the last key did.
  private func statusLine(_ current: any View, width: Int) -> Line {
    let line = dialog == nil && !isHelpOpen ? marked(sentence(current)) : sentence(current)
    guard let name = lastCommand?.name, dialog == nil, !isHelpOpen else { return line }
    let spelled = Line(":" + name, .dim)
    guard line.width + 3 + spelled.width < width else { return line }
    return line.padded(to: width - 1 - spelled.width) + spelled
  }

  /// That a list does not show everything is said first, so that it is never cut.
  private func marked(_ line: Line) -> Line {
    guard let list = listView else { return line }
    guard let badge = badge(of: list) else { return line }
    return Line(" \(badge) ", .badge) + line
  }

  /// `filter hides 16, by SINCE down, 3 tagged`.
  private func badge(of list: any ListView) -> String? {
    var parts: [String] = []
    let hidden = list.hiddenCount(self)
    if lists[list.id]?.filter != nil || hidden > 0 {
      parts.append("\(lists[list.id]?.filter == nil ? "" : "filter ")hides \(TextForm.count(UInt64(hidden)))")
    }
    if let sort = lists[list.id]?.sort {
      parts.append("by \(sort.column ?? "own order")\(sort.isDescending ? " down" : "")")
    }
    if !tags.isEmpty { parts.append("\(tags.count) tagged") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private func sentence(_ current: any View) -> Line {
    if let message { return " " + message }
    if isHelpOpen { return HelpPage.status(self) }
    if let status = dialog?.status(self) { return " " + status }
    return " " + current.status(self)
  }
}

/// The last line: the keys that mean something now.
enum Footer {
  static func draw(_ model: InspectorModel, _ view: any View, into grid: inout Grid, _ area: Rect) {
    var items = items(model, view, isWide: area.width >= 120)
    // The way out is always there, at the end.
    let out = items.popLast()
    let reserved = out.map { text($0).width + 2 } ?? 0
    var x = 0
    func put(_ item: FooterItem) {
      let line = text(item)
      grid.put(line, 0, in: area, column: x)
      if let key = item.key {
        grid.mark(Rect(x: area.x + x, y: area.y, width: line.width, height: 1), as: .key(key))
      }
      x += line.width + 2
    }
    // An item is shown whole or not at all.
    for item in items where x + text(item).width + reserved <= area.width { put(item) }
    if let out { put(out) }
  }

  private static func text(_ item: FooterItem) -> Line { Line(item.keys, .bold) + Line(" " + item.label) }

  static func items(_ model: InspectorModel, _ view: any View, isWide: Bool) -> [FooterItem] {
    if model.prompt != nil {
      return [
        FooterItem("Enter", "Do"), FooterItem("Tab", "Complete"), FooterItem("Up Down", "History"),
        FooterItem("Esc", "Cancel"),
      ]
    }
    if model.isHelpOpen {
      return [
        FooterItem("Esc", "Close"), FooterItem("/", "Search"), item(.theme, isWide, model),
        item(.quitNow, isWide, model),
      ]
    }
    if let dialog = model.dialog { return dialog.footer(model) }
    let commands = [.help, .palette] + view.footer(model) + [.runStop, .step, .freeze, .quit]
    var shown: [KeyCommand] = []
    for command in commands where !shown.contains(command) && isUseful(command, model) { shown.append(command) }
    return shown.map { item($0, isWide, model) }
  }

  /// A key that would only answer "not now" has no place in the last line.
  private static func isUseful(_ command: KeyCommand, _ model: InspectorModel) -> Bool {
    if command == .step { return !model.isReadOnly && model.expectedRunState == .paused && model.isAlive }
    guard let binding = model.keyMap.binding(for: command, in: model.view) else { return false }
    return !binding.needsControl || (!model.isReadOnly && model.isAlive)
  }

  private static func item(_ command: KeyCommand, _ isWide: Bool, _ model: InspectorModel) -> FooterItem {
    guard let binding = model.keyMap.binding(for: command, in: model.view) else { return FooterItem("", "") }
    let label = label(command, model) ?? binding.label
    let plain = binding.keys.first?.name ?? ""
    let function = binding.keys.first { if case .function = $0 { true } else { false } }
    guard isWide, let function else { return FooterItem(plain, label) }
    return FooterItem("\(function.name) \(plain)", label)
  }

  /// What a key that turns something over would do now.
  private static func label(_ command: KeyCommand, _ model: InspectorModel) -> String? {
    switch command {
    case .runStop: model.expectedRunState == .running ? "Stop" : "Run"
    case .freeze: model.isFrozen ? "Thaw" : "Freeze"
    case .follow: model.isFollowing ? "Hold" : "Follow"
    case .quit: model.view == .over ? "Quit" : "Back"
    default: nil
    }
  }
}
