import Architecture
import Foundation
import Journal
import Machine

/// How fast vtlscope is beside other emulators, on the same code and in the same minutes.
///
/// A figure is what a run of twice the length takes more of processor time, so that starting up, BIOS and all, costs
/// nothing; the least of some rounds, in which all take turns.
enum PeerBench {
  private static var rounds: Int { 3 }

  static func run() throws {
    print("\nbeside other emulators: how many times as fast vtlscope is")
    let peers = Peer.found()
    guard !peers.isEmpty else { return }
    let directory = NSTemporaryDirectory() + "vtlscope-peers-\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    row("", ["million/s"] + peers.map { "/ " + $0.name })
    for program in PeerProgram.all {
      var own = Double.infinity
      var instructions = 0.0
      var others = [Double](repeating: .infinity, count: peers.count)
      for _ in 0..<rounds {
        let (seconds, retired) = try difference(program) { try ownRun($0) }
        own = min(own, seconds)
        instructions = retired
        for (i, peer) in peers.enumerated() {
          let taken = try difference(program) { code in
            (try peer.seconds(code, in: directory) ?? .nan, 0)
          }.seconds
          others[i] = taken > 0 ? min(others[i], taken) : others[i]
        }
      }
      row(
        program.name,
        [tenths(instructions / own / 1e6)] + others.map { $0.isFinite ? hundredths($0 / own) : "did not end" })
    }
  }

  private typealias Taken = (seconds: Double, instructions: Double)

  private static func difference(_ program: PeerProgram, _ run: ([UInt8]) throws -> Taken) rethrows -> Taken {
    let once = try run(program.code(times: program.times))
    let twice = try run(program.code(times: 2 * program.times))
    return (twice.seconds - once.seconds, twice.instructions - once.instructions)
  }

  /// The whole machine, as `vtlscope run` has it.
  private static func ownRun(_ code: [UInt8]) throws -> Taken {
    let configuration = Configuration(vpCount: 1, vtlCount: 1, memoryBytes: 64 << 20)
    let image = executable(code, at: BootDisk.codeAddress)
    let start = processorNanoseconds()
    let partition = try loadedPartition(image, configuration) { _ in }
    runToEnd(partition)
    precondition(
      partition.stopCause == .debugExit, "the guest ended by \(partition.stopCause.map { "\($0)" } ?? "nothing")")
    return (Double(processorNanoseconds() - start) / 1e9, Double(partition.instructions))
  }

  private static func hundredths(_ value: Double) -> String {
    let scaled = Int((value * 100).rounded())
    return "\(scaled / 100).\(scaled / 10 % 10)\(scaled % 10)"
  }
}
