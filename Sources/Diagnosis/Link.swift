import Architecture
import Journal

/// One step of a chain: a context that does not get on because something else does not.
public struct Link: Hashable, Sendable {
  public var waiter: ContextID
  public var what: Wait
  /// Whom or what it waits for.
  public var target: Subject
  public var since: VirtualTime
  /// The finding about the target, where it has one of its own.
  public var code: Finding.Code?

  public init(waiter: ContextID, what: Wait, target: Subject, since: VirtualTime, code: Finding.Code? = nil) {
    self.waiter = waiter
    self.what = what
    self.target = target
    self.since = since
    self.code = code
  }

  public enum Wait: Hashable, Sendable {
    /// Its last request waits in the target's IRR.
    case pending(JourneyID)
    /// Its last request named the target, which did not take it.
    case lost(JourneyID)
    /// The target, another VTL, has the VP.
    case processor
    /// It sleeps until the device on this line interrupts.
    case line

    public var text: String {
      switch self {
      case .pending(let journey), .lost(let journey): "waits #\(journey.rawValue)"
      case .processor: "waits for its VP"
      case .line: "sleeps until"
      }
    }

    public var journey: JourneyID? {
      switch self {
      case .pending(let journey), .lost(let journey): journey
      case .processor, .line: nil
      }
    }
  }
}

extension Finding {
  /// "2.0 waits #5409 > 5.0 S1": a text for each way that leads to this finding, the longest first.
  public var paths: [String] {
    let targets = Set(chain.map(\.target))
    let starts = chain.filter { !targets.contains(.context($0.waiter)) }
    let walks = (starts.isEmpty ? Array(chain.prefix(1)) : starts).map(walk)
    return walks.sorted { $0.links.count > $1.links.count }.map { links, isCycle in
      links.reduce("\(links[0].waiter)") { $0 + $1.text } + (isCycle ? " (cycle)" : "")
    }
  }

  /// From waiter to waiter, until one waits for nothing, or has been met.
  private func walk(from first: Link) -> (links: [Link], isCycle: Bool) {
    var links = [first]
    var seen: Set = [first.waiter]
    while let here = links[links.count - 1].target.context {
      guard seen.insert(here).inserted else { return (links, true) }
      guard let next = chain.first(where: { $0.waiter == here }) else { break }
      links.append(next)
    }
    return (links, false)
  }
}

extension Link {
  fileprivate var text: String { " \(what.text) > \(target)" + (code.map { " \($0.rawValue)" } ?? "") }
}
