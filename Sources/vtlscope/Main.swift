import ArgumentParser
import Glibc

/// The command line. One file per subcommand; each parses, calls a library, and prints.
@main
struct VTLScope: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vtlscope",
    abstract: "Shows local APICs, APIC groups and VTLs of a virtual machine, live, and says why a vCPU is stuck.",
    discussion: """
      Without a subcommand: runs the built-in demo guest in the embedded core, with the inspector on it.

      Exit codes: 0 fine, 3 findings (why), 64 usage, 65 bad input, 66 no such target, 70 triple fault, 74 host I/O,
      75 gave up (--limit, nothing can ever happen again, or interrupted); a guest's debug exit V gives (V << 1) | 1.
      A run with the screen ends with 0 when the operator quits.
      """,
    version: "vtlscope 0.1",
    subcommands: [
      Run.self, Attach.self, List.self, Why.self, SnapCommand.self, GroupsCommand.self, LapicCommand.self,
      TimersCommand.self, SchedCommand.self, MemoryCommand.self, RoutesCommand.self, VSMCommand.self,
      EventsCommand.self,
    ],
    defaultSubcommand: Run.self)

  /// What is wrong is said in one line, whoever found it.
  static func main() {
    openStandardDescriptors()
    do {
      var command = try parseAsRoot()
      try command.run()
      try flushOutput()
    } catch {
      let code = exitCode(for: error)
      if code.isSuccess {
        print(fullMessage(for: error))
      } else if !message(for: error).isEmpty {
        complain(message(for: error) + "; see vtlscope --help, vtlscope run --help")
      }
      Glibc.exit(code.rawValue)
    }
  }

  /// A closed standard stream would be the number of the next file opened, and that file would get what is printed.
  private static func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDWR)
    }
  }
}
