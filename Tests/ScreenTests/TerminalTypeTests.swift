import Testing

extension Screens {
  @Suite struct `Every terminal` {
    private static let types = [
      "xterm", "xterm-256color", "screen", "screen-256color", "tmux-256color", "linux", "vt100", "vt220",
    ]

    @Test(arguments: types, ["C", "C.UTF-8"]) func `shows the same screen, in bytes it knows`(
      term: String, locale: String
    ) throws {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      let terminal = try PseudoTerminal(width: 80, height: 24)
      try terminal.attach(core.path, scratch, term: term, locale: locale)
      try #require(terminal.shows("1 Over"))
      try #require(terminal.shows("q Quit"))
      #expect(terminal.model.contains("  CTX St IRR ISR"))
      #expect(terminal.model.contains("function_3"))
      for (key, effect) in [("2", "[2 Groups]"), ("3", "[3 Lapic]"), ("6", "[6 Events]"), ("?", "[ Help ]")] {
        terminal.type(key)
        #expect(terminal.shows(effect), "\(key) on \(term)")
      }
      terminal.type("\u{1B}")
      #expect(terminal.wait(2) { !terminal.model.contains("[ Help ]") })
      #expect(terminal.quit() == 0)
      #expect(terminal.model.problems == [])
      #expect(terminal.model.strings == [])
      if locale == "C" { #expect(terminal.log.allSatisfy { $0 < 0x80 }) }
    }

    @Test func `with few colours it is asked for its background, and believed`() throws {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      var colours: [Set<Int?>] = []
      for background in ["rgb:0000/0000/0000", "rgb:ffff/ffff/ffff"] {
        let terminal = try PseudoTerminal(width: 80, height: 24)
        terminal.background(background)
        try terminal.attach(core.path, scratch, term: "xterm")
        try #require(terminal.shows("q Quit"))
        colours.append(Set(terminal.model.picture.joined().map(\.look.foreground)))
        #expect(terminal.quit() == 0)
      }
      // RUN is cyan on dark and blue on light.
      #expect(colours[0].contains(6) && !colours[0].contains(4))
      #expect(colours[1].contains(4) && !colours[1].contains(6))
    }

    @Test func `NO_COLOR, --theme mono and --serial send no colour`() throws {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 4)
      for options in [["--theme", "mono"], ["--serial"]] {
        let terminal = try PseudoTerminal(width: 80, height: 24)
        try terminal.attach(core.path, scratch, options: options)
        try #require(terminal.shows("q Quit"))
        #expect(terminal.model.picture.joined().allSatisfy { $0.look.foreground == nil })
        if options == ["--serial"] { #expect(terminal.log.allSatisfy { $0 < 0x80 }) }
        #expect(terminal.quit() == 0)
      }
    }
  }
}
