/// A terminal for the tests: what the bytes of a program come to, as ECMA-48 and the terminals' manuals have it.
///
/// It knows what ncurses sends for the terminals of the matrix, and no more: every other byte is a problem.
struct TerminalModel {
  struct Cell: Hashable {
    var scalar: Unicode.Scalar = " "
    var look = Look()
  }

  struct Look: Hashable {
    var isBold = false
    var isDim = false
    var isUnderlined = false
    var isReversed = false
    var foreground: Int?
    var background: Int?
  }

  private(set) var width: Int
  private(set) var height: Int
  private var cells: [Cell]
  private var look = Look()
  private var x = 0
  private var y = 0
  private var wrapsNext = false
  private var top = 0
  private var bottom: Int
  private var last: Unicode.Scalar = " "
  private var saved = (x: 0, y: 0)

  /// DEC private modes that are set, such as 25 (cursor), 1049 (alternate screen), 2004 (paste).
  private(set) var modes: Set<Int> = [25]
  /// What is not part of any sequence that a program of ours may send.
  private(set) var problems: [String] = []
  /// OSC strings that came, but for the query for the background.
  private(set) var strings: [String] = []
  /// What the terminal says back.
  var answers: [UInt8] = []
  var background: String?
  private(set) var questions = 0
  /// Every other byte than these would be one of somebody else's.
  private var state = State.ground
  private var collected: [UInt8] = []
  private var decoder: [UInt8] = []

