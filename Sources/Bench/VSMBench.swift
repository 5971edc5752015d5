import Architecture
import Guests
import Machine

/// What going from one VTL to another costs: guest instructions, and time and instructions of the host.
///
/// Each figure is the difference of two runs of one guest, so that starting up costs nothing.
enum VSMBench {
  /// What the guest does once more with each step.
  private enum Step: String, CaseIterable {
    case call = "calls"
    case interrupt = "ipis"
    case intercept = "intercepts"

    /// Nobody else runs while a VP calls or is intercepted; for an interrupt there is a VP to preempt.
    var vpCount: Int { self == .interrupt ? 2 : 1 }

    var name: String {
      switch self {
      case .call: "VTL call and return"
      case .interrupt: "IPI to a preempting VTL"
      case .intercept: "intercepted WRMSR, and back"
      }
    }
  }

  private struct Cost {
    var nanoseconds: UInt64
    var instructions: UInt64
  }

  static func run() throws {
    print("\nvirtual secure mode, each")
    row("", ["ns", "guest instr.", "host instr."])
    let (few, many) = (1_000, 51_000)
    for step in Step.allCases {
      var times: [Double] = []
      var instructions = 0.0
      for _ in 0..<5 {
        let (short, long) = (try measure(step, few), try measure(step, many))
        times.append((Double(long.nanoseconds) - Double(short.nanoseconds)) / Double(many - few))
        instructions = Double(long.instructions - short.instructions) / Double(many - few)
      }
      row(
        step.name,
        [tenths(times.min() ?? 0), tenths(instructions), hostInstructions(step).map(tenths) ?? "no valgrind"])
    }
  }

  private static func measure(_ step: Step, _ count: Int) throws -> Cost {
    guard let image = GuestImage.named("vtl-round-trips") else { return Cost(nanoseconds: 0, instructions: 0) }
    let configuration = Configuration(vpCount: step.vpCount, vtlCount: 2, commandLine: "\(step.rawValue)=\(count)")
    let partition = try loadedPartition(image, configuration) { _ in }
    let start = processorNanoseconds()
    runToEnd(partition)
    return Cost(nanoseconds: processorNanoseconds() - start, instructions: partition.instructions)
  }

  private static func hostInstructions(_ step: Step) -> Double? {
    InstructionCounter.count(each: ["vsm", step.rawValue], from: 500, to: 1_500)
  }

  /// `Bench --work vsm calls|ipis|intercepts COUNT`.
  static func work(_ arguments: [String]) throws {
    guard arguments.count == 2, let step = Step(rawValue: arguments[0]), let count = Int(arguments[1]) else { return }
    _ = try measure(step, count)
  }
}
