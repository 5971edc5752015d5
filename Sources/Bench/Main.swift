import Glibc

/// What the core costs. Times are of this host and this moment: compare those of one run with each other.
///
/// `swift run -c release Bench [interpreter] [demo] [routing] [publishing] [vsm] [peers]`; all of them when none is named.
@main
struct Bench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // What `InstructionCounter` runs.
    if arguments.starts(with: ["--work", "routing"]) { return RoutingBench.work(Array(arguments.dropFirst(2))) }
    if arguments.starts(with: ["--work", "interpreter"]) {
      return try InterpreterBench.work(Array(arguments.dropFirst(2)))
    }
    if arguments.starts(with: ["--work", "publishing"]) {
      return try PublishingBench.work(Array(arguments.dropFirst(2)))
    }
    if arguments.starts(with: ["--work", "vsm"]) { return try VSMBench.work(Array(arguments.dropFirst(2))) }
    let parts: [(name: String, run: () throws -> Void)] = [
      ("interpreter", { try InterpreterBench.report() }), ("demo", DemoBench.run), ("routing", RoutingBench.run),
      ("publishing", PublishingBench.run), ("vsm", VSMBench.run), ("peers", PeerBench.run),
    ]
    let wanted = Set(arguments)
    guard wanted.isSubset(of: parts.map(\.name)) else {
      print("usage: Bench [\(parts.map(\.name).joined(separator: "] ["))]")
      exit(64)
    }
    defer { InstructionCounter.removeProgram() }
    for part in parts where wanted.isEmpty || wanted.contains(part.name) { try part.run() }
  }
}

/// Nanoseconds of CLOCK_MONOTONIC.
func hostNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Nanoseconds that this process has had a processor: what a shared machine disturbs least.
func processorNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A row of a table: a name, and right-aligned figures.
func row(_ name: String, _ figures: [String]) {
  let cells = figures.map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }
  print(name + String(repeating: " ", count: max(1, 40 - name.count)) + cells.joined())
}

/// With one digit after the point.
func tenths(_ value: Double) -> String {
  let scaled = Int((value * 10).rounded())
  return "\(scaled / 10).\(abs(scaled % 10))"
}
