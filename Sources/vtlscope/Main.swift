import ArgumentParser

/// The command line. One file per subcommand; each parses, calls a library, and prints.
@main
struct VTLScope: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vtlscope",
    abstract: "Shows local APICs, APIC groups and VTLs of a virtual machine, live, and says why a vCPU is stuck.",
    discussion: """
      Without a subcommand: runs the built-in demo guest in the embedded core, with the inspector on it.

      Exit codes: 0 fine, 3 findings (why), 64 usage, 65 bad input, 66 no such target, 70 triple fault, 74 host I/O,
      75 gave up (--limit, or nothing can ever happen again); a guest's debug exit V gives (V << 1) | 1.
      """,
    version: "vtlscope 0.1",
    subcommands: [Run.self, Attach.self, List.self, Why.self],
    defaultSubcommand: Run.self)
}
