/// Bytes that somebody types or pipes in, as lines. Nothing that comes can make it keep more than a line.
public struct LineReader: Sendable {
  public enum Input: Hashable, Sendable {
    case line(String)
    /// It was longer than `limit` bytes, and is forgotten.
    case tooLong
  }

  public static var limit: Int { 1_024 }

  private var bytes: [UInt8] = []
  private var isTooLong = false

  public init() {}

  /// The lines that are complete now.
  public mutating func feed(_ new: some Sequence<UInt8>) -> [Input] {
    var lines: [Input] = []
    for byte in new {
      if byte == UInt8(ascii: "\n") {
        lines.append(take())
      } else if bytes.count < Self.limit {
        bytes.append(byte)
      } else {
        isTooLong = true
      }
    }
    return lines
  }

  /// What stands after the last newline when nothing more comes.
  public mutating func finish() -> Input? { bytes.isEmpty ? nil : take() }

  private mutating func take() -> Input {
    defer { (bytes, isTooLong) = ([], false) }
    if isTooLong { return .tooLong }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return .line(String(decoding: bytes, as: UTF8.self))
  }
}
