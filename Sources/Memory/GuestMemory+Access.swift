import Architecture

/// Accesses by the machine, its devices and the operator: by GPA, as one VTL sees it, protections not applied.
///
/// Values are little-endian and may cross a page.
extension GuestMemory {
  public func load8(_ gpa: GPA, vtl: VTL = .vtl0) -> UInt8? {
    host(gpa, 1, vtl)?.load(as: UInt8.self)
  }
  public func load16(_ gpa: GPA, vtl: VTL = .vtl0) -> UInt16? {
    if let host = host(gpa, 2, vtl) { return host.loadUnaligned(as: UInt16.self) }
    return crossing(gpa, 2, vtl).map { UInt16(truncatingIfNeeded: $0) }
  }
  public func load32(_ gpa: GPA, vtl: VTL = .vtl0) -> UInt32? {
    if let host = host(gpa, 4, vtl) { return host.loadUnaligned(as: UInt32.self) }
    return crossing(gpa, 4, vtl).map { UInt32(truncatingIfNeeded: $0) }
  }
  public func load64(_ gpa: GPA, vtl: VTL = .vtl0) -> UInt64? {
    if let host = host(gpa, 8, vtl) { return host.loadUnaligned(as: UInt64.self) }
    return crossing(gpa, 8, vtl)
  }

  @discardableResult
  public func store8(_ value: UInt8, at gpa: GPA, vtl: VTL = .vtl0) -> Bool { store(UInt64(value), 1, gpa, vtl) }
  @discardableResult
  public func store16(_ value: UInt16, at gpa: GPA, vtl: VTL = .vtl0) -> Bool { store(UInt64(value), 2, gpa, vtl) }
  @discardableResult
  public func store32(_ value: UInt32, at gpa: GPA, vtl: VTL = .vtl0) -> Bool { store(UInt64(value), 4, gpa, vtl) }
  @discardableResult
  public func store64(_ value: UInt64, at gpa: GPA, vtl: VTL = .vtl0) -> Bool { store(value, 8, gpa, vtl) }

  /// `count` bytes from `gpa` on; nil when any of them is not RAM.
  public func read(_ gpa: GPA, count: Int, vtl: VTL = .vtl0) -> [UInt8]? {
    guard count >= 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    let complete = forEachPiece(gpa, count, vtl) { backing, offset, length in
      bytes.append(contentsOf: UnsafeRawBufferPointer(start: base + backing << 12 + offset, count: length))
    }
    return complete ? bytes : nil
  }

  /// Stores nothing and returns false when any of the bytes is not RAM.
  @discardableResult
  public func write(_ bytes: [UInt8], at gpa: GPA, vtl: VTL = .vtl0) -> Bool {
    bytes.withUnsafeBytes { write($0, at: gpa, vtl: vtl) }
  }

  @discardableResult
  public func write(_ bytes: UnsafeRawBufferPointer, at gpa: GPA, vtl: VTL = .vtl0) -> Bool {
    guard forEachPiece(gpa, bytes.count, vtl, { _, _, _ in }) else { return false }
    var done = 0
    return forEachPiece(gpa, bytes.count, vtl) { backing, offset, length in
      let piece = UnsafeRawBufferPointer(rebasing: bytes[done..<done + length])
      UnsafeMutableRawBufferPointer(start: base + backing << 12 + offset, count: length).copyMemory(from: piece)
      noteWrite(backing, offset, length)
      done += length
    }
  }

  /// Calls with (backing page, offset, length) for each page's share; false as soon as one is not RAM.
  private func forEachPiece(_ gpa: GPA, _ count: Int, _ vtl: VTL, _ body: (Int, Int, Int) -> Void) -> Bool {
    var address = gpa.rawValue
    var left = count
    while left > 0 {
      guard let page = resolve(address >> 12, vtl: vtl) else { return false }
      let offset = Int(address & 0xFFF)
      let length = min(left, 4096 - offset)
      body(page.backing, offset, length)
      address &+= UInt64(length)
      left -= length
    }
    return true
  }

  @inline(__always)
  private func host(_ gpa: GPA, _ count: Int, _ vtl: VTL) -> UnsafeMutableRawPointer? {
    let offset = Int(truncatingIfNeeded: gpa.pageOffset)
    guard offset &+ count <= 4096, let page = resolve(gpa.pageNumber, vtl: vtl) else { return nil }
    return base + (page.backing &<< 12 &+ offset)
  }

  private func crossing(_ gpa: GPA, _ count: Int, _ vtl: VTL) -> UInt64? {
    guard let bytes = read(gpa, count: count, vtl: vtl) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func store(_ value: UInt64, _ count: Int, _ gpa: GPA, _ vtl: VTL) -> Bool {
    withUnsafeBytes(of: value.littleEndian) {
      write(UnsafeRawBufferPointer(rebasing: $0[0..<count]), at: gpa, vtl: vtl)
    }
  }
}
