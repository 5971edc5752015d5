import Architecture
import CVTLScope
import Glibc
import Journal

/// Reads a region, of a living machine or a dead one, or a copy of the file anywhere.
///
/// Trusts nothing in it.
///
/// Copies with pread into its own memory, checks, then decodes. Used by one thread at a time.
public final class RegionReader {
  public let path: String
  let header: RegionHeader
  let source: RegionSource
  private let descriptor: Int32?
  /// What was copied last; kept from call to call so that a steady reader does not allocate.
  var buffer: UnsafeMutableRawBufferPointer
  private var decodedSymbols: SymbolTable?

  public var name: String { header.name }
  public var pid: Int32 { header.identity.pid }
  public var vpCount: Int { header.vpCount }
  public var vtlCount: Int { header.vtlCount }
  public var groupCount: Int { header.groupCount }
  /// How many events the ring keeps.
  public var eventCapacity: Int { Int(header.raw.events.count) }
  /// Symbols that found no room in the region.
  public var symbolsDropped: UInt64 { header.raw.symbols_dropped }
  var identity: ProcessIdentity { header.identity }

  /// Opens a region by its path.
  ///
  /// A symbolic link is not followed.
  public convenience init(path: String) throws(RegionError) {
    try self.init(descriptor: openRegularFile(path, in: AT_FDCWD, path: path), path: path)
  }

  /// Takes over an open file.
  convenience init(descriptor: Int32, path: String) throws(RegionError) {
    do throws(RegionError) {
      try self.init(source: .file(descriptor), descriptor: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Reads a region that is in memory, such as one found in a core dump.
  ///
  /// The bytes must outlive the reader.
  public convenience init(bytes: UnsafeRawBufferPointer, path: String = "memory") throws(RegionError) {
    try self.init(source: .memory(bytes), descriptor: nil, path: path)
  }

  private init(source: RegionSource, descriptor: Int32?, path: String) throws(RegionError) {
    var raw = vtlscope_header()
    let size = source.size
    // A short file of anything else is not a truncated region.
    let prefix = min(Int(clamping: size), 8)
    try withUnsafeMutableBytes(of: &raw) { bytes throws(RegionError) in
      try source.read(UnsafeMutableRawBufferPointer(rebasing: bytes[..<prefix]), at: 0, path: path)
      guard prefix == 8, bytes.load(as: UInt64.self) == VTLSCOPE_MAGIC else { return }
      try source.read(bytes, at: 0, path: path)
    }
    header = try RegionHeader(raw, fileSize: size, path: path)
    self.source = source
    self.descriptor = descriptor
    self.path = path
    buffer = .allocate(byteCount: 1 << 16, alignment: 16)
  }

  deinit {
    buffer.deallocate()
    if let descriptor { close(descriptor) }
  }

  /// The guest's names for its code; decoded once.
  public func symbols() throws(RegionError) -> SymbolTable {
    if let decodedSymbols { return decodedSymbols }
    let table = try decodeSymbols()
    decodedSymbols = table
    return table
  }

  /// The fields of the header that change while the machine lives.
  struct Live {
    var frame: UInt64
    var nextEvent: UInt64
    var heartbeat: UInt64
    var hostState: UInt32
    var publishing: UInt32
  }

  /// Which part of its last second the writer spent on frames, in millionths; nil when it does not say.
  public func publishingPPM() throws(RegionError) -> UInt32? {
    let value = try readLive().publishing
    return value == 0 ? nil : value
  }

  func readLive() throws(RegionError) -> Live {
    var words: InlineArray<4, UInt64> = [0, 0, 0, 0]
    let offset = UInt64(MemoryLayout<vtlscope_header>.offset(of: \.current_frame)!)
    try withUnsafeMutableBytes(of: &words) { bytes throws(RegionError) in
      try source.read(bytes, at: offset, path: path)
    }
    vtlscope_fence_acquire()
    return Live(
      frame: words[0], nextEvent: words[1], heartbeat: words[2],
      hostState: UInt32(truncatingIfNeeded: words[3]), publishing: UInt32(words[3] >> 32))
  }

  /// Copies bytes of the file to a place of the buffer, growing it.
  func copy(_ offset: UInt64, _ count: Int, to place: Int = 0) throws(RegionError) {
    if place + count > buffer.count {
      let grown = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(place + count, buffer.count * 2), alignment: 16)
      grown.copyMemory(from: UnsafeRawBufferPointer(buffer))
      buffer.deallocate()
      buffer = grown
    }
    try source.read(
      UnsafeMutableRawBufferPointer(rebasing: buffer[place..<place + count]), at: offset, path: path)
  }

  /// One word of the file.
  func word(at offset: UInt64) throws(RegionError) -> UInt64 {
    var word: UInt64 = 0
    try withUnsafeMutableBytes(of: &word) { bytes throws(RegionError) in
      try source.read(bytes, at: offset, path: path)
    }
    vtlscope_fence_acquire()
    return word
  }

  func damaged(_ what: String) -> RegionError { .damaged(path: path, what: what) }

  private func decodeSymbols() throws(RegionError) -> SymbolTable {
    let (records, strings) = (header.raw.symbols, header.raw.strings)
    let recordBytes = Int(records.stride) * Int(records.count)
    try copy(records.offset, recordBytes)
    try copy(strings.offset, Int(strings.count), to: recordBytes)
    let pool = UnsafeRawBufferPointer(rebasing: buffer[recordBytes..<recordBytes + Int(strings.count)])
    var symbols: [SymbolTable.Symbol] = []
    symbols.reserveCapacity(Int(records.count))
    // Names may not overlap into more text than the pool has, or a small file could name gigabytes.
    var total = 0
    for i in 0..<Int(records.count) {
      let record = buffer.load(fromByteOffset: i * Int(records.stride), as: vtlscope_symbol.self)
      let (start, length) = (Int(record.name), Int(record.length))
      total += length
      guard start <= pool.count, length <= pool.count - start, total <= pool.count else {
        throw damaged("symbol \(i) is named by bytes it does not have")
      }
      let name = String(decoding: pool[start..<start + length], as: UTF8.self)
      symbols.append(SymbolTable.Symbol(address: record.address, name: name))
    }
    return SymbolTable(symbols, end: header.raw.symbols_end)
  }
}
