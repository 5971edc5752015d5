import Architecture
import Journal

/// What `why` says: the findings of one snapshot, as text and as JSON.
public struct Report: Hashable, Sendable {
  /// The version of the JSON form. Fields may be added under the same number.
  public static var schema: Int { 1 }

  public var snapshot: Snapshot
  public var findings: [Finding]

  public init(_ snapshot: Snapshot, findings: [Finding]) {
    self.snapshot = snapshot
    self.findings = findings
  }

  /// Keeps what concerns one context: its own findings.
  public func only(_ context: ContextID) -> Report {
    Report(snapshot, findings: findings.filter { $0.context == context })
  }

  /// One paragraph per finding, the worst first. Ends with a newline.
  public var text: String {
    let machine = snapshot.machine
    let enabled = snapshot.contexts.count { $0.isEnabled }
    var out = "\(machine.time.pointText) s  epoch \(machine.epoch)  \(enabled) contexts  "
    switch findings.count {
    case 0: return out + "no findings\n"
    case 1: out += "1 finding\n"
    default: out += "\(findings.count) findings\n"
    }
    for finding in findings { out += "\n" + finding.text(at: machine.time) }
    return out
  }
}

extension Finding {
  /// The finding as a paragraph: one line, then the checks, the cause and what would resolve it.
  public func text(at now: VirtualTime) -> String {
    var out = "\(context)  \(code.rawValue)  \(certainty.rawValue)  \(severity.text)  "
    out += "since \(since.pointText) s (\((now - since).spanText))  \(title)\n"
    for check in evidence { out += "  \(check.mark) \(check.text)\n" }
    out += "  cause: \(cause)\n"
    out += "  try:   \(remedy)\n"
    return out
  }
}

extension Finding.Evidence {
  /// `[x]` for a check that holds, `[ ]` for one that does not.
  public var mark: String { holds ? "[x]" : "[ ]" }
}
