import CNcurses
import Glibc
import Inspector

/// The terminal: draws grids and reads keys. One at a time, on one thread.
///
/// It gives the terminal back as it was at `close`, at `exit`, at a suspend and in a crash. Frames go out in pieces that
/// the terminal acknowledges (`LinePacing`), so that a slow line shows the newest frame and what a key did comes first.
public final class TerminalScreen {
  /// How many colours there are; 0 when there are none or `NO_COLOR` asks for none.
  public let colours: Int
  /// ASCII where the locale is not UTF-8: bytes beyond it would reach the terminal as control characters.
  public let glyphs: Glyphs
  /// What to begin with: mono without colours; light or dark when the terminal, or COLORFGBG, says what its background
  /// is; else what suits both.
  public private(set) var theme: Theme
  /// What has been sent to the terminal so far, in bytes.
  public private(set) var bytesSent: UInt64 = 0

  private let options: TerminalOptions
  private let attributes: UInt8
  private var canvas: Canvas
  private var pacing: LinePacing
  private var budget: FrameBudget
  private var pairs: [Int16: Int16] = [:]

  private var parser: InputParser
  private var guardian = PasteGuard()
  private var struck: [Key] = []
  private var keys: [Key] = []
  /// Signals that have not been told yet: bits of `CN_SIGNAL_RESIZE` and so on.
  private var noted = 0
  /// Bytes that the terminal's device had no room for.
  private var outgoing: [UInt8] = []
  private var isGone = false
  private var background: (red: UInt16, green: UInt16, blue: UInt16)?

  /// How long the rest of what was struck or pasted at once may be behind its first byte, in milliseconds.
  private static var gathering: Int32 { 3 }
  private static var themePatience: UInt64 { 150_000_000 }
  /// How long a terminal that takes nothing may hold up the end, in milliseconds.
  private static var leavingPatience: Int32 { 300 }

  public init(_ options: TerminalOptions) throws(TerminalError) {
    self.options = options
    var count: Int32 = 0
    var isUTF8 = false
    let asked = options.wantsColour && (Self.environment("NO_COLOR") ?? "").isEmpty
    switch Int(cn_open(asked, &count, &isUTF8)) {
    case CN_OK: break
    case CN_NOT_A_TERMINAL: throw .notATerminal
    case CN_UNKNOWN_TYPE: throw .unknownType(Self.environment("TERM") ?? "")
    case CN_NO_CURSOR: throw .cannotMoveCursor(Self.environment("TERM") ?? "")
    default: throw .failed
    }
    colours = Int(count)
    glyphs = isUTF8 && !options.isSerial ? .unicode : .ascii
    theme = count < 8 ? .mono : .auto
    attributes = UInt8(truncatingIfNeeded: cn_attributes())
    canvas = Canvas(reverse: UInt8(CN_REVERSE))
    pacing = LinePacing(firstPiece: options.isSerial ? 96 : LinePacing.firstPiece, now: options.clock())
    budget = FrameBudget(now: options.clock())
    parser = InputParser(keys: KeySequences.own { name in cn_capability(name).map { String(cString: $0) } })
    greet()
  }

  deinit { cn_close() }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  public var size: Size {
    var width: Int32 = 0
    var height: Int32 = 0
    cn_size(&width, &height)
    return Size(Int(width), Int(height))
  }

  // MARK: - The first questions

  /// Asks whether anybody answers at all, and how soon; then what the background is, which the answer after that one
  /// says is not to come.
  private func greet() {
    let question = Array(TerminalQuery.status.utf8)
    if !cn_send_within(question, Int64(question.count), Self.leavingPatience) { isGone = true }
    pacing.sent(question.count, isAsking: true, isGreeting: true, at: options.clock())
    let asksColour = colours >= 8 && !options.isSerial && !Self.printsQueries(Self.environment("TERM") ?? "")
    if asksColour { cn_write(TerminalQuery.background) }
    parser.owesColour = asksColour
    collect(asking: true, isGreeting: true)
    guard asksColour else { return }
    let end = options.clock() &+ Self.themePatience
    while background == nil, pacing.isAnswerOwed, !isGone, options.clock() < end {
      listen(until: end)
    }
    theme = Background.theme(background) ?? Background.theme(Self.environment("COLORFGBG")) ?? .auto
  }

  /// Terminals that do not know the query and are known to show it.
  private static func printsQueries(_ type: String) -> Bool {
    ["linux", "vt", "cons", "ansi", "sun", "wy"].contains { type.hasPrefix($0) }
  }

  // MARK: - Drawing

