import Architecture
import Interrupts
import Journal

/// Ties findings together: who waits for whom becomes the chain of the finding at its end, "2.0 waits #5409 > 5.0 S1",
/// so that a problem and those who suffer from it are one finding. Contexts that wait in a circle become a finding of
/// their own, with the findings of its members inside.
///
/// Whether somebody really waits is not visible: it has sent nothing since, and what it sent has not been taken.
func chained(_ findings: [Finding], _ scene: Scene) -> [Finding] {
  let codes = Dictionary(findings.filter { $0.severity > .info }.map { ($0.subject, $0) }) {
    Finding.isWorse($0, $1) ? $0 : $1
  }.mapValues(\.code)
  var links: [ContextID: Link] = [:]
  for context in scene.snapshot.contexts where context.isEnabled {
    links[context.id] = scene.link(of: context, codes)
  }
  guard !links.isEmpty else { return findings }
  var result = findings
  for cycle in cycles(in: links) {
    let members = Set(cycle.map(\.waiter))
    let causes = result.filter { $0.severity > .info && $0.context.map(members.contains) ?? false }
    result.removeAll { causes.contains($0) }
    result.append(circle(cycle, upstream(of: members, links) + cycle, causes.sorted(by: Finding.isWorse), scene))
    for id in members { links[id] = nil }
  }
  for i in result.indices where result[i].code != .waitsForOther {
    guard codes[result[i].subject] == result[i].code else { continue }
    result[i].chain = upstream(of: result[i].subject, links, codes)
  }
  return result + deafEnds(links, codes, scene)
}

/// The links that lead to `target`, over contexts that have no finding of their own, the farthest first.
private func upstream(of target: Subject, _ links: [ContextID: Link], _ codes: [Subject: Finding.Code]) -> [Link] {
  let near = links.values.filter { $0.target == target }.sorted { $0.waiter < $1.waiter }
  return near.flatMap { link -> [Link] in
    codes[.context(link.waiter)] == nil ? upstream(of: .context(link.waiter), links, codes) : []
  } + near
}

/// The links that lead into a circle.
private func upstream(of members: Set<ContextID>, _ links: [ContextID: Link]) -> [Link] {
  let outside = links.filter { !members.contains($0.key) }
  return members.sorted().flatMap { upstream(of: .context($0), outside, [:]) }
}

/// Every circle once, from its lowest context on.
private func cycles(in links: [ContextID: Link]) -> [[Link]] {
  var seen: Set<ContextID> = []
  var found: [[Link]] = []
  for start in links.keys.sorted() where !seen.contains(start) {
    var path: [Link] = []
    var here = start
    while let link = links[here], seen.insert(here).inserted {
      path.append(link)
      guard let next = link.target.context else { break }
      here = next
    }
    guard let first = path.firstIndex(where: { $0.waiter == here }), path.last?.target == .context(here) else {
      continue
    }
    let cycle = Array(path[first...])
    let lowest = cycle.indices.min { cycle[$0].waiter < cycle[$1].waiter } ?? 0
    found.append(Array(cycle[lowest...] + cycle[..<lowest]))
  }
  return found
}

private func circle(_ cycle: [Link], _ chain: [Link], _ causes: [Finding], _ scene: Scene) -> Finding {
  let members = cycle.map(\.waiter)
  let whys = members.map { id in
    causes.first { $0.context == id }.map { "\(id): \($0.code.rawValue) \($0.title)" } ?? "\(id): \(scene.wait(of: id))"
  }
  let remedies = causes.map(\.remedy)
  return Finding(
    .waitsForOther, .likely, max(.medium, causes.map(\.severity).max() ?? .medium), .context(members[0]),
    since: cycle.map(\.since).max() ?? .zero,
    title: (members.count == 2
      ? "\(members[0]) and \(members[1]) wait for each other"
      : "\(members.count) contexts wait for one another: \(list(members))"),
    evidence: cycle.map { .init(scene.text(of: $0)) }
      + cycle.map { .init("\($0.waiter) has sent nothing since") } + whys.map { .init($0) },
    effect: chain.count > cycle.count ? "\(list(chain.dropLast(cycle.count).map(\.waiter))) wait for them" : "",
    cause: whys.joined(separator: "; "),
    remedy: remedies.isEmpty ? "one of them takes its interrupt while it waits" : remedies.joined(separator: "; or: "),
    doubt: "whether a sender really waits is not visible", journey: cycle[0].what.journey, chain: chain, causes: causes)
}

/// Waits that end at a context which runs with interrupts off, and on which nothing else is found.
private func deafEnds(_ links: [ContextID: Link], _ codes: [Subject: Finding.Code], _ scene: Scene) -> [Finding] {
  let ends = Set(links.values.compactMap(\.target.context)).filter { links[$0] == nil && codes[.context($0)] == nil }
  return ends.sorted().compactMap { id -> Finding? in
    guard let context = scene.snapshot[id], let highest = context.pending.first,
      scene.gate(context) == .interruptsDisabled(isHalted: false),
      scene.isOld(max(highest.since, scene.activeSince(context)), scene.thresholds.slow)
    else { return nil }
    let chain = upstream(of: .context(id), links, codes)
    return Finding(
      .waitsForOther, .likely, .medium, .context(id), since: max(highest.since, scene.activeSince(context)),
      title: "runs with IF=0 while \(highest.vector.text) waits, and for it \(list(chain.map(\.waiter)))",
      evidence: [
        .init("\(id) is the active context of its VP, running with IF = 0"),
        .init("IRR \(highest.vector.text) pending for \(scene.age(highest.since).spanText); only IF holds it"),
      ] + chain.map { .init(scene.text(of: $0)) } + [.init("the waiting have sent nothing since")],
      effect: context.heldBack, cause: "RIP \(scene.place(context.rip)) with IF = 0",
      remedy: "the guest sets IF, or does not wait there for what only an interrupt brings",
      doubt: "whether a sender really waits is not visible", journey: highest.journey, chain: chain)
  }
}

