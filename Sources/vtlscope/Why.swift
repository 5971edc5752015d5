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
    discussion: """
      Works on running, stopped and dead cores, and on a copied region.
      The JSON is described in Sources/Diagnosis/README.md; its version is \(Report.schema).

      Example: vtlscope why demo --json | jq -r .findings[].code

      Exit codes: 0 nothing is stuck, 3 findings, 64 usage, 65 the region cannot be read, 66 no such core, 74 host I/O.
      """)

  @Argument(help: "A name, a process id, or the path of a region; not needed when one core runs.")
  var target: String?

  @Option(help: "Only what concerns this context, such as 5.0: findings about it, and those it waits for.")
  var context: ContextID?

  @Flag(help: "JSON on standard output.")
  var json = false

  func run() throws {
    var report: Report
    do throws(RegionError) {
      let reader = try RegionDirectory.standard.reader(target)
      let events = try reader.allEvents().events
      let snapshot = try reader.snapshot()
      report = Report(snapshot, findings: diagnose(snapshot, events, symbols: try reader.symbols()))
    } catch {
      throw fail(error)
    }
    if let context {
      guard report.snapshot[context]?.isEnabled == true else {
        throw ValidationError("there is no context \(context), or its VTL is not enabled there")
      }
      report = report.only(context)
    }
    // No longer lines than can be read.
    print(json ? report.json : report.text(width: min(100, Output.width)), terminator: "")
    if !report.findings.isEmpty { throw ExitCode(ExitStatus.findings.rawValue) }
  }
}

extension ContextID: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
