/// The guest programs this package builds, as ELF64 images with their symbols.
public enum GuestImage {
  /// The names of all programs, in alphabetical order.
  public static var names: [String] { EmbeddedImages.all.map(\.name) }

  /// The image of one program; nil when there is none of that name.
  public static func named(_ name: String) -> [UInt8]? {
    guard let image = EmbeddedImages.all.first(where: { $0.name == name }) else { return nil }
    return image.base64.withUTF8Buffer { decodeBase64($0) }
  }

  /// Decodes what the build wrote: the standard alphabet, padded, without line breaks (RFC 4648, section 4).
  static func decodeBase64(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    for character in text {
      guard let value = sextet(character) else { break }
      bits = bits &<< 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits &>> UInt32(count)))
      }
    }
    return bytes
  }

  /// The six bits a character stands for; nil for the padding at the end.
  private static func sextet(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
