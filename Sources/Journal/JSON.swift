import Architecture

/// Something with one JSON form.
public protocol JSONWritable {
  func write(to json: inout JSONWriter)
}

extension JSONWritable {
  /// A whole document, with a last newline.
  public var json: String {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.text + "\n"
  }
}

/// Writes JSON text (RFC 8259) from the first character to the last, with keys in the order they are given.
///
/// The same values give the same bytes, so that two runs can be compared with cmp. Objects and arrays are
/// indented by two spaces, except inside `line`, which keeps one value on one line so that long logs can be
/// read and searched.
public struct JSONWriter {
  public private(set) var text = ""
  private var depth = 0
  private var isOneLine = false
  /// The object or array under way has an entry already.
  private var needsComma = false
  private var followsKey = false

  public init() {}

  // MARK: - Values

  public mutating func null() { put("null") }
  public mutating func value(_ value: Bool) { put(value ? "true" : "false") }
  public mutating func value(_ value: some BinaryInteger) { put(String(value)) }
  public mutating func value(_ value: some JSONWritable) { value.write(to: &self) }
  public mutating func value(_ value: String) {
    begin()
    quote(value)
    needsComma = true
  }

  /// A number that is read in hexadecimal, such as an address or a register: a string, since JSON numbers are
  /// decimal and lose bits beyond 2^53 in most readers.
  public mutating func hex(_ value: some BinaryInteger) { put("\"0x" + String(value, radix: 16) + "\"") }

  public mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }
  public mutating func array(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

  /// Writes what `body` writes without line breaks.
  public mutating func line(_ body: (inout JSONWriter) -> Void) {
    let outer = isOneLine
    // The line's own first break belongs to the lines around it.
    begin()
    followsKey = true
    isOneLine = true
    body(&self)
    isOneLine = outer
  }

  // MARK: - Members of an object

  public mutating func key(_ key: String) {
    begin()
    quote(key)
    text += ": "
    followsKey = true
  }

  public mutating func field(_ name: String, _ value: Bool) {
    key(name)
    self.value(value)
  }
  public mutating func field(_ name: String, _ value: (some BinaryInteger)?) {
    key(name)
    if let value { self.value(value) } else { null() }
  }
  public mutating func field(_ name: String, _ value: String?) {
    key(name)
    if let value { self.value(value) } else { null() }
  }
  public mutating func field(_ name: String, _ value: (some JSONWritable)?) {
    key(name)
    if let value { self.value(value) } else { null() }
  }
  public mutating func field(_ name: String, hex value: (some BinaryInteger)?) {
    key(name)
    if let value { hex(value) } else { null() }
  }
  public mutating func field(_ name: String, object body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }
  /// What a document about one moment of a machine begins with.
  public mutating func head(_ schema: String, version: Int, time: VirtualTime, epoch: UInt64) {
    field("schema", schema)
    field("version", version)
    field("time", time)
    field("epoch", epoch)
  }
  /// An array with one line per element.
  public mutating func field<T>(
    _ name: String, lines: some Sequence<T>, _ body: (T, inout JSONWriter) -> Void
  ) {
    key(name)
    array { json in
      for element in lines { json.line { body(element, &$0) } }
    }
  }

  // MARK: - Characters

  private mutating func put(_ characters: String) {
    begin()
    text += characters
    needsComma = true
  }

  /// What stands before a value or a key: a comma and a new line, unless it follows its key.
  private mutating func begin() {
    if followsKey {
      followsKey = false
      return
    }
    if needsComma { text += isOneLine ? ", " : "," }
    if depth > 0 { breakLine() }
    needsComma = false
  }

  private mutating func breakLine() {
    guard !isOneLine else { return }
    text += "\n"
    for _ in 0..<depth { text += "  " }
  }

  private mutating func nest(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
    begin()
    text += open
    depth += 1
    needsComma = false
    body(&self)
    depth -= 1
    if needsComma { breakLine() }
    text += close
    needsComma = true
  }

  private mutating func quote(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      // Control characters, C1 included: a dump may be shown on a terminal.
      case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
