/// A piece of text in one style.
public struct Span: Hashable, Sendable {
  public var text: String
  public var style: Style
  public init(_ text: String, _ style: Style = .plain) {
    self.text = text
    self.style = style
  }
}

/// One row of text in several styles. One Unicode scalar is one column; see `Glyphs`.
public struct Line: Hashable, Sendable, ExpressibleByStringInterpolation {
  public var spans: [Span]

  public init(_ spans: [Span] = []) { self.spans = spans }
  public init(_ text: String, _ style: Style = .plain) { spans = [Span(text, style)] }
  public init(stringLiteral text: String) { self.init(text) }

  public static var empty: Self { Line([]) }
  public var text: String { spans.map(\.text).joined() }
  public var width: Int { spans.reduce(0) { $0 + $1.text.unicodeScalars.count } }

  public static func + (a: Self, b: Self) -> Self { Line(a.spans + b.spans) }
  public static func += (a: inout Self, b: Self) { a.spans += b.spans }
  public mutating func append(_ text: String, _ style: Style = .plain) { spans.append(Span(text, style)) }

  /// Fills with blanks up to `width`; cuts, with an ellipsis, what is longer.
  public func padded(to width: Int) -> Line {
    let missing = width - self.width
    if missing > 0 { return self + Line(String(repeating: " ", count: missing)) }
    return missing == 0 ? self : clipped(to: width)
  }

  public func clipped(to width: Int) -> Line {
    guard self.width > width else { return self }
    var rest = max(0, width)
    var out = Line.empty
    for span in spans where rest > 0 {
      let count = span.text.unicodeScalars.count
      if count > rest || (count == rest && out.width + count < self.width) {
        out.append(span.text.cut(rest - 1) + "…", span.style)
        return out
      }
      out.spans.append(span)
      rest -= count
    }
    return out
  }
}

extension String {
  /// The first `width` columns.
  func cut(_ width: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(max(0, width)))) }

  var columns: Int { unicodeScalars.count }

  public func clipped(to width: Int) -> String {
    if columns <= width { return self }
    return width <= 0 ? "" : cut(width - 1) + "…"
  }

  public func left(_ width: Int) -> String {
    let text = clipped(to: width)
    return text + String(repeating: " ", count: max(0, width - text.columns))
  }

  public func right(_ width: Int) -> String {
    let text = clipped(to: width)
    return String(repeating: " ", count: max(0, width - text.columns)) + text
  }
}
