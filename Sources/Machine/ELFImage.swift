import Architecture
import Journal

/// Why an image cannot be loaded: one line that says what and where.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}

/// A statically linked ELF64 executable for x86-64, checked: what to load where, the entry point, and the symbols.
///
/// System V ABI, "Object Files". The file is hostile input: every offset and length is checked before it is used.
public struct ELFImage: Sendable {
  public struct Segment: Sendable {
    public var address: UInt64
    /// How many bytes it takes in memory; those past `bytes` are zero.
    public var size: UInt64
    public var bytes: ArraySlice<UInt8>
    public var isExecutable: Bool
  }

  public var entry: UInt64
  /// Ordered by address, not overlapping, none empty.
  public var segments: [Segment]
  public var symbols: SymbolTable

  /// Images larger than this are refused before they are read.
  public static var sizeLimit: Int { 256 << 20 }

  public init(_ file: [UInt8]) throws(ImageError) {
    let reader = FileReader(file)
    guard file.count >= 64, file[0...3] == [0x7F, 0x45, 0x4C, 0x46] else {
      throw ImageError("not an ELF file")
    }
    guard file[4] == 2 else { throw ImageError("not a 64-bit ELF file (32-bit images are not supported)") }
    guard file[5] == 1 else { throw ImageError("not a little-endian ELF file") }
    let type = try reader.u16(16, "ELF header")
    guard type == 2 else { throw ImageError("not an executable: ELF type \(type), need 2 (ET_EXEC)") }
    let machine = try reader.u16(18, "ELF header")
    guard machine == 62 else { throw ImageError("not for x86-64: ELF machine \(machine), need 62") }
    guard !Self.hasMultibootHeader(reader) else {
      throw ImageError("a multiboot image: that boot protocol is not supported")
    }
    let entry = try reader.u64(24, "ELF header")
    let segments = try Self.segments(reader)
    guard segments.contains(where: { entry >= $0.address && entry - $0.address < $0.size }) else {
      throw ImageError("entry point 0x\(String(entry, radix: 16)) is in no loadable segment")
    }
    self.entry = entry
    self.segments = segments
    symbols = Self.symbols(reader, segments)
  }

  /// Multiboot 1: magic, flags and a checksum that makes their sum 0, aligned to 4 in the first 8 KiB.
  private static func hasMultibootHeader(_ reader: FileReader) -> Bool {
    let end = UInt64(min(reader.bytes.count, 8192))
    return stride(from: UInt64(0), to: end > 12 ? end - 11 : 0, by: 4).contains { at in
      guard let magic = try? reader.u32(at, ""), magic == 0x1BAD_B002 else { return false }
      guard let flags = try? reader.u32(at + 4, ""), let checksum = try? reader.u32(at + 8, "") else { return false }
      return magic &+ flags &+ checksum == 0
    }
  }

  private static func segments(_ reader: FileReader) throws(ImageError) -> [Segment] {
    let table = try reader.u64(32, "ELF header")
    let stride = UInt64(try reader.u16(54, "ELF header"))
    let count = UInt64(try reader.u16(56, "ELF header"))
    guard stride >= 56 else { throw ImageError("program headers of \(stride) bytes, need at least 56") }
    var found: [Segment] = []
    for i in 0..<count {
      let (at, overflow) = table.addingReportingOverflow(i * stride)
      guard !overflow else { throw ImageError("program header \(i) lies outside the file") }
      let name = "program header \(i)"
      guard try reader.u32(at, name) == 1 else { continue }  // PT_LOAD
      let flags = try reader.u32(at + 4, name)
      let offset = try reader.u64(at + 8, name)
      let address = try reader.u64(at + 24, name)  // p_paddr: the image is loaded by physical address
      let fileSize = try reader.u64(at + 32, name)
      let size = try reader.u64(at + 40, name)
      guard size > 0 else { continue }
      guard fileSize <= size else { throw ImageError("segment \(i) is larger in the file than in memory") }
      guard address.addingReportingOverflow(size).overflow == false else {
        throw ImageError("segment \(i) wraps around the address space")
      }
      guard let bytes = reader.slice(offset, fileSize) else {
        throw ImageError("segment \(i) lies outside the file (truncated?)")
      }
      found.append(Segment(address: address, size: size, bytes: bytes, isExecutable: flags.bit(0)))
    }
    guard !found.isEmpty else { throw ImageError("no loadable segment") }
    found.sort { $0.address < $1.address }
    for (a, b) in zip(found, found.dropFirst()) where b.address - a.address < a.size {
      throw ImageError("segments overlap at 0x\(String(b.address, radix: 16))")
    }
    return found
  }

