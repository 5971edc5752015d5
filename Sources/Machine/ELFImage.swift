import Architecture
import Journal

/// Why an image cannot be loaded: one line that says what and where.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}

/// A statically linked ELF executable for x86, checked: what to load where, how to start it, and the symbols.
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
  public var bootProtocol: BootProtocol

  /// Images larger than this are refused before they are read.
  public static var sizeLimit: Int { 256 << 20 }

  public init(_ file: [UInt8]) throws(ImageError) {
    let reader = FileReader(file)
    guard file.count >= 52, file[0...3] == [0x7F, 0x45, 0x4C, 0x46] else {
      throw ImageError("not an ELF file")
    }
    guard let layout = ELFLayout(identification: file[4]) else {
      throw ImageError("an ELF file of class \(file[4]), need 1 (32 bits) or 2 (64 bits)")
    }
    guard file[5] == 1 else { throw ImageError("not a little-endian ELF file") }
    let type = try reader.u16(16, "ELF header")
    guard type == 2 else { throw ImageError("not an executable: ELF type \(type), need 2 (ET_EXEC)") }
    let machine = try reader.u16(18, "ELF header")
    guard machine == layout.machine else {
      throw ImageError("not for \(layout.machineName): ELF machine \(machine), need \(layout.machine)")
    }
    if let header = try MultibootHeader(reader) {
      bootProtocol = .multiboot(header)
    } else if layout.is64 {
      bootProtocol = .longMode
    } else {
      throw ImageError("a 32-bit ELF file without a multiboot header: nothing says how to start it")
    }
    let entry = try reader.word(24, layout, "ELF header")
    let segments = try Self.segments(reader, layout)
    guard segments.contains(where: { entry >= $0.address && entry - $0.address < $0.size }) else {
      throw ImageError("entry point 0x\(String(entry, radix: 16)) is in no loadable segment")
    }
    self.entry = entry
    self.segments = segments
    symbols = Self.symbols(reader, layout, segments)
  }

  private static func segments(_ reader: FileReader, _ layout: ELFLayout) throws(ImageError) -> [Segment] {
    let table = try reader.word(layout.programHeaders, layout, "ELF header")
    let stride = UInt64(try reader.u16(layout.programHeaderSize, "ELF header"))
    let count = UInt64(try reader.u16(layout.programHeaderSize + 2, "ELF header"))
    guard stride >= layout.programHeaderBytes else {
      throw ImageError("program headers of \(stride) bytes, need at least \(layout.programHeaderBytes)")
    }
    var found: [Segment] = []
    for i in 0..<count {
      let (at, overflow) = table.addingReportingOverflow(i * stride)
      guard !overflow else { throw ImageError("program header \(i) lies outside the file") }
      if let segment = try segment(i, at: at, reader, layout) { found.append(segment) }
    }
    guard !found.isEmpty else { throw ImageError("no loadable segment") }
    found.sort { $0.address < $1.address }
    for (a, b) in zip(found, found.dropFirst()) where b.address - a.address < a.size {
      throw ImageError("segments overlap at 0x\(String(b.address, radix: 16))")
    }
    return found
  }

  /// The segment that a program header describes; nil when there is nothing to load.
  private static func segment(
    _ i: UInt64, at: UInt64, _ reader: FileReader, _ layout: ELFLayout
  ) throws(ImageError) -> Segment? {
    let name = "program header \(i)"
    guard try reader.u32(at, name) == 1 else { return nil }  // PT_LOAD
    let flags = try reader.u32(at + layout.segmentFlags, name)
    // p_offset, p_vaddr, p_paddr, p_filesz, p_memsz: the image is loaded by physical address.
    let first = at + layout.segmentOffset
    let offset = try reader.word(first, layout, name)
    let address = try reader.word(first + 2 * layout.wordBytes, layout, name)
    let fileSize = try reader.word(first + 3 * layout.wordBytes, layout, name)
    let size = try reader.word(first + 4 * layout.wordBytes, layout, name)
    guard size > 0 else { return nil }
    guard fileSize <= size else { throw ImageError("segment \(i) is larger in the file than in memory") }
    guard !address.addingReportingOverflow(size).overflow else {
      throw ImageError("segment \(i) wraps around the address space")
    }
    guard let bytes = reader.slice(offset, fileSize) else {
      throw ImageError("segment \(i) lies outside the file (truncated?)")
    }
    return Segment(address: address, size: size, bytes: bytes, isExecutable: flags.bit(0))
  }

  /// The named code of the image. Damaged or absent symbols are no error: the image still runs.
  private static func symbols(_ reader: FileReader, _ layout: ELFLayout, _ segments: [Segment]) -> SymbolTable {
    // Only code is named: an address among the image's data is a page that the guest put something else into.
    guard let last = segments.last(where: \.isExecutable) else { return SymbolTable() }
    let found = (try? collectSymbols(reader, layout)) ?? []
    return SymbolTable(found, end: last.address + last.size)
  }

  private static func collectSymbols(
    _ reader: FileReader, _ layout: ELFLayout
  ) throws(ImageError) -> [SymbolTable.Symbol] {
    let name = "section headers"
    let table = try reader.word(layout.sectionHeaders, layout, name)
    let stride = UInt64(try reader.u16(layout.sectionHeaderSize, name))
    let count = UInt64(try reader.u16(layout.sectionHeaderSize + 2, name))
    guard stride >= layout.sectionHeaderBytes else { return [] }
    func contents(_ at: UInt64) throws(ImageError) -> ArraySlice<UInt8>? {
      reader.slice(
        try reader.word(at &+ layout.sectionOffset, layout, name),
        try reader.word(at &+ layout.sectionOffset &+ layout.wordBytes, layout, name))
    }
    // The ABI allows one symbol table; the first is taken.
    for i in 0..<count {
      let at = table &+ i &* stride
      guard try reader.u32(at &+ 4, name) == 2 else { continue }  // SHT_SYMTAB
      let link = UInt64(try reader.u32(at &+ layout.sectionLink, name))
      guard link < count, let symbols = try contents(at), let names = try contents(table &+ link &* stride) else {
        continue
      }
      return parse(symbols: FileReader(Array(symbols)), names: Array(names), layout)
    }
    return []
  }

  private static func parse(symbols: FileReader, names: [UInt8], _ layout: ELFLayout) -> [SymbolTable.Symbol] {
    var found: [SymbolTable.Symbol] = []
    var at: UInt64 = 0
    while let name = try? symbols.u32(at, ""), let info = symbols.slice(at + layout.symbolInfo, 1)?.first,
      let section = try? symbols.u16(at + layout.symbolInfo + 2, ""),
      let value = try? symbols.word(at + layout.symbolValue, layout, "")
    {
      at += layout.symbolBytes
      let kind = info & 0xF
      // Functions, and the bare labels of assembly; not files, sections or absolute values.
      guard kind == 2 || kind == 0, section != 0, section < 0xFF00, Int(name) < names.count else { continue }
      let text = names[Int(name)...].prefix(while: { $0 != 0 }).prefix(128)
      if !text.isEmpty { found.append(.init(address: value, name: String(decoding: text, as: UTF8.self))) }
    }
    return found
  }
}

