import Architecture
import Journal

/// What the events say about protected memory, the oldest first.
struct MemoryLog: Sendable {
  /// Everything that a higher VTL was told of.
  private(set) var intercepts: [Event] = []
  private var denials: [Event] = []
  private var changes: [Event] = []

  mutating func note(_ event: Event) {
    switch event.body {
    case .intercepted(let summary):
      intercepts.append(event)
      if summary.kind == .memory { denials.append(event) }
    case .protectionChanged: changes.append(event)
    default: break
    }
  }

  mutating func forget(before event: Event) {
    intercepts.removeFirst(intercepts.prefix { $0.sequence < event.sequence }.count)
    denials.removeFirst(denials.prefix { $0.sequence < event.sequence }.count)
    changes.removeFirst(changes.prefix { $0.sequence < event.sequence }.count)
  }

  /// The accesses to pages of `run` that it has stopped.
  func denials(of run: ProtectionRun) -> [Event] {
    denials.filter { event in
      guard case .intercepted(let summary) = event.body, event.context?.vtl == run.vtl else { return false }
      return run.contains(summary.number >> 12)
    }
  }

  /// The last change of what may be done with pages of `run`; nil when it is not in the log.
  func lastChange(of run: ProtectionRun) -> Event? {
    changes.last { event in
      guard case .protectionChanged(let vtl, let firstPage, let count, _) = event.body, vtl == run.vtl else {
        return false
      }
      let other = ProtectionRun(vtl: vtl, firstPage: firstPage, count: count, access: 0)
      return run.contains(firstPage) || other.contains(run.firstPage)
    }
  }
}
