import Architecture
import Journal
import Machine
import Testing

@Suite("ELF64 images (System V ABI, Object Files)")
struct ELFImageTests {
  @Test func `a minimal image is read as it was made`() throws {
    let image = try ELFImage(SampleELF().bytes)
    #expect(image.entry == 0x10_0000)
    #expect(image.segments.map(\.address) == [0x10_0000])
    #expect(image.segments.map(\.size) == [0x100])
    #expect(Array(image.segments[0].bytes) == [0xF4, 0x90, 0x90, 0x90])
  }

  @Test func `symbols name the code, and damaged ones are left out`() throws {
    var sample = SampleELF()
    sample.symbols = [("start", 0x10_0000), ("idle", 0x10_0010)]
    #expect(try ELFImage(sample.bytes).symbols.describe(0x10_0014) == "idle+4")
    var broken = sample.bytes
    // The section header table's offset, far outside the file.
    broken.replaceSubrange(40..<48, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
    #expect(try ELFImage(broken).symbols.symbols.isEmpty)
  }

  @Test func `of many section headers for one symbol table only the first counts`() throws {
    var sample = SampleELF()
    sample.symbols = [("start", 0x10_0000)]
    sample.tableHeaders = 2_000
    #expect(try ELFImage(sample.bytes).symbols.symbols.count == 1)
  }

  struct Bad: CustomTestStringConvertible, Sendable {
    var change: @Sendable (inout SampleELF) -> Void
    var message: String
    var testDescription: String { message }
  }

  static let bad: [Bad] = [
    Bad(change: { $0.magic = [0x7F, 0x45, 0x4C, 0x47] }, message: "not an ELF file"),
    Bad(change: { $0.classByte = 3 }, message: "an ELF file of class 3, need 1 (32 bits) or 2 (64 bits)"),
    Bad(change: { $0.classByte = 1 }, message: "not for i386: ELF machine 62, need 3"),
    Bad(
      change: { ($0.classByte, $0.machine) = (1, 3) },
      message: "a 32-bit ELF file without a multiboot header: nothing says how to start it"),
    Bad(change: { $0.dataByte = 2 }, message: "not a little-endian ELF file"),
    Bad(change: { $0.type = 3 }, message: "not an executable: ELF type 3, need 2 (ET_EXEC)"),
    Bad(change: { $0.machine = 40 }, message: "not for x86-64: ELF machine 40, need 62"),
    Bad(change: { $0.entry = 0x20_0000 }, message: "entry point 0x200000 is in no loadable segment"),
    Bad(change: { $0.fileOffset = 0xFFFF_FFFF_FFFF_FFF0 }, message: "segment 0 lies outside the file (truncated?)"),
    Bad(change: { $0.memorySize = 2 }, message: "segment 0 is larger in the file than in memory"),
    Bad(change: { $0.address = .max - 8 }, message: "segment 0 wraps around the address space"),
    Bad(
      change: { $0.code = SampleELF.multibootHeader(flags: 8) },
      message: "a multiboot image that demands features 0x8"),
    Bad(change: { $0.segmentType = 2 }, message: "no loadable segment"),
    Bad(change: { $0.headerSize = 8 }, message: "program headers of 8 bytes, need at least 56"),
  ]

  @Test(arguments: bad)
  func `a bad image says what is wrong`(_ bad: Bad) throws {
    var sample = SampleELF()
    bad.change(&sample)
    let bytes = sample.bytes
    #expect(throws: ImageError.self) { try ELFImage(bytes) }
    do { _ = try ELFImage(bytes) } catch { #expect("\(error)" == bad.message) }
  }

  @Test func `overlapping segments are refused`() {
    var sample = SampleELF()
    sample.copies = 2
    #expect(throws: ImageError.self) { try ELFImage(sample.bytes) }
  }

  @Test func `every truncation and 20,000 random changes are refused or read`() {
    var sample = SampleELF()
    sample.symbols = [("start", 0x10_0000)]
    let whole = sample.bytes
    for count in 0..<whole.count { _ = try? ELFImage(Array(whole[..<count])) }
    var seed: UInt64 = 1
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<3 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 24)
      }
      _ = try? ELFImage(bytes)
    }
  }
}

