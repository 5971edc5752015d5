import Architecture
import Diagnosis
import Guests
import Journal
import Machine
import Scenarios
import Testing

/// A guest program on a machine, run until it ends or a time has passed.
final class GuestRun {
  let partition: Partition
  private let sinks = Sinks()

  private final class Sinks {
    var output: [UInt8] = []
    var events: [Event] = []
  }

  var output: String { String(decoding: sinks.output, as: UTF8.self) }
  var events: [Event] { sinks.events }
  /// The guest's exit value; nil when it did not end by itself.
  var exitValue: UInt32? { partition.stopCause == .debugExit ? partition.exitStatus : nil }
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Ready to run: at time 0.
  init(_ guest: String, _ configuration: Configuration) throws {
    partition = try Partition(
      configuration, sink: { [sinks] in sinks.events.append($0) }, serial: { [sinks] in sinks.output.append($0) })
    try partition.load(try ELFImage(try #require(GuestImage.named(guest))))
  }

  /// `commands` are an operator's, each at its time, in order.
  convenience init(
    _ guest: String, _ configuration: Configuration, for limit: VirtualTime,
    commands: [(at: VirtualTime, Command)] = []
  ) throws {
    try self.init(guest, configuration)
    partition.timeLimit = (at: limit, cause: .timeReached)
    for (time, command) in commands {
      run(until: time)
      #expect(partition.perform(command) == nil)
    }
    run(until: .never)
  }

  convenience init(_ scenario: Scenario, for limit: VirtualTime) throws {
    try self.init(scenario.guest, scenario.configuration, for: limit)
  }

  func run(until time: VirtualTime) {
    while partition.clock < time {
      switch partition.advance(slices: 1_000, before: time) {
      case .ran: continue
      case .idle(let until?): partition.warp(to: min(until, time))
      case .idle(nil): return partition.stopBecauseNothingCanHappen()
      case .halted: return
      }
    }
  }

  /// What is found now, such as "S1 2.0" or "S21 pin 4". Looks at as many events as a log keeps.
  var findings: [String] {
    diagnose(partition.snapshot(), sinks.events.suffix(50_000)).map { "\($0.code.rawValue) \($0.subject)" }
  }

  subscript(vp: Int, vtl: Int) -> ContextSnapshot {
    get throws { try #require(partition.snapshot()[ContextID(vp, vtl)]) }
  }
}
