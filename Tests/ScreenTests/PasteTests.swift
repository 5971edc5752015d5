import Testing

extension Screens {
  @Suite struct Pasting {
    private static let text = String(repeating: "Qqpsvfx\u{0D}y\u{0D}1\tZ2:quit\u{0D}", count: 200)

    private func started() throws -> (Scratch, PseudoTerminal) {
      let scratch = try Scratch()
      let terminal = try PseudoTerminal(width: 100, height: 30)
      try terminal.run([], scratch)
      try #require(terminal.shows("RUN"))
      return (scratch, terminal)
    }

    private func expectNothingDone(_ terminal: PseudoTerminal) {
      #expect(!terminal.ends(within: 0.5))
      #expect(terminal.model.contains("[1 Over]"))
      #expect(terminal.model.contains("RUN"))
      #expect(terminal.quit() == 0)
    }

    @Test func `4 kB that the terminal marks as pasted do nothing, and it says so`() throws {
      let (scratch, terminal) = try started()
      #expect(Self.text.utf8.count >= 4_000)
      terminal.type("\u{1B}[200~\(Self.text)\u{1B}[201~")
      #expect(terminal.shows("pasted text does nothing"))
      expectNothingDone(terminal)
      _ = scratch
    }

    @Test func `4 kB that it does not mark do nothing either, in whatever pieces they come`() throws {
      for piece in [4_200, 1_000, 100, 33] {
        let (scratch, terminal) = try started()
        var rest = Array(Self.text.utf8)[...]
        while !rest.isEmpty {
          terminal.type(Array(rest.prefix(piece)))
          rest = rest.dropFirst(piece)
          terminal.wait(0.005) { false }
        }
        #expect(terminal.shows("pasted text does nothing"))
        terminal.pass(0.1)
        expectNothingDone(terminal)
        _ = scratch
      }
    }
  }
}
