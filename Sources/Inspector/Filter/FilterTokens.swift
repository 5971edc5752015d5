/// The words and signs of a filter, with where each of them begins.
struct FilterTokens {
  enum Token: Hashable {
    /// A name, a value or a word to look for.
    case word(String)
    /// In quotation marks: never a name nor an operator.
    case quoted(String)
    case comparison(Filter.Comparison)
    case open, close, comma
    case and, or, not
    /// `in`, between a field and its values.
    case oneOf

    var text: String {
      switch self {
      case .word(let text): text
      case .quoted(let text): "\"\(text)\""
      case .comparison(let comparison): comparison.rawValue
      case .open: "("
      case .close: ")"
      case .comma: ","
      case .and: "and"
      case .or: "or"
      case .not: "not"
      case .oneOf: "in"
      }
    }
  }

  struct Place: Hashable {
    var token: Token
    /// Counts from 1.
    var column: Int
  }

  private(set) var places: [Place] = []
  private let scalars: [Unicode.Scalar]
  private var next = 0

  init(_ text: String) throws(PaletteError) {
    scalars = Array(text.unicodeScalars)
    while next < scalars.count { try readToken() }
  }

  private mutating func readToken() throws(PaletteError) {
    let scalar = scalars[next]
    let column = next + 1
    if scalar.properties.isWhitespace {
      next += 1
      return
    }
    if let sign = Self.sign(scalar) {
      next += 1
      places.append(Place(token: sign, column: column))
    } else if "=!<>".unicodeScalars.contains(scalar) {
      places.append(Place(token: .comparison(try readComparison()), column: column))
    } else if scalar == "\"" {
      places.append(Place(token: .quoted(try readQuoted()), column: column))
    } else {
      places.append(Place(token: Self.keyword(readWord()), column: column))
    }
  }

  private static func sign(_ scalar: Unicode.Scalar) -> Token? {
    switch scalar {
    case "(": .open
    case ")": .close
    case ",": .comma
    case "&": .and
    case "|": .or
    default: nil
    }
  }

  private mutating func readComparison() throws(PaletteError) -> Filter.Comparison {
    let start = next
    var sign = String(Character(scalars[next]))
    next += 1
    if next < scalars.count, scalars[next] == "=", sign != "=" {
      sign += "="
      next += 1
    }
    guard let comparison = Filter.Comparison(rawValue: sign) else {
      throw PaletteError("\"\(sign)\" alone means nothing; != or not", column: start + 1)
    }
    return comparison
  }

  private mutating func readQuoted() throws(PaletteError) -> String {
    let start = next + 1
    guard let end = scalars[start...].firstIndex(of: "\"") else {
      throw PaletteError("the quotation mark is not closed", column: next + 1)
    }
    next = end + 1
    return String(String.UnicodeScalarView(scalars[start..<end]))
  }

  private mutating func readWord() -> String {
    let start = next
    while next < scalars.count, !scalars[next].properties.isWhitespace,
      !"()=!<>,&|\"".unicodeScalars.contains(scalars[next])
    {
      next += 1
    }
    return String(String.UnicodeScalarView(scalars[start..<next]))
  }

  private static func keyword(_ word: String) -> Token {
    switch word.lowercased() {
    case "and": .and
    case "or": .or
    case "not": .not
    case "in": .oneOf
    default: .word(word)
    }
  }
}
