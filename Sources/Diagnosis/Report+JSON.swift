import Architecture
import Journal

/// `why --json`: one object with the moment and the findings, each with its checks.
extension Report: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("schema", "vtlscope.why")
      json.field("version", Self.schema)
      json.field("time", snapshot.machine.time)
      json.field("epoch", snapshot.machine.epoch)
      json.key("findings")
      json.array { json in
        for finding in findings { json.value(finding) }
      }
    }
  }

  /// The whole document, with a last newline.
  public var json: String {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.text + "\n"
  }
}

extension Finding: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("code", code.rawValue)
      json.field("certainty", certainty.rawValue)
      json.field("severity", severity.text)
      json.field("context", context)
      json.field("since", since)
      json.field("title", title)
      json.field("evidence", lines: evidence) { check, json in
        json.object { json in
          json.field("holds", check.holds)
          json.field("text", check.text)
        }
      }
      json.field("cause", cause)
      json.field("remedy", remedy)
      json.field("journey", journey)
      json.field("chain", lines: chain) { $1.value($0) }
    }
  }
}
