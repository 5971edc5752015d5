import Foundation

/// Counts the instructions of a piece of work by running it alone, in this program, under callgrind.
///
/// Counts repeat to the last digits on a shared machine, where times do not. Callgrind refuses Swift's debug sections, so
/// a stripped copy of the program is run.
enum InstructionCounter {
  private static let program: String? = {
    let copy = NSTemporaryDirectory() + "vtlscope-bench-\(getpid())"
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    guard run("/usr/bin/env", ["strip", "-o", copy, own]) != nil, run("/usr/bin/env", ["valgrind", "--version"]) != nil
    else { return nil }
    return copy
  }()

  /// How many instructions `Bench --work` with these arguments takes; nil without valgrind and strip.
  static func count(_ work: [String]) -> UInt64? {
    guard let program,
      let output = run(
        "/usr/bin/env", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, "--work"] + work)
    else { return nil }
    guard let line = output.split(separator: "\n").last(where: { $0.contains("Collected :") }) else { return nil }
    return UInt64(line.split(separator: " ").last ?? "")
  }

  /// How many more each step of a piece of work takes: the difference of two runs, so that setting up costs nothing.
  ///
  /// `work` is followed by the number of steps.
  static func count(each work: [String], from few: Int, to many: Int) -> Double? {
    guard let short = count(work + ["\(few)"]), let long = count(work + ["\(many)"]), long > short else { return nil }
    return Double(long - short) / Double(many - few)
  }

  static func removeProgram() {
    if let program { try? FileManager.default.removeItem(atPath: program) }
  }

  /// What a command wrote, both streams; nil when it could not be run or failed.
  private static func run(_ command: String, _ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    guard (try? process.run()) != nil else { return nil }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: output, as: UTF8.self) : nil
  }
}
