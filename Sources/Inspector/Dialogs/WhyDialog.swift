import Architecture
import Diagnosis
import Journal

/// Findings in lines: the checks with their marks, then cause and remedy.
enum WhyText {
  static func lines(_ finding: Finding, _ model: InspectorModel) -> [Line] {
    var lines = [
      Line(" \(finding.code.rawValue) ", .bold) + Line("\(finding.certainty.rawValue)  ")
        + Line(finding.title, finding.severity >= .medium ? .wrong : .waiting)
        + Line("  for \(model.ago(finding.since).spanText)", .dim)
    ]
    for check in finding.evidence {
      lines.append(
        Line("  \(check.mark) ", check.holds ? .bold : .dim) + Line(check.text, check.holds ? .plain : .dim))
    }
    lines.append(Line("  cause ", .bold) + Line(finding.cause))
    lines.append(Line("  try   ", .bold) + Line(finding.remedy))
    return lines
  }
}

extension InspectorModel {
  mutating func openWhy() { message = "no finding is known" }
}
