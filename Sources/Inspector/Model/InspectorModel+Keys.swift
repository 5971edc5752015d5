import Architecture
import Journal

extension InspectorModel {
  /// What one keystroke does: it changes the model, and may want something done outside.
  public mutating func handle(_ key: Key) -> Action? {
    if case .mouse(let event) = key { return handle(event) }
    message = nil
    isKeyFresh = true
    if key == .control("c") { return interrupt() }
    if prompt != nil { return handleInPrompt(key) }
    if isHelpOpen { return handleInHelp(key) }
    if dialog != nil { return handleInDialog(key) }
    if case .paste = key {
      message = "pasted text does nothing here"
      return nil
    }
    guard let command = keyMap.command(for: key, in: view) else { return nil }
    defer { done = nil }
    lastCommand = command.isMove ? nil : command
    return perform(command)
  }

  /// Ctrl-C: out of a prompt or a dialog, or out of the program.
  private mutating func interrupt() -> Action? {
    if let prompt {
      cancel(prompt)
      return nil
    }
    guard isHelpOpen || dialog != nil else { return .quit }
    isHelpOpen = false
    dialog = nil
    return nil
  }

  /// The help closes at any key that neither scrolls it nor works everywhere.
  private mutating func handleInHelp(_ key: Key) -> Action? {
    let command = keyMap.command(for: key, in: view)
    if let command, let distance = distance(command) {
      helpRow = min(HelpPage.lastRow(self), max(0, helpRow + distance))
      helpHit = nil
      return nil
    }
    switch command {
    case .search: openSearch()
    case .searchNext: searchAgain(backwards: false)
    case .searchPrevious: searchAgain(backwards: true)
    case .redraw: return .redraw
    case .suspend: return .suspend
    case .quitNow: return .quit
    case .theme: theme = theme.next
    default:
      isHelpOpen = false
      helpHit = nil
      searched = ""
    }
    return nil
  }

  private mutating func handleInDialog(_ key: Key) -> Action? {
    switch key {
    case .control("l"): return .redraw
    case .control("z"): return .suspend
    default: break
    }
    guard var open = dialog else { return nil }
    let outcome = open.handle(key, &self)
    switch outcome {
    case .stay:
      dialog = open
      return nil
    case .close:
      dialog = nil
      return nil
    case .act(let action):
      dialog = nil
      return action
    case .actAndStay(let action):
      dialog = open
      return action
    }
  }

  mutating func perform(_ command: KeyCommand) -> Action? {
    if Views.view(view).perform(command, &self) { return nil }
    if let binding = keyMap.binding(for: command, in: view), binding.needsControl, isReadOnly {
      message = "read-only: this core belongs to another process"
      return nil
    }
    switch command {
    case .help:
      isHelpOpen = true
      helpRow = 0
      searched = ""
    case .palette: openPrompt(.palette)
    case .search: openSearch()
    case .searchNext: searchAgain(backwards: false)
    case .searchPrevious: searchAgain(backwards: true)
    case .filter: openFilter()
    case .sortMenu: openSortDialog()
    case .sortPrevious: sortPrevious()
    case .sortInvert: invertSort()
    case .columns: openChooser(.columns)
    case .kinds: openChooser(.kinds)
    case .tag: toggleTag()
    case .untagAll: untagAll()
    case .mark: setMark()
    case .diff: openDiff()
    case .yank: return yank(json: false)
    case .yankJSON: return yank(json: true)
    case .save: return report()
    case .mouse: return toggleMouse()
    case .options: dialog = OptionsDialog()
    case .follow: if let list = listView { toggleFollow(list) }
    case .activeOnly: toggleActiveOnly()
    case .view(let id): showFromTop(id)
    case .back: goBack()
    case .runStop: return runOrStop()
    case .step: return step()
    case .fire: openFireDialog()
    case .switchVTL: openVTLSwitchDialog()
    case .actions: openActionMenu()
    case .why: openWhy()
    case .journey: openJourney()
    case .inspect: openInspection()
    case .export: dialog = ExportDialog(self)
    case .session: dialog = SessionDialog()
    case .nextPane, .previousPane: message = "there is no other pane to go to here"
    case .freeze: setFrozen(!isFrozen)
    case .live:
      setFrozen(false)
      follow(true)
      followLanes()
      selection.expiry = nil
    case .timeMode:
      timeMode = timeMode.next
      message = Line("time: " + timeMode.name)
    case .theme:
      theme = theme.next
      message = Line("theme: " + theme.name)
    case .slower: changeRate(by: -1)
    case .faster: changeRate(by: 1)
    case .redraw: return .redraw
    case .suspend: return .suspend
    case .quit: return goBack() ? nil : .quit
    case .quitNow: return .quit
    // What is left means something in a view that has taken it above, and nothing elsewhere.
    default: if !command.isMove { message = Line("\(command.name) means nothing here") }
    }
    return nil
  }

  /// Shows a view, and remembers the one before it.
  public mutating func show(_ id: ViewID) {
    guard id != view else { return }
    viewStack.removeAll { $0 == id }
    viewStack.append(view)
    view = id
  }

  /// Shows a view of the first line. From there the way back is the overview: `q` never walks through all
  /// that was ever looked at.
  private mutating func showFromTop(_ id: ViewID) {
    viewStack = id == .over ? [] : [.over]
    view = id
    if id == .events, let done { hold(at: done) }
  }

  /// False when there is nothing to go back to.
  @discardableResult
  private mutating func goBack() -> Bool {
    if let last = viewStack.popLast() {
      view = last
      return true
    }
    guard view != .over else { return false }
    view = .over
    return true
  }

  private mutating func runOrStop() -> Action? {
    guard isAlive else {
      message = "the machine has stopped for good"
      return nil
    }
    return ask(expectedRunState == .running ? .pause : .run)
  }

  private mutating func step() -> Action? {
    guard isAlive, expectedRunState == .paused else {
      message = namesKeys ? "step: stop the machine first (p)" : "step: stop the machine first"
      return nil
    }
    return ask(.stepEvent)
  }

  /// Sends a command that runs or stops the machine.
  mutating func ask(_ command: Command) -> Action {
    runRequests.sent(command.kind)
    return .command(command)
  }

  /// Whether the machine runs, once it has done all that was asked of it.
  var expectedRunState: RunState { runRequests.state ?? snapshot.machine.runState }

  private static let rates = [2, 5, 10, 20, 50, 100, 150, 200, 300]

  /// Looks so many times in ten seconds, as far as that is between the slowest and the fastest rate there is.
  public mutating func refresh(decihertz: Int) {
    refreshDecihertz = min(Self.rates[Self.rates.count - 1], max(Self.rates[0], decihertz))
  }

  mutating func changeRate(by step: Int) {
    let place = Self.rates.lastIndex { $0 <= refreshDecihertz } ?? 0
    refreshDecihertz = Self.rates[min(Self.rates.count - 1, max(0, place + step))]
    message = Line("refresh: " + Header.rate(self))
  }

  /// How many rows a page key moves.
  var pageRows: Int { max(1, size.height - 12) }

  /// How far a moving command moves in a list; nil when it does not move.
  func distance(_ command: KeyCommand) -> Int? {
    switch command {
    case .up: -1
    case .down: 1
    case .pageUp: -pageRows
    case .pageDown: pageRows
    case .first: -1_000_000
    case .last: 1_000_000
    default: nil
    }
  }
}
