import Foundation
import Testing

/// The tests that need a terminal and a clock: one at a time, on the program that `VTLSCOPE_PROGRAM` names. Other tests
/// beside them would take the processor that they measure, so `.ci/run` runs them by themselves.
@Suite(.serialized, .enabled(if: Program.path != nil, "VTLSCOPE_PROGRAM names no program"))
enum Screens {}

enum Program {
  static let path = ProcessInfo.processInfo.environment["VTLSCOPE_PROGRAM"]

  static func command(_ arguments: [String]) -> [String] { [path ?? "vtlscope"] + arguments }
}

/// A directory that goes with the test, and the environment of programs that are to find their cores there.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "vtlscope-screen-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Nothing of the environment of the test itself.
  func environment(term: String? = "xterm-256color", locale: String = "C.UTF-8") -> [String: String] {
    var environment = [
      "PATH": "/usr/bin:/bin", "HOME": path, "XDG_RUNTIME_DIR": path, "XDG_CONFIG_HOME": path, "XDG_STATE_HOME": path,
      "LC_ALL": locale,
      // A crash is to end the program, not to be explained on the terminal.
      "SWIFT_BACKTRACE": "enable=no",
    ]
    environment["TERM"] = term
    return environment
  }
}

extension PseudoTerminal {
  /// The inspector on a region.
  func attach(
    _ target: String, _ scratch: Scratch, term: String? = "xterm-256color", locale: String = "C.UTF-8",
    options: [String] = [], ignoresHangup: Bool = false
  ) throws {
    try start(
      Program.command(["attach", target] + options), environment: scratch.environment(term: term, locale: locale),
      ignoresHangup: ignoresHangup)
  }

  /// `vtlscope`: a core of its own, with the inspector on it.
  func run(_ arguments: [String] = [], _ scratch: Scratch, term: String = "xterm-256color") throws {
    try start(Program.command(["run"] + arguments), environment: scratch.environment(term: term))
  }

  /// Quits, and returns the exit code.
  func quit() -> Int32? {
    type("Q")
    return ends(within: 5) ? process?.code : nil
  }

  /// The rows, without what looking costs at the moment.
  var stableRows: [String] {
    var rows = model.rows
    if let cost = rows.first?.range(of: "  own ") { rows[0] = String(rows[0][..<cost.lowerBound]) }
    return rows
  }
}

/// A core of another process: a scenario, without a screen.
struct RealCore {
  let process: ChildProcess
  let name: String

  init(_ scratch: Scratch, name: String = "core", scenario: String = "demo") throws {
    self.name = name
    process = try ChildProcess(
      Program.command(["run", "--headless", "--pace", "real", "--scenario", scenario, "--name", name]),
      environment: scratch.environment())
    let region = "\(scratch.path)/vtlscope/\(name).\(process.pid)"
    let end = now() + 10
    while !FileManager.default.fileExists(atPath: region) {
      guard now() < end else { throw TestError("the core has not appeared") }
      sched_yield()
    }
  }
}
