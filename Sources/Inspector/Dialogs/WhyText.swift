import Architecture
import Diagnosis
import Journal

/// Findings in lines: the checks with their marks, then the cause and what would resolve it.
enum WhyText {
  static func lines(_ finding: Finding, _ model: InspectorModel, width: Int) -> [Line] {
    var lines = [
      Line(" \(finding.code.rawValue) ", .bold) + Line("\(finding.certainty.rawValue)  ")
        + Line(finding.title, finding.severity >= .medium ? .wrong : .waiting)
        + Line("  for \(model.ago(finding.since).spanText)", .dim)
    ]
    for check in finding.evidence { lines += checked(check.text, check.holds, width: width) }
    for (label, text) in finding.remarks { lines += labelled(label, text, width: width) }
    return lines
  }

  /// What matters most where there is no room for the checks.
  static func brief(_ finding: Finding, _ model: InspectorModel, width: Int) -> [Line] {
    let all = lines(finding, model, width: width)
    return Array(all.prefix(1)) + labelled("cause", finding.cause, width: width)
      + labelled("try", finding.remedy, width: width)
  }

  static func checked(_ text: String, _ holds: Bool, width: Int) -> [Line] {
    let mark = Finding.Evidence(text, holds: holds).mark
    return hanging(Line("  \(mark) ", holds ? .bold : .dim), text, holds ? .plain : .dim, width: width)
  }

  static func labelled(_ label: String, _ text: String, width: Int) -> [Line] {
    hanging(Line("  \(label.left(8))", .bold), TextForm.escaped(text), .plain, width: width)
  }

  /// `head`, then `text` beside it, broken between words.
  private static func hanging(_ head: Line, _ text: String, _ style: Style, width: Int) -> [Line] {
    text.wrapped(to: max(8, width - head.width)).enumerated().map { row, part in
      (row == 0 ? head : Line(String(repeating: " ", count: head.width))) + Line(part, style)
    }
  }
}

extension [Line] {
  /// The first `height` lines; what is left out shows as an ellipsis at the end of the last.
  func prefixed(_ height: Int) -> [Line] {
    guard count > height, height > 0 else { return self }
    return Array(prefix(height - 1)) + [self[height - 1] + "…"]
  }
}
