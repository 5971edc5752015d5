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

  init(_ guest: String, _ configuration: Configuration, for limit: VirtualTime) throws {
    let sinks = Sinks()
    partition = try Partition(
      configuration, sink: { sinks.events.append($0) }, serial: { sinks.output.append($0) })
    try partition.load(try ELFImage(try #require(GuestImage.named(guest))))
    partition.timeLimit = (at: limit, cause: .timeReached)
    run()
    output = String(decoding: sinks.output, as: UTF8.self)
    events = sinks.events
  }

  convenience init(_ scenario: Scenario, for limit: VirtualTime) throws {
    try self.init(scenario.guest, scenario.configuration, for: limit)
  }

  private func run() {
    while true {
      switch partition.advance(slices: 1_000) {
      case .ran: continue
      case .idle(let until?): partition.warp(to: until)
      case .idle(nil): return partition.stopBecauseNothingCanHappen()
      case .halted: return
      }
    }
  }
}
