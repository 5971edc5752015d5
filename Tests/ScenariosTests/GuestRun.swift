import Architecture
import Guests
import Journal
import Machine
import Scenarios
import Testing

/// A guest program on a machine, run until it ends or a time has passed.
final class GuestRun {
  private(set) var output = ""
  private(set) var events: [Event] = []
  let partition: Partition

  /// The guest's exit value; nil when it did not end by itself.
  var exitValue: UInt32? { partition.stopCause == .debugExit ? partition.exitStatus : nil }
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  private final class Sinks {
    var output: [UInt8] = []
    var events: [Event] = []
  }

  /// `commands` are an operator's, each at its time, in order.
  init(
    _ guest: String, _ configuration: Configuration, for limit: VirtualTime,
    commands: [(at: VirtualTime, Command)] = []
  ) throws {
    let sinks = Sinks()
    partition = try Partition(
      configuration, sink: { sinks.events.append($0) }, serial: { sinks.output.append($0) })
    try partition.load(try ELFImage(try #require(GuestImage.named(guest))))
    partition.timeLimit = (at: limit, cause: .timeReached)
    for (time, command) in commands {
      run(until: time)
      #expect(partition.perform(command) == nil)
    }
    run()
    output = String(decoding: sinks.output, as: UTF8.self)
    events = sinks.events
  }

  convenience init(_ scenario: Scenario, for limit: VirtualTime) throws {
    try self.init(scenario.guest, scenario.configuration, for: limit)
  }

  private func run(until time: VirtualTime = .never) {
    while partition.clock < time {
      switch partition.advance(slices: 1_000, before: time) {
      case .ran: continue
      case .idle(let until?): partition.warp(to: min(until, time))
      case .idle(nil): return partition.stopBecauseNothingCanHappen()
      case .halted: return
      }
    }
  }
}
