import Architecture
import Journal

/// Virtual secure mode: what `vsm --json` writes.
struct VSMReport: JSONWritable {
  /// The version of the JSON form.
  static var schema: Int { 1 }
  private let snapshot: Snapshot

  init(_ snapshot: Snapshot) { self.snapshot = snapshot }

  func write(to json: inout JSONWriter) {
    let machine = snapshot.machine
    json.object { json in
      json.head("vtlscope.vsm", version: Self.schema, time: machine.time, epoch: machine.epoch)
      json.field("enabledVTLs", hex: machine.enabledVTLs)
      json.field("vtlCount", machine.vtlCount)
      json.field("contexts", lines: snapshot.contexts.filter(\.isEnabled)) { Self.write($0, to: &$1) }
    }
  }

  /// What virtual secure mode holds of one context.
  static func write(_ context: ContextSnapshot, to json: inout JSONWriter) {
    let vina = VSMVina(rawValue: context.vina)
    json.object { json in
      json.field("context", context.id)
      json.field("active", context.isActive)
      json.field("activity", "\(context.activity)")
      json.field("entryReason", context.entryReason.map { "\($0)" })
      json.field("entryTime", context.entryTime)
      json.field("entries", context.counters.vtlEntries)
      json.field("vina") { json in
        json.field("enabled", vina.isEnabled)
        json.field("vector", hex: vina.vector.rawValue)
        json.field("autoReset", vina.resetsAutomatically)
        json.field("autoEOI", vina.isAutoEOI)
        json.field("asserted", context.vinaAsserted)
      }
      json.field("assistPage", hex: context.assistPage)
      json.field("guestOSID", hex: context.guestOSID)
      json.field("hypercallPage", hex: context.hypercallPage)
      json.field("vsm", context.vsm)
      json.field("synic", context.synic)
      json.field("syntheticTimers", lines: context.syntheticTimers) { $0.write(to: &$1) }
    }
  }
}
