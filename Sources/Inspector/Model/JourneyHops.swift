import Architecture
import Diagnosis
import Journal

/// One step of a journey as a row of the table of hops.
public struct Hop: Hashable, Sendable {
  public enum Name: UInt8, Hashable, Sendable, CaseIterable {
    case source, resolve, accept, gate, service, end, again

    public var text: String {
      switch self {
      case .source: "source"
      case .resolve: "resolve"
      case .accept: "accept"
      case .gate: "gate"
      case .service: "ISR"
      case .end: "EOI"
      case .again: "rIRR"
      }
    }
  }

  public var name: Name
  /// When it was done; nil when it was not.
  public var at: VirtualTime?
  public var took: VirtualTime?
  /// It is what the journey waits for now.
  public var isOpen = false
  public var verdict: String
}

/// The usual times of interrupts with the same vector, over the newest events.
public struct RecentHops: Hashable, Sendable {
  public var accept: HopStatistics?
  public var gate: HopStatistics?
  public var service: HopStatistics?

  /// Looks at no more than `depth` events, and leaves out `journey`, which is to be compared with the others.
  public init(of vector: VectorNumber?, but journey: JourneyID, in events: EventBuffer, depth: Int = 16_384) {
    var begun: [JourneyID: VirtualTime] = [:]
    var accept: [VirtualTime] = []
    var gate: [VirtualTime] = []
    var service: [VirtualTime] = []
    for event in events.suffix(depth) where event.journey != journey {
      switch event.body {
      case .requested(_, let message, _) where message.command.vector == vector:
        begun[event.journey] = event.time
      case .accepted(vector, _, .pending):
        if let begin = begun[event.journey] { accept.append(event.time - begin) }
      case .acknowledged(vector, let waited): gate.append(waited)
      case .endOfInterrupt(vector, let inService): service.append(inService)
      default: continue
      }
    }
    self.accept = HopStatistics(accept)
    self.gate = HopStatistics(gate)
    self.service = HopStatistics(service)
  }

  public subscript(_ hop: Hop.Name) -> HopStatistics? {
    switch hop {
    case .accept: accept
    case .gate: gate
    case .end: service
    case .source, .resolve, .service, .again: nil
    }
  }
}

extension Journey {
  /// The steps of the journey at `target`, or as far as it came when it reached nobody.
  public func hops(at target: Target?, now: VirtualTime, code: (UInt64) -> String) -> [Hop] {
    let place = rip == 0 ? "" : "at " + code(rip)
    var hops = [Hop(name: .source, at: hasBeginning ? begin : nil, verdict: sourceVerdict(place))]
    if let route {
      hops.append(
        Hop(
          name: .resolve, at: begin, took: .zero,
          verdict: "g\(route.group.rawValue) \(route.path.text), \(route.candidates) asked, "
            + (route.delivered == 0
              ? "nobody: \(route.reason?.text ?? "no reason")" : "\(route.delivered) reached")))
    }
    if let target {
      hops.append(acceptHop(target))
      if case .pending? = target.acceptance ?? .pending { hops += rest(target, now, code) }
    }
    return hops + again
  }

  /// The pin of a level-triggered interrupt may send again once an EOI has cleared its remote IRR.
  private var again: [Hop] {
    guard origin?.cause != nil, message?.command.isLevelTriggered ?? false else { return [] }
    guard let cleared else {
      return [Hop(name: .again, verdict: isOpen ? "not reached" : "no EOI has come to the pin, as far as the log goes")]
    }
    return [Hop(name: .again, at: cleared.time, verdict: "cleared: \(cleared.how.text)")]
  }

  private func sourceVerdict(_ place: String) -> String {
    guard let source else { return "not in the log" }
    if let origin { return origin.text + (origin.cause.map { ", \($0.text)" } ?? ", written") }
    let who = sender.map { source == .operator ? "as \($0)" : place.isEmpty ? "of \($0)" : "" } ?? ""
    return [source.text, who, place].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func acceptHop(_ target: Target) -> Hop {
    let verdict =
      switch target.acceptance {
      case .pending: "ok"
      case .merged(let other): "merged with #\(other.rawValue), by design"
      case .rejected(let reason): "rejected: " + reason.text
      case nil: "not in the log"
      }
    let merged =
      target.merges.last.map { "; #\($0.journey.rawValue) merged at +\(($0.time - begin).spanText)" } ?? ""
    return Hop(
      name: .accept, at: target.reached, took: target.reached.map { $0 - begin }, verdict: verdict + merged)
  }

  private func rest(_ target: Target, _ now: VirtualTime, _ code: (UInt64) -> String) -> [Hop] {
    var gate = Hop(name: .gate, at: target.taken, took: target.waited, verdict: "opened")
    var service = Hop(
      name: .service, at: target.taken, verdict: target.taken == nil ? "not reached" : "taken")
    var end = Hop(name: .end, at: target.ended, took: target.inService, verdict: "not reached")
    switch target.state {
    case .waiting(let reason):
      gate.isOpen = true
      gate.took = now - (target.reached ?? begin)
      gate.verdict = reason.map { "BLOCKED  " + $0.text } ?? "next boundary"
    case .inService:
      end.isOpen = true
      end.took = target.taken.map { now - $0 }
      end.verdict = "handler runs, no EOI yet"
      service.verdict = "taken"
    case .done:
      end.verdict = target.endRIP == 0 ? "done" : "at " + code(target.endRIP)
    case .gone:
      if target.taken == nil { gate.verdict = "not in the log" }
      end.verdict = "not in the log"
    case .merged, .rejected: break
    }
    if target.mode == .nmi || target.mode == .initialize || target.mode == .startup {
      // These are taken, not served: there is no ISR bit and no EOI.
      return [gate]
    }
    return [gate, service, end]
  }
}
