import Architecture
import Journal

/// Contexts whose last request is stuck at a context that has a finding: "2.0 waits #5409 > 5.0 S1".
///
/// Whether the sender really waits is not visible, so a chain is at most likely, and its request must be 10
/// ms old.
func chains(_ findings: [Finding], _ scene: Scene) -> [Finding] {
  let broken = Dictionary(grouping: findings, by: \.context).mapValues { $0[0] }
  guard !broken.isEmpty else { return [] }
  let waits = scene.lastRequests.mapValues { openAt($0, scene) }
  var result: [Finding] = []
  for (sender, targets) in waits {
    guard let request = scene.lastRequests[sender], scene.age(request.time) >= .milliseconds(10),
      let target = targets.first(where: { $0 != sender && broken[$0] != nil }), let finding = broken[target],
      scene.snapshot[sender]?.isEnabled == true
    else { continue }
    result.append(chain(from: sender, request, to: target, finding, waits, broken, scene))
  }
  return result
}

/// Where the request's interrupt still waits in an IRR, by itself or merged into an earlier one.
private func openAt(_ request: Scene.Request, _ scene: Scene) -> [ContextID] {
  var contexts = scene.waiting[request.journey] ?? []
  for merge in scene.merged[request.journey] ?? []
  where scene.waiting[merge.into]?.contains(merge.at) == true && !contexts.contains(merge.at) {
    contexts.append(merge.at)
  }
  return contexts.sorted()
}

private func chain(
  from sender: ContextID, _ request: Scene.Request, to target: ContextID, _ finding: Finding,
  _ waits: [ContextID: [ContextID]], _ broken: [ContextID: Finding], _ scene: Scene
) -> Finding {
  // Follow on from the target through its own last request; a context met twice closes a cycle.
  var path = [target]
  var seen: Set = [sender, target]
  var isCycle = false
  var here = target
  while let next = waits[here]?.first(where: { $0 != here }) {
    path.append(next)
    guard seen.insert(next).inserted else {
      isCycle = true
      break
    }
    here = next
  }
  let steps = path.map { id in broken[id].map { "\(id) \($0.code.rawValue)" } ?? id.description }
  let number = "#\(request.journey.rawValue)"
  return Finding(
    code: .waitsForOther, certainty: .likely, severity: .medium, context: sender, since: request.time,
    title: "waits \(number) > " + steps.joined(separator: " > ") + (isCycle ? " (cycle)" : ""),
    evidence: [
      .init(
        "its last request is \(number): \(request.message.text)"
      ),
      .init("\(number) still waits in the IRR of \(target), for \(scene.age(request.time).spanText)"),
      .init("\(target): \(finding.code.rawValue) \(finding.title)"),
      .init("it has sent nothing since"),
    ],
    cause: "\(target): \(finding.title)", remedy: finding.remedy, journey: request.journey, chain: path)
}