/// Makes ELF files with one kind of fault at a time.
struct SampleELF: Sendable {
  var magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
  var classByte: UInt8 = 2
  var dataByte: UInt8 = 1
  var type: UInt16 = 2
  var machine: UInt16 = 62
  var entry: UInt64 = 0x10_0000
  var headerSize: UInt16 = 56
  var segmentType: UInt32 = 1
  var address: UInt64 = 0x10_0000
  var fileOffset: UInt64?
  var memorySize: UInt64 = 0x100
  var copies: UInt16 = 1
  var code: [UInt8] = [0xF4, 0x90, 0x90, 0x90]
  var symbols: [(String, UInt64)] = []
  /// How many section headers point at the symbol table.
  var tableHeaders = 1

  /// A multiboot header with these flags.
  static func multibootHeader(flags: UInt32) -> [UInt8] {
    let magic: UInt32 = 0x1BAD_B002
    return [magic, flags, 0 &- magic &- flags].flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xFF) } }
  }

  /// The same code as an ELF32 file for i386, without symbols.
  var bytes32: [UInt8] {
    var file = magic + [1, dataByte, 1] + [UInt8](repeating: 0, count: 9)
    file += little(type) + little(UInt16(3)) + little(UInt32(1)) + little(UInt32(entry)) + little(UInt32(52))
    file += little(UInt32(0)) + little(UInt32(0)) + little(UInt16(52)) + little(UInt16(32)) + little(UInt16(1))
    file += [UInt8](repeating: 0, count: 6)
    file += little(segmentType) + little(UInt32(84)) + little(UInt32(address)) + little(UInt32(address))
    file += little(UInt32(code.count)) + little(UInt32(memorySize)) + little(UInt32(5)) + little(UInt32(16))
    return file + code
  }

  var bytes: [UInt8] {
    let codeAt = 64 + 56 * Int(copies)
    var names: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 24)
    for (name, value) in symbols {
      table += little(UInt32(names.count)) + [2, 0] + little(UInt16(1)) + little(value) + little(UInt64(0))
      names += Array(name.utf8) + [0]
    }
    let tableAt = codeAt + code.count
    let namesAt = tableAt + table.count
    let sectionsAt = namesAt + names.count
    var file = magic + [classByte, dataByte, 1] + [UInt8](repeating: 0, count: 9)
    file += little(type) + little(machine) + little(UInt32(1)) + little(entry) + little(UInt64(64))
    file += little(UInt64(sectionsAt)) + little(UInt32(0)) + little(UInt16(64)) + little(headerSize) + little(copies)
    file += little(UInt16(64)) + little(UInt16(tableHeaders + 2)) + little(UInt16(0))
    for _ in 0..<copies {
      file += little(segmentType) + little(UInt32(5)) + little(fileOffset ?? UInt64(codeAt))
      file += little(address) + little(address) + little(UInt64(code.count)) + little(memorySize) + little(UInt64(16))
    }
    file += code + table + names
    file += [UInt8](repeating: 0, count: 64)
    file += section(type: 3, namesAt, names.count, link: 0)
    for _ in 0..<tableHeaders { file += section(type: 2, tableAt, table.count, link: 1) }
    return file
  }

  private func section(type: UInt32, _ offset: Int, _ size: Int, link: UInt32) -> [UInt8] {
    little(UInt32(0)) + little(type) + little(UInt64(0)) + little(UInt64(0)) + little(UInt64(offset))
      + little(UInt64(size)) + little(link) + little(UInt32(0)) + little(UInt64(8)) + little(UInt64(24))
  }

  private func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
