import Architecture
import CVTLScope
import Glibc
import Journal
import Region
import Testing

@Suite struct HostileTests {
  /// A small valid region with something in every table.
  private func region() throws -> [UInt8] {
    let scratch = Scratch()
    let symbols = SymbolTable((0..<8).map { .init(address: UInt64($0) * 16, name: "symbol\($0)") }, end: 4096)
    let writer = try RegionWriter(
      name: "demo", vpCount: 2, vtlCount: 1, groupCount: 1, symbols: symbols, ringBytes: 1 << 16,
      directory: scratch.directory)
    var random = Seeded(99)
    for _ in 0..<3 { writer.write(random.snapshot(vps: 2, vtls: 1, groups: 1)) }
    for n in 0..<2000 {
      writer.append(
        Event(sequence: UInt64(n), context: ContextID(n % 2, 0), .taskPriorityChanged(from: 0, to: 1)))
    }
    return Scratch.bytes(writer.path)
  }

  /// Reads everything there is to read; whatever happens but a crash is right.
  private func readAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do {
      let reader = try RegionReader(bytes: bytes)
      _ = try reader.snapshot()
      _ = try reader.events(from: UInt64(bytes.count) % 2000, limit: 16)
      _ = try reader.symbols()
      _ = try reader.liveness(now: 0)
      return true
    } catch {
      return false
    }
  }

  @Test func `a hundred thousand damaged regions are refused or read, never worse`() throws {
    var bytes = try region()
    var random = Seeded(2024)
    // What selects something is in these bytes: the header, and the records of the bank that is current.
    let header = bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self) }
    let bank = Int(header.banks.offset + header.current_frame % 3 * UInt64(header.banks.stride))
    let contexts = bank + Int(header.contexts.offset)
    let hot = [0..<448, bank..<bank + 512, contexts + 1024..<contexts + 1536, 0..<bytes.count]
    var refused = 0
    bytes.withUnsafeMutableBytes { bytes in
      #expect(readAll(UnsafeRawBufferPointer(bytes)))
      for _ in 0..<100_000 {
        let range = hot[random.below(hot.count)]
        var count = bytes.count
        var undo: [(Int, UInt8)] = []
        func put(_ value: UInt8, _ at: Int) {
          undo.append((at, bytes[at]))
          bytes[at] = value
        }
        let at = range.lowerBound + random.below(range.count - 8)
        switch random.below(5) {
        case 0: put(bytes[at] ^ 1 << UInt8(random.below(8)), at)
        case 1: for i in 0..<1 + random.below(8) { put(random.any(), at + i) }
        case 2:
          // An extreme 32-bit or 64-bit number in the place of another.
          let extremes: [UInt64] = [
            0, 1, .max, .max - 1, 1 << 63, 1 << 31, 0xFFFF_FFFF, 0xFFFF_FFF8, 1 << 20,
          ]
          let value = extremes[random.below(extremes.count)]
          for i in 0..<(random.flag() ? 4 : 8) {
            put(UInt8(truncatingIfNeeded: value >> UInt64(i * 8)), at / 4 * 4 + i)
          }
        case 3:
          // One number copied over another: an offset where a count should be.
          let from = range.lowerBound + random.below(range.count - 8)
          for i in 0..<8 { put(bytes[from / 8 * 8 + i], at / 8 * 8 + i) }
        default: count = random.flag() ? random.below(bytes.count) : random.below(8192)
        }
        if !readAll(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { refused += 1 }
        for (at, value) in undo.reversed() { bytes[at] = value }
      }
      #expect(readAll(UnsafeRawBufferPointer(bytes)))
    }
    // The mutations are not so wild that all are caught at the door, and not so tame that none is.
    #expect((20_000...95_000).contains(refused))
  }

  @Test func `another major version is an error that names both`() throws {
    var bytes = try region()
    bytes[12] = 2
    bytes[14] = 7
    bytes.withUnsafeBytes { bytes -> Void in
      #expect {
        _ = try RegionReader(bytes: bytes, path: "old")
      } throws: { error in
        "\(error)" == "old: region layout version 2.7, but this vtlscope reads version 1.0"
          && (error as? RegionError)?.exitCode == 65
      }
    }
  }

  @Test func `a sparse file cannot make a reader allocate what it claims to hold`() throws {
    let scratch = Scratch()
    let path = scratch.path("sparse")
    let valid = try region()
    let claims: [(inout vtlscope_header) -> Void] = [
      { $0.symbols.count = .max },
      { $0.strings.count = .max },
      {
        $0.vp_count = 65_536
        $0.map_capacity = 1 << 26
        $0.map_entries.count = 1 << 26
        $0.contexts.count = 65_536
        $0.stamps.count = 65_536
        $0.banks.stride = .max & ~7
      },
    ]
    for claim in claims {
      var bytes = valid
      var header = bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self) }
      header.file_size = 1 << 40
      claim(&header)
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: header, as: vtlscope_header.self) }
      Scratch.write(bytes, to: path)
      truncate(path, 1 << 40)
      #expect {
        _ = try RegionReader(path: path)
      } throws: { error in
        if case .damaged? = error as? RegionError { true } else { false }
      }
    }
  }

  @Test func `a newer minor version with longer records is read`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    var random = Seeded(1)
    let snapshot = random.snapshot(vps: 1, vtls: 1, groups: 1)
    writer.write(snapshot)
    var bytes = Scratch.bytes(writer.path)
    bytes[14] = 9
    // The machine's record grows into the space before the next table.
    let stride = 64 + 64 + 64
    var header = bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self) }
    header.machine.stride = UInt32(stride)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: header, as: vtlscope_header.self) }
    let read = try bytes.withUnsafeBytes { try RegionReader(bytes: $0).snapshot() }
    #expect(read == snapshot)
  }

  @Test func `a file that is cut off while attached is an error, not a signal`() throws {
    let scratch = Scratch()
    let path = scratch.path("cut")
    Scratch.write(try region(), to: path)
    let reader = try RegionReader(path: path)
    #expect(throws: Never.self) { try reader.snapshot() }
    for size in [65_536, 4096, 100, 0] {
      truncate(path, off_t(size))
      #expect {
        _ = try reader.snapshot()
        _ = try reader.events(from: 0)
      } throws: { error in
        if case .truncated? = error as? RegionError { true } else { false }
      }
    }
  }
}
