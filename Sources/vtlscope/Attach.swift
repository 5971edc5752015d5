import ArgumentParser
import Region

/// `vtlscope attach`.
struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the inspector on a core of another process, read-only.",
    discussion: """
      Works on running, paused, stopped (SIGSTOP) and dead cores, and on a copied region. Quitting leaves the core as \
      it is.

      Example: vtlscope attach demo

      Exit codes: 0 fine, 64 usage, 65 the region cannot be read, 66 no such core, 74 host I/O.
      """)

  @Argument(help: "A name, a process id, or the path of a region; not needed when one core runs.")
  var target: String?

  @OptionGroup(title: "Screen") var screen: ScreenOptions

  func run() throws {
    let reader: RegionReader
    do throws(RegionError) { reader = try RegionDirectory.standard.reader(target) } catch {
      throw fail(error)
    }
    try withScreen(screen) { [options = screen] screen throws(RegionError) in
      var session = try ScreenSession(reader, mailbox: nil)
      try session.run(on: screen, options)
    }
  }
}
