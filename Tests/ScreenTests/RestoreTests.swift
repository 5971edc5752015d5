import Glibc
import Testing

extension Screens {
  /// However it ends, the terminal is as it was.
  @Suite struct `The terminal as it was` {
    private func started() throws -> (Scratch, SyntheticCore, PseudoTerminal, before: [UInt32]) {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      let terminal = try PseudoTerminal(width: 100, height: 30)
      let before = terminal.settings
      try terminal.attach(core.path, scratch)
      try #require(terminal.shows("1 Over"))
      #expect(terminal.settings != before)
      #expect(terminal.model.modes.isSuperset(of: [1049, 2004]))
      #expect(!terminal.model.modes.contains(25))
      return (scratch, core, terminal, before)
    }

    private func expectRestored(_ terminal: PseudoTerminal, _ before: [UInt32]) {
      terminal.pass(0.02)
      #expect(terminal.settings == before)
      // Cursor shown; alternate screen, paste, mouse and cursor-key modes off.
      #expect(terminal.model.modes.contains(25))
      #expect(terminal.model.modes.isDisjoint(with: [1049, 2004, 1000, 1006, 1]))
      #expect(terminal.model.problems == [])
    }

    @Test func `after quitting, and no answer is left for the shell`() throws {
      let (_, _, terminal, before) = try started()
      #expect(terminal.quit() == 0)
      expectRestored(terminal, before)
      #expect(terminal.typedAhead == 0)
    }

    @Test func `after SIGTERM`() throws {
      let (_, _, terminal, before) = try started()
      terminal.process?.signal(SIGTERM)
      #expect(terminal.ends(within: 1))
      expectRestored(terminal, before)
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGILL]) func `after a crash`(signal: Int32) throws {
      let (_, _, terminal, before) = try started()
      terminal.process?.signal(signal)
      #expect(terminal.ends(within: 1))
      #expect(terminal.process?.code == 128 + signal)
      expectRestored(terminal, before)
    }

    @Test func `while it is suspended, and again the screen afterwards`() throws {
      let (_, _, terminal, before) = try started()
      terminal.type("\u{1A}")
      // Nobody resumes an orphaned process group, so it goes on at once, with the whole screen.
      #expect(terminal.wait(2) { terminal.sawMode(1049, off: true) })
      #expect(terminal.shows("q Quit", within: 2))
      #expect(terminal.wait(2) { terminal.settings != before && terminal.model.modes.contains(1049) })
      #expect(terminal.quit() == 0)
      expectRestored(terminal, before)
    }
  }
}

extension PseudoTerminal {
  /// The sequence that sets or resets a private mode has come.
  func sawMode(_ mode: Int, off: Bool) -> Bool {
    String(decoding: log, as: UTF8.self).contains("\u{1B}[?\(mode)\(off ? "l" : "h")")
  }
}
