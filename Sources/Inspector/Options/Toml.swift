/// The part of TOML 1.0 that a configuration of ours needs: comments, tables of one level, and keys with strings,
/// numbers, booleans and arrays of strings. Anything else is refused with its line.
struct TomlDocument {
  enum Value: Hashable {
    case string(String)
    case number(Double)
    case boolean(Bool)
    case strings([String])
  }

  struct Entry: Hashable {
    /// Empty for keys before the first table.
    var table: String
    var key: String
    var value: Value
    var line: Int
  }

  private(set) var entries: [Entry] = []

  private var scalars: [Unicode.Scalar]
  private var next = 0
  private var line = 1

  init(_ text: String) throws(ConfigurationError) {
    scalars = Array(text.unicodeScalars)
    var table = ""
    var tables: Set<String> = []
    while try skipToStatement() {
      if take("[") {
        skipBlanks()
        let name = try readKey()
        skipBlanks()
        guard take("]") else { throw error("expected ] after the table's name") }
        guard tables.insert(name).inserted else { throw error("the table [\(name)] is there twice") }
        table = name
      } else {
        try readEntry(of: table)
      }
      try endLine()
    }
  }

  private func error(_ text: String) -> ConfigurationError { ConfigurationError(line: line, text: text) }

  private var peek: Unicode.Scalar? { next < scalars.count ? scalars[next] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    if scalar == "\n" { line += 1 }
    next += 1
    return true
  }

  // MARK: - Space

  private mutating func skipBlanks() { while take(" ") || take("\t") {} }

  private mutating func skipComment() throws(ConfigurationError) {
    guard take("#") else { return }
    while let scalar = peek, scalar != "\n" {
      if scalar.value < 0x20 && scalar != "\t" && scalar != "\r" { throw error("a control character in a comment") }
      next += 1
    }
  }

  /// Over blank lines and comments; false at the end.
  private mutating func skipToStatement() throws(ConfigurationError) -> Bool {
    repeat {
      skipBlanks()
      try skipComment()
    } while take("\n") || take("\r")
    return peek != nil
  }

  private mutating func endLine() throws(ConfigurationError) {
    skipBlanks()
    try skipComment()
    _ = take("\r")
    guard peek == nil || peek == "\n" else { throw error("expected the end of the line") }
  }

  // MARK: - Entries

  private mutating func readEntry(of table: String) throws(ConfigurationError) {
    let start = line
    let key = try readKey()
    skipBlanks()
    guard take("=") else { throw error("expected = after \"\(key)\"") }
    skipBlanks()
    let value = try readValue()
    if entries.contains(where: { $0.table == table && $0.key == key }) { throw error("\"\(key)\" is there twice") }
    entries.append(Entry(table: table, key: key, value: value, line: start))
  }

  private mutating func readKey() throws(ConfigurationError) -> String {
    if peek == "\"" || peek == "'" { return try readString() }
    let name = readBare()
    guard !name.isEmpty else { throw error("expected a key") }
    return name
  }

  private mutating func readBare() -> String {
    let start = next
    while let scalar = peek, scalar.isASCII,
      scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar)
    {
      next += 1
    }
    return String(String.UnicodeScalarView(scalars[start..<next]))
  }

  private mutating func readValue() throws(ConfigurationError) -> Value {
    switch peek {
    case "\"", "'": return .string(try readString())
    case "[": return .strings(try readArray())
    default: break
    }
    let start = next
    while let scalar = peek, scalar.isASCII,
      scalar.properties.isAlphabetic || "0123456789_-+.".unicodeScalars.contains(scalar)
    {
      next += 1
    }
    let word = String(String.UnicodeScalarView(scalars[start..<next]))
    if word == "true" { return .boolean(true) }
    if word == "false" { return .boolean(false) }
    let digits = word.filter { $0 != "_" }
    guard let first = digits.first, first.isNumber || first == "-" || first == "+", let number = Double(digits),
      number.isFinite
    else { throw error("expected a string, a number, true, false or an array of strings") }
    return .number(number)
  }

  private mutating func readArray() throws(ConfigurationError) -> [String] {
    _ = take("[")
    var strings: [String] = []
    while true {
      _ = try skipToStatement()
      if take("]") { return strings }
      guard peek == "\"" || peek == "'" else { throw error("expected a string or ] in the array") }
      strings.append(try readString())
      guard strings.count <= 256 else { throw error("the array is too long") }
      _ = try skipToStatement()
      if take("]") { return strings }
      guard take(",") else { throw error("expected , or ] in the array") }
    }
  }

  // MARK: - Strings

  private mutating func readString() throws(ConfigurationError) -> String {
    let isLiteral = take("'")
    if !isLiteral { _ = take("\"") }
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      if scalar.value < 0x20 && scalar != "\t" || scalar.value == 0x7F { break }
      next += 1
      if scalar == (isLiteral ? "'" : "\"") { return String(text) }
      text.append(scalar == "\\" && !isLiteral ? try readEscape() : scalar)
    }
    throw error("the string does not end on its line")
  }

  private mutating func readEscape() throws(ConfigurationError) -> Unicode.Scalar {
    guard let scalar = peek else { throw error("the string does not end on its line") }
    next += 1
    switch scalar {
    case "\"", "\\": return scalar
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "u", "U":
      let count = scalar == "u" ? 4 : 8
      let digits = String(String.UnicodeScalarView(scalars[next..<min(scalars.count, next + count)]))
      guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
        let found = Unicode.Scalar(value)
      else { throw error("\\\(scalar) needs \(count) hexadecimal digits of a character") }
      next += count
      return found
    default: throw error("\\\(scalar) is no escape")
    }
  }
}

/// Why a configuration is not taken: the line, and one sentence.
public struct ConfigurationError: Error, Hashable, Sendable {
  /// Counts from 1.
  public var line: Int
  public var text: String

  public init(line: Int, text: String) {
    self.line = line
    self.text = text
  }
}
