import Architecture
import Journal

/// What kind of values a field has: how a filter writes them and compares them.
enum FilterKind: Hashable, Sendable {
  /// Decimal.
  case number
  /// Hexadecimal, with or without `0x`.
  case hex
  /// A span of virtual time: `2ms`, `850ns`.
  case span
  /// One of some words, whatever their case.
  case word
  /// Anything that contains what is asked for.
  case text
  /// `5.0`.
  case context
  /// `yes` or `no`.
  case flag

  var hasOrder: Bool {
    switch self {
    case .number, .hex, .span: true
    case .word, .text, .context, .flag: false
    }
  }
}

/// A value of a field, or what it is compared with.
enum FilterValue: Hashable, Sendable {
  case number(UInt64)
  /// Equal whatever the case of its letters.
  case word(String)
  case text(String)

  init(_ number: some BinaryInteger) { self = .number(UInt64(clamping: number)) }
  init(_ span: VirtualTime) { self = .number(span.rawValue) }
  init(_ flag: Bool) { self = .number(flag ? 1 : 0) }
  init(_ id: ContextID) { self = .number(Self.number(id)) }

  static func number(_ id: ContextID) -> UInt64 { UInt64(id.vp.rawValue) << 8 | UInt64(id.vtl.rawValue) }
}

/// Something that a filter can ask about a row.
struct FilterField<Row>: Sendable {
  var name: String
  var kind: FilterKind
  var help: String
  /// The words there are, where they are few.
  var words: [String] = []
  /// None when the row has no such thing; several where it has several.
  var values: @Sendable (Row, InspectorModel) -> [FilterValue]

  init(
    _ name: String, _ kind: FilterKind, _ help: String, words: [String] = [],
    values: @escaping @Sendable (Row, InspectorModel) -> [FilterValue]
  ) {
    self.name = name
    self.kind = kind
    self.help = help
    self.words = words
    self.values = values
  }

  var description: FilterName { FilterName(name: name, kind: kind, help: help, words: words) }
}

/// A field without the rows it is of: all that reading a filter needs.
struct FilterName: Hashable, Sendable {
  var name: String
  var kind: FilterKind
  var help: String
  var words: [String]
}
