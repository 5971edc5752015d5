import Architecture
import Journal

extension Filter {
  /// Reads a filter; nil for an empty one, which lets everything pass.
  ///
  /// - Parameter fields: what this view's rows can be asked about.
  static func parse(_ text: String, fields: [FilterName]) throws(PaletteError) -> Filter? {
    var parser = FilterParser(tokens: try FilterTokens(text).places, end: text.unicodeScalars.count + 1, fields: fields)
    guard let root = try parser.whole() else { return nil }
    return Filter(text: text, root: root)
  }
}

/// A recursive-descent parser: `or` binds least, then `and`, then `not`.
private struct FilterParser {
  let tokens: [FilterTokens.Place]
  /// The column after the last one.
  let end: Int
  let fields: [FilterName]
  private var place = 0
  private var depth = 0

  /// Deeper ones are nobody's.
  private static var depthLimit: Int { 32 }

  init(tokens: [FilterTokens.Place], end: Int, fields: [FilterName]) {
    self.tokens = tokens
    self.end = end
    self.fields = fields
  }

  private var peek: FilterTokens.Token? { place < tokens.count ? tokens[place].token : nil }
  private var column: Int { place < tokens.count ? tokens[place].column : end }

  private mutating func take(_ token: FilterTokens.Token) -> Bool {
    guard peek == token else { return false }
    place += 1
    return true
  }

  private func expected(_ what: String) -> PaletteError {
    PaletteError("expected \(what)" + (peek.map { ", not \($0.text)" } ?? ""), column: column)
  }

  mutating func whole() throws(PaletteError) -> Filter.Node? {
    if tokens.isEmpty { return nil }
    let node = try disjunction()
    if peek != nil { throw expected("nothing more") }
    return node
  }

  private mutating func disjunction() throws(PaletteError) -> Filter.Node {
    var node = try conjunction()
    while take(.or) { node = .or(node, try conjunction()) }
    return node
  }

  private mutating func conjunction() throws(PaletteError) -> Filter.Node {
    var node = try negation()
    while true {
      if !take(.and) {
        // Two terms beside each other.
        switch peek {
        case .word, .quoted, .open, .not: break
        default: return node
        }
      }
      node = .and(node, try negation())
    }
  }

  private mutating func negation() throws(PaletteError) -> Filter.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw PaletteError("too many parentheses", column: column) }
    return take(.not) ? .not(try negation()) : try primary()
  }

  private mutating func primary() throws(PaletteError) -> Filter.Node {
    if take(.open) {
      let node = try disjunction()
      guard take(.close) else { throw expected("a closing parenthesis") }
      return node
    }
    switch peek {
    case .quoted(let text):
      place += 1
      return .contains(Needle(text))
    case .word(let word): return try term(word)
    default: throw expected("a term such as \(fields.first.map { "\($0.name)=..." } ?? "a word")")
    }
  }

  /// `field=value`, `field in values`, or a bare word.
  private mutating func term(_ word: String) throws(PaletteError) -> Filter.Node {
    let start = column
    place += 1
    switch peek {
    case .comparison(let comparison):
      let field = try field(word, at: start)
      let sign = column
      place += 1
      return try comparisonTerm(field, comparison, at: sign)
    case .oneOf:
      let field = try field(word, at: start)
      place += 1
      return try comparisonTerm(field, .equal, at: column)
    default: return .contains(Needle(word))
    }
  }

  private func field(_ name: String, at column: Int) throws(PaletteError) -> Int {
    if let place = fields.firstIndex(where: { $0.name == name.lowercased() }) { return place }
    if fields.isEmpty { throw PaletteError("nothing here has fields: only words", column: column) }
    let names = fields.map(\.name).joined(separator: " ")
    throw PaletteError("no field \"\(name)\" here; \(names)", column: column)
  }

  private mutating func comparisonTerm(
    _ field: Int, _ comparison: Filter.Comparison, at sign: Int
  ) throws(PaletteError) -> Filter.Node {
    let name = fields[field]
    if comparison != .equal, comparison != .notEqual, !name.kind.hasOrder {
      throw PaletteError("\(name.name) has no order: = or != only", column: sign)
    }
    var values: [FilterValue] = []
    var ranges: [ClosedRange<UInt64>] = []
    repeat {
      let column = column
      let text = try valueText(of: name)
      if let range = try FilterLiteral.range(text, name, column) {
        ranges.append(range)
      } else {
        values.append(try FilterLiteral.value(text, name, column))
      }
    } while take(.comma)
    return try node(field, comparison, values, ranges, at: sign)
  }

  private mutating func valueText(of name: FilterName) throws(PaletteError) -> String {
    switch peek {
    case .word(let text), .quoted(let text):
      place += 1
      return text
    default: throw expected("a value for \(name.name)")
    }
  }

  private func node(
    _ field: Int, _ comparison: Filter.Comparison, _ values: [FilterValue], _ ranges: [ClosedRange<UInt64>],
    at sign: Int
  ) throws(PaletteError) -> Filter.Node {
    let isOrdered = comparison != .equal && comparison != .notEqual
    if isOrdered, !ranges.isEmpty || values.count != 1 {
      throw PaletteError("\(comparison.rawValue) takes one value", column: sign)
    }
    if fields[field].kind == .text {
      let texts = values.compactMap { if case .text(let text) = $0 { Needle(text) } else { nil } }
      let node = Filter.Node.mentions(field: field, texts)
      return comparison == .notEqual ? .not(node) : node
    }
    if ranges.isEmpty { return .compare(field: field, comparison, values) }
    let points = values.compactMap { if case .number(let number) = $0 { number...number } else { nil } }
    let node = Filter.Node.within(field: field, ranges + points)
    return comparison == .notEqual ? .not(node) : node
  }
}
