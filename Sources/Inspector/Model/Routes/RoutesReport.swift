import Architecture
import Interrupts
import Journal

/// Where device interrupts go, and whom they would reach: what `routes --json` writes.
public struct RoutesReport: Sendable {
  /// The version of the JSON form.
  public static var schema: Int { 1 }

  public var time: VirtualTime
  public var epoch: UInt64
  public var platform: PlatformSnapshot
  public var routes: [Entry]

  public struct Entry: Sendable {
    public var row: RouteRow
    /// Whom its message would reach now; nil when it sends none.
    public var preview: FirePreview?
  }

  public init(_ snapshot: Snapshot) {
    time = snapshot.machine.time
    epoch = snapshot.machine.epoch
    platform = snapshot.platform
    routes = RouteRow.all(snapshot).map { Entry(row: $0, preview: $0.preview(in: snapshot)) }
  }
}

extension RouteRow {
  /// Whom the route's message would reach if it were sent now, and why not the others.
  public func preview(in snapshot: Snapshot) -> FirePreview? {
    message.map { Interrupts.preview(FireRequest(origin: .message(group), message: $0), in: snapshot) }
  }
}

extension RoutesReport: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.head("vtlscope.routes", version: Self.schema, time: time, epoch: epoch)
      json.key("routes")
      json.array { json in for entry in routes { json.value(entry) } }
      json.field("pic", platform.pic)
    }
  }
}

extension RoutesReport.Entry: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("route", row.id.text)
      json.field("wedged", row.isWedged)
      switch row.kind {
      case .pin(let pin): json.field("pin", pin)
      case .message(let route): json.field("message", route)
      }
      json.field("reaches", lines: preview?.route.contexts ?? []) { $1.value($0) }
      json.field("reason", preview?.route.reason?.text)
    }
  }
}
