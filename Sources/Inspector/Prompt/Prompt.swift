/// A line that is being typed, below the view.
public struct Prompt: Sendable {
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case palette
    case search
    case filter

    /// What stands before the line: the key that opens it.
    public var mark: Character {
      switch self {
      case .palette: ":"
      case .search: "/"
      case .filter: "\\"
      }
    }
  }

  /// Longer lines are not taken.
  static var limit: Int { 512 }

  public let kind: Kind
  private var scalars: [Unicode.Scalar]
  /// Characters before the cursor.
  public private(set) var cursor: Int
  /// Where in the history this line is from, counted from the newest; nil is what was typed.
  private var historyPlace: Int?
  private var draft = ""
  private var cycle: Cycle?
  /// What there is to say about the line as it is: `3 of 17`.
  var note = Line.empty
  /// Why it was not taken; until the next key.
  var error: PaletteError?
  /// What was selected when it was opened: where a search begins, and comes back to.
  var origin: RowID?

  /// The words that Tab goes through.
  private struct Cycle {
    var head: String
    var words: [String]
    var place: Int
  }

  public init(_ kind: Kind, text: String = "") {
    self.kind = kind
    scalars = Array(text.unicodeScalars.prefix(Self.limit))
    cursor = scalars.count
  }

  public var text: String { String(String.UnicodeScalarView(scalars)) }
  /// The part before the cursor: what Tab completes.
  var head: String { String(String.UnicodeScalarView(scalars[..<cursor])) }
  /// The word that Tab has put there last, among those it goes through.
  var cycling: (words: [String], place: Int)? { cycle.map { ($0.words, $0.place) } }

  private mutating func set(_ text: String) {
    scalars = Array(text.unicodeScalars.prefix(Self.limit))
    cursor = scalars.count
  }

  // MARK: - Editing

  /// Takes text at the cursor: what of it can be typed, up to the end of its first line.
  public mutating func insert(_ text: String) {
    let line = text.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" }
    let kept = line.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    let room = kept.prefix(Self.limit - scalars.count)
    scalars.insert(contentsOf: room, at: cursor)
    cursor += room.count
    cycle = nil
    historyPlace = nil
  }

  /// False for a key that does not edit.
  public mutating func edit(_ key: Key) -> Bool {
    switch key {
    case .character(let scalar): insert(String(Character(scalar)))
    case .paste(let text): insert(text)
    case .backspace:
      guard cursor > 0 else { break }
      cursor -= 1
      scalars.remove(at: cursor)
    case .delete: if cursor < scalars.count { scalars.remove(at: cursor) }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(scalars.count, cursor + 1)
    case .home: cursor = 0
    case .end: cursor = scalars.count
    default: return false
    }
    cycle = nil
    return true
  }

  // MARK: - History

  /// The line `step` further back in `history`, which has the newest last; forwards when negative.
  public mutating func recall(_ step: Int, in history: [String]) {
    if historyPlace == nil { draft = text }
    let place = (historyPlace ?? -1) + step
    guard place >= 0 else {
      if historyPlace != nil { set(draft) }
      historyPlace = nil
      return
    }
    guard history.indices.contains(history.count - 1 - place) else { return }
    set(history[history.count - 1 - place])
    historyPlace = place
    cycle = nil
  }

  // MARK: - Completion

  /// Puts the cursor where the error is.
  mutating func point(at error: PaletteError) {
    self.error = error
    if let column = error.column { cursor = min(scalars.count, max(0, column - 1)) }
  }

  /// The word under the cursor, as far as the cursor: what completion goes on from.
  var word: String {
    kind == .filter ? Self.filterWord(head) : String(head.reversed().prefix { $0 != " " }.reversed())
  }

  /// The name or the value at the end of a filter.
  static func filterWord(_ text: String) -> String {
    let breaks: [Character] = [" ", "(", ")", ",", "&", "|", "=", "<", ">", "!"]
    return String(text.reversed().prefix { !breaks.contains($0) }.reversed())
  }

  /// Puts the next of `candidates` in place of the word under the cursor; first of all what they have in
  /// common.
  public mutating func complete(_ candidates: [String], backwards: Bool) {
    if var open = cycle {
      open.place = (open.place + (backwards ? open.words.count - 1 : 1)) % open.words.count
      put(open.head + open.words[open.place])
      cycle = open
      return
    }
    guard let first = candidates.first else { return }
    let word = word
    let before = String(head.dropLast(word.count))
    if candidates.count == 1 { return put(before + first + (kind == .palette ? " " : "")) }
    let common = candidates.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
    if common.count > word.count { return put(before + common) }
    let place = backwards ? candidates.count - 1 : 0
    put(before + candidates[place])
    cycle = Cycle(head: before, words: candidates, place: place)
  }

  /// Replaces what is before the cursor.
  private mutating func put(_ head: String) {
    let tail = scalars[cursor...]
    let new = Array(head.unicodeScalars)
    guard new.count + tail.count <= Self.limit else { return }
    scalars = new + tail
    cursor = new.count
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
