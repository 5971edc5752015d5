import Architecture
import Journal

/// One signature of a vCPU that does not get on.
public struct Rule: Sendable {
  public var code: Finding.Code
  /// What it finds, in a few words: the text of a list of rules.
  public var summary: String
  /// Looks at one enabled context. Rules are independent: each rules the others out by itself where it must.
  var check: @Sendable (ContextSnapshot, Scene) -> Finding?

  init(
    _ code: Finding.Code, _ summary: String, _ check: @escaping @Sendable (ContextSnapshot, Scene) -> Finding?
  ) {
    self.code = code
    self.summary = summary
    self.check = check
  }

  /// Every rule, cheap and decisive ones first: activity, then IRR against PPR, then the events.
  public static var all: [Rule] {
    [
      .waitsForStartup,
      .haltedWithInterruptsOff,
      .taskPriorityBlocks,
      .groupRequestLost,
    ]
  }
}

/// Every problem in `snapshot`, the worst first, then by context.
///
/// `events` leads up to the snapshot, oldest first; the more of them, the more is known. Pure: the same input
/// gives the same findings.
public func diagnose(
  _ snapshot: Snapshot, _ events: some Sequence<Event>, symbols: SymbolTable = SymbolTable(),
  rules: [Rule] = Rule.all
) -> [Finding] {
  let scene = Scene(snapshot, events, symbols)
  var findings: [Finding] = []
  for context in snapshot.contexts where context.isEnabled {
    for rule in rules {
      if let finding = rule.check(context, scene) { findings.append(finding) }
    }
  }
  findings += chains(findings, scene)
  return findings.sorted { a, b in
    if a.severity != b.severity { return a.severity > b.severity }
    if a.context != b.context { return a.context < b.context }
    return a.code.rawValue < b.code.rawValue
  }
}
