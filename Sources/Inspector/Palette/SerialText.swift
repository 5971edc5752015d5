/// What is typed into a guest's serial port, in a line of the palette: as it stands, with `\r`, `\n`, `\t`, `\\` and
/// `\xNN` for what a line cannot hold.
enum SerialText {
  /// The port's queue takes no more at once.
  static var limit: Int { 256 }

  static func bytes(_ text: String, at column: Int) throws(PaletteError) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      bytes.append(byte == UInt8(ascii: "\\") ? try escape(&rest, at: column) : byte)
    }
    guard bytes.count <= limit else { throw PaletteError("at most \(limit) bytes at once", column: column) }
    return bytes
  }

  private static func escape(_ rest: inout ArraySlice<UInt8>, at column: Int) throws(PaletteError) -> UInt8 {
    switch rest.popFirst() {
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "\\"): return UInt8(ascii: "\\")
    case UInt8(ascii: "x"):
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = PaletteWords.hex(digits, digits: 2) else { break }
      rest = rest.dropFirst(2)
      return UInt8(truncatingIfNeeded: value)
    default: break
    }
    throw PaletteError("after a backslash: r, n, t, xNN or another backslash", column: column)
  }
}
