import Architecture
import Memory

/// Loads and stores through the TLB: one compare and one add when the translation is there.
///
/// The tag is compared with the page of the *last* byte, so an access that crosses pages never matches.
/// `segment` only tells #SS from #GP.
extension Interpreter {
  @inline(__always)
  func host(_ entry: UnsafeMutablePointer<TLBEntry>, _ address: UInt64) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: address &+ entry.pointee.addend)).unsafelyUnwrapped
  }

  @inline(__always)
  func load8(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt8 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.readTag == address & ~0xFFF { return host(entry, address).load(as: UInt8.self) }
    return UInt8(truncatingIfNeeded: try slowLoad(c, address, 1, segment))
  }
  @inline(__always)
  func load16(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt16 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.readTag == (address &+ 1) & ~0xFFF {
      return host(entry, address).loadUnaligned(as: UInt16.self)
    }
    return UInt16(truncatingIfNeeded: try slowLoad(c, address, 2, segment))
  }
  @inline(__always)
  func load32(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt32 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.readTag == (address &+ 3) & ~0xFFF {
      return host(entry, address).loadUnaligned(as: UInt32.self)
    }
    return UInt32(truncatingIfNeeded: try slowLoad(c, address, 4, segment))
  }
  @inline(__always)
  func load64(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt64 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.readTag == (address &+ 7) & ~0xFFF {
      return host(entry, address).loadUnaligned(as: UInt64.self)
    }
    return try slowLoad(c, address, 8, segment)
  }

  // The first half of a read-modify-write: the page must be writable already (SDM Vol. 3A, 4.7: W/R is then 1).

  @inline(__always)
  func loadForWrite32(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt32 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == (address &+ 3) & ~0xFFF {
      return host(entry, address).loadUnaligned(as: UInt32.self)
    }
    return UInt32(truncatingIfNeeded: try slowLoad(c, address, 4, segment, forWrite: true))
  }
  @inline(__always)
  func loadForWrite64(_ c: CPU, _ address: UInt64, _ segment: UInt8) throws(Stop) -> UInt64 {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == (address &+ 7) & ~0xFFF {
      return host(entry, address).loadUnaligned(as: UInt64.self)
    }
    return try slowLoad(c, address, 8, segment, forWrite: true)
  }

  @inline(__always)
  func store8(_ c: CPU, _ address: UInt64, _ value: UInt8, _ segment: UInt8) throws(Stop) {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == address & ~0xFFF {
      host(entry, address).storeBytes(of: value, as: UInt8.self)
    } else {
      try slowStore(c, address, UInt64(value), 1, segment)
    }
  }
  @inline(__always)
  func store16(_ c: CPU, _ address: UInt64, _ value: UInt16, _ segment: UInt8) throws(Stop) {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == (address &+ 1) & ~0xFFF {
      host(entry, address).storeBytes(of: value, as: UInt16.self)
    } else {
      try slowStore(c, address, UInt64(value), 2, segment)
    }
  }
  @inline(__always)
  func store32(_ c: CPU, _ address: UInt64, _ value: UInt32, _ segment: UInt8) throws(Stop) {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == (address &+ 3) & ~0xFFF {
      host(entry, address).storeBytes(of: value, as: UInt32.self)
    } else {
      try slowStore(c, address, UInt64(value), 4, segment)
    }
  }
  @inline(__always)
  func store64(_ c: CPU, _ address: UInt64, _ value: UInt64, _ segment: UInt8) throws(Stop) {
    let entry = c.pointee.tlb + TLBEntry.index(address)
    if entry.pointee.writeTag == (address &+ 7) & ~0xFFF {
      host(entry, address).storeBytes(of: value, as: UInt64.self)
    } else {
      try slowStore(c, address, value, 8, segment)
    }
  }

  /// `width` bytes, zero-extended.
  @inline(__always)
  func load(_ c: CPU, _ address: UInt64, _ width: UInt8, _ segment: UInt8) throws(Stop) -> UInt64 {
    switch width {
    case 1: UInt64(try load8(c, address, segment))
    case 2: UInt64(try load16(c, address, segment))
    case 4: UInt64(try load32(c, address, segment))
    default: try load64(c, address, segment)
    }
  }
  @inline(__always)
  func store(_ c: CPU, _ address: UInt64, _ width: UInt8, _ value: UInt64, _ segment: UInt8) throws(Stop) {
    switch width {
    case 1: try store8(c, address, UInt8(truncatingIfNeeded: value), segment)
    case 2: try store16(c, address, UInt16(truncatingIfNeeded: value), segment)
    case 4: try store32(c, address, UInt32(truncatingIfNeeded: value), segment)
    default: try store64(c, address, value, segment)
    }
  }
  func loadForWrite(_ c: CPU, _ address: UInt64, _ width: UInt8, _ segment: UInt8) throws(Stop) -> UInt64 {
    switch width {
    case 4: UInt64(try loadForWrite32(c, address, segment))
    case 8: try loadForWrite64(c, address, segment)
    default: try slowLoad(c, address, Int(width), segment, forWrite: true)
    }
  }
}
