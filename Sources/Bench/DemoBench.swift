import Architecture
import Journal
import Machine
import Scenarios

/// The demo guest as a whole machine: how much faster than its own clock it runs, and how many instructions a second.
enum DemoBench {
  static func run() throws {
    print("\nwhole machine, 2 virtual seconds of the demo")
    row("", ["million/s", "x real time", "instructions"])
    for vps in [1, 4, 16, 64] {
      var configuration = Scenario.demo.configuration
      configuration.vpCount = vps
      let partition = try loadedPartition(Scenario.demo.image, configuration) { _ in }
      partition.timeLimit = (at: .seconds(2), cause: .timeReached)
      let start = hostNanoseconds()
      runToEnd(partition)
      let nanoseconds = Double(hostNanoseconds() - start)
      row(
        "demo, \(vps) VPs",
        [
          tenths(Double(partition.instructions) * 1000 / nanoseconds),
          tenths(Double(partition.clock.rawValue) / nanoseconds), "\(partition.instructions)",
        ])
    }
  }
}

/// A machine with an image in it, ready to run.
func loadedPartition(
  _ image: [UInt8], _ configuration: Configuration, sink: @escaping (Event) -> Void
) throws -> Partition {
  let partition = try Partition(configuration, sink: sink, serial: { _ in })
  try partition.load(ELFImage(image))
  return partition
}

func runToEnd(_ partition: Partition) {
  while true {
    switch partition.advance(slices: 1_000) {
    case .ran: break
    case .idle(let due?): partition.warp(to: due)
    case .idle(nil), .halted: return
    }
  }
}
