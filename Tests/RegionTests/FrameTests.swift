import Architecture
import Glibc
import Journal
import Region
import Testing

@Suite struct FrameTests {
  @Test(arguments: [(1, 1, 0), (1, 3, 3), (2, 2, 2), (7, 2, 3), (64, 2, 2)])
  func `every field of a frame comes back as it was written`(vps: Int, vtls: Int, groups: Int) throws {
    let scratch = Scratch()
    // An IOAPIC of 24 pins, one more of 240 and one of none; or nothing at all.
    let shape = vps == 1 ? PlatformSnapshot() : .shape(pins: Array([24, 240, 0].prefix(vps)), routes: vps - 1)
    let writer = try RegionWriter(
      name: "demo", vpCount: vps, vtlCount: vtls, groupCount: groups, platform: shape, ringBytes: 4096,
      directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    var random = Seeded(UInt64(vps * 100 + vtls))
    for _ in 0..<8 {
      let snapshot = random.snapshot(vps: vps, vtls: vtls, groups: groups, shape: shape)
      writer.write(snapshot)
      let read = try reader.snapshot()
      #expect(read == snapshot)
    }
  }

  @Test func `what a region says of itself is what its writer was given`() throws {
    let scratch = Scratch()
    let symbols = SymbolTable(
      [
        .init(address: 0x1000, name: "start"), .init(address: 0x1040, name: "é \u{1B}[31m"),
        .init(address: 9, name: ""),
      ],
      end: 0x2000)
    let writer = try RegionWriter(
      name: "my-guest.2", vpCount: 3, vtlCount: 2, groupCount: 2, symbols: symbols, ringBytes: 100_000,
      directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    #expect(reader.name == "my-guest.2")
    #expect(reader.pid == getpid())
    #expect((reader.vpCount, reader.vtlCount, reader.groupCount) == (3, 2, 2))
    #expect(reader.eventCapacity == 1024)
    #expect(try reader.symbols() == symbols)
    #expect(reader.symbolsDropped == 0)
    #expect(writer.path == "\(scratch.directory.path)/my-guest.2.\(getpid())")
  }

  @Test func `symbols that find no room are counted`() throws {
    let scratch = Scratch()
    let long = String(repeating: "n", count: 1 << 20)
    let symbols = SymbolTable((0..<6).map { .init(address: UInt64($0), name: long) }, end: 10)
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, symbols: symbols, ringBytes: 4096,
      directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    #expect(try reader.symbols().symbols.count == 4)
    #expect(reader.symbolsDropped == 2)
  }

  @Test func `there is nothing to read before the first frame`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    #expect(throws: RegionError.noFrame(path: writer.path)) { try reader.snapshot() }
    writer.beginFrame()
    #expect(throws: RegionError.noFrame(path: writer.path)) { try reader.snapshot() }
  }

  @Test func `a device's long name is cut off between two characters`() throws {
    let scratch = Scratch()
    var platform = PlatformSnapshot.shape(pins: [1], routes: 0)
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, platform: platform, ringBytes: 4096,
      directory: scratch.directory)
    var random = Seeded(3)
    var snapshot = random.snapshot(vps: 1, vtls: 1, groups: 1, shape: platform)
    snapshot.platform.ioapics[0].pins[0].device = "twenty-two characters +éé"
    writer.write(snapshot)
    platform = try RegionReader(path: writer.path).snapshot().platform
    #expect(platform.ioapics[0].pins[0].device == "twenty-two characters +")
  }

