import ArgumentParser
import Region

/// `vtlscope attach`.
struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the inspector on a core of another process, read-only.",
    discussion: """
      Works on running, paused, stopped (SIGSTOP) and dead cores, and on a copied region. Quitting leaves the core as \
      it is.

      Without a terminal, on a dumb one, with --plain and with VTLSCOPE_A11Y=1 it goes line by line: commands in, lines \
      out, no escape codes; help lists the commands.

      Examples: vtlscope attach demo
                printf 'stuck\\nread 1\\n' | vtlscope attach demo --plain

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
    try look(at: reader, mailbox: nil, screen)
  }
}
