import Architecture
import Inspector
import Journal
import Testing

struct DiffTests {
  /// A look at the scene's machine with something changed.
  private func look(_ model: inout InspectorModel, _ change: (inout Snapshot) -> Void) {
    var next = model.snapshot
    next.machine.epoch += 1
    change(&next)
    model.apply(Update(snapshot: next))
  }

  private func change(_ snapshot: inout Snapshot, _ id: ContextID, _ change: (inout ContextSnapshot) -> Void) {
    let place = snapshot.contexts.firstIndex { $0.id == id }!
    change(&snapshot.contexts[place])
  }

  /// What stands in the dialog below its first line.
  private func lines(_ model: InspectorModel, _ size: Size = Size(100, 30)) -> [String] {
    let rows = model.draw(size).textRows.filter { $0.contains("│") }
    let inside = rows.map { row in
      String(row[row.index(after: row.firstIndex(of: "│")!)..<row.lastIndex(of: "│")!]).split(separator: " ").joined(
        separator: " ")
    }
    return Array(inside.dropFirst())
  }

  private func marked(_ id: ContextID = ContextID(5, 0)) -> InspectorModel {
    var model = Scene.model()
    model.select(id)
    model.size = Size(100, 30)
    model.strike("m")
    return model
  }

  @Test func `one TPR that changes is exactly one line`() {
    var model = marked()
    look(&model) { snapshot in
      snapshot.machine.time += .microseconds(1)
      let now = snapshot.machine.time
      change(&snapshot, ContextID(5, 0)) { context in
        context.apic[0x80] = 0x20
        // What follows from it, and what the processor did on the way, are not told again.
        context.apic[0xA0] = 0x20
        context.rip += 4
        context.instructions += 3
        context.lastTaskPriorityWrite = LastWrite(
          time: now, rip: 0xFFFF_8000_0010_3008, value: 0x20)
      }
    }
    model.strike("d")
    #expect(lines(model) == ["5.0 TPR 50 > 20 at raise_task_priority+8"])
    model.strike(.tab)
    #expect(lines(model) == ["5.0 TPR 50 > 20 at raise_task_priority+8"])
    model.strike("+")
    #expect(lines(model).count == 3)
  }

  @Test func `the event that changed it is named`() {
    var model = marked()
    let sequence = model.snapshot.machine.nextEvent
    model.receive([
      Event(
        sequence: sequence, time: Scene.now, context: ContextID(5, 0), rip: 0xFFFF_8000_0010_3008,
        .taskPriorityChanged(from: 0x50, to: 0)),
      Event(sequence: sequence + 1, time: Scene.now, context: ContextID(5, 0), .softwareEnable(false)),
    ])
    look(&model) { snapshot in
      change(&snapshot, ContextID(5, 0)) {
        $0.apic[0x80] = 0
        $0.apic[0xF0] = 0xFF
      }
    }
    model.strike("d")
    #expect(
      lines(model) == [
        "5.0 TPR 50 > 00 event \(sequence) TPR at raise_task_priority+8",
        "5.0 SVR 1ff > 0ff event \(sequence + 1) SVR",
      ])
  }

  @Test func `nothing changed is said`() {
    var model = marked()
    model.strike("d")
    #expect(lines(model) == ["no change"])
    model.strike(.escape)
    #expect(model.dialog == nil)
  }

  @Test func `everything includes the groups' maps`() {
    var model = marked()
    look(&model) { snapshot in
      snapshot.groups[0].logicalMode = .disabled
      change(&snapshot, ContextID(3, 0)) { $0.apic[0xD0] = 3 }
    }
    model.strike("d", .tab)
    #expect(lines(model) == ["3.0 LDR 00000008 > 00000003", "g0 map x2APIC > disabled"])
  }

  @Test func `vectors that wait and are served are told as they are`() {
    var model = marked(ContextID(3, 0))
    look(&model) { snapshot in
      change(&snapshot, ContextID(3, 0)) { Scene.pend(&$0, 0x41, since: 1, journey: 9_000) }
    }
    model.strike("d")
    #expect(lines(model).contains("3.0 IRR .. > 41"))
  }

  // MARK: - What it is told from

  @Test func `without a mark a change is told from the last stop`() {
    var model = Scene.model()
    model.select(ContextID(5, 0))
    model.size = Size(100, 30)
    func tpr(_ value: UInt32, _ state: RunState, after: UInt64 = 1_000) {
      look(&model) { snapshot in
        snapshot.machine.runState = state
        snapshot.machine.time += VirtualTime(ticks: after)
        change(&snapshot, ContextID(5, 0)) { $0.apic[0x80] = value }
      }
    }
    func diff() -> [String] {
      model.strike("d")
      defer { model.strike(.escape) }
      return lines(model)
    }
    // Never stopped: since the inspector came.
    tpr(0x10, .running)
    #expect(diff() == ["5.0 TPR 50 > 10"])
    // The first stop: nothing has stood still before it.
    tpr(0x20, .paused)
    #expect(diff() == ["5.0 TPR 50 > 20"])
    // A step goes from one stop to the next.
    tpr(0x30, .paused)
    #expect(diff() == ["5.0 TPR 20 > 30"])
    tpr(0x40, .running)
    #expect(diff() == ["5.0 TPR 30 > 40"])
    tpr(0x50, .paused)
    #expect(diff() == ["5.0 TPR 30 > 50"])
    // What is done to it while it stands still.
    tpr(0x60, .paused, after: 0)
    #expect(diff() == ["5.0 TPR 50 > 60"])
  }

  @Test func `a mark holds until there is another one, or none`() {
    var model = marked()
    look(&model) { snapshot in change(&snapshot, ContextID(5, 0)) { $0.apic[0x80] = 0x10 } }
    look(&model) { snapshot in
      snapshot.machine.runState = .paused
      snapshot.machine.time += .microseconds(1)
      change(&snapshot, ContextID(5, 0)) { $0.apic[0x80] = 0x20 }
    }
    model.strike("d")
    #expect(lines(model) == ["5.0 TPR 50 > 20"])
    model.strike("m")
    #expect(lines(model) == ["no change"])
    model.strike(.escape)
    _ = model.execute("mark clear")
    _ = model.execute("diff 5.0")
    #expect(lines(model) == ["5.0 TPR 50 > 20"])
  }

  @Test func `two tagged contexts are compared field by field`() {
    var model = Scene.model()
    model.size = Size(100, 30)
    _ = model.execute("tag 6.0 7.0")
    model.strike("d", .tab, .tab)
    #expect(model.draw(model.size).textRows.contains { $0.contains("6.0 beside 7.0") })
    #expect(lines(model) == ["ID 00000006 > 00000007", "LDR 00000040 > 00000080"])
  }

  @Test(arguments: [Size(40, 10), Size(80, 24), Size(200, 60)]) func `it fits every size, and scrolls`(size: Size) {
    var model = Scene.model(vps: 64)
    model.size = size
    look(&model) { snapshot in
      for i in snapshot.contexts.indices { snapshot.contexts[i].apic[0xD0] = UInt32(i) }
    }
    model.strike("d", .tab)
    for _ in 0..<200 { model.strike("j") }
    #expect(model.draw(size).size == size)
    #expect(model.draw(size).textRows.contains { $0.contains("63.0") })
  }
}
