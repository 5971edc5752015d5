import Diagnosis
import Journal

/// What has been said of the core, so that what is new can be said: one line a change.
struct PlainNews: Sendable {
  private var standing: Standing
  private var findings: [Finding]
  private var missed: UInt64

  init(_ model: InspectorModel) {
    standing = Standing(model)
    findings = Self.grave(model)
    missed = model.events.missed
  }

  /// What is as it was designed comes and goes with every request.
  private static func grave(_ model: InspectorModel) -> [Finding] { model.openFindings.filter { $0.severity > .info } }

  /// What the machine and its process do, without how long.
  private struct Standing: Hashable {
    var process: String
    var state: RunState

    init(_ model: InspectorModel) {
      process = model.liveness.word
      state = model.snapshot.machine.runState
    }
  }

  /// What is other than when it was asked last: while nobody asks, changes do not pile up.
  mutating func changes(_ model: InspectorModel) -> [String] {
    var lines: [String] = []
    let now = Standing(model)
    if now != standing {
      let word = Header.state(model).text.split(separator: " ").joined(separator: " ")
      lines.append("core now: \(word) at \(model.snapshot.machine.time.pointText) s")
    }
    standing = now
    let open = Self.grave(model)
    for finding in open where !findings.contains(where: { $0.identity == finding.identity }) {
      let title = TextForm.escaped(finding.title)
      lines.append("\(finding.subject) now: \(finding.code.rawValue) \(finding.certainty.rawValue), \(title)")
    }
    for finding in findings where !open.contains(where: { $0.identity == finding.identity }) {
      lines.append("\(finding.subject) no longer: \(finding.code.rawValue)")
    }
    findings = open
    if model.events.missed > missed {
      lines.append("\(model.events.missed - missed) events were overwritten before they could be read")
    }
    missed = model.events.missed
    return lines
  }
}
