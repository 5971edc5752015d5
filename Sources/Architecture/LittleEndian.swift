/// Little-endian fields of a block of bytes that the guest laid out.
///
/// Reading past the end gives zeros: a block's size is checked once, where it is fetched, and no guest may
/// make a later read trap.
extension [UInt8] {
  /// The unsigned value of `count` bytes (1...8) at `offset`.
  public func littleEndian(at offset: Int, count: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in 0..<Swift.min(Swift.max(count, 0), 8) where offset >= 0 && offset < self.count - i {
      value |= UInt64(self[offset + i]) &<< UInt64(8 * i)
    }
    return value
  }

  public func uint8(at offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: littleEndian(at: offset, count: 1)) }
  public func uint32(at offset: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: littleEndian(at: offset, count: 4))
  }
  public func uint64(at offset: Int) -> UInt64 { littleEndian(at: offset, count: 8) }
  public func uint128(at offset: Int) -> UInt128 {
    UInt128(uint64(at: offset)) | UInt128(uint64(at: offset + 8)) &<< 64
  }

  /// Puts `count` bytes (1...8) of `value` at `offset`; what would lie past the end is left out.
  public mutating func setLittleEndian(_ value: UInt64, at offset: Int, count: Int) {
    for i in 0..<Swift.min(Swift.max(count, 0), 8) where offset >= 0 && offset < self.count - i {
      self[offset + i] = UInt8(truncatingIfNeeded: value &>> UInt64(8 * i))
    }
  }

  /// The same with all 16 bytes of a value.
  public mutating func setLittleEndian(_ value: UInt128, at offset: Int) {
    setLittleEndian(UInt64(truncatingIfNeeded: value), at: offset, count: 8)
    setLittleEndian(UInt64(truncatingIfNeeded: value &>> 64), at: offset + 8, count: 8)
  }

  public mutating func appendLittleEndian(_ value: UInt128) {
    for i in 0..<16 { append(UInt8(truncatingIfNeeded: value &>> UInt128(8 * i))) }
  }
}
