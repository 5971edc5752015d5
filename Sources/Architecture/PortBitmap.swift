/// Which I/O ports are concerned, as a bit for reading and one for writing each: 65,536 bits for reads, then as many for
/// writes, in 64-bit words, the lowest port in bit 0.
public enum PortBitmap {
  public static var wordCount: Int { 2048 }

  public static func place(of port: UInt16, isWrite: Bool) -> (word: Int, bit: UInt64) {
    (Int(port >> 6) + (isWrite ? wordCount / 2 : 0), 1 << UInt64(port & 63))
  }

  /// Whether one of the `size` ports from `port` on is concerned, as an access of that size touches them all.
  public static func catches(_ words: UnsafePointer<UInt64>, _ port: UInt16, size: Int, isWrite: Bool) -> Bool {
    for i in 0..<UInt16(size) {
      let (word, bit) = place(of: port &+ i, isWrite: isWrite)
      if words[word] & bit != 0 { return true }
    }
    return false
  }
}

/// IN, OUT, INS or OUTS, one element of it.
public struct PortAccess: Hashable, Sendable {
  public var port: UInt16
  /// In bytes: 1, 2 or 4.
  public var size: Int
  public var isWrite: Bool
  /// INS and OUTS, and with a REP prefix.
  public var isString: Bool
  public var isRepeated: Bool

  public init(port: UInt16, size: Int, isWrite: Bool, isString: Bool = false, isRepeated: Bool = false) {
    self.port = port
    self.size = size
    self.isWrite = isWrite
    self.isString = isString
    self.isRepeated = isRepeated
  }
}
