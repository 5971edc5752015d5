import CNcurses
import Glibc
import Inspector

/// The terminal: draws grids and reads keys. One at a time, on one thread.
///
/// It gives the terminal back as it was at `close`, at `exit`, at a suspend and in a crash.
public final class TerminalScreen {
  /// How many colours there are; 0 when there are none or `NO_COLOR` asks for none.
  public let colours: Int
  /// ASCII where the locale is not UTF-8: bytes beyond it would reach the terminal as control characters.
  public let glyphs: Glyphs

  /// What to begin with: mono without colours, light where COLORFGBG says so, else what suits both.
  public let theme: Theme

  private var shown: Grid?
  private var shownTheme = Theme.auto
  private var pairs: [Int16: Int16] = [:]
  private var keys: [Key] = []
  public init(wantsColour: Bool = true) throws(TerminalError) {
    var count: Int32 = 0
    var isUTF8 = false
    let asked = wantsColour && (Self.environment("NO_COLOR") ?? "").isEmpty
    switch Int(cn_open(asked, &count, &isUTF8)) {
    case CN_OK: break
    case CN_NOT_A_TERMINAL: throw .notATerminal
    case CN_UNKNOWN_TYPE: throw .unknownType(Self.environment("TERM") ?? "")
    case CN_NO_CURSOR: throw .cannotMoveCursor(Self.environment("TERM") ?? "")
    default: throw .failed
    }
    colours = Int(count)
    glyphs = isUTF8 ? .unicode : .ascii
    theme = count < 8 ? .mono : Self.isLight(Self.environment("COLORFGBG")) ? .light : .auto
  }

  deinit { cn_close() }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// COLORFGBG is `foreground;background` in palette numbers; 7 and 9 to 15 are light.
  private static func isLight(_ value: String?) -> Bool {
    guard let last = value?.split(separator: ";").last, let background = Int(last) else { return false }
    return background == 7 || background > 8
  }

  public var size: Size {
    var width: Int32 = 0
    var height: Int32 = 0
    cn_size(&width, &height)
    return Size(Int(width), Int(height))
  }

  // MARK: - Drawing

  /// Shows `grid`, writing only the cells that differ from what is there.
  public func present(_ grid: Grid, theme: Theme = .auto) {
    let isSame = shown?.size == grid.size && shownTheme == theme
    for y in 0..<grid.size.height { draw(grid, row: y, theme, isSame ? shown : nil) }
    cn_flush()
    shown = grid
    shownTheme = theme
  }

  /// Writes the runs of one row that changed, one run for each style.
  private func draw(_ grid: Grid, row: Int, _ theme: Theme, _ old: Grid?) {
    var x = 0
    var run: [Int32] = []
    while x < grid.size.width {
      let cell = grid[x, row]
      if let old, old[x, row] == cell {
        x += 1
        continue
      }
      let start = x
      run.removeAll(keepingCapacity: true)
      while x < grid.size.width, grid[x, row].style == cell.style, old.map({ $0[x, row] != grid[x, row] }) ?? true {
        run.append(Int32(bitPattern: grid[x, row].scalar.value))
        x += 1
      }
      put(run, x: start, y: row, theme.appearance(of: cell.style, colours: colours))
    }
  }

  private func put(_ run: [Int32], x: Int, y: Int, _ look: Appearance) {
    var attributes = 0
    if look.isBold { attributes |= Int(CN_BOLD) }
    if look.isDim { attributes |= Int(CN_DIM) }
    if look.isUnderlined { attributes |= Int(CN_UNDERLINE) }
    if look.isReversed { attributes |= Int(CN_REVERSE) }
    cn_put(Int32(y), Int32(x), run, Int32(run.count), Int32(attributes), pair(look.colour))
  }

  /// The pair for a colour, made when it is first needed; the terminal's own colours when it cannot be.
  private func pair(_ colour: Int16?) -> Int16 {
    guard let colour, colours >= 8, Int(colour) < colours else { return 0 }
    if let pair = pairs[colour] { return pair }
    let next = Int16(pairs.count + 1)
    let pair = cn_pair(next, colour) ? next : 0
    pairs[colour] = pair
    return pair
  }

  /// Everything is painted at the next `present`.
  public func redraw() {
    shown = nil
    cn_redraw()
  }

  // MARK: - Listening

  /// The next key or other event; `tick` when there is none in time.
  public func nextEvent(timeoutMilliseconds: Int) -> TerminalEvent {
    if let key = nextKey() { return .key(key) }
    let found = Int(cn_wait(Int32(clamping: timeoutMilliseconds)))
    if found & CN_HANGUP != 0 { return .hangup }
    if found & CN_SIGNAL_CONTINUE != 0 {
      shown = nil
      return .resize
    }
    if found & CN_SIGNAL_RESIZE != 0 {
      cn_resize()
      return .resize
    }
    if found & CN_SIGNAL_SUSPEND != 0 { return .key(.control("z")) }
    if found & CN_SIGNAL_INTERRUPT != 0 { return .key(.control("c")) }
    if found & CN_INPUT != 0 {
      keys = KeyReader.read { Int(cn_key()) }
      if let key = nextKey() { return .key(key) }
      if cn_at_end() { return .hangup }
    }
    return .tick
  }

  private func nextKey() -> Key? { keys.isEmpty ? nil : keys.removeFirst() }

  // MARK: - Leaving

  /// Gives the terminal back to the shell until it resumes us.
  public func suspend() {
    cn_suspend()
    shown = nil
  }

  public func close() { cn_close() }
}
