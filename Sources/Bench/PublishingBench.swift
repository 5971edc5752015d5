import Architecture
import Host
import Journal
import Machine
import Region
import Scenarios

/// What being inspectable costs: the same guest with its events and frames written to a region, and without.
///
/// Times are of whole runs, in turn, the smallest of each. Instructions are counted with as many frames as the timed run
/// published, at even distances.
enum PublishingBench {
  private static var rounds: Int { 5 }

  /// A scenario for so much virtual time.
  private struct Work {
    var scenario: Scenario
    var vps: Int
    var end: VirtualTime

    init(_ name: String, vps: Int, milliseconds: UInt64) {
      scenario = Scenario.named(name) ?? .demo
      self.vps = vps
      end = .milliseconds(milliseconds)
    }

    var name: String { "\(scenario.name), \(vps) VPs, \(tenths(end.seconds)) virtual seconds" }

    var configuration: Configuration {
      var configuration = scenario.configuration
      configuration.vpCount = vps
      return configuration
    }
  }

  private static var guests: [Work] {
    [
      Work("demo", vps: 4, milliseconds: 4_000), Work("demo", vps: 64, milliseconds: 1_000),
      Work("tpr-block", vps: 4, milliseconds: 500),
    ]
  }

  static func run() throws {
    print("\npublishing: a frame every 8 ms of host time, and every event")
    row("", ["without ms", "with ms", "time %", "instructions %"])
    for (number, guest) in guests.enumerated() {
      var without = UInt64.max
      var with = UInt64.max
      var frames: UInt64 = 0
      for _ in 0..<rounds {
        without = min(without, try time(guest, publishes: false).nanoseconds)
        let published = try time(guest, publishes: true)
        with = min(with, published.nanoseconds)
        frames = max(frames, published.frames)
      }
      let share = share(number, frames).map { tenths($0) } ?? "no valgrind"
      let cost = tenths((Double(with) / Double(without) - 1) * 100)
      row(guest.name, [tenths(Double(without) / 1e6), tenths(Double(with) / 1e6), cost, share])
    }
  }

  /// How many instructions more publishing takes, in percent.
  private static func share(_ guest: Int, _ frames: UInt64) -> Double? {
    let work = ["publishing", "\(guest)"]
    guard let without = InstructionCounter.count(work + ["none"]),
      let with = InstructionCounter.count(work + ["\(frames)"])
    else { return nil }
    return (Double(with) / Double(without) - 1) * 100
  }

  private static func region(_ work: Work) throws -> RegionWriter {
    let configuration = work.configuration
    return try RegionWriter(
      name: "bench", vpCount: configuration.vpCount, vtlCount: configuration.vtlCount,
      groupCount: configuration.vtlCount, platform: configuration.platform)
  }

  private static func time(_ work: Work, publishes: Bool) throws -> (nanoseconds: UInt64, frames: UInt64) {
    let region = try region(work)
    defer { region.close() }
    let partition = try loadedPartition(work.scenario.image, work.configuration) { if publishes { region.append($0) } }
    partition.timeLimit = (at: work.end, cause: .timeReached)
    let host = MachineHost(
      partition, region: region, mailbox: Mailbox(),
      options: .init(pace: .max, staysAfterStop: false, publishes: publishes))
    let start = hostNanoseconds()
    host.run()
    return (hostNanoseconds() - start, region.currentFrame)
  }

  /// `Bench --work publishing GUEST none|FRAMES`.
  static func work(_ arguments: [String]) throws {
    guard arguments.count == 2, let number = Int(arguments[0]), guests.indices.contains(number) else { return }
    let work = guests[number]
    let frames = UInt64(arguments[1])
    let region = try region(work)
    defer { region.close() }
    let partition = try loadedPartition(work.scenario.image, work.configuration) {
      if frames != nil { region.append($0) }
    }
    let host = MachineHost(
      partition, region: region, mailbox: Mailbox(), options: .init(pace: .max, staysAfterStop: false))
    let step = work.end.rawValue / max(frames ?? 1, 1)
    var due = VirtualTime(ticks: step)
    while due <= work.end {
      while partition.clock < due {
        if case .idle(let next?) = partition.advance(slices: 16, before: due) { partition.warp(to: min(next, due)) }
      }
      if frames != nil { host.publishNow() }
      due += VirtualTime(ticks: step)
    }
  }
}
