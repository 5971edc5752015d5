import Architecture
import Glibc
import Journal
import Region
import Synchronization
import Testing

@Suite struct ConcurrencyTests {
  /// Set by the writer's thread when it is done.
  private final class Done: Sendable {
    let flag = Atomic(false)
  }

  @Test func `a reader beside a writer sees only whole frames and whole events`() throws {
    let scratch = Scratch()
    let writer = try RegionWriter(
      name: "demo", vpCount: 8, vtlCount: 2, groupCount: 1, ringBytes: 1 << 14, directory: scratch.directory)
    let reader = try RegionReader(path: writer.path)
    let done = Done()
    // The writer is this thread's until it is handed over, and nobody else's after.
    nonisolated(unsafe) let handed = writer
    let thread = try Thread {
      Self.write(frames: 20_000, handed)
      done.flag.store(true, ordering: .releasing)
    }
    var frames = 0
    var last: UInt64 = 0
    var next: UInt64 = 0
    var seen: UInt64 = 0
    repeat {
      if let snapshot = try? reader.snapshot() {
        let n = snapshot.machine.epoch
        #expect(n >= last)
        for context in snapshot.contexts {
          let whole =
            context.rip == n && context.counters.exceptions == n && context.apic.registers[63] == UInt32(n)
            && context.pending.first?.since.rawValue == n && context.pending.last?.journey.rawValue == n
          if !whole { Issue.record("frame \(n) has a part of another") }
        }
        frames += n == last ? 0 : 1
        last = n
      }
      let batch = try reader.events(from: next, limit: 64)
      #expect(batch.unreadable == 0)
      seen += UInt64(batch.events.count) + batch.missed
      for event in batch.events where event.rip != event.sequence || event.time.rawValue != ~event.sequence {
        Issue.record("event \(event.sequence) has a part of another")
      }
      next = batch.next
    } while !done.flag.load(ordering: .acquiring)
    thread.join()
    while case let batch = try reader.events(from: next), batch.next != next {
      seen += UInt64(batch.events.count) + batch.missed
      next = batch.next
    }
    #expect(seen == 200_000)
    #expect(try reader.snapshot().machine.epoch == 20_000)
    #expect(frames > 100)
  }

  private static func write(frames: UInt64, _ writer: RegionWriter) {
    var context = ContextSnapshot(id: ContextID(0, 0), group: GroupID(0))
    var machine = MachineSnapshot(vpCount: 8, vtlCount: 2, memoryBytes: 0)
    for n in 1...frames {
      writer.beginFrame()
      context.rip = n
      context.counters.exceptions = n
      context.apic.registers[63] = UInt32(n)
      context.pending = [0xFF, 0x10].map {
        VectorState(
          vector: VectorNumber($0), since: VirtualTime(ticks: n), journey: JourneyID(rawValue: n),
          isLevelTriggered: false)
      }
      for index in 0..<16 {
        context.id = ContextID(index / 2, index % 2)
        writer.write(context: context, index: index, generation: n)
      }
      machine.epoch = n
      writer.endFrame(machine: machine)
      for i in 0..<10 {
        let sequence = (n - 1) * 10 + UInt64(i)
        writer.append(
          Event(
            sequence: sequence, time: VirtualTime(ticks: ~sequence), rip: sequence,
            .halted(interruptsEnabled: true)))
      }
    }
  }
}

/// A thread, without Foundation.
struct Thread: ~Copyable {
  private let handle: pthread_t

  init(_ body: @escaping @Sendable () -> Void) throws {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var handle = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let code = pthread_create(
      &handle, nil,
      {
        Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body(); return nil
      }, box.toOpaque())
    self.handle = handle
    try #require(code == 0)
  }

  consuming func join() { pthread_join(handle, nil) }
}