  @Test func `a bank takes the platform when it changed since that bank was last written`() throws {
    let scratch = Scratch()
    let shape = PlatformSnapshot.shape(pins: [24], routes: 1)
    let writer = try RegionWriter(
      name: "demo", vpCount: 1, vtlCount: 1, groupCount: 1, platform: shape, ringBytes: 4096,
      directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    var random = Seeded(17)
    var now = random.snapshot(vps: 1, vtls: 1, groups: 1, shape: shape)
    for _ in 0..<3 { writer.write(now) }
    var written: [Bool] = []
    for frame in 0..<12 {
      if frame % 4 == 0 { now.platform = random.platform(like: shape) }
      let generation = UInt64(frame / 4 + 1)
      writer.beginFrame()
      written.append(writer.needsPlatform(generation))
      if writer.needsPlatform(generation) { writer.write(platform: now.platform, generation: generation) }
      if writer.needsMemory(0) { writer.write(memory: now.memory, generation: 0) }
      writer.endFrame(machine: now.machine)
      #expect(try reader.snapshot() == now)
    }
    // Each of the three banks once for each change.
    #expect(written == [true, true, true, false, true, true, true, false, true, true, true, false])
  }

  @Test func `a bank takes every context that changed since that bank was last written`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 4, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    var random = Seeded(7)
    var now = random.snapshot(vps: 4, vtls: 1, groups: 1)
    var generations: [UInt64] = [0, 0, 0, 0]
    var groupGeneration: UInt64 = 0
    var written = 0
    for frame in 0..<100 {
      let changed = random.below(4)
      now.contexts[changed].rip = random.any()
      generations[changed] += 1
      if frame % 10 == 0 {
        now.groups[0] = random.group(4, 1)
        now.memory = random.memory()
        groupGeneration += 1
      }
      writer.beginFrame()
      for index in 0..<4 where writer.needsContext(index, generations[index]) {
        writer.write(context: now.contexts[index], index: index, generation: generations[index])
        written += 1
      }
      if writer.needsGroup(0, groupGeneration) {
        writer.write(group: now.groups[0], index: 0, generation: groupGeneration)
      }
      if writer.needsMemory(groupGeneration) { writer.write(memory: now.memory, generation: groupGeneration) }
      writer.endFrame(machine: now.machine)
      #expect(try reader.snapshot() == now)
    }
    // Three of the last three frames' changes, less those of one context, and not all four each time.
    #expect(written < 300)
  }

  @Test func `an interrupted frame leaves the previous one whole, wherever it was interrupted`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 3, vtlCount: 2, groupCount: 2, ringBytes: 4096, directory: scratch.directory)
    var random = Seeded(11)
    let before = random.snapshot(vps: 3, vtls: 2, groups: 2)
    let after = random.snapshot(vps: 3, vtls: 2, groups: 2)
    for _ in 0..<3 { writer.write(before) }
    for steps in 0...8 {
      writer.beginFrame()
      for step in 0..<steps {
        if step < 6 {
          writer.write(context: after.contexts[step], index: step, generation: 1)
        } else {
          writer.write(group: after.groups[step - 6], index: step - 6, generation: 1)
        }
      }
      // A reader that comes now, and one that finds the file after the writer was killed here.
      #expect(try RegionReader(path: writer.path).snapshot() == before)
      let copy = scratch.path("copy")
      Scratch.write(Scratch.bytes(writer.path), to: copy)
      #expect(try RegionReader(path: copy).snapshot() == before)
    }
    writer.write(after)
    #expect(try RegionReader(path: writer.path).snapshot() == after)
  }

  @Test func `a bank that is being written again cannot be taken for the frame it held`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 2, vtlCount: 1, groupCount: 1, ringBytes: 4096, directory: scratch.directory)
    var random = Seeded(13)
    for _ in 0..<3 { writer.write(random.snapshot(vps: 2, vtls: 1, groups: 1)) }
    writer.beginFrame()
    writer.write(context: random.context(ContextID(0, 0), 2, 1), index: 0, generation: 1)
    // A reader so slow that it still looks for frame 1, whose bank the writer has come back to.
    var bytes = Scratch.bytes(writer.path)
    for i in 0..<8 { bytes[384 + i] = i == 0 ? 1 : 0 }
    bytes.withUnsafeBytes { bytes -> Void in
      #expect(throws: RegionError.damaged(path: "memory", what: "frame 1 is not in its bank")) {
        try RegionReader(bytes: bytes).snapshot()
      }
    }
  }
}
