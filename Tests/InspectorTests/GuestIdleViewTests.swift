import Architecture
import Inspector
import Journal
import Testing

/// A context in the guest idle state, with interrupts disabled.
@Suite struct GuestIdleViewTests {
  private static func idle() -> Snapshot {
    var snapshot = Scene.snapshot(vps: 4, at: Scene.now)
    for i in snapshot.contexts.indices where snapshot.contexts[i].id == ContextID(1, 0) {
      snapshot.contexts[i].activity = .idle
      snapshot.contexts[i].rflags = 2
    }
    return snapshot
  }

  @Test func `it is I, idle, and of no interest`() throws {
    let snapshot = Self.idle()
    let state = ContextState(try #require(snapshot[ContextID(1, 0)]), in: snapshot)
    #expect(state == .idle)
    #expect(state.letter == "I")
    #expect(state.word == "idle")
    #expect(state.style == .dim)
  }

  @Test func `its lane sleeps from the read to the interrupt`() {
    let id = ContextID(0, 0)
    var context = ContextSnapshot(id: id, group: GroupID(0))
    context.isEnabled = true
    context.isActive = true
    var snapshot = Snapshot(
      machine: MachineSnapshot(vpCount: 1, vtlCount: 1, memoryBytes: 0), contexts: [context], groups: [])
    snapshot.machine.time = VirtualTime(ticks: 100)
    let events = [
      Event(sequence: 0, time: VirtualTime(ticks: 10), context: id, rip: 0x1000, .idled(interruptsEnabled: false)),
      Event(sequence: 1, time: VirtualTime(ticks: 60), context: id, .woke(after: VirtualTime(ticks: 50))),
      Event(sequence: 2, time: VirtualTime(ticks: 100), context: id, rip: 0x1002, .spuriousEOI),
    ]
    let times = EventIndex(snapshot, events).lanes.times(of: VPIndex(0), from: .zero, to: VirtualTime(ticks: 100))
    #expect(times.lanes.map(\.halted) == [VirtualTime(ticks: 50)])
    #expect(times.lanes.map(\.running) == [VirtualTime(ticks: 50)])
  }
}
