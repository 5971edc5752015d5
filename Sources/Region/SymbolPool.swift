import CVTLScope
import Journal

/// A symbol table as the region holds it: records by ascending address, and the bytes of their names.
struct SymbolPool {
  private(set) var records: [vtlscope_symbol] = []
  private(set) var strings: [UInt8] = []
  /// Symbols that found no room.
  private(set) var dropped = 0

  init(_ table: SymbolTable) {
    let limit = RegionLimits.symbolBytes
    records.reserveCapacity(min(table.symbols.count, limit / MemoryLayout<vtlscope_symbol>.size))
    for symbol in table.symbols {
      let name = Array(symbol.name.utf8)
      guard strings.count + name.count <= limit,
        (records.count + 1) * MemoryLayout<vtlscope_symbol>.size <= limit
      else {
        dropped += 1
        continue
      }
      records.append(
        vtlscope_symbol(address: symbol.address, name: UInt32(strings.count), length: UInt32(name.count)))
      strings += name
    }
  }

  func store(at base: UnsafeMutableRawPointer, _ header: UnsafePointer<vtlscope_header>) {
    records.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      (base + Int(header.pointee.symbols.offset)).copyMemory(from: source, byteCount: bytes.count)
    }
    strings.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      (base + Int(header.pointee.strings.offset)).copyMemory(from: source, byteCount: bytes.count)
    }
  }
}

extension vtlscope_header {
  /// A header without counts and tables.
  init(name: String, identity: ProcessIdentity) {
    self.init()
    magic = VTLSCOPE_MAGIC
    byte_order = VTLSCOPE_BYTE_ORDER
    major_version = UInt16(VTLSCOPE_MAJOR)
    minor_version = UInt16(VTLSCOPE_MINOR)
    pid = UInt32(bitPattern: identity.pid)
    start_time = identity.startTime
    host_state = HostState.running.rawValue
    Self.fill(&boot_id, identity.bootID)
    Self.fill(&self.name, name)
  }

  /// Copies as many bytes as fit before a last NUL; the rest is zero already.
  private static func fill<T>(_ characters: inout T, _ text: String) {
    withUnsafeMutableBytes(of: &characters) { bytes in
      for (i, byte) in text.utf8.prefix(bytes.count - 1).enumerated() { bytes[i] = byte }
    }
  }
}
