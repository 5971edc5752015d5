import Architecture
import CVTLScope
import Journal
import Region
import Testing

@Suite struct RingTests {
  private func event(_ n: UInt64) -> Event {
    Event(
      sequence: n, time: VirtualTime(ticks: n * 3), journey: JourneyID(rawValue: n), context: ContextID(1, 0),
      rip: ~n, .apicBaseChanged(from: n, to: n))
  }

  private func writer(_ scratch: Scratch, slots: Int) throws -> RegionWriter {
    try RegionWriter(
      name: "ring", vpCount: 2, vtlCount: 1, groupCount: 1, ringBytes: slots * 64,
      directory: scratch.directory)
  }

  @Test func `events come back in order, in batches`() throws {
    let scratch = Scratch()
    let writer = try writer(scratch, slots: 64)
    let reader = try RegionReader(path: writer.path)
    #expect(try reader.events(from: 0) == EventBatch(events: [], missed: 0, unreadable: 0, next: 0))
    for n in 0..<50 { writer.append(event(UInt64(n))) }
    let first = try reader.events(from: 0, limit: 20)
    #expect(first == EventBatch(events: (0..<20).map(event), missed: 0, unreadable: 0, next: 20))
    let rest = try reader.events(from: first.next)
    #expect(rest == EventBatch(events: (20..<50).map(event), missed: 0, unreadable: 0, next: 50))
    #expect(try reader.events(from: 50).events.isEmpty)
    #expect(try reader.events(from: 1000).next == 50)
    #expect(try reader.nextEvent() == 50)
  }

  @Test func `overwritten events are counted`() throws {
    let scratch = Scratch()
    let writer = try writer(scratch, slots: 64)
    let reader = try RegionReader(path: writer.path)
    for n in 0..<1000 { writer.append(event(UInt64(n))) }
    // 63 of the 64 slots are certain; the oldest is where the next event goes.
    let batch = try reader.events(from: 0)
    #expect(batch == EventBatch(events: (937..<1000).map(event), missed: 937, unreadable: 0, next: 1000))
    #expect(try reader.events(from: 990).missed == 0)
    #expect(
      try reader.events(from: 0, limit: 0) == EventBatch(events: [], missed: 937, unreadable: 0, next: 937))
  }

  @Test func `an event interrupted at any store is not there, and hurts no other`() throws {
    let scratch = Scratch()
    let writer = try writer(scratch, slots: 16)
    for n in 0..<100 { writer.append(event(UInt64(n))) }
    var bytes = Scratch.bytes(writer.path)
    let ring = bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self).events.offset }
    let slot = Int(ring) + 100 % 16 * 64
    // The writer was killed after invalidating the slot of event 100 and then storing 0 to 7 words of it.
    for words in 0...7 {
      for i in 0..<8 { bytes[slot + i] = 0 }
      for i in 8..<8 + words * 8 where i < 64 { bytes[slot + i] = 0xAA }
      let batch = try bytes.withUnsafeBytes { try RegionReader(bytes: $0).events(from: 0) }
      #expect(batch == EventBatch(events: (85..<100).map(event), missed: 85, unreadable: 0, next: 100))
    }
    // And after its stamp, but before the count of events.
    bytes[slot] = 101
    let batch = try bytes.withUnsafeBytes { try RegionReader(bytes: $0).events(from: 0) }
    #expect(batch == EventBatch(events: (85..<100).map(event), missed: 85, unreadable: 0, next: 100))
  }

  @Test func `an event that cannot be decoded is counted, and the others are read`() throws {
    let scratch = Scratch()
    let writer = try writer(scratch, slots: 16)
    for n in 0..<10 { writer.append(event(UInt64(n))) }
    var bytes = Scratch.bytes(writer.path)
    let ring = Int(bytes.withUnsafeBytes { $0.load(as: vtlscope_header.self).events.offset })
    bytes[ring + 3 * 64 + 37] = 200  // a kind of the future
    bytes[ring + 5 * 64 + 32] = 77  // a VP that this machine does not have
    let batch = try bytes.withUnsafeBytes { try RegionReader(bytes: $0).events(from: 0) }
    #expect(batch.events.map(\.sequence) == [0, 1, 2, 4, 6, 7, 8, 9])
    #expect(batch.unreadable == 2)
  }

  @Test func `a region may begin with any event; those before it are missed`() throws {
    let scratch = Scratch()
    let writer = try writer(scratch, slots: 64)
    for n in 1000..<1010 { writer.append(event(UInt64(n))) }
    let batch = try RegionReader(path: writer.path).events(from: 0)
    #expect(batch == EventBatch(events: (1000..<1010).map(event), missed: 1000, unreadable: 0, next: 1010))
  }

  @Test func `the packed event is the C layout`() {
    #expect(MemoryLayout<EventRecord>.size == MemoryLayout<vtlscope_event>.size)
    let event = Event(
      sequence: 4, time: VirtualTime(ticks: 5), journey: JourneyID(rawValue: 6), context: ContextID(7, 1),
      rip: 8,
      .exception(vector: 14, errorCode: 2, address: 0x1234))
    let record = unsafeBitCast(EventRecord(event), to: vtlscope_event.self)
    #expect(record.stamp == 5)
    #expect(record.time == 5)
    #expect(record.journey == 6)
    #expect(record.rip == 8)
    #expect(record.vp == 7)
    #expect(record.vtl == 1)
    #expect(record.kind == 11)
    #expect(record.detail == 14 | 1 << 8)
    #expect(record.a == 2)
    #expect(record.b == 0x1234)
  }
}
