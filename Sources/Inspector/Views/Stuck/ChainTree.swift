import Architecture
import Diagnosis
import Journal

/// Who waits for whom: each finding with those below it that wait because of it; circles go round.
enum ChainTree {
  static func lines(_ model: InspectorModel, width: Int) -> [Line] {
    var lines: [Line] = []
    for finding in model.openFindings {
      if !lines.isEmpty { lines.append(.empty) }
      lines += finding.isCycle ? circle(finding) : tree(finding)
    }
    return lines.map { $0.clipped(to: width) }
  }

  private static func tree(_ finding: Finding) -> [Line] {
    let root =
      Line("\(finding.subject) ", .bold) + Line("\(finding.code.rawValue) ", finding.severity > .info ? .wrong : .dim)
      + Line(TextForm.escaped(finding.title))
    guard !finding.chain.isEmpty else { return [root] + [Line("  nobody is known to wait for it", .dim)] }
    return [root] + waiters(of: finding.subject, finding, depth: 1)
  }

  /// The chain of a finding ends, so this does.
  private static func waiters(of target: Subject, _ finding: Finding, depth: Int) -> [Line] {
    guard depth <= finding.chain.count else { return [] }
    return finding.chain.filter { $0.target == target }.flatMap { link -> [Line] in
      let indent = String(repeating: "  ", count: depth)
      let line = Line("\(indent)^ ", .dim) + Line("\(link.waiter) ", .bold) + Line(link.what.text, .waiting)
      return [line] + waiters(of: .context(link.waiter), finding, depth: depth + 1)
    }
  }

  private static func circle(_ finding: Finding) -> [Line] {
    let path = finding.chain.map { link in
      Line("  \(link.waiter) ", .bold) + Line("\(link.what.text) > \(link.target)", .waiting)
        + Line(link.code.map { " \($0.rawValue)" } ?? "", .wrong)
    }
    guard let last = path.last else { return [] }
    return [Line("circle ", .wrong) + Line(TextForm.escaped(finding.title))] + path.dropLast()
      + [last + Line("   <== CYCLE", .wrong)]
  }
}
