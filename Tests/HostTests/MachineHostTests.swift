import Architecture
import Foundation
import Host
import Journal
import Machine
import Region
import Scenarios
import Testing

@Suite struct MachineHostTests {
  /// A demo core with a region of its own in a directory that goes with it.
  private struct Core {
    let directory: String
    let region: RegionWriter
    let partition: Partition
    let mailbox = Mailbox()

    init() throws {
      directory = NSTemporaryDirectory() + "vtlscope-host-\(UUID().uuidString)"
      let region = try RegionWriter(
        name: "host", vpCount: 4, vtlCount: 2, groupCount: 2, platform: Scenario.demo.configuration.platform,
        ringBytes: 4 << 20,
        directory: RegionDirectory(path: directory))
      self.region = region
      partition = try Partition(Scenario.demo.configuration, sink: { region.append($0) }, serial: { _ in })
      try partition.load(ELFImage(Scenario.demo.image))
    }

    func host(_ pace: Pace, staysAfterStop: Bool = false) -> MachineHost {
      MachineHost(
        partition, region: region, mailbox: mailbox, options: .init(pace: pace, staysAfterStop: staysAfterStop))
    }

    func finish() {
      region.close()
      try? FileManager.default.removeItem(atPath: directory)
    }
  }

  @Test func `what a reader of the region sees last is the machine as it stopped`() throws {
    let core = try Core()
    defer { core.finish() }
    core.partition.timeLimit = (at: .milliseconds(5), cause: .timeReached)
    core.host(.max).run()
    let reader = try RegionReader(path: core.region.path)
    var seen = try reader.snapshot()
    #expect(seen.machine.runState == .stopped)
    #expect(seen.machine.stopCause == .timeReached)
    #expect(seen.machine.time == .milliseconds(5))
    // What only the host knows.
    seen.machine.epoch = 0
    seen.machine.paceMilli = 0
    #expect(seen == core.partition.snapshot())
    #expect(try reader.nextEvent() == core.partition.nextEvent)
  }

  @Test func `a machine held back to a pace does the same as one that is not`() throws {
    var snapshots: [Snapshot] = []
    for pace in [Pace.max, .factor(2)] {
      let core = try Core()
      defer { core.finish() }
      core.partition.timeLimit = (at: .milliseconds(5), cause: .timeReached)
      core.host(pace).run()
      snapshots.append(core.partition.snapshot())
    }
    #expect(snapshots[0] == snapshots[1])
  }

  @Test func `commands left before the start are carried out, and quitting ends a paused machine`() throws {
    let core = try Core()
    defer { core.finish() }
    core.mailbox.post(.pause)
    core.mailbox.post(.stepEvent)
    let host = core.host(.max, staysAfterStop: true)
    nonisolated(unsafe) let shared = host
    let thread = MachineThread { shared.run() }
    let reader = try RegionReader(path: core.region.path)
    while (try? reader.snapshot().machine.commands) != 2 { sched_yield() }
    core.mailbox.quit()
    thread.join()
    #expect(core.partition.commandLog.map(\.command) == [.pause, .stepEvent])
    #expect(core.partition.commandLog.allSatisfy { $0.refusal == nil })
  }
}
