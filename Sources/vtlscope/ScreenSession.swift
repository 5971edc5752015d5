import Architecture
import Diagnosis
import Glibc
import Host
import Inspector
import Journal
import Region
import Terminal

/// The inspector on a region: looks at it some times a second, draws what it sees, and takes keys.
///
/// The same for a core of this process and for another's: what it knows, it reads from the region.
struct ScreenSession {
  private var watcher: RegionWatcher
  private var model: InspectorModel
  /// Where commands go; nil when this inspector may only look.
  private let mailbox: Mailbox?
  /// When it looked last, and when it will again.
  private var looked: UInt64 = 0
  private var looks: UInt64 = 0
  /// Looks in a row at which nothing was new.
  private var idleLooks = 0
  private var meter = CostMeter()
  /// A command that is to show what it did.
  private var effect: Effect?

  private struct Effect {
    /// How many commands the machine had taken.
    var before: UInt64
    var until: UInt64
  }
  private var due: UInt64 = 0

  /// Opens a region. Its last events are read, as far as the inspector keeps them.
  init(_ reader: RegionReader, mailbox: Mailbox?) throws(RegionError) {
    watcher = try RegionWatcher(reader)
    self.mailbox = mailbox
    model = try watcher.model(isReadOnly: mailbox == nil)
  }

  /// Runs until the operator quits or the terminal is gone.
  ///
  /// - Parameter saved: what is configured; what `options` says goes before it.
  mutating func run(on screen: TerminalScreen, _ options: ScreenOptions, _ saved: Options) throws(RegionError) {
    options.apply(saved, to: &model, on: screen)
    if model.usesMouse { screen.captureMouse(true) }
    model.history = HistoryFile.read()
    defer { HistoryFile.write(model.history) }
    try look()
    draw(screen)
    while true {
      switch screen.nextEvent(timeoutMilliseconds: patience(screen)) {
      case .key(let key):
        let action = model.handle(key)
        if perform(action, screen) { return }
        draw(screen, isKeyed: true)
        if case .command = action { expectEffect() }
      case .hangup: return
      case .resize: draw(screen)
      case .tick: break
      }
      guard isDue(screen) else { continue }
      try look()
      let (isKeyed, isWeighed) = (showsEffect(), weigh(screen))
      if isKeyed || isWeighed || idleLooks < Self.restlessLooks { draw(screen, isKeyed: isKeyed) }
    }
  }

  /// True when there is something new to say about what looking costs.
  private mutating func weigh(_ screen: TerminalScreen) -> Bool {
    let publishing = { [watcher] in watcher.publishingPPM }
    if let cost = meter.measure(bytes: screen.bytesSent, looks: looks, publishing: publishing) {
      defer { model.cost = cost }
      return cost != model.cost
    }
    return false
  }

  /// How long there is nothing to do but wait for keys.
  private func patience(_ screen: TerminalScreen) -> Int {
    let now = HostClock.now()
    let wake = screen.isReady || effect != nil ? due : max(due, looked + Self.longestBlindness)
    return wake > now ? Int((wake - now + 999_999) / 1_000_000) : 0
  }

  /// A look is for a frame that can be drawn: a slow line gets the newest one when it is free again. But whether the core
  /// is still there is never unknown for long.
  private func isDue(_ screen: TerminalScreen) -> Bool {
    let now = HostClock.now()
    return now >= due && (screen.isReady || effect != nil || now >= looked + Self.longestBlindness)
  }

  private static var longestBlindness: UInt64 { 1_000_000_000 }
  /// Diagnosis is some looks behind; after these, nothing new means that the screen is as it was.
  private static var restlessLooks: Int { 10 }

  // MARK: - Commands

  /// What a command did is in a frame of the next milliseconds. It is a key's doing, so it waits for no frame under way.
  private mutating func expectEffect() {
    effect = Effect(before: model.snapshot.machine.commands, until: HostClock.now() + Self.commandPatience)
    due = min(due, HostClock.now() + Self.commandDelay)
  }

  /// Whether what was just seen is what the command did.
  private mutating func showsEffect() -> Bool {
    guard let waiting = effect else { return false }
    let isDone = model.snapshot.machine.commands != waiting.before
    if isDone || HostClock.now() >= waiting.until {
      effect = nil
    } else {
      due = HostClock.now() + Self.commandDelay
    }
    return isDone
  }

  /// The machine takes a command within about a millisecond; nanoseconds.
  private static var commandDelay: UInt64 { 15_000_000 }
  private static var commandPatience: UInt64 { 500_000_000 }

  private var refresh: UInt64 { UInt64(model.refreshMilliseconds) * 1_000_000 }

  /// Reads what is new. A region that went bad under us ends the session with its error.
  private mutating func look() throws(RegionError) {
    looked = HostClock.now()
    looks += 1
    due = looked + refresh
    let update = try watcher.look(at: looked)
    let isNew =
      update.snapshot != nil || !update.events.isEmpty || update.missed > 0 || update.liveness != model.liveness
    idleLooks = isNew ? 0 : idleLooks + 1
    model.apply(update)
  }

  /// True when the session is over.
  private mutating func perform(_ action: Action?, _ screen: TerminalScreen) -> Bool {
    switch action {
    case nil: break
    case .quit: return true
    case .redraw: screen.redraw()
    case .suspend: screen.suspend()
    case .command(let command): mailbox?.post(command)
    case .copy(let copied): model.message = copy(copied, screen)
    case .save(let saved): model.message = save(saved)
    case .keepOptions(let options): model.message = keep(options)
    case .captureMouse(let isWanted): screen.captureMouse(isWanted)
    }
    return false
  }

  private mutating func draw(_ screen: TerminalScreen, isKeyed: Bool = false) {
    model.size = screen.size
    screen.present(model.draw(model.size), theme: model.theme, isKeyed: isKeyed)
  }
}
