import Architecture
import Journal

/// Events as lines of text, as the list of the screen has them, oldest first.
public struct EventLines: Sendable {
  private let model: InspectorModel
  private let table: EventsTable
  private var last: Event?

  public init(_ model: InspectorModel, width: Int) {
    self.model = model
    table = EventsTable(model, width: width)
  }

  /// What the columns are.
  public var header: String { Self.trimmed(table.header(.absolute).text) }

  /// The next event; its delta is to the one before.
  public mutating func line(_ event: Event) -> String {
    defer { last = event }
    return Self.trimmed(table.row(event, after: last, marked: .none, model).text)
  }

  private static func trimmed(_ text: String) -> String {
    var text = text.dropFirst()
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// Which events are wanted: the filter of the event list, `kind=IPI vec=4f`.
public struct EventFilter: Sendable {
  private let filter: Filter?
  private let model: InspectorModel

  /// An empty text lets everything pass.
  public init(_ text: String, _ model: InspectorModel) throws(PaletteError) {
    filter = try Filter.parse(text, fields: EventFields.all.map(\.description))
    self.model = model
  }

  public func passes(_ event: Event) -> Bool {
    guard let filter else { return true }
    return filter.passes(
      values: { EventFields.all[$0].values(event, model) }, text: { EventText.searched(event, model) })
  }
}

extension Event {
  /// One object on one line, for `--ndjson`; without the newline.
  public var jsonLine: String {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.text
  }
}

/// `events --json`: the events that are still in the ring, and how many are not.
public struct EventsReport: JSONWritable, Sendable {
  public static var schema: Int { 1 }
  private let events: [Event]
  private let missed: UInt64

  public init(_ events: [Event], missed: UInt64) {
    self.events = events
    self.missed = missed
  }

  /// The first line of `--ndjson`.
  public static var heading: String { "{\"schema\": \"vtlscope.events\", \"version\": \(schema)}" }

  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("schema", "vtlscope.events")
      json.field("version", Self.schema)
      json.field("missed", missed)
      json.field("events", lines: events) { $0.write(to: &$1) }
    }
  }
}
