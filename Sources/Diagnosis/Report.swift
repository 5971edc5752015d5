import Architecture
import Journal

/// What `why` says: the findings of one snapshot, as text and as JSON.
public struct Report: Hashable, Sendable {
  /// The version of the JSON form. Fields may be added under the same number.
  public static var schema: Int { 2 }

  public var snapshot: Snapshot
  public var findings: [Finding]

  public init(_ snapshot: Snapshot, findings: [Finding]) {
    self.snapshot = snapshot
    self.findings = findings
  }

  /// Keeps what concerns one context: findings about it, and those that it waits for.
  public func only(_ context: ContextID) -> Report {
    Report(snapshot, findings: findings.filter { $0.isAbout(context) || $0.link(of: context) != nil })
  }

  /// One paragraph per finding, the worst first, in lines of at most `width` columns where words allow. Ends with a
  /// newline.
  public func text(width: Int = 100) -> String {
    let machine = snapshot.machine
    let enabled = snapshot.contexts.count { $0.isEnabled }
    var out = "\(machine.time.pointText) s  epoch \(machine.epoch)  \(enabled) contexts  "
    switch findings.count {
    case 0: return out + "no findings\n"
    case 1: out += "1 finding\n"
    default: out += "\(findings.count) findings\n"
    }
    for finding in findings { out += "\n" + finding.text(at: machine.time, width: width) }
    return out
  }
}

extension Finding {
  /// The finding as a paragraph: one line, then the checks, the chain, the cause and what would resolve it.
  public func text(at now: VirtualTime, width: Int = 100) -> String {
    let head = "\(subject)  \(code.rawValue)  \(certainty.rawValue)  \(severity.text)  since \(since.pointText) s "
    var lines = "\(head)(\((now - since).spanText))  \(title)".wrapped(to: width - 4)
    lines = Array(lines.prefix(1)) + lines.dropFirst().map { "    " + $0 }
    for check in evidence { lines += check.text.hanging(under: "  \(check.mark) ", width: width) }
    for (label, text) in remarks { lines += text.hanging(under: "  \(label): ".padded(to: 10), width: width) }
    for cause in causes {
      lines.append("  of it:")
      lines += cause.text(at: now, width: width - 4).split(separator: "\n").map { "    " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What there is to say beside the checks, each with its label.
  public var remarks: [(label: String, text: String)] {
    let all = paths.map { ("chain", $0) } + [("effect", effect), ("cause", cause), ("try", remedy), ("doubt", doubt)]
    return all.filter { !$0.1.isEmpty }
  }
}

extension Finding.Evidence {
  /// `[x]` for a check that holds, `[ ]` for one that does not.
  public var mark: String { holds ? "[x]" : "[ ]" }
}

extension String {
  /// Broken between words; a word that is wider than the width is left as it is.
  public func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var columns = 0
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      let length = word.unicodeScalars.count
      if columns > 0, columns + 1 + length > width {
        lines.append(line)
        (line, columns) = (String(word), length)
      } else {
        line += (columns == 0 ? "" : " ") + word
        columns += (columns == 0 ? 0 : 1) + length
      }
    }
    return lines + [line]
  }

  fileprivate func hanging(under head: String, width: Int) -> [String] {
    let blank = String(repeating: " ", count: head.unicodeScalars.count)
    return wrapped(to: max(8, width - blank.count)).enumerated().map { ($0 == 0 ? head : blank) + $1 }
  }

  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - unicodeScalars.count))
  }
}
