import Architecture

/// A 256-bit register with one bit per vector: IRR, ISR or TMR (SDM Vol. 3A, 12.8.4, figure 12-20).
///
/// A summary byte says which words hold anything, so the highest vector costs two bit scans and no loop.
public struct VectorSet: Hashable, Sendable {
  private var word0: UInt64 = 0
  private var word1: UInt64 = 0
  private var word2: UInt64 = 0
  private var word3: UInt64 = 0
  /// Bit n: word n is not zero.
  private var summary: UInt8 = 0

  public init() {}

  @inline(__always) public var isEmpty: Bool { summary == 0 }

  @inline(__always) private func word(_ n: UInt8) -> UInt64 {
    switch n & 3 {
    case 0: word0
    case 1: word1
    case 2: word2
    default: word3
    }
  }

  @inline(__always) private mutating func setWord(_ n: UInt8, _ value: UInt64) {
    switch n & 3 {
    case 0: word0 = value
    case 1: word1 = value
    case 2: word2 = value
    default: word3 = value
    }
    let bit: UInt8 = 1 &<< (n & 3)
    summary = value == 0 ? summary & ~bit : summary | bit
  }

  public func contains(_ vector: VectorNumber) -> Bool {
    word(vector.rawValue &>> 6) &>> UInt64(vector.rawValue & 63) & 1 != 0
  }

  public mutating func insert(_ vector: VectorNumber) {
    let n = vector.rawValue &>> 6
    setWord(n, word(n) | 1 &<< UInt64(vector.rawValue & 63))
  }

  public mutating func remove(_ vector: VectorNumber) {
    let n = vector.rawValue &>> 6
    setWord(n, word(n) & ~(1 &<< UInt64(vector.rawValue & 63)))
  }

  /// The highest vector that is set.
  public var highest: VectorNumber? {
    guard summary != 0 else { return nil }
    let n = 7 - UInt8(truncatingIfNeeded: summary.leadingZeroBitCount)
    return VectorNumber(rawValue: n &<< 6 | UInt8(truncatingIfNeeded: 63 - word(n).leadingZeroBitCount))
  }

  /// The dword of the register that holds vectors 32n+31...32n, as software reads it.
  public func dword(_ n: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: word(UInt8(truncatingIfNeeded: n &>> 1)) &>> UInt64((n & 1) &* 32))
  }
}
