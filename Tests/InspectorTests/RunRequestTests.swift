import Architecture
import Journal
import Testing

@testable import Inspector

/// Keys that are struck sooner than the next frame comes.
@Suite struct RunRequestTests {
  private var model = Scene.model()
  private var next: UInt64 = 900_000

  /// A frame, and the answers that the log gives with it.
  private mutating func see(
    _ state: RunState, _ answers: [(CommandKind, CommandRefusal?)] = [], missed: UInt64 = 0
  ) {
    var events: [Event] = []
    for (kind, refusal) in answers {
      events.append(Event(sequence: next, time: Scene.now, .command(kind, refusal: refusal)))
      next += 1
    }
    var frame = model.snapshot
    frame.machine.runState = state
    frame.machine.nextEvent = next
    model.apply(Update(snapshot: frame, events: events, missed: missed))
  }

  @Test mutating func `a step and then p lets the machine run, before the step is answered`() {
    see(.paused)
    #expect(model.handle("s") == .command(.stepEvent))
    #expect(model.handle("p") == .command(.run))
    #expect(model.handle("p") == .command(.pause))
  }

  @Test mutating func `a step and then p lets the machine run, while the frame still shows it doing the step`() {
    see(.paused)
    _ = model.handle("s")
    see(.running, [(.stepEvent, nil)])
    #expect(model.handle("p") == .command(.run))
    see(.running, [(.run, nil)])
    #expect(model.handle("p") == .command(.pause))
  }

  @Test mutating func `a frame from before a step was taken does not say that it is over`() {
    see(.paused)
    _ = model.handle("s")
    see(.paused)
    see(.running, [(.stepEvent, nil)])
    #expect(model.handle("p") == .command(.run))
  }

  @Test mutating func `run and then p stops, pause and then p runs, and pause and then s steps`() {
    #expect(model.handle("p") == .command(.pause))
    #expect(model.handle("p") == .command(.run))
    #expect(model.handle("p") == .command(.pause))
    #expect(model.handle("s") == .command(.stepEvent))
    #expect(model.handle("p") == .command(.run))
    #expect(model.handle("s") == nil)
  }

  @Test mutating func `with every answer there, the frame is what counts`() {
    _ = model.handle("p")
    _ = model.handle("p")
    see(.running, [(.pause, nil)])
    // Of the two, one is not answered yet.
    #expect(model.runRequests.state == .running)
    see(.paused, [(.run, nil)])
    #expect(model.handle("p") == .command(.run))
  }

  @Test mutating func `a refusal, or an answer that was overwritten, clears what was asked`() {
    _ = model.handle("p")
    see(.running, [(.pause, .machineStopped)])
    #expect(model.handle("p") == .command(.pause))
    see(.running, missed: 3)
    #expect(model.handle("p") == .command(.pause))
  }

  @Test mutating func `a second step that comes too soon does not end the wait for the first`() {
    see(.paused)
    _ = model.handle("s")
    #expect(model.handle("s") == .command(.stepEvent))
    see(.running, [(.stepEvent, nil), (.stepEvent, .notPaused)])
    #expect(model.handle("p") == .command(.run))
  }

  @Test mutating func `the palette's run, stop and step go by the same state, and a long step can be stopped`() {
    see(.paused)
    #expect(model.execute("step 5") == .command(.step(events: 5)))
    see(.running, [(.stepEvent, nil)])
    #expect(model.execute("stop") == .command(.pause))
    #expect(model.execute("stop") == nil)
    #expect(model.execute("run") == .command(.run))
    #expect(model.execute("run") == nil)
    #expect(model.handle("p") == .command(.pause))
  }

  @Test mutating func `the last line offers what the key would do`() {
    see(.paused)
    #expect(model.draw(Size(80, 24)).textRows[23].contains("p Run"))
    _ = model.handle("p")
    #expect(model.draw(Size(80, 24)).textRows[23].contains("p Stop"))
  }
}
