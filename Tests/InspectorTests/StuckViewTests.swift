import Architecture
import Diagnosis
import Inspector
import Journal
import Testing

/// The Stuck view on the scene: 5.0 is blocked by its TPR and 1.0 waits for it, 9.0 never got its SIPI.
struct StuckViewTests {
  static let sizes = [Size(40, 10), Size(80, 24), Size(120, 40), Size(200, 60)]

  static func model(_ size: Size = Size(80, 24), _ change: (inout Snapshot) -> Void = { _ in }) -> InspectorModel {
    var model = Scene.model()
    model.size = size
    var snapshot = model.snapshot
    change(&snapshot)
    snapshot.machine.runState = .paused
    model.apply(Update(snapshot: snapshot))
    _ = model.handle("7")
    return model
  }

  private static func golden(_ name: String, _ model: InspectorModel, _ size: Size) throws {
    try expectGolden(model.draw(size), "\(name)-\(size.width)x\(size.height)")
  }

  /// 5.0 lets its vectors in, and 9.0 is started.
  private static func heal(_ snapshot: inout Snapshot) {
    for i in snapshot.contexts.indices where [5, 9].contains(snapshot.contexts[i].id.vp.index) {
      snapshot.contexts[i].apic[0x80] = 0
      snapshot.contexts[i].pending = []
      for n in 0..<8 { snapshot.contexts[i].apic[0x200 + 16 * n] = 0 }
      if snapshot.contexts[i].activity == .waitForStartup { snapshot.contexts[i].activity = .halted }
      snapshot.contexts[i].rflags = 0x202
    }
  }

  /// 5.0 sent 41h to 1.0, which sent 2Fh to 5.0: each has the other's pending, and neither takes it.
  static func circle(_ size: Size) -> InspectorModel {
    let at = VirtualTime(ticks: Scene.now.rawValue - 1_800_000_000)
    var model = model(size) { snapshot in
      for i in snapshot.contexts.indices where snapshot.contexts[i].id == ContextID(1, 0) {
        snapshot.contexts[i].rflags = 2
        Scene.pend(&snapshot.contexts[i], 0x41, since: 1_800_000_000, journey: 5_420)
      }
    }
    let route = Event.RouteSummary(
      group: GroupID(0), path: .map, candidates: 1, delivered: 1, rejected: 0, reason: nil,
      firstTarget: ContextID(1, 0))
    let message = InterruptMessage(vector: VectorNumber(0x41), to: ApicID(1))
    let next = (model.events.last?.sequence ?? 0) + 1
    model.receive([
      Event(
        sequence: next, time: at, journey: JourneyID(rawValue: 5_420), context: ContextID(5, 0),
        .requested(.interruptCommand, message, route))
    ])
    return model
  }

  @Test(arguments: sizes) func `findings`(size: Size) throws { try Self.golden("stuck", Self.model(size), size) }

  @Test(arguments: sizes) func `no findings`(size: Size) throws {
    try Self.golden("stuck-none", Self.model(size, Self.heal), size)
  }

  @Test(arguments: sizes) func `a circle`(size: Size) throws {
    let model = Self.circle(size)
    #expect(model.findings.contains { $0.isCycle })
    try Self.golden("stuck-cycle", model, size)
  }

  @Test func `thresholds`() throws {
    var model = Self.model()
    _ = model.handle("S")
    try Self.golden("thresholds", model, Size(80, 24))
  }

  @Test func `the selection stays on its finding when a worse one comes`() {
    var model = Self.model()
    model.strike("j")
    let selected = model.selection.finding
    #expect(selected?.code == .waitsForStartup)
    var next = model.snapshot
    for i in next.contexts.indices where next.contexts[i].id == ContextID(3, 0) { next.contexts[i].rflags = 2 }
    model.apply(Update(snapshot: next))
    #expect(model.findings.contains { $0.code == .haltedWithInterruptsOff })
    #expect(model.selectedRow == selected.map { .finding($0) })
  }

  @Test func `Enter goes to the local APIC, J to the journey`() {
    var model = Self.model()
    model.strike(.enter)
    #expect(model.view == .lapic)
    #expect(model.selection.context == ContextID(5, 0))
    model = Self.model()
    model.strike("J")
    #expect(model.view == .journey)
    #expect(model.selection.journey == JourneyID(rawValue: 5_409))
  }

  @Test func `an acknowledged finding is hidden until it changes, and how many are is said`() {
    var model = Self.model()
    let before = model.shownRows.count
    model.strike("A")
    #expect(model.shownRows.count == before - 1)
    #expect(!model.shownRows.contains(.finding(.init(code: .taskPriorityBlocks, subject: .context(ContextID(5, 0))))))
    model.strike("j")
    #expect(model.draw(Size(80, 24)).textRows[22].contains("1 acknowledged, hidden"))
    // It only gets older: it stays hidden.
    var next = model.snapshot
    next.machine.time += .milliseconds(2)
    model.apply(Update(snapshot: next))
    #expect(model.shownRows.count == before - 1)
    // The TPR was written again: that is another block.
    for i in next.contexts.indices where next.contexts[i].id == ContextID(5, 0) {
      next.contexts[i].lastTaskPriorityWrite?.time = next.machine.time - .milliseconds(20)
    }
    model.apply(Update(snapshot: next))
    #expect(model.shownRows.count == before)
  }

  @Test func `a threshold above its age takes a finding back, and d brings it again`() {
    var model = Self.model()
    #expect(model.findings.contains { $0.code == .taskPriorityBlocks })
    model.strike("S")
    for _ in 0..<12 { model.strike("l") }
    model.strike("j")
    for _ in 0..<12 { model.strike("l") }
    #expect(model.thresholds.blocked > .seconds(3))
    #expect(!model.findings.contains { $0.code == .taskPriorityBlocks })
    model.strike("d")
    #expect(model.thresholds == Thresholds())
    #expect(model.findings.contains { $0.code == .taskPriorityBlocks })
    model.strike(.escape)
    #expect(model.dialog == nil)
  }

  @Test(arguments: sizes) func `with nothing found no key does harm`(size: Size) {
    var model = Self.model(size, Self.heal)
    #expect(model.findings.isEmpty)
    model.strike("j", "A", .enter, "J", "S", .escape, "G", "W", .escape)
    #expect(model.draw(size).size == size)
  }
}