extension Scene {
  /// What `context` waits for; nil when it waits for nothing that is known.
  fileprivate func link(of context: ContextSnapshot, _ codes: [Subject: Finding.Code]) -> Link? {
    if let link = requestLink(of: context, codes) ?? processorLink(of: context, codes) ?? lineLink(of: context, codes) {
      return link
    }
    return nil
  }

  /// Its last request still waits in an IRR, by itself or merged into an earlier one; or was lost at somebody who has
  /// a finding.
  private func requestLink(of context: ContextSnapshot, _ codes: [Subject: Finding.Code]) -> Link? {
    guard let request = last(of: context.id), request.source != .operator, isOld(request.time, thresholds.blocked)
    else { return nil }
    let waiting = openAt(request.journey).filter { $0 != context.id }
    if let target = waiting.first(where: { codes[.context($0)] != nil }) ?? waiting.first {
      return link(context, .pending(request.journey), .context(target), request.time, codes)
    }
    let lost = lost.first { $0.last.journey == request.journey && $0.subject == .context(context.id) }
    guard let lost, let target = lost.cause.named.first(where: { $0 != context.id && codes[.context($0)] != nil })
    else { return nil }
    return link(context, .lost(request.journey), .context(target), request.time, codes)
  }

  private func openAt(_ journey: JourneyID) -> [ContextID] {
    var contexts = facts.requests.waiting[journey] ?? []
    for merge in facts.requests.merged[journey] ?? []
    where facts.requests.waiting[merge.into]?.contains(merge.at) == true && !contexts.contains(merge.at) {
      contexts.append(merge.at)
    }
    return contexts.sorted()
  }

  /// Another VTL has its VP, and something is wrong with that one.
  private func processorLink(of context: ContextSnapshot, _ codes: [Subject: Finding.Code]) -> Link? {
    guard !context.isActive, context.isProcessing, let highest = context.pending.first,
      case .vtlInactive? = gate(context), let holder = active(on: context.id.vp), holder.id.vtl > context.id.vtl,
      codes[.context(holder.id)] != nil, codes[.context(context.id)] == nil
    else { return nil }
    let since = max(highest.since, activeSince(holder))
    guard isOld(since, thresholds.blocked) else { return nil }
    return link(context, .processor, .context(holder.id), since, codes)
  }

  /// It sleeps, nothing of its own wakes it, and something is wrong with a line or a message that leads to it.
  private func lineLink(of context: ContextSnapshot, _ codes: [Subject: Finding.Code]) -> Link? {
    guard let idle = context.idle, idle.wakes == nil, isOld(context.since, thresholds.blocked) else { return nil }
    for (number, pin) in snapshot.platform.pins
    where codes[.pin(number)] != nil && pin.group == context.group && targets(of: pin).contains(context.id) {
      return link(context, .line, .pin(number), context.since, codes)
    }
    for (number, route) in snapshot.platform.messageRoutes.enumerated() {
      let subject = Subject.route(UInt16(truncatingIfNeeded: number))
      // What is wrong with a message is often whom it names: the group is all there is to go by.
      if codes[subject] != nil, route.group == context.group {
        return link(context, .line, subject, context.since, codes)
      }
    }
    return nil
  }

  private func link(
    _ context: ContextSnapshot, _ what: Link.Wait, _ target: Subject, _ since: VirtualTime,
    _ codes: [Subject: Finding.Code]
  ) -> Link {
    Link(waiter: context.id, what: what, target: target, since: since, code: codes[target])
  }

  /// "#5409 still waits in the IRR of 1.0, for 2.2s".
  fileprivate func text(of link: Link) -> String {
    let age = age(link.since).spanText
    switch link.what {
    case .pending(let journey):
      return "#\(journey.rawValue) from \(link.waiter) still waits in the IRR of \(link.target), for \(age)"
    case .lost(let journey): return "#\(journey.rawValue) from \(link.waiter) was lost at \(link.target), \(age) ago"
    case .processor: return "\(link.waiter) waits for its VP, which \(link.target) has, for \(age)"
    case .line: return "\(link.waiter) sleeps until \(link.target) interrupts, for \(age)"
    }
  }

  /// Why a context without a finding does not take what waits in it.
  fileprivate func wait(of id: ContextID) -> String {
    guard let context = snapshot[id], let highest = context.pending.first else { return "waits" }
    return "\(highest.vector.text) waits: \(gate(context)?.text ?? "it is taken next")"
  }
}

extension LostRequest.Cause {
  /// Whom the request named.
  fileprivate var named: [ContextID] {
    switch self {
    case .softwareDisabled(let all), .hardwareDisabled(let all), .notEnabled(let all): all
    case .group, .noSuchID, .noLogicalID, .arbitration, .other: []
    }
  }
}
