import Journal
import Testing

extension Screens {
  /// A guest may call its functions what it likes.
  @Suite struct `Hostile names` {
    private static let names = [
      "\u{1B}]52;c;aGVsbG8=\u{07}", "\u{9D}52;c;aGVsbG8=\u{9C}", "\u{1B}[2J\u{1B}[31m", "\u{9B}31mred", "\u{90}q\u{9C}",
      "a\u{0D}b\u{0A}c\u{08}d\u{07}", "\u{1B}P+q544e\u{1B}\\", "\u{1B}c", "\u{0E}line drawing",
      "\u{7F}\u{80}\u{85}\u{9F}",
      "\u{202E}right to left", "e\u{0301}\u{0301}\u{0301}", "\u{FEFF}\u{200B}", "\u{FFFD}", "幅広い", "👩‍👩‍👧‍👦",
      String(repeating: "long", count: 1_000), "", " ", "\0nul",
    ]

    @Test(arguments: ["C", "C.UTF-8"], ["xterm-256color", "linux"]) func `reach the terminal as plain text only`(
      locale: String, term: String
    ) throws {
      let scratch = try Scratch()
      let symbols = Self.names.enumerated().map {
        SymbolTable.Symbol(address: SyntheticCore.code(UInt64($0.offset)), name: $0.element)
      }
      let core = try SyntheticCore(scratch, vps: Self.names.count, symbols: symbols)
      for _ in 0..<40 { core.advance(changingOneIn: 3) }
      let terminal = try PseudoTerminal(width: 200, height: 60)
      try terminal.attach(core.path, scratch, term: term, locale: locale)
      try #require(terminal.shows("q Quit"))
      // Every view, every context, every dialog that names code.
      for view in ["1", "2", "3", "4", "5", "6", "7", "9"] {
        terminal.type(view)
        terminal.settle()
        for key in ["j", "j", "J", "q", "W", "\u{1B}", "f", "\u{1B}", "?", "q"] {
          terminal.type(key)
          terminal.settle()
        }
      }
      terminal.type("1")
      for _ in Self.names {
        terminal.type("j")
        terminal.settle()
      }
      #expect(terminal.quit() == 0)
      #expect(terminal.model.problems == [])
      #expect(terminal.model.strings == [], "no OSC of the guest's")
      let text = String(decoding: terminal.log, as: UTF8.self)
      #expect(!text.unicodeScalars.contains { (0x7F...0x9F).contains($0.value) })
    }
  }
}
