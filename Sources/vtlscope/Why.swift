import Architecture
import ArgumentParser
import Diagnosis
import Glibc
import Journal
import Region

/// `vtlscope why`.
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is stuck in a core, and why. Exits 3 when there are findings.",
    discussion: "Works on running, stopped and dead cores, and on a copied region.")

  @Argument(help: "A name, a process id, or the path of a region; not needed when one core runs.")
  var target: String?

  @Flag(help: "JSON on standard output.")
  var json = false

  func run() throws {
    let report: Report
    do throws(RegionError) {
      let reader = try RegionDirectory.standard.reader(target)
      let events = try reader.allEvents().events
      let snapshot = try reader.snapshot()
      report = Report(snapshot, findings: diagnose(snapshot, events, symbols: try reader.symbols()))
    } catch {
      throw fail(error)
    }
    print(json ? report.json : report.text(), terminator: "")
    if !report.findings.isEmpty { throw ExitCode(ExitStatus.findings.rawValue) }
  }
}