  private enum State { case ground, escape, control, string, charset }

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bottom = height - 1
    cells = Array(repeating: Cell(), count: width * height)
  }

  // MARK: - Looking

  /// The rows as text, without trailing blanks.
  var rows: [String] {
    (0..<height).map { y in
      var row = String(String.UnicodeScalarView(cells[(y * width)..<((y + 1) * width)].map(\.scalar)))
      while row.last == " " { row.removeLast() }
      return row
    }
  }

  /// Every cell with its look.
  var picture: [[Cell]] { (0..<height).map { Array(cells[($0 * width)..<(($0 + 1) * width)]) } }

  func contains(_ text: String) -> Bool { rows.contains { $0.contains(text) } }

  /// Keeps what fits, as terminals do with their alternate screen.
  mutating func resize(width: Int, height: Int) {
    var grown = Array(repeating: Cell(), count: width * height)
    for y in 0..<min(height, self.height) {
      for x in 0..<min(width, self.width) { grown[y * width + x] = cells[y * self.width + x] }
    }
    (self.width, self.height, cells) = (width, height, grown)
    (top, bottom) = (0, height - 1)
    (x, y) = (min(x, width - 1), min(y, height - 1))
    wrapsNext = false
  }

  // MARK: - Bytes

  mutating func feed(_ bytes: some Sequence<UInt8>) { for byte in bytes { feed(byte) } }

  private mutating func feed(_ byte: UInt8) {
    switch state {
    case .ground: ground(byte)
    case .escape: escape(byte)
    case .charset: state = .ground
    case .control:
      switch byte {
      case 0x20...0x3F: collected.append(byte)
      case 0x40...0x7E:
        state = .ground
        control(String(decoding: collected, as: UTF8.self), Character(Unicode.Scalar(byte)))
      default: problem("byte \(byte) in a control sequence")
      }
    case .string:
      if byte == 0x07 || (byte == 0x5C && collected.last == 0x1B) {
        state = .ground
        string(String(decoding: collected.filter { $0 != 0x1B }, as: UTF8.self))
      } else if byte < 0x20 && byte != 0x1B {
        problem("byte \(byte) in a string")
      } else {
        collected.append(byte)
        // The Linux console's palette reset has no end.
        if collected == [0x52] { state = .ground }
      }
    }
  }

  private mutating func ground(_ byte: UInt8) {
    if !decoder.isEmpty || byte >= 0x80 { return text(byte) }
    switch byte {
    case 0x1B:
      state = .escape
      collected = []
    case 0x0D: (x, wrapsNext) = (0, false)
    case 0x0A: lineFeed()
    case 0x08: (x, wrapsNext) = (max(0, x - (wrapsNext ? 0 : 1)), false)
    case 0x09: x = min(width - 1, (x / 8 + 1) * 8)
    case 0x0E, 0x0F, 0x00: break
    case 0x20..<0x7F: put(Unicode.Scalar(byte))
    default: problem("control character \(byte)")
    }
  }

  private mutating func text(_ byte: UInt8) {
    decoder.append(byte)
    let needed = decoder[0] >= 0xF0 ? 4 : decoder[0] >= 0xE0 ? 3 : decoder[0] >= 0xC2 ? 2 : 1
    guard decoder.count >= needed else { return }
    let scalars = Array(String(decoding: decoder, as: UTF8.self).unicodeScalars)
    if scalars.count == 1, scalars[0] != "\u{FFFD}", scalars[0].value > 0x9F {
      put(scalars[0])
    } else {
      problem("bytes \(decoder) are no text")
    }
    decoder = []
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    if wrapsNext {
      x = 0
      lineFeed()
      wrapsNext = false
    }
    cells[y * width + x] = Cell(scalar: scalar, look: look)
    last = scalar
    if x == width - 1 { wrapsNext = true } else { x += 1 }
  }

  private mutating func lineFeed() {
    wrapsNext = false
    if y == bottom { scroll(1) } else { y = min(height - 1, y + 1) }
  }

  /// Upwards, or downwards when it is negative; from `first` to the bottom margin.
  private mutating func scroll(_ lines: Int, from first: Int? = nil) {
    let first = first ?? top
    guard first <= bottom else { return }
    let before = cells
    for row in first...bottom {
      let from = row + lines
      for column in 0..<width {
        cells[row * width + column] = from >= first && from <= bottom ? before[from * width + column] : Cell()
      }
    }
  }

  private mutating func escape(_ byte: UInt8) {
    state = .ground
    switch Character(Unicode.Scalar(byte)) {
    case "[": state = .control
    case "]": state = .string
    case "(", ")": state = .charset
    case "7": saved = (x, y)
    case "8": (x, y, wrapsNext) = (saved.x, saved.y, false)
    case "M": if y == top { scroll(-1) } else { y = max(0, y - 1) }
    case "=", ">": break
    case let other: problem("ESC \(other)")
    }
  }

  private mutating func problem(_ what: String) {
    state = .ground
    if problems.count < 20 { problems.append(what) }
  }

  private mutating func string(_ text: String) {
    guard text == "11;?" else {
      strings.append(text)
      return
    }
    if let background { answers += Array("\u{1B}]11;\(background)\u{1B}\\".utf8) }
  }

  // MARK: - Control sequences

  private mutating func control(_ parameters: String, _ final: Character) {
    if parameters.hasPrefix("?") { return mode(String(parameters.dropFirst()), final) }
    let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let first = numbers.first ?? 0
    let n = max(1, first)
    if final != "m" { wrapsNext = false }
    switch final {
    case "H", "f": move(max(1, numbers.count > 1 ? numbers[1] : 1) - 1, n - 1)
    case "A": move(x, max(0, y - n))
    case "B": move(x, y + n)
    case "C": move(x + n, y)
    case "D": move(max(0, x - n), y)
    case "G", "`": move(n - 1, y)
    case "d": move(x, n - 1)
    case "J":
      erase(
        first == 0 ? (y * width + x)..<(width * height) : first == 1 ? 0..<(y * width + x + 1) : 0..<(width * height))
    case "K":
      let row = y * width
      erase(first == 0 ? (row + x)..<(row + width) : first == 1 ? row..<(row + x + 1) : row..<(row + width))
    case "X": erase((y * width + x)..<min(y * width + x + n, (y + 1) * width))
    case "S": scroll(n)
    case "T": scroll(-n)
    case "L": scroll(-n, from: y)
    case "M": scroll(n, from: y)
    case "P": shift(-n)
    case "@": shift(n)
    case "b": for _ in 0..<n { put(last) }
    case "r": (top, bottom) = (n - 1, numbers.count > 1 && numbers[1] > 0 ? min(height, numbers[1]) - 1 : height - 1)
    case "m": for number in select(numbers) { problem("SGR \(number)") }
    case "h", "l": if first != 4 && first != 34 { problem("CSI \(parameters)\(final)") }
    case "t" where first == 22 || first == 23: break
    case "n" where first == 5:
      questions += 1
      answers += Array("\u{1B}[0n".utf8)
    default: problem("CSI \(parameters)\(final)")
    }
  }

  private mutating func move(_ column: Int, _ row: Int) { (x, y) = (min(width - 1, column), min(height - 1, row)) }

  /// With the background of the look, as terminals with "back colour erase" do; ours never sets one.
  private mutating func erase(_ range: Range<Int>) { for i in range { cells[i] = Cell() } }

  private mutating func shift(_ distance: Int) {
    let row = y * width
    let rest = Array(cells[(row + x)..<(row + width)])
    for i in rest.indices {
      let from = i - distance
      cells[row + x + i] = rest.indices.contains(from) ? rest[from] : Cell()
    }
  }

  private mutating func mode(_ parameters: String, _ final: Character) {
    let numbers = parameters.split(separator: ";").compactMap { Int($0) }
    switch final {
    case "h": modes.formUnion(numbers)
    case "l": modes.subtract(numbers)
    case "c": break
    default: problem("CSI ?\(parameters)\(final)")
    }
    if numbers.contains(1049) { erase(0..<(width * height)) }
  }

  /// Returns what it does not know.
  private mutating func select(_ numbers: [Int]) -> [Int] {
    var unknown: [Int] = []
    var i = 0
    while i < max(1, numbers.count) {
      let number = numbers.isEmpty ? 0 : numbers[i]
      switch number {
      case 0: look = Look()
      case 1: look.isBold = true
      case 2: look.isDim = true
      case 4: look.isUnderlined = true
      case 7: look.isReversed = true
      case 22: (look.isBold, look.isDim) = (false, false)
      case 24: look.isUnderlined = false
      case 27: look.isReversed = false
      case 10, 11: break
      case 30...37: look.foreground = number - 30
      case 38 where numbers.count > i + 2 && numbers[i + 1] == 5:
        look.foreground = numbers[i + 2]
        i += 2
      case 39: look.foreground = nil
      case 49: look.background = nil
      default: unknown.append(number)
      }
      i += 1
    }
    return unknown
  }
}
