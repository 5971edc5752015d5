import Architecture
import Interrupts
import Journal

extension InspectorModel {
  /// Reads a line of the palette and does what it says. What became of it, in words, is in `message`.
  public mutating func execute(_ line: String) -> Action? {
    message = nil
    do throws(PaletteError) {
      return try perform(Palette.parse(line))
    } catch {
      message = Line(error.description, .wrong)
      return nil
    }
  }

  /// Does what a command says, as the key for it would.
  public mutating func perform(_ command: PaletteCommand) throws(PaletteError) -> Action? {
    switch command {
    case .key(let command): return perform(command)
    case .select(let id): try selectExisting(id)
    case .selectGroup(let id): try selectMember(of: id)
    case .selectVector(let vector):
      selection.vector = vector
      show(.lapic)
    case .selectEvent(let sequence): try selectEvent(sequence)
    case .journey(let id):
      guard journey(id) != nil else { throw PaletteError("nothing is known of journey \(id.rawValue)") }
      openJourney(id)
    case .why(let id):
      try selectExisting(id)
      openWhy()
    case .search(let text): search(for: text, from: searchable?.selectedRow(self))
    case .filter(let text): try filter(text)
    case .sort(let name, let isDescending): try sort(named: name, isDescending: isDescending)
    case .columns(let names): try showColumns(names)
    case .set(let name, let value): return try set(name, to: value)
    case .yankPane: return yankPane()
    case .save(let path): return report(path: path)
    case .clearMark: clearMark()
    case .diff(let id):
      try selectExisting(id)
      openDiff()
    case .tag(let contexts):
      for id in contexts { try selectExisting(id) }
      tags.formUnion(contexts.map { .context($0) })
      message = Line("\(tags.count) tagged")
    case .rate(let decihertz):
      refreshDecihertz = decihertz
      message = Line("refresh: " + Header.rate(self))
    case .theme(let theme):
      self.theme = theme
      message = Line("theme: " + theme.name)
    case .timeMode(let mode):
      timeMode = mode
      message = Line("time: " + mode.name)
    case .run: return try act(.run, now: .running)
    case .stop: return try act(.pause, now: .paused)
    case .step(let count):
      guard expectedRunState == .paused else { throw PaletteError("step: stop the machine first") }
      return try act(.step(events: UInt64(count)))
    case .fire(let line): return try fire(line)
    case .switchVTL(let vp, let vtl): return try act(.switchVTL(vp, to: vtl))
    case .endOfInterrupt(let id): return try act(.endOfInterrupt(id))
    case .reset(let id, let isConfirmed):
      let action = try act(.reset(id))
      if isConfirmed { return action }
      dialog = ActionMenu.confirming(.reset, of: id)
    case .serial(let bytes): return try act(.serialInput(bytes))
    }
    return nil
  }

  /// Sends the machine a command, unless it could not be one now.
  private mutating func act(_ command: Command, now state: RunState? = nil) throws(PaletteError) -> Action {
    if isReadOnly { throw PaletteError("read-only: this core belongs to another process") }
    guard isAlive else { throw PaletteError("the machine has stopped for good") }
    // A step may last as long as it likes: it can be stopped.
    if let state, expectedRunState == state, state == .running || runRequests.last != .stepEvent {
      throw PaletteError("it is \(state) already")
    }
    return switch command {
    case .run, .pause, .step: ask(command)
    default: .command(command)
    }
  }

  /// Sends what is harmless at once; asks about the rest as the fire dialog does, unless the line ends in `yes`.
  private mutating func fire(_ line: FireLine) throws(PaletteError) -> Action? {
    let form = try line.form(self)
    let request = form.request(in: snapshot)
    let facts = FireFacts(preview(request, in: snapshot))
    if let refusal = facts.refusal { throw PaletteError("refused: \(refusal.text)") }
    let action = try act(.fire(request))
    if line.isConfirmed || !form.isGrave(facts) { return action }
    dialog = FireDialog(form, confirming: true, in: self)
    return nil
  }

  private mutating func selectExisting(_ id: ContextID) throws(PaletteError) {
    guard let context = snapshot[id] else { throw PaletteError("there is no context \(id)") }
    guard context.isEnabled else { throw PaletteError("VTL\(id.vtl.rawValue) is not enabled on VP \(id.vp.rawValue)") }
    select(id)
  }

  private mutating func selectMember(of id: GroupID) throws(PaletteError) {
    let members = members(of: id)
    guard let first = members.first else { throw PaletteError("g\(id.rawValue) has no members") }
    select(members.first { $0.vp == selection.context.vp } ?? first)
  }

  private mutating func selectEvent(_ sequence: UInt64) throws(PaletteError) {
    guard events.event(sequence) != nil else { throw PaletteError("event \(sequence) is not in the log") }
    show(.events)
    held = events
    selection.event = sequence
    eventsTop = sequence
  }
}
