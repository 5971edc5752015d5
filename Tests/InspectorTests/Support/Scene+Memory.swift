import Architecture
import Inspector
import Journal

extension Scene {
  /// VTL1 protects four runs of memory: code, a driver's pages that VTL0 has written to twice, its own, and one that user
  /// mode may execute.
  static var protected: MemorySnapshot {
    var memory = MemorySnapshot()
    memory.protections = [
      ProtectionRun(vtl: .vtl0, firstPage: 0x400, count: 0x100, access: 0xD),
      ProtectionRun(vtl: .vtl0, firstPage: 0x1F3C, count: 16, access: 0x1),
      ProtectionRun(vtl: .vtl0, firstPage: 0x1F60, count: 1, access: 0x9),
      ProtectionRun(vtl: .vtl0, firstPage: 0x3000, count: 0x400, access: 0),
    ]
    memory.overlays = [
      OverlaySnapshot(kind: .hypercall, context: ContextID(0, 0), page: 0x120, isWritable: false),
      OverlaySnapshot(kind: .hypercall, context: ContextID(0, 1), page: 0x3001, isWritable: false),
      OverlaySnapshot(kind: .referenceTSC, context: ContextID(0, 0), page: 0x121, isWritable: false),
    ]
    for vp in 0..<4 {
      let page = UInt64(0x3010 + vp * 2)
      memory.overlays.append(OverlaySnapshot(kind: .assist, context: ContextID(vp, 1), page: page, isWritable: true))
      memory.overlays.append(
        OverlaySnapshot(kind: .messages, context: ContextID(vp, 1), page: page + 1, isWritable: true))
    }
    memory.intercepts = 3
    memory.interceptWaits = 1
    return memory
  }

  /// The busy machine, with protected memory and what came of it.
  static func secured(vps: Int = 16) -> InspectorModel {
    var model = busy(vps: vps)
    var snapshot = model.snapshot
    snapshot.memory = protected
    for i in snapshot.contexts.indices where snapshot.contexts[i].id.vtl == .vtl1 {
      snapshot.contexts[i].vsm.partitionConfig = 0x1F
    }
    let first = (model.events.last?.sequence ?? 0) + 1
    let bodies: [(UInt64, ContextID, Event.Body)] = [
      (9_000, ContextID(0, 1), .protectionChanged(.vtl0, firstPage: 0x1F3C, count: 16, access: 0x1)),
      (8_000, ContextID(3, 0), .intercepted(InterceptSummary(.memory, .write, to: .vtl1, number: 0x1F3_C010))),
      (
        7_000, ContextID(2, 0),
        .intercepted(InterceptSummary(.memory, .write, to: .vtl1, isWaiting: true, number: 0x1F3_D020))
      ),
      (6_000, ContextID(2, 0), .intercepted(InterceptSummary(.msr, .write, to: .vtl1, number: 0xC000_0082))),
    ]
    let events = bodies.enumerated().map { place, entry in
      Event(
        sequence: first + UInt64(place), time: VirtualTime(ticks: now.rawValue - entry.0), context: entry.1,
        entry.2)
    }
    snapshot.machine.nextEvent = first + UInt64(events.count)
    model.apply(Update(snapshot: snapshot, events: events))
    return model
  }
}
