import Architecture
import Diagnosis
import Journal

/// One finding below the list: its checks, what follows from it, and what was looked at besides.
enum StuckDetail {
  static func lines(_ finding: Finding, _ model: InspectorModel, _ size: Size) -> [Line] {
    let remarks = finding.remarks.flatMap { WhyText.labelled($0.label, $0.text, width: size.width) }
    let causes = finding.causes.flatMap { cause in
      [Line.empty] + WhyText.lines(cause, model, width: size.width)
    }
    let checks = finding.evidence.map { WhyText.checked($0.text, $0.holds, width: size.width) }
    // The checks make room for the cause and the remedy: those are what somebody came for.
    let room = size.height - remarks.count
    var lines = fitting(checks, room) + remarks
    lines += causes
    let extra = order(width: size.width, matching: Set(model.findings.flatMap { [$0] + $0.causes }.map(\.code)).count)
    let moment = Line(
      "  all from one consistent snapshot, frame \(model.snapshot.machine.epoch), vt "
        + "\(model.snapshot.machine.time.pointText) s", .dim)
    if lines.count + extra.count + 3 <= size.height { lines += [.empty] + extra + [.empty, moment] }
    return lines.prefixed(size.height)
  }

  /// Whole checks only; how many are left out is said.
  private static func fitting(_ checks: [[Line]], _ room: Int) -> [Line] {
    let all = checks.flatMap { $0 }
    guard all.count > room else { return all }
    var rows = 0
    let shown = checks.prefix { check in
      rows += check.count
      return rows < room
    }
    return shown.flatMap { $0 } + [Line("  … \(checks.count - shown.count) more checks: W shows all", .dim)]
  }

  /// The order of the tests, and how many signatures do not match.
  static func order(width: Int, matching: Int) -> [Line] {
    let all = Rule.all.count
    let text = "order of tests: \(Rule.order). \(all) signatures, \(max(0, all - matching)) do not match."
    return TextForm.wrapped(text, width - 4).map { Line("  " + $0, .dim) }
  }
}
