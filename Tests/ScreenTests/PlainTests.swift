import Glibc
import Testing

extension Screens {
  /// Without a screen: line by line, and not one escape code.
  @Suite struct `Line by line` {
    private func session(
      term: String? = "xterm-256color", options: [String] = [], extra: [String: String] = [:]
    ) throws -> (Scratch, SyntheticCore, PseudoTerminal) {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      let terminal = try PseudoTerminal(width: 100, height: 60)
      let environment = scratch.environment(term: term).merging(extra) { $1 }
      try terminal.start(Program.command(["attach", core.path] + options), environment: environment)
      return (scratch, core, terminal)
    }

    /// The prompt stands on the last line, and nothing after it; rows end before their blanks.
    private func prompts(_ terminal: PseudoTerminal) -> Bool {
      terminal.wait(10) { terminal.model.rows.last { !$0.isEmpty } == ">" }
    }

    /// How many lines were answered with an error.
    private func errors(_ terminal: PseudoTerminal) -> Int {
      String(decoding: terminal.log, as: UTF8.self).split(separator: "\r\n").count { $0.contains("error: ") }
    }

    private func expectPlain(_ terminal: PseudoTerminal) {
      #expect(terminal.log.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x07 })
      #expect(terminal.model.questions == 0)
    }

    @Test(arguments: ["dumb", "bogus", nil]) func `where the terminal can do no more, and it says so`(term: String?)
      throws
    {
      let (scratch, core, terminal) = try session(term: term)
      try #require(terminal.shows("line by line, as with --plain"))
      try #require(prompts(terminal))
      let before = terminal.settings
      terminal.type("over\r")
      #expect(terminal.shows("   1   0.0   0  "))
      terminal.type("read 2\r")
      #expect(terminal.shows("0.1 inactive: "))
      terminal.type("nonsense\r")
      #expect(terminal.shows("error: column 1: no command \"nonsense\""))
      terminal.type("quit\r")
      #expect(terminal.ends(within: 2))
      #expect(terminal.process?.code == 0)
      #expect(terminal.settings == before)
      expectPlain(terminal)
      _ = (scratch, core)
    }

    @Test func `what is typed ahead is answered on lines of its own`() throws {
      let (scratch, core, terminal) = try session(options: ["--plain"])
      try #require(prompts(terminal))
      terminal.type("help quit\rhelp over\rhelp next\r")
      #expect(terminal.shows("next: all about the row after it"))
      #expect(!terminal.model.rows.contains { $0.hasPrefix("> ") && $0.contains(": ") })
      terminal.type("quit\r")
      #expect(terminal.ends(within: 2))
      _ = (scratch, core)
    }

    @Test func `the options file counts here too, and is refused where it is wrong`() throws {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      let directory = scratch.path + "/vtlscope"
      mkdir(directory, 0o700)
      let terminal = try PseudoTerminal(width: 100, height: 60)
      let file = try #require(fopen(directory + "/config.toml", "w"))
      fputs("theme = \"nonsense\"\n", file)
      fclose(file)
      try terminal.start(Program.command(["attach", core.path, "--plain"]), environment: scratch.environment())
      #expect(terminal.shows("config.toml:1:"))
      #expect(terminal.ends(within: 2))
      #expect(terminal.process?.code == 65)
    }

    @Test(arguments: [(["--plain"], [:]), ([], ["VTLSCOPE_A11Y": "1"])])
    func `where it is asked for`(options: [String], extra: [String: String]) throws {
      let (scratch, core, terminal) = try session(options: options, extra: extra)
      try #require(terminal.shows("quit ends"))
      #expect(!terminal.model.contains("as with --plain"))
      // The end of what is typed ends it too.
      terminal.type("\u{04}")
      #expect(terminal.ends(within: 2))
      #expect(terminal.process?.code == 0)
      expectPlain(terminal)
      _ = (scratch, core)
    }

    @Test func `what changes is said beside the prompt, and a core that dies is one line`() throws {
      let scratch = try Scratch()
      let core = try RealCore(scratch)
      let terminal = try PseudoTerminal(width: 100, height: 30)
      try terminal.attach(core.name, scratch, options: ["--plain"])
      try #require(prompts(terminal))
      core.process.signal(SIGKILL)
      #expect(terminal.shows("core now: DEAD", within: 2))
      // A core that does nothing is not asked without end.
      let (before, began) = (terminal.process?.processorTime ?? 0, now())
      terminal.pass(1)
      #expect(((terminal.process?.processorTime ?? 0) - before) / (now() - began) <= 0.03)
      terminal.type("lapic 0.0\r")
      #expect(terminal.shows("mode x2APIC"))
      terminal.process?.signal(SIGTERM)
      #expect(terminal.ends(within: 1))
      expectPlain(terminal)
    }

    @Test func `a core of its own takes commands, and ends with the session`() throws {
      let scratch = try Scratch()
      let terminal = try PseudoTerminal(width: 120, height: 60)
      try terminal.run(["--plain"], scratch, term: "dumb")
      try #require(prompts(terminal))
      // By then the guest has turned its local APICs on.
      terminal.type("wait 500ms\r")
      terminal.type("stop\r")
      #expect(terminal.shows("core now: PAUSED"))
      terminal.type("fire fixed 41 -> 1.0\r")
      #expect(terminal.shows("WOULD REACH 1 of 4"))
      #expect(terminal.shows("sent as #"))
      terminal.type("run\r")
      #expect(terminal.shows("core now: RUN"))
      terminal.hangUp()
      #expect(terminal.ends(within: 1))
      #expect(contents("\(scratch.path)/vtlscope/demo.\(terminal.process?.pid ?? 0)") == nil)
    }

    @Test func `a paste of 20 kB of anything gives lines, and it goes on`() throws {
      let (scratch, core, terminal) = try session(options: ["--plain"])
      try #require(prompts(terminal))
      var random = ByteSequence(seed: 0x7E57_B17E)
      for line in 1...50 {
        // Without what the terminal's own line editing makes signals and ends of.
        terminal.type([UInt8(ascii: "X")] + (0..<400).map { _ in random.printable() } + [0x0D])
        // A terminal keeps 4 kB of what nobody has read, and forgets the rest: no more is typed before the answers.
        if line % 5 == 0 { try #require(terminal.wait(10) { errors(terminal) == line }) }
      }
      terminal.type("help read\r")
      #expect(terminal.shows("read [N]: all about row N of the last list"))
      terminal.type("quit\r")
      #expect(terminal.ends(within: 2))
      expectPlain(terminal)
      _ = (scratch, core)
    }
  }
}

/// The same bytes each time.
private struct ByteSequence {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func printable() -> UInt8 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return 0x20 + UInt8(state >> 40 & 0x3F)
  }
}
