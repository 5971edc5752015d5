import Architecture
import Journal

/// `why --json`: one object with the moment and the findings, each with its checks.
extension Report: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.head("vtlscope.why", version: Self.schema, time: snapshot.machine.time, epoch: snapshot.machine.epoch)
      json.key("findings")
      json.array { json in
        for finding in findings { json.value(finding) }
      }
    }
  }
}

extension Finding: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("code", code.rawValue)
      json.field("certainty", certainty.rawValue)
      json.field("severity", severity.text)
      subject.writeFields(to: &json)
      json.field("since", since)
      json.field("title", title)
      json.field("evidence", lines: evidence) { check, json in
        json.object { json in
          json.field("holds", check.holds)
          json.field("text", check.text)
        }
      }
      json.field("effect", effect)
      json.field("cause", cause)
      json.field("remedy", remedy)
      json.field("doubt", doubt)
      json.field("journey", journey)
      json.field("chain", lines: chain) { $1.value($0) }
      json.key("causes")
      json.array { json in
        for finding in causes { json.value(finding) }
      }
    }
  }
}

extension Subject {
  /// The three fields of which one is set.
  fileprivate func writeFields(to json: inout JSONWriter) {
    var pin: UInt32?
    var route: UInt16?
    switch self {
    case .context: break
    case .pin(let number): pin = number
    case .route(let number): route = number
    }
    json.field("context", context)
    json.field("pin", pin)
    json.field("route", route)
  }
}

extension Link: JSONWritable {
  /// `waiter` waits for the context, pin or route, which has the finding `code`.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("waiter", waiter)
      json.field("why", what.word)
      json.field("journey", what.journey)
      target.writeFields(to: &json)
      json.field("code", code?.rawValue)
      json.field("since", since)
    }
  }
}

extension Link.Wait {
  fileprivate var word: String {
    switch self {
    case .pending: "pending"
    case .lost: "lost"
    case .processor: "processor"
    case .line: "line"
    }
  }
}
