import Architecture
import Journal

/// What the VTLs may do with memory: what `memory --json` writes.
struct MemoryReport: JSONWritable {
  /// The version of the JSON form.
  static var schema: Int { 1 }
  private let snapshot: Snapshot
  private let log: MemoryLog

  init(_ model: InspectorModel) {
    snapshot = model.snapshot
    log = model.index.memory
  }

  func write(to json: inout JSONWriter) {
    let memory = snapshot.memory
    json.object { json in
      json.head("vtlscope.memory", version: Self.schema, time: snapshot.machine.time, epoch: snapshot.machine.epoch)
      json.field("memoryBytes", snapshot.machine.memoryBytes)
      json.field("protections", lines: memory.protections) { run, json in write(run, to: &json) }
      json.field("protectionsDropped", memory.droppedProtections)
      json.field("overlays", lines: memory.overlays) { overlay, json in
        json.object { json in
          json.field("kind", overlay.kind.name)
          json.field("context", overlay.context)
          json.field("page", hex: overlay.page)
          json.field("writable", overlay.isWritable)
        }
      }
      json.field("overlaysDropped", memory.droppedOverlays)
      json.field("interceptedPorts", memory.interceptedPorts)
      json.field("intercepts", memory.intercepts)
      json.field("interceptWaits", memory.interceptWaits)
    }
  }

  func write(_ run: ProtectionRun, to json: inout JSONWriter) {
    json.object { json in
      json.field("vtl", run.vtl.rawValue)
      json.field("firstPage", hex: run.firstPage)
      json.field("pages", run.count)
      json.field("access", AccessText.letters(run.access))
      json.field("denied", log.denials(of: run).count)
    }
  }
}
