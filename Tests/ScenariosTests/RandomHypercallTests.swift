import Architecture
import Foundation
import Journal
import Machine
import Testing

/// Two VTLs of four VPs ask the hypervisor for random things: what has to hold whatever a guest does.
///
/// `VTLSCOPE_RANDOM_HYPERCALLS` is how many hypercalls are made in all; the suite makes as many as take a few seconds.
@Suite struct RandomHypercallTests {
  private static let calls =
    ProcessInfo.processInfo.environment["VTLSCOPE_RANDOM_HYPERCALLS"].flatMap(Int.init) ?? 12_000
  private static let callsOfRun = 500
  private static let seeds = 1...max(1, calls / (3 * 2 * callsOfRun))

  private func run(seed: Int) throws -> GuestRun {
    try GuestRun(
      "random-hypercalls",
      Configuration(
        vpCount: 4, vtlCount: 2, memoryBytes: 32 << 20, commandLine: "seed=\(seed) calls=\(Self.callsOfRun)",
        checksMaps: true), for: .seconds(2))
  }

  @Test(arguments: seeds) func `whatever is asked, contexts stay apart and nothing is lost`(seed: Int) throws {
    let run = try run(seed: seed)
    #expect(run.partition.mapDisagreements == 0)
    checkOneContextEach(run)
    checkInterruptsStayInTheirGroup(run)
    checkSequence(run)
    // It ends by itself, also where it has sent itself the vector of an exception, or waits.
    #expect(run.partition.stopCause == .debugExit || run.partition.stopCause == .timeReached)
    #expect(run.events.contains { if case .hypercall = $0.body { true } else { false } })
  }

  @Test func `the same seed gives the same journal`() throws {
    #expect(try run(seed: 7).events == run(seed: 7).events)
  }

  /// One context of a VP is active, and it is enabled; in the log each VTL is left before another is entered.
  private func checkOneContextEach(_ run: GuestRun) {
    let snapshot = run.partition.snapshot()
    var active = [VTL](repeating: .vtl0, count: 4)
    for event in run.events {
      guard case .vtlSwitched(let from, let to, _, _) = event.body, let id = event.context else { continue }
      #expect(active[id.vp.index] == from)
      active[id.vp.index] = to
    }
    for vp in 0..<4 {
      let all = snapshot.contexts.filter { $0.id.vp == VPIndex(vp) && $0.isActive }
      #expect(all.map(\.id.vtl) == [active[vp]])
      #expect(all.allSatisfy { $0.isEnabled })
    }
  }

  /// Only a hypercall, which names its VTL, reaches another VTL than the sender's, and never a higher one.
  private func checkInterruptsStayInTheirGroup(_ run: GuestRun) {
    var senders: [JourneyID: (source: InterruptSource, context: ContextID)] = [:]
    for event in run.events {
      switch event.body {
      case .requested(let source, _, _): if let sender = event.context { senders[event.journey] = (source, sender) }
      case .accepted:
        guard let sender = senders[event.journey], let target = event.context else { continue }
        if sender.source == .hypercall {
          #expect(target.vtl <= sender.context.vtl)
        } else {
          #expect(target.vtl == sender.context.vtl)
        }
      default: break
      }
    }
  }

  /// Numbers without a gap, times that never go back.
  private func checkSequence(_ run: GuestRun) {
    for (number, event) in run.events.enumerated() where event.sequence != UInt64(number) {
      Issue.record("event \(event.sequence) at place \(number)")
      return
    }
    #expect(zip(run.events, run.events.dropFirst()).allSatisfy { $0.time <= $1.time })
  }
}