/// How a guest wants to be started.
public enum BootProtocol: Hashable, Sendable {
  /// In 64-bit mode, with a boot-information page (`Sources/Guests/README.md`).
  case longMode
  /// In 32-bit protected mode, as the Multiboot Specification 0.6.96 says.
  case multiboot(MultibootHeader)
}

/// Where 32-bit and 64-bit ELF files keep the same fields.
struct ELFLayout {
  let is64: Bool

  /// Of EI_CLASS.
  init?(identification: UInt8) {
    guard identification == 1 || identification == 2 else { return nil }
    is64 = identification == 2
  }

  /// EM_386 or EM_X86_64.
  var machine: UInt16 { is64 ? 62 : 3 }
  var machineName: String { is64 ? "x86-64" : "i386" }
  var wordBytes: UInt64 { is64 ? 8 : 4 }
  var programHeaders: UInt64 { is64 ? 32 : 28 }
  var sectionHeaders: UInt64 { is64 ? 40 : 32 }
  var programHeaderSize: UInt64 { is64 ? 54 : 42 }
  var sectionHeaderSize: UInt64 { is64 ? 58 : 46 }
  var programHeaderBytes: UInt64 { is64 ? 56 : 32 }
  var segmentFlags: UInt64 { is64 ? 4 : 24 }
  var segmentOffset: UInt64 { is64 ? 8 : 4 }
  var sectionHeaderBytes: UInt64 { is64 ? 64 : 40 }
  var sectionOffset: UInt64 { is64 ? 24 : 16 }
  var sectionLink: UInt64 { is64 ? 40 : 24 }
  var symbolInfo: UInt64 { is64 ? 4 : 12 }
  var symbolValue: UInt64 { is64 ? 8 : 4 }
  var symbolBytes: UInt64 { is64 ? 24 : 16 }
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
  /// An address, offset or size: 4 or 8 bytes.
  func word(_ offset: UInt64, _ layout: ELFLayout, _ what: String) throws(ImageError) -> UInt64 {
    try number(offset, layout.wordBytes, what)
  }
}
