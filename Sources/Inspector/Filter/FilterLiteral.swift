import Architecture
import Journal

/// Values as a filter writes them.
enum FilterLiteral {
  static func value(_ text: String, _ field: FilterName, _ column: Int) throws(PaletteError) -> FilterValue {
    switch field.kind {
    case .text: return .text(text)
    case .word:
      if !field.words.isEmpty, !field.words.contains(where: { Needle(text).equals($0) }) {
        throw PaletteError("\(field.name) is one of \(field.words.joined(separator: " "))", column: column)
      }
      return .word(text)
    case .flag:
      if ["yes", "1", "on"].contains(text.lowercased()) { return .number(1) }
      if ["no", "0", "off"].contains(text.lowercased()) { return .number(0) }
      throw PaletteError("\(field.name) is yes or no", column: column)
    case .number, .hex, .span, .context:
      guard let number = number(text, field.kind) else {
        throw PaletteError("\"\(text)\" is no \(what(field.kind))", column: column)
      }
      return .number(number)
    }
  }

  /// `30..3f`; nil when it is no range.
  static func range(_ text: String, _ field: FilterName, _ column: Int) throws(PaletteError) -> ClosedRange<UInt64>? {
    guard field.kind.hasOrder, let dots = text.firstRange(of: "..") else { return nil }
    let ends = [String(text[..<dots.lowerBound]), String(text[dots.upperBound...])]
    let numbers = ends.compactMap { number($0, field.kind) }
    guard numbers.count == 2, numbers[0] <= numbers[1] else {
      throw PaletteError("\"\(text)\" is no range of \(what(field.kind))s, low to high", column: column)
    }
    return numbers[0]...numbers[1]
  }

  private static func what(_ kind: FilterKind) -> String {
    switch kind {
    case .number: "number"
    case .hex: "hexadecimal number"
    case .span: "span such as 850ns, 2.5ms or 1s"
    case .context: "context such as 5.0"
    case .word, .text, .flag: "word"
    }
  }

  private static func number(_ text: String, _ kind: FilterKind) -> UInt64? {
    switch kind {
    case .number: digits(text, radix: 10)
    case .hex: digits(text.lowercased().hasPrefix("0x") ? String(text.dropFirst(2)) : text, radix: 16)
    case .span: VirtualTime(span: text)?.rawValue
    case .context: ContextID(text).map(FilterValue.number)
    case .word, .text, .flag: nil
    }
  }

  private static func digits(_ text: String, radix: Int) -> UInt64? {
    text.hasPrefix("+") ? nil : UInt64(text, radix: radix)
  }
}

extension VirtualTime {
  /// Reads a span with its unit: `850ns`, `2.5ms`, `1s`; at most 30 years. nil when it is not one.
  public init?(span text: String) {
    let units: [(String, Double)] = [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)]
    guard let (unit, ticks) = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
    let digits = text.dropLast(unit.count)
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }), let number = Double(digits),
      number * ticks < 1e18
    else { return nil }
    self.init(ticks: UInt64((number * ticks).rounded()))
  }
}
