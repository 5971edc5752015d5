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
  private let reader: RegionReader
  private var model: InspectorModel
  /// Where commands go; nil when this inspector may only look.
  private let mailbox: Mailbox?
  private var nextEvent: UInt64 = 0
  private var frame: UInt64 = 0
  /// A region outside the directory of the living is a copy: no process was ever to be there.
  private let isCopy: Bool

  /// Opens a region. Its last events are read, as far as the inspector keeps them.
  init(_ reader: RegionReader, mailbox: Mailbox?) throws(RegionError) {
    self.reader = reader
    self.mailbox = mailbox
    isCopy = !reader.path.hasPrefix(RegionDirectory.standard.path + "/")
    let snapshot = try reader.snapshot()
    let end = snapshot.machine.nextEvent
    let kept = UInt64(EventBuffer.standardCapacity)
    nextEvent = end > kept ? end - kept : 0
    model = InspectorModel(
      name: "\(reader.name).\(reader.pid)", snapshot: snapshot, isReadOnly: mailbox == nil,
      symbols: try reader.symbols())
  }

  /// Runs until the operator quits or the terminal is gone.
  mutating func run(on screen: TerminalScreen) throws(RegionError) {
    model.theme = screen.theme
    model.glyphs = screen.glyphs
    try look()
    draw(screen)
    var due = HostClock.now() + refresh
    while true {
      let now = HostClock.now()
      let wait = due > now ? Int((due - now + 999_999) / 1_000_000) : 0
      switch screen.nextEvent(timeoutMilliseconds: wait) {
      case .key(let key):
        let action = model.handle(key)
        if perform(action, screen) { return }
        // What a command did is in the very next frame, so look as soon as the machine has had the time.
        if case .command = action { due = min(due, HostClock.now() + Self.commandDelay) }
      case .hangup: return
      case .resize, .tick: break
      }
      let later = HostClock.now()
      if later >= due {
        try look()
        due = later + refresh
      }
      draw(screen)
    }
  }

  /// The machine takes a command within about a millisecond; nanoseconds.
  private static var commandDelay: UInt64 { 15_000_000 }

  private var refresh: UInt64 { UInt64(model.refreshMilliseconds) * 1_000_000 }

  /// Reads what is new. A region that went bad under us ends the session with its error.
  private mutating func look() throws(RegionError) {
    let liveness = try reader.liveness(now: HostClock.now())
    let current = try reader.currentFrame()
    let snapshot = current == frame ? nil : try reader.snapshot()
    frame = current
    let batch = try reader.events(from: nextEvent, limit: EventBuffer.standardCapacity)
    nextEvent = batch.next
    model.apply(
      Update(
        snapshot: snapshot, events: batch.events, missed: batch.missed &+ batch.unreadable,
        liveness: isCopy && liveness == .dead ? .archived : Inspector.Liveness(liveness)))
  }

  /// True when the session is over.
  private mutating func perform(_ action: Action?, _ screen: TerminalScreen) -> Bool {
    switch action {
    case nil: break
    case .quit: return true
    case .redraw: screen.redraw()
    case .suspend: screen.suspend()
    case .command(let command): mailbox?.post(command)
    }
    return false
  }

  private mutating func draw(_ screen: TerminalScreen) {
    model.size = screen.size
    screen.present(model.draw(model.size), theme: model.theme)
  }
}

extension Inspector.Liveness {
  init(_ liveness: Region.Liveness) {
    switch liveness {
    case .running, .idle, .paused: self = .beating
    case .wedged(let nanoseconds): self = .wedged(milliseconds: nanoseconds / 1_000_000)
    case .stopped: self = .suspended(milliseconds: 0)
    case .dead: self = .dead
    case .exited: self = .exited
    }
  }
}
