import Testing

extension Screens {
  /// 9600 baud: 960 bytes a second, a VT220 at the end of them that answers after it has taken in what came before.
  @Suite struct `A serial line` {
    private func serialTerminal(_ scratch: Scratch, options: [String], answers: Bool = true) throws -> PseudoTerminal {
      let terminal = try PseudoTerminal(width: 80, height: 24)
      terminal.bytesPerSecond = 960
      terminal.answers = answers
      try terminal.run(options, scratch, term: "vt220")
      return terminal
    }

    @Test(arguments: [[], ["--serial"]]) func `a key shows its effect within half a second`(options: [String]) throws {
      let scratch = try Scratch()
      let terminal = try serialTerminal(scratch, options: options)
      try #require(terminal.shows("q Quit", within: 10))
      // The busy screen of a running demo is being painted all the time.
      var worst = 0.0
      for (key, effect) in [
        ("2", "[2 Groups]"), ("3", "[3 Lapic]"), ("1", "[1 Over]"), ("z", "FROZEN"), ("z", "RUN"), ("?", "[ Help ]"),
        ("q", "[1 Over]"), ("p", "PAUSED"), ("6", "[6 Events]"), ("p", "RUN"), ("1", "[1 Over]"),
        ("f", "Fire interrupt"),
      ] {
        // Not in step with the frames.
        terminal.pass(0.3 + 0.037 * Double(worst > 0 ? 3 : 1))
        let struck = now()
        terminal.type(key)
        #expect(terminal.shows(effect, within: 5), "key \(key)")
        let delay = now() - struck
        worst = max(worst, delay)
        #expect(delay <= 0.5, "key \(key) took \(delay) s")
      }
      print("    960 bytes/s \(options): the slowest key took \(Int(worst * 1_000)) ms")
      #expect(terminal.model.problems == [])
    }

    @Test func `a terminal that never answers still works, under the speed of the line`() throws {
      let scratch = try Scratch()
      let terminal = try serialTerminal(scratch, options: [], answers: false)
      try #require(terminal.shows("q Quit", within: 15))
      terminal.pass(6)
      #expect(terminal.model.questions <= 6, "it has understood that nobody answers")
      let (bytes, began) = (terminal.received, now())
      terminal.pass(4)
      #expect(Double(terminal.received - bytes) / (now() - began) < 900)
      let struck = now()
      terminal.type("2")
      #expect(terminal.shows("[2 Groups]", within: 5))
      #expect(now() - struck <= 1)
    }
  }
}
