import Architecture
import Host
import Journal
import Machine
import Region
import Scenarios

/// What being inspectable costs: the same guest with its events and frames written to a region, and without.
///
/// Both run in turn, several times, and the smallest time of each counts: these are shared machines.
enum PublishingBench {
  private static var rounds: Int { 7 }

  static func run() throws {
    print("\npublishing: a frame every 8 ms of host time, and every event")
    row("", ["without ms", "with ms", "cost %"])
    let guests = [
      Work("demo", vps: 4, seconds: 40), Work("demo", vps: 64, seconds: 4), Work("tpr-block", vps: 4, seconds: 2),
    ]
    for guest in guests {
      var without = UInt64.max
      var with = UInt64.max
      for _ in 0..<rounds {
        without = min(without, try time(guest, publishes: false))
        with = min(with, try time(guest, publishes: true))
      }
      let cost = (Double(with) / Double(without) - 1) * 100
      row(guest.name, [tenths(Double(without) / 1e6), tenths(Double(with) / 1e6), tenths(cost)])
    }
  }

  /// A scenario for so many virtual seconds.
  private struct Work {
    var name: String
    var image: [UInt8]
    var configuration: Configuration
    var end: VirtualTime

    init(_ scenario: String, vps: Int, seconds: UInt64) {
      let scenario = Scenario.named(scenario) ?? .demo
      name = "\(scenario.name), \(vps) VPs, \(seconds) virtual seconds"
      image = scenario.image
      configuration = scenario.configuration
      configuration.vpCount = vps
      end = .seconds(seconds)
    }
  }

  private static func time(_ work: Work, publishes: Bool) throws -> UInt64 {
    let configuration = work.configuration
    let region = try RegionWriter(
      name: "bench", vpCount: configuration.vpCount, vtlCount: configuration.vtlCount,
      groupCount: configuration.vtlCount)
    defer { region.close() }
    let partition = try loadedPartition(work.image, configuration) { if publishes { region.append($0) } }
    partition.timeLimit = (at: work.end, cause: .timeReached)
    let host = MachineHost(
      partition, region: region, mailbox: Mailbox(),
      options: .init(pace: .max, staysAfterStop: false, publishes: publishes))
    let start = hostNanoseconds()
    host.run()
    return hostNanoseconds() - start
  }
}
