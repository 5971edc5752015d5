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
    let shape = PlatformSnapshot.shape(pins: [3, 2], routes: 2)
    let writer = try RegionWriter(
      name: "demo", vpCount: 2, vtlCount: 1, groupCount: 1, platform: shape, symbols: symbols, ringBytes: 1 << 16,
      directory: scratch.directory)
    var random = Seeded(99)
    for _ in 0..<3 { writer.write(random.snapshot(vps: 2, vtls: 1, groups: 1, shape: shape)) }
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
    let platform = bank + Int(header.ioapics.offset)..<bank + Int(header.devices.offset) + 128
    let hot = [0..<448, bank..<bank + 512, contexts + 1024..<contexts + 2688, platform, 0..<bytes.count]
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
        "\(error)" == "old: region layout version 2.7, but this vtlscope reads version 1.2"
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

  @Test func `a file of version 1.0 is read, without what it does not have`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 3, vtlCount: 2, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    var random = Seeded(2)
    var snapshot = random.snapshot(vps: 3, vtls: 2, groups: 1)
    writer.write(snapshot)
    var bytes = Scratch.bytes(writer.path)
    var header = bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self) }
    // As version 1.0 wrote it: shorter contexts, one behind the other, and zeros where the new tables are named.
    let bank = Int(header.banks.offset + header.current_frame % 3 * UInt64(header.banks.stride))
    let contexts = bank + Int(header.contexts.offset)
    let (old, new) = (Int(VTLSCOPE_CONTEXT_SIZE_1_0), MemoryLayout<vtlscope_context>.stride)
    for index in 0..<6 {
      let record = Array(bytes[contexts + index * new..<contexts + index * new + old])
      bytes.replaceSubrange(contexts + index * old..<contexts + (index + 1) * old, with: record)
    }
    header.minor_version = 0
    header.contexts.stride = UInt32(old)
    (header.ioapics, header.pins, header.message_routes, header.devices) = (.init(), .init(), .init(), .init())
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: header, as: vtlscope_header.self) }
    for i in snapshot.contexts.indices {
      snapshot.contexts[i].timer.lastExpiry = nil
      snapshot.contexts[i].timer.mergedTicks = 0
      snapshot.contexts[i].timer.ignoredWrites = 0
      snapshot.contexts[i].timer.lastWrite = nil
      snapshot.contexts[i].lazyEOI = .off
      snapshot.contexts[i].synic = nil
      snapshot.contexts[i].syntheticTimers = []
      snapshot.contexts[i].vsm = VSMSnapshot()
      snapshot.contexts[i].lazyEOIAddress = 0
      snapshot.contexts[i].counters.systemManagementInterrupts = 0
      snapshot.contexts[i].counters.arbitrationsWon = 0
      // A bit that says that a field is there would not have been set.
      let place = contexts + i * old + MemoryLayout<vtlscope_context>.offset(of: \.present)!
      bytes[place + 1] &= 1
      // And what was reserved was zero.
      bytes[contexts + i * old + MemoryLayout<vtlscope_context>.offset(of: \.init_latch)!] = 0
      snapshot.contexts[i].initLatch = .none
    }
    let read = try bytes.withUnsafeBytes { try RegionReader(bytes: $0).snapshot() }
    #expect(read == snapshot)
  }

  @Test func `pins that no IOAPIC has, and numbers that mean nothing, are damage`() throws {
    let valid = try region()
    let header = valid.withUnsafeBytes { $0.load(as: vtlscope_header.self) }
    let bank = Int(header.banks.offset + header.current_frame % 3 * UInt64(header.banks.stride))
    func place(_ table: vtlscope_table, _ index: Int, _ offset: Int) -> Int {
      bank + Int(table.offset) + index * Int(table.stride) + offset
    }
    let damages: [(Int, UInt8, String)] = [
      (place(header.ioapics, 0, 12), 6, "IOAPIC 0: 6 pins"),
      (place(header.ioapics, 1, 12), 1, "1 pins of no IOAPIC"),
      (place(header.pins, 4, 144), 4, "IOAPIC 1: pin 1 is recorded as 4"),
      (place(header.message_routes, 1, 61), 9, "message route 1: fault 9"),
      (place(header.devices, 0, 77), 17, "serial port: 17 bytes wait"),
    ]
    for (at, value, what) in damages {
      var bytes = valid
      bytes[at] = value
      bytes.withUnsafeBytes { bytes -> Void in
        #expect(throws: RegionError.damaged(path: "memory", what: what)) {
          try RegionReader(bytes: bytes).snapshot()
        }
      }
    }
  }

  @Test func `events of pins and routes that are not there are counted and left out`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, platform: .shape(pins: [2], routes: 1), ringBytes: 4096,
      directory: scratch.directory)
    let signal = MessageSignal(address: 0, data: 0)
    let bodies: [Event.Body] = [
      .pin(1, .raised, .sent, isHigh: true), .pin(2, .raised, .sent, isHigh: true),
      .routeWritten(pin: 1, from: .atReset, to: .atReset), .routeWritten(pin: 2, from: .atReset, to: .atReset),
      .remoteIRRCleared(pin: 1, VectorNumber(0x51), .broadcast),
      .remoteIRRCleared(pin: 2, VectorNumber(0x51), .broadcast),
      .messageSent(route: 0, signal, fault: nil), .messageSent(route: 1, signal, fault: nil),
    ]
    for (n, body) in bodies.enumerated() { writer.append(Event(sequence: UInt64(n), body)) }
    let batch = try RegionReader(path: writer.path).events(from: 0)
    #expect(batch.events.map(\.body) == [0, 2, 4, 6].map { bodies[$0] })
    #expect(batch.unreadable == 4)
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