  /// Shows `grid`, as soon as the line takes it; `isKeyed` says that a key changed it, so that the change goes first.
  public func present(_ grid: Grid, theme: Theme = .auto, isKeyed: Bool = false) {
    var cells: [PaintedCell] = []
    cells.reserveCapacity(grid.cells.count)
    var style: Style?
    var look = PaintedCell()
    for cell in grid.cells {
      if cell.style != style {
        look = painted(theme.appearance(of: cell.style, colours: colours))
        style = cell.style
      }
      look.scalar = cell.scalar
      cells.append(look)
    }
    let now = options.clock()
    let calm = grid.calm.map { grid.bounds.intersection($0) }
    canvas.aim(at: cells, size: grid.size, isKeyed: isKeyed, calm: calm, now: now)
    if !isKeyed { budget.beginFrame(at: now) }
    pump()
  }

  private func painted(_ look: Appearance) -> PaintedCell {
    var bits: Int = 0
    if look.isBold { bits |= CN_BOLD }
    if look.isDim { bits |= CN_DIM }
    if look.isUnderlined { bits |= CN_UNDERLINE }
    if look.isReversed { bits |= CN_REVERSE }
    var cell = PaintedCell(attributes: UInt8(bits) & attributes)
    if let colour = look.colour, colours >= 8, Int(colour) < colours { cell.colour = colour }
    return cell
  }

  /// The last frame is on the screen, and the line is free for the next one.
  public var isReady: Bool {
    isIdle && budget.allowsFrame(cells: cells, at: options.clock())
  }

  /// Everything is painted and has been taken in.
  private var isIdle: Bool {
    canvas.isFinished && outgoing.isEmpty && pacing.allowance(at: options.clock(), isUrgent: false) > 0
  }

  private var cells: Int { canvas.size.width * canvas.size.height }

  /// Sends what the line takes now.
  private func pump() {
    collect()
    canvas.release(at: options.clock())
    // Right after a resize the frame is still the old size's.
    guard outgoing.isEmpty, !canvas.isFinished, canvas.size == size else { return }
    let now = options.clock()
    let room = pacing.allowance(at: now, isUrgent: canvas.hasUrgent)
    guard room > 0 else { return }
    if canvas.isLost {
      cn_blank()
      canvas.wipe()
    }
    for run in canvas.next(room) { put(run) }
    cn_flush()
    collect(asking: pacing.asks)
  }

  private func put(_ run: Canvas.Run) {
    guard let first = run.cells.first else { return }
    let scalars = run.cells.map { Int32(bitPattern: $0.scalar.value) }
    cn_put(
      Int32(run.y), Int32(run.x), scalars, Int32(scalars.count), Int32(first.attributes), pair(first.colour))
  }

  /// The pair for a colour, made when it is first needed; the terminal's own colours when it cannot be.
  private func pair(_ colour: Int16) -> Int16 {
    guard colour >= 0 else { return 0 }
    if let pair = pairs[colour] { return pair }
    let next = Int16(pairs.count + 1)
    let pair = cn_pair(next, colour) ? next : 0
    pairs[colour] = pair
    return pair
  }

  /// Takes the bytes that curses has ready, and sends them; a question at their end asks whether they have arrived.
  private func collect(asking: Bool = false, isGreeting: Bool = false) {
    if asking { cn_write(TerminalQuery.status) }
    var bytes: UnsafePointer<UInt8>?
    let count = Int(cn_output(&bytes))
    if count > 0 {
      outgoing += UnsafeBufferPointer(start: bytes, count: count)
      let now = options.clock()
      pacing.sent(count, isAsking: asking, isGreeting: isGreeting, at: now)
      budget.sent(count, cells: cells, at: now)
      parser.owesReport = pacing.isAnswerOwed
    }
    while !outgoing.isEmpty {
      let done = Int(cn_send(outgoing, Int64(outgoing.count)))
      if done == CN_GONE { isGone = true }
      guard done > 0 else { return }
      bytesSent &+= UInt64(done)
      outgoing.removeFirst(done)
    }
  }

  /// Everything is painted at the next `present`.
  public func redraw() { canvas.lose() }

  // MARK: - Listening

  /// The next key or other event; `tick` when there is none in time, or when the screen has become ready.
  public func nextEvent(timeoutMilliseconds: Int) -> TerminalEvent {
    let end = options.clock() &+ UInt64(max(0, timeoutMilliseconds)) &* 1_000_000
    let wasReady = isReady
    while true {
      if let event = nextNoted() { return event }
      pump()
      if isGone { return .hangup }
      if options.clock() >= end || (!wasReady && isReady) {
        listen(until: 0)
        return nextNoted() ?? .tick
      }
      listen(until: end)
    }
  }

