/// Which rows of a list are shown: `kind=IPI vec=4f`, `state=R and not irr>0`, `(ppr>=50 or late>100us) work`.
///
/// One grammar in every view: a field compared with values, or a word that the row's text contains; `and`
/// (which may be left out), `or`, `not`, parentheses.
public struct Filter: Hashable, Sendable {
  /// As it was typed.
  public let text: String
  let root: Node

  indirect enum Node: Hashable, Sendable {
    /// The text of the row contains it.
    case contains(Needle)
    /// A field, by its place in the list of the view's fields.
    case compare(field: Int, Comparison, [FilterValue])
    /// Within one of the ranges, both ends included.
    case within(field: Int, [ClosedRange<UInt64>])
    /// A text that contains one of these.
    case mentions(field: Int, [Needle])
    case not(Node)
    case and(Node, Node)
    case or(Node, Node)
  }

  enum Comparison: String, Hashable, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  /// Whether a row passes. `values` gives those of a field by its place; `text` is asked for only where a word
  /// needs it.
  func passes(values: (Int) -> [FilterValue], text: () -> String) -> Bool { Self.holds(root, values, text) }

  private static func holds(_ node: Node, _ values: (Int) -> [FilterValue], _ text: () -> String) -> Bool {
    switch node {
    case .contains(let needle): needle.isIn(text())
    case .compare(let field, let comparison, let wanted): compare(values(field), comparison, wanted)
    case .within(let field, let ranges):
      values(field).contains { value in
        if case .number(let number) = value { ranges.contains { $0.contains(number) } } else { false }
      }
    case .mentions(let field, let needles):
      values(field).contains { value in
        if case .text(let text) = value { needles.contains { $0.isIn(text) } } else { false }
      }
    case .not(let inner): !holds(inner, values, text)
    case .and(let a, let b): holds(a, values, text) && holds(b, values, text)
    case .or(let a, let b): holds(a, values, text) || holds(b, values, text)
    }
  }

  /// A row with several values passes when one of them does; `!=` asks that none is equal.
  private static func compare(_ values: [FilterValue], _ comparison: Comparison, _ wanted: [FilterValue]) -> Bool {
    if comparison == .notEqual { return !compare(values, .equal, wanted) }
    return values.contains { value in
      wanted.contains { other in
        switch (value, other) {
        case (.number(let a), .number(let b)): compare(a, comparison, b)
        case (.word(let a), .word(let b)): comparison == .equal && Needle(b).equals(a)
        default: false
        }
      }
    }
  }

  private static func compare(_ a: UInt64, _ comparison: Comparison, _ b: UInt64) -> Bool {
    switch comparison {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

/// A text that is looked for, whatever the case of its letters.
struct Needle: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ text: String) { bytes = text.utf8.map(Self.lower) }

  private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  func equals(_ text: String) -> Bool { text.utf8.count == bytes.count && isIn(text) }

  func isIn(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { first(in: $0) } != nil
  }

  private func first(in text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let head = bytes.first else { return 0 }
    guard text.count >= bytes.count else { return nil }
    return (0...(text.count - bytes.count)).first { start in
      Self.lower(text[start]) == head && bytes.indices.allSatisfy { Self.lower(text[start + $0]) == bytes[$0] }
    }
  }
}
