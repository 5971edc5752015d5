import Glibc
import Testing

extension Screens {
  /// Whatever goes away, nothing is left running: it ends or says so within a second, and takes no processor.
  @Suite struct `What goes away` {
    private struct Scene {
      let scratch: Scratch
      let core: RealCore
      let terminal: PseudoTerminal

      init(ignoresHangup: Bool) throws {
        scratch = try Scratch()
        core = try RealCore(scratch)
        terminal = try PseudoTerminal(width: 80, height: 24)
        try terminal.attach(core.name, scratch, ignoresHangup: ignoresHangup)
        try #require(terminal.shows("RUN"))
      }

      /// Of a processor, over a second. A look every tenth of a second remains, and what that takes depends on the host.
      func load() -> Double {
        let (before, began) = (terminal.process?.processorTime ?? 0, now())
        terminal.pass(1)
        return ((terminal.process?.processorTime ?? 0) - before) / (now() - began)
      }
    }

    @Test(arguments: [false, true]) func `the terminal is closed`(ignoresHangup: Bool) throws {
      let scene = try Scene(ignoresHangup: ignoresHangup)
      scene.terminal.hangUp()
      #expect(scene.terminal.ends(within: 1))
    }

    @Test(arguments: [false, true]) func `the core ends in good order`(ignoresHangup: Bool) throws {
      let scene = try Scene(ignoresHangup: ignoresHangup)
      scene.core.process.signal(SIGTERM)
      #expect(scene.terminal.shows("EXITED", within: 1))
      #expect(scene.load() <= 0.03)
      #expect(scene.terminal.quit() == 0)
    }

    @Test(arguments: [false, true]) func `the core is killed`(ignoresHangup: Bool) throws {
      let scene = try Scene(ignoresHangup: ignoresHangup)
      scene.core.process.signal(SIGKILL)
      #expect(scene.terminal.shows("DEAD", within: 1))
      #expect(scene.load() <= 0.03)
      #expect(scene.terminal.quit() == 0)
    }

    @Test(arguments: [false, true]) func `it is asked to end`(ignoresHangup: Bool) throws {
      let scene = try Scene(ignoresHangup: ignoresHangup)
      scene.terminal.process?.signal(SIGTERM)
      #expect(scene.terminal.ends(within: 1))
    }

    @Test func `the core stops: the screen says so, and goes on when it does`() throws {
      let scene = try Scene(ignoresHangup: false)
      scene.core.process.signal(SIGSTOP)
      #expect(scene.terminal.shows("LOST", within: 1))
      #expect(scene.load() <= 0.03)
      scene.core.process.signal(SIGCONT)
      #expect(scene.terminal.shows("RUN", within: 1))
      #expect(scene.terminal.quit() == 0)
    }

    @Test func `the terminal of a core's own inspector is closed: the core ends too and leaves nothing`() throws {
      let scratch = try Scratch()
      let terminal = try PseudoTerminal(width: 80, height: 24)
      try terminal.run([], scratch)
      try #require(terminal.shows("RUN"))
      terminal.hangUp()
      #expect(terminal.ends(within: 1))
      #expect(try ChildProcess(Program.command(["ls"]), environment: scratch.environment()).pid > 0)
      #expect(contents("\(scratch.path)/vtlscope/demo.\(terminal.process?.pid ?? 0)") == nil)
    }

    @Test func `a terminal that takes nothing does not keep it from ending`() throws {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      let terminal = try PseudoTerminal(width: 80, height: 24)
      try terminal.attach(core.path, scratch)
      try #require(terminal.shows("q Quit"))
      // As after Ctrl-S: nobody reads any more.
      terminal.bytesPerSecond = 0.001
      for _ in 0..<60 { terminal.type("123") }
      terminal.process?.signal(SIGTERM)
      #expect(terminal.ends(within: 2))
    }
  }
}