  /// The named code of the image. Damaged or absent symbols are no error: the image still runs.
  private static func symbols(_ reader: FileReader, _ segments: [Segment]) -> SymbolTable {
    // Only code is named: an address among the image's data is a page that the guest put something else into.
    guard let last = segments.last(where: \.isExecutable) else { return SymbolTable() }
    let found = (try? collectSymbols(reader)) ?? []
    return SymbolTable(found, end: last.address + last.size)
  }

  private static func collectSymbols(_ reader: FileReader) throws(ImageError) -> [SymbolTable.Symbol] {
    let name = "section headers"
    let table = try reader.u64(40, name)
    let stride = UInt64(try reader.u16(58, name))
    let count = UInt64(try reader.u16(60, name))
    guard stride >= 64 else { return [] }
    // The ABI allows one symbol table; the first is taken.
    for i in 0..<count {
      let at = table &+ i &* stride
      guard try reader.u32(at &+ 4, name) == 2 else { continue }  // SHT_SYMTAB
      let link = UInt64(try reader.u32(at &+ 40, name))
      guard link < count else { continue }
      let strings = table &+ link &* stride
      guard
        let symbols = reader.slice(try reader.u64(at &+ 24, name), try reader.u64(at &+ 32, name)),
        let names = reader.slice(try reader.u64(strings &+ 24, name), try reader.u64(strings &+ 32, name))
      else { continue }
      return parse(symbols: FileReader(Array(symbols)), names: Array(names))
    }
    return []
  }

  private static func parse(symbols: FileReader, names: [UInt8]) -> [SymbolTable.Symbol] {
    var found: [SymbolTable.Symbol] = []
    var at: UInt64 = 0
    while let name = try? symbols.u32(at, ""), let info = symbols.slice(at + 4, 1)?.first,
      let section = try? symbols.u16(at + 6, ""), let value = try? symbols.u64(at + 8, "")
    {
      at += 24
      let kind = info & 0xF
      // Functions, and the bare labels of assembly; not files, sections or absolute values.
      guard kind == 2 || kind == 0, section != 0, section < 0xFF00, Int(name) < names.count else { continue }
      let text = names[Int(name)...].prefix(while: { $0 != 0 }).prefix(128)
      if !text.isEmpty { found.append(.init(address: value, name: String(decoding: text, as: UTF8.self))) }
    }
    return found
  }
}

/// Reads little-endian numbers out of a file, refusing what lies outside.
struct FileReader {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func slice(_ offset: UInt64, _ count: UInt64) -> ArraySlice<UInt8>? {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(bytes.count) else { return nil }
    return bytes[Int(offset)..<Int(end)]
  }

  private func number(_ offset: UInt64, _ count: UInt64, _ what: String) throws(ImageError) -> UInt64 {
    guard let slice = slice(offset, count) else { throw ImageError("\(what) lies outside the file (truncated?)") }
    return slice.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  func u16(_ offset: UInt64, _ what: String) throws(ImageError) -> UInt16 {
    UInt16(try number(offset, 2, what))
  }
  func u32(_ offset: UInt64, _ what: String) throws(ImageError) -> UInt32 {
    UInt32(try number(offset, 4, what))
  }
  func u64(_ offset: UInt64, _ what: String) throws(ImageError) -> UInt64 { try number(offset, 8, what) }
}
