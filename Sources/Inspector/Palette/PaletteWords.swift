import Architecture
import Journal

/// The words of a command line, read from left to right.
struct PaletteWords {
  struct Word: Hashable {
    var text: String
    /// Where it begins; counts from 1.
    var column: Int
  }

  private let words: [Word]
  private let line: String
  private var place = 0

  init(_ line: String) {
    self.line = line
    var words: [Word] = []
    var column = 0
    for scalar in line.unicodeScalars {
      column += 1
      if scalar.properties.isWhitespace {
        if words.last?.text.isEmpty == false { words.append(Word(text: "", column: 0)) }
      } else {
        if words.isEmpty || words[words.count - 1].text.isEmpty {
          if !words.isEmpty { words.removeLast() }
          words.append(Word(text: "", column: column))
        }
        words[words.count - 1].text.unicodeScalars.append(scalar)
      }
    }
    if words.last?.text.isEmpty == true { words.removeLast() }
    self.words = words
  }

  var isAtEnd: Bool { place >= words.count }
  var peek: Word? { isAtEnd ? nil : words[place] }

  mutating func next() -> Word? {
    guard let word = peek else { return nil }
    place += 1
    return word
  }

  /// Takes the next word when it is `text`.
  mutating func take(_ text: String) -> Bool {
    guard peek?.text == text else { return false }
    place += 1
    return true
  }

  /// The column of what is read next, or where it is missing.
  var column: Int { peek?.column ?? line.unicodeScalars.count + 1 }

  /// All that is left, as it was typed.
  mutating func rest() -> String {
    guard let word = peek else { return "" }
    place = words.count
    var rest = String.UnicodeScalarView(line.unicodeScalars.dropFirst(word.column - 1))
    while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
    return String(rest)
  }

  // MARK: - Values

  mutating func required(_ what: String) throws(PaletteError) -> Word {
    guard let word = next() else { throw PaletteError("\(what) is missing", column: column) }
    return word
  }

  mutating func context() throws(PaletteError) -> ContextID {
    let word = try required("a context such as 5.0")
    guard let id = ContextID(word.text) else {
      throw PaletteError("\"\(word.text)\" is no context such as 5.0", column: word.column)
    }
    return id
  }

  mutating func number(_ what: String, in range: ClosedRange<Int>) throws(PaletteError) -> Int {
    let word = try required(what)
    guard let value = Int(word.text), range.contains(value) else {
      throw PaletteError(
        "\(what) is \(range.lowerBound) to \(range.upperBound), not \"\(word.text)\"", column: word.column)
    }
    return value
  }

  /// A hexadecimal number of at most `digits` digits, with or without `0x`.
  mutating func hex(_ what: String, digits: Int) throws(PaletteError) -> UInt32 {
    let word = try required(what)
    guard let value = Self.hex(word.text, digits: digits) else {
      throw PaletteError(
        "\(what) has 1 to \(digits) hexadecimal digits, not \"\(word.text)\"", column: word.column)
    }
    return value
  }

  static func hex(_ text: String, digits: Int) -> UInt32? {
    let plain = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
    guard (1...digits).contains(plain.utf8.count), plain.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
      return nil
    }
    return UInt32(plain, radix: 16)
  }

  /// One of some names.
  mutating func choice<T>(_ what: String, _ choices: [(String, T)]) throws(PaletteError) -> T {
    let word = try required(what)
    guard let choice = choices.first(where: { $0.0 == word.text }) else {
      let names = choices.map(\.0).joined(separator: " ")
      throw PaletteError("no \(what) \"\(word.text)\"; one of \(names)", column: word.column)
    }
    return choice.1
  }

  /// Nothing may follow.
  func end() throws(PaletteError) {
    if let word = peek { throw PaletteError("\"\(word.text)\" is one word too many", column: word.column) }
  }
}
