import ArgumentParser
import Host
import Inspector
import Region

/// `vtlscope ls`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the cores of this user: running, paused, idle, wedged, stopped or dead.",
    discussion: """
      COST is the part of its time that a core spends on being seen.

      Example: vtlscope ls --clean

      Exit codes: 0 fine, 64 usage, 74 host I/O.
      """)

  @Flag(help: "Remove what dead cores left behind.")
  var clean = false

  func run() throws {
    do throws(RegionError) {
      let directory = RegionDirectory.standard
      if clean { for file in try directory.clean() { print("removed \(file)") } }
      let entries = try directory.list(now: HostClock.now())
      guard !entries.isEmpty else { return }
      let width = max(4, entries.map(\.name.count).max() ?? 0)
      print(
        "NAME".padded(to: width + 2) + "PID".padded(to: 10) + "STATE".padded(to: 10) + "VPS".padded(to: 6)
          + "VTLS".padded(to: 6) + "COST")
      for entry in entries {
        let state = entry.liveness?.name ?? "refused"
        var line = entry.name.padded(to: width + 2) + "\(entry.pid)".padded(to: 10) + state.padded(to: 10)
        if let problem = entry.problem {
          line += problem.description
        } else {
          line += "\(entry.vpCount)".padded(to: 6) + "\(entry.vtlCount)".padded(to: 6)
          line += entry.publishingPPM.map { OwnCost.percent(ppm: $0) } ?? "-"
        }
        print(line)
      }
    } catch {
      throw fail(error)
    }
  }
}
