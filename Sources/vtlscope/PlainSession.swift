import Glibc
import Host
import Inspector
import Journal
import Region

/// The line mode on a region: reads lines from standard input, and prints what they ask for and what changes.
struct PlainSession {
  private var watcher: RegionWatcher
  private var mode: PlainMode
  /// Where commands go; nil when this inspector may only look.
  private let mailbox: Mailbox?
  private var reader = LineReader()
  private var lines: [LineReader.Input] = []
  private var hasEnded = false
  /// Somebody types: there is a prompt.
  private let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
  private var showsPrompt = false
  /// When it looks again, in nanoseconds.
  private var due: UInt64 = 0

  /// - Parameter saved: what is configured; what `options` says goes before it.
  init(
    _ region: RegionReader, mailbox: Mailbox?, _ options: ScreenOptions, _ saved: Options
  ) throws(RegionError) {
    var watcher = try RegionWatcher(region)
    var model = try watcher.model(isReadOnly: mailbox == nil)
    options.apply(saved, to: &model)
    model.apply(try watcher.look(at: HostClock.now()))
    model.rediagnose()
    self.watcher = watcher
    self.mailbox = mailbox
    mode = PlainMode(model, width: Output.width)
  }

  /// Runs until `quit`, the end of the input, a signal, or until nobody reads any more.
  mutating func run() throws {
    Output.ignoreClosedPipes()
    Interruption.listen()
    var goesOn = try say(mode.greeting())
    while goesOn, !Interruption.hasCome, !Output.isAbandoned {
      let now = HostClock.now()
      if now >= due { goesOn = try look() }
      if !lines.isEmpty, mode.isReady(at: now / 1_000_000) {
        goesOn = try takeLine()
      } else if hasEnded, lines.isEmpty, mode.isReady(at: now / 1_000_000) {
        return
      } else {
        if lines.isEmpty, mode.isReady(at: now / 1_000_000) { goesOn = try prompt() }
        listen()
      }
    }
  }

  /// Nanoseconds between looks; a command's effect is looked for sooner.
  private var interval: UInt64 {
    mode.isReady(at: .max) ? UInt64(mode.model.refreshMilliseconds) * 1_000_000 : 15_000_000
  }

  private mutating func look() throws -> Bool {
    let now = HostClock.now()
    due = now + interval
    let update: Update
    do throws(RegionError) { update = try watcher.look(at: now) } catch { throw fail(error) }
    return try say(mode.apply(update, at: now / 1_000_000))
  }

  private mutating func takeLine() throws -> Bool {
    // What was typed is about what is there now.
    guard try look() else { return false }
    guard mode.isReady(at: HostClock.now() / 1_000_000), !lines.isEmpty else { return true }
    showsPrompt = false
    let reply = mode.take(lines.removeFirst(), at: HostClock.now() / 1_000_000)
    if let command = reply.command {
      mailbox?.post(command)
      due = HostClock.now() + interval
    }
    return try say(reply.lines) && !reply.isOver
  }

  /// Waits for input or for the next look. Nothing is read before what was read is done.
  private mutating func listen() {
    let now = HostClock.now()
    let milliseconds = due > now ? Int32(clamping: (due - now + 999_999) / 1_000_000) : 0
    let isListening = lines.isEmpty && !hasEnded
    var descriptor = pollfd(fd: isListening ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, min(milliseconds, 1_000)) > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
    if count > 0 {
      lines += reader.feed(bytes[..<count])
    } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
      hasEnded = true
      if let last = reader.finish() { lines.append(last) }
    }
  }

  private mutating func say(_ lines: [String]) throws -> Bool {
    guard !lines.isEmpty else { return true }
    defer { showsPrompt = false }
    return try Output.write((showsPrompt ? "\n" : "") + lines.map { $0 + "\n" }.joined())
  }

  /// A line has been typed ahead: it stands on the terminal already, so that a prompt now would come after it.
  private var isInputWaiting: Bool {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }

  private mutating func prompt() throws -> Bool {
    guard isInteractive, !showsPrompt, !isInputWaiting else { return true }
    showsPrompt = true
    return try Output.write("> ")
  }
}