  private func nextNoted() -> TerminalEvent? {
    if noted & (CN_HANGUP | CN_SIGNAL_END) != 0 || isGone { return .hangup }
    if takeNoted(CN_SIGNAL_CONTINUE) {
      canvas.lose()
      return .resize
    }
    if takeNoted(CN_SIGNAL_RESIZE) {
      cn_resize()
      canvas.lose()
      return .resize
    }
    if !keys.isEmpty { return .key(keys.removeFirst()) }
    if takeNoted(CN_SIGNAL_SUSPEND) { return .key(.control("z")) }
    if takeNoted(CN_SIGNAL_INTERRUPT) { return .key(.control("c")) }
    return nil
  }

  private func takeNoted(_ signal: Int) -> Bool {
    defer { noted &= ~signal }
    return noted & signal != 0
  }

  /// Waits for something to happen, at most until then, and takes it in.
  private func listen(until end: UInt64) {
    var wake = end
    if isIdle {
      if !isReady { wake = min(wake, budget.nextFrame(cells: cells)) }
    } else if outgoing.isEmpty, let change = pacing.nextChange(isUrgent: canvas.hasUrgent) {
      wake = min(wake, change)
    }
    if let deadline = parser.deadline { wake = min(wake, deadline) }
    if let release = canvas.nextRelease { wake = min(wake, release) }
    let now = options.clock()
    wait(wake > now ? Int32(clamping: (wake - now + 999_999) / 1_000_000) : 0)
    while !struck.isEmpty, !guardian.isDecided(struck), noted & CN_HANGUP == 0 {
      let before = struck.count
      wait(Self.gathering)
      if struck.count == before { break }
    }
    guard !struck.isEmpty else { return }
    keys += guardian.admit(struck, at: options.clock())
    struck.removeAll(keepingCapacity: true)
  }

  private func wait(_ milliseconds: Int32) {
    let found = Int(cn_wait(milliseconds, !outgoing.isEmpty))
    noted |= found & ~(CN_INPUT | CN_OUTPUT)
    let now = options.clock()
    if found & CN_INPUT != 0 { read(now) } else { take(parser.expire(now: now), now) }
    if found & CN_OUTPUT != 0 { collect() }
  }

  private func read(_ now: UInt64) {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    // Somebody may send without end: what comes after so much waits for the next time.
    for _ in 0..<16 {
      let count = Int(cn_read(&bytes, Int64(bytes.count)))
      if count == CN_GONE { isGone = true }
      guard count > 0 else { return }
      take(parser.feed(bytes[..<count], now: now), now)
    }
  }

  private func take(_ inputs: [Input], _ now: UInt64) {
    for input in inputs {
      switch input {
      case .key(let key): struck.append(key)
      case .statusReport: pacing.answered(at: now)
      case .background(let red, let green, let blue):
        background = (red, green, blue)
        parser.owesColour = false
      }
    }
    parser.owesReport = pacing.isAnswerOwed
    if !parser.owesReport { parser.owesColour = false }
  }

  // MARK: - The mouse and the clipboard

  /// Has clicks come as keys, or leaves the mouse to the terminal. A serial line keeps it.
  public func captureMouse(_ isWanted: Bool) {
    guard !options.isSerial else { return }
    cn_capture_mouse(isWanted)
  }

  /// Puts `text` on the terminal's clipboard, where it lets programs do that (OSC 52); false when it is longer than
  /// terminals take.
  public func copy(_ text: String) -> Bool {
    guard text.utf8.count <= 74_994 else { return false }
    cn_write("\u{1B}]52;c;" + base64(text.utf8) + "\u{1B}\\")
    collect(asking: pacing.asks)
    return true
  }

  // MARK: - Leaving

  /// Gives the terminal back to the shell until it resumes us.
  public func suspend() {
    finish()
    cn_suspend()
    canvas.lose()
  }

  public func close() {
    finish()
    cn_close()
  }

  /// Sends what has been begun, because half a control sequence would swallow what comes next; and waits for the answers
  /// that are on their way, because the shell would take them for keys.
  private func finish() {
    collect()
    if !outgoing.isEmpty, !isGone { _ = cn_send_within(outgoing, Int64(outgoing.count), Self.leavingPatience) }
    outgoing = []
    let end = options.clock() &+ UInt64(Self.leavingPatience) &* 1_000_000
    while !pacing.isClear, !isGone, noted & CN_HANGUP == 0, options.clock() < end { listen(until: end) }
  }
}
