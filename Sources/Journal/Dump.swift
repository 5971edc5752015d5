/// Everything about a run that can be told without the host: its last snapshot, its events and its commands.
///
/// The JSON document begins with `schema` and `version`. The version changes when a key is renamed, removed
/// or given another meaning; keys may be added at any time.
public struct Dump: JSONWritable {
  public static var schema: String { "vtlscope.dump" }
  public static var version: Int { 1 }

  public var snapshot: Snapshot
  /// In order; the last ones, when `overwritten` is not 0.
  public var events: [Event]
  /// Events that the ring no longer holds.
  public var overwritten: UInt64
  public var commands: [CommandRecord]

  public init(snapshot: Snapshot, events: [Event], overwritten: UInt64, commands: [CommandRecord]) {
    self.snapshot = snapshot
    self.events = events
    self.overwritten = overwritten
    self.commands = commands
  }

  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("schema", Self.schema)
      json.field("version", Self.version)
      json.field("snapshot", snapshot)
      json.field("commands", lines: commands) { $0.write(to: &$1) }
      json.field("overwritten", overwritten)
      json.field("events", lines: events) { $0.write(to: &$1) }
    }
  }
}
