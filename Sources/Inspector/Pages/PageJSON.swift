import Architecture
import Diagnosis
import Journal

// What `--json` writes: one object with `schema` and `version`. The version changes when a key is renamed, removed or
// given another meaning; keys may be added at any time.

extension InspectorModel {
  /// The whole document, with a last newline.
  public func json(of page: Page) -> String {
    switch page {
    case .snap: SnapReport(self).json
    case .groups: GroupsReport(self).json
    case .lapic(let id): LapicReport(self, id).json
    case .timers: TimersReport(snapshot, index.timers).json
    case .sched(let last): SchedReport(snapshot, index.lanes, last: last).json
    case .memory: MemoryReport(self).json
    case .routes: RoutesReport(snapshot).json
    case .vsm: VSMReport(snapshot).json
    }
  }

  fileprivate func head(_ schema: String, version: Int, to json: inout JSONWriter) {
    json.head(schema, version: version, time: snapshot.machine.time, epoch: snapshot.machine.epoch)
  }
}

/// `snap --json`: one moment of the whole machine, and what is wrong with it.
struct SnapReport: JSONWritable {
  static var schema: Int { 1 }
  let model: InspectorModel
  init(_ model: InspectorModel) { self.model = model }

  func write(to json: inout JSONWriter) {
    json.object { json in
      model.head("vtlscope.snap", version: Self.schema, to: &json)
      json.field("name", model.name)
      json.field("core", model.liveness.word)
      json.field("snapshot", model.snapshot)
      json.key("findings")
      json.array { json in for finding in model.findings { json.value(finding) } }
    }
  }
}

/// `groups --json`: each group with its map, and what of its members' registers the map is made from.
struct GroupsReport: JSONWritable {
  static var schema: Int { 1 }
  let model: InspectorModel
  init(_ model: InspectorModel) { self.model = model }

  func write(to json: inout JSONWriter) {
    json.object { json in
      model.head("vtlscope.groups", version: Self.schema, to: &json)
      json.key("groups")
      json.array { json in for group in model.snapshot.groups { json.value(group) } }
      json.field("members", lines: model.contexts.compactMap { model.snapshot[$0] }) { context, json in
        let decoding = APICDecoding(context)
        json.object { json in
          json.field("context", context.id)
          json.field("group", context.group.rawValue)
          json.field("mode", decoding.mode.text)
          json.field("id", hex: decoding.id.rawValue)
          json.field("softwareEnabled", decoding.isSoftwareEnabled)
          json.field("logicalDestination", hex: context.apic[0xD0])
          json.field("logical", decoding.logicalText)
        }
      }
    }
  }
}

/// `lapic --json`: one local APIC, its registers as they are and in words.
struct LapicReport: JSONWritable {
  static var schema: Int { 1 }
  let model: InspectorModel
  let id: ContextID
  init(_ model: InspectorModel, _ id: ContextID) { (self.model, self.id) = (model, id) }

  func write(to json: inout JSONWriter) {
    let context = model.snapshot[id]
    json.object { json in
      model.head("vtlscope.lapic", version: Self.schema, to: &json)
      if let context {
        let decoding = APICDecoding(context)
        json.field("mode", decoding.mode.text)
        json.field("id", hex: decoding.id.rawValue)
        json.field("softwareEnabled", decoding.isSoftwareEnabled)
        json.field("logical", decoding.logicalText)
        json.field("command", decoding.isCommandWritten ? decoding.icrText(isShort: true) : nil)
        json.field("processorPriority", hex: context.processorPriority)
        json.field("waiting", Waiting(context, in: model.snapshot).text)
      }
      json.field("state", context)
    }
  }
}

extension Liveness {
  /// One word for scripts.
  public var word: String {
    switch self {
    case .beating: "alive"
    case .wedged: "wedged"
    case .suspended: "stopped"
    case .dead: "dead"
    case .exited: "exited"
    case .archived: "file"
    }
  }
}
