import Architecture
import Diagnosis
import Journal

/// The third column of a very wide overview: findings, latency, maps.
enum OverSummary {
  static func draw(_ model: InspectorModel, into grid: inout Grid, _ area: Rect) {
    var lines = findings(model, area.width - 4)
    lines.append(.empty)
    lines += Latency(model.events, model.index.timers, in: model.snapshot, depth: 8_192).lines
    lines.append(.empty)
    lines += groups(model)
    var area = area
    area.height = min(area.height, max(18, lines.count + 2))
    grid.put(lines, in: grid.box("findings", area))
  }

  private static func findings(_ model: InspectorModel, _ width: Int) -> [Line] {
    guard !model.findings.isEmpty else { return [Line("no findings in \(model.contexts.count) contexts", .dim)] }
    var lines: [Line] = []
    for finding in model.findings.prefix(6) {
      lines.append(
        Line(finding.code.rawValue.left(6), .wrong) + Line(finding.certainty.rawValue.left(11))
          + Line(finding.subject.description.left(8), .bold) + Line("for \(model.ago(finding.since).spanText)", .dim))
      for text in TextForm.wrapped(TextForm.escaped(finding.title), width - 2) { lines.append(Line("  " + text)) }
    }
    if model.findings.count > 6 { lines.append(Line("and \(model.findings.count - 6) more", .dim)) }
    return lines
  }

  private static func groups(_ model: InspectorModel) -> [Line] {
    var lines = model.snapshot.groups.map { group in
      Line("g\(group.id.rawValue)".left(4), .bold)
        + Line("VTL\(group.vtl.rawValue)  \(group.softwareEnabled) of \(group.members) enabled, map ")
        + Line(group.logicalMode.text, group.logicalMode == .disabled ? .waiting : .plain)
    }
    let machine = model.snapshot.machine
    lines.append(
      Line("undelivered requests \(TextForm.count(machine.undelivered))", machine.undelivered > 0 ? .waiting : .plain))
    if machine.mapDisagreements > 0 {
      lines.append(Line("MAP DISAGREES \(TextForm.count(machine.mapDisagreements)) times", .wrong))
    }
    return lines
  }
}
