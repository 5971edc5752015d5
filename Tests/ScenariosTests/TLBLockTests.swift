import Architecture
import Journal
import Machine
import Testing

/// What is seen of a hypercall that waits for a TLB lock.
@Suite struct TLBLockTests {
  private let flusher = ContextID(0, 0)
  private let holder = ContextID(1, 1)

  private func start() throws -> GuestRun {
    try GuestRun("tlb", Configuration(vpCount: 2, vtlCount: 2, memoryBytes: 32 << 20))
  }

  @Test func `who waits is told, once a wait, and made again after the lock`() throws {
    let run = try start()
    run.run(until: .seconds(1))
    let waits = run.events.indices.filter { run.events[$0].body == .flushWaits(holder) }
    // Each of the four forms meets a lock that ends with a return, and one that is taken off.
    #expect(waits.count == 8)
    for wait in waits {
      #expect(run.events[wait].context == flusher)
      let rest = run.events[wait...]
      let unlock = try #require(rest.firstIndex { $0.body == .tlbLockChanged(.vtl0, isLocked: false) })
      let flush = try #require(
        rest.firstIndex { event in
          guard case .hypercall(let call) = event.body else { return false }
          return event.context == flusher && [0x02, 0x03, 0x13, 0x14].contains(call.code)
        })
      #expect(run.events[unlock].context == holder)
      #expect(unlock < flush)
      #expect(run.events[flush].rip == run.events[wait].rip)
      // VTL0 of the VP does nothing meanwhile.
      #expect(!run.events[wait..<unlock].contains { $0.context == flusher && $0.kind == .acknowledged })
    }
  }

  @Test func `a snapshot says who waits`() throws {
    let run = try start()
    while !(run.events.last?.body == .flushWaits(holder)), run.partition.runState == .running {
      _ = run.partition.advance(slices: 1)
    }
    #expect(try run[0, 0].vsm.isWaitingForTLB)
    #expect(try run[1, 1].vsm.secureConfig == [2, 0])
    #expect(try run[0, 0].activity == .running)
    run.run(until: .seconds(1))
    #expect(run.exitValue == 0)
    #expect(try !run[0, 0].vsm.isWaitingForTLB)
  }
}
