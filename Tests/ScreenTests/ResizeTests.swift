import Journal
import Region
import Testing

extension Screens {
  @Suite struct Resizing {
    /// Everything stands still: what is drawn depends on the size alone.
    private func stillCore(_ scratch: Scratch) throws -> SyntheticCore {
      let core = try SyntheticCore(scratch, vps: 32)
      for _ in 0..<20 { core.advance(changingOneIn: 10) }
      core.edit { $0.machine.runState = .paused }
      core.publish()
      return core
    }

    private func fresh(_ core: SyntheticCore, _ scratch: Scratch, _ width: Int, _ height: Int) throws -> PseudoTerminal
    {
      let terminal = try PseudoTerminal(width: width, height: height)
      try terminal.attach(core.path, scratch, term: "linux")
      return terminal
    }

    @Test func `200 sizes in two seconds, and then the screen of a fresh start`() throws {
      let scratch = try Scratch()
      let core = try stillCore(scratch)
      let terminal = try fresh(core, scratch, 80, 24)
      try #require(terminal.shows("q Quit"))
      var state: UInt64 = 0x5EED
      func below(_ n: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % n
      }
      var beaten = now()
      for _ in 0..<200 {
        terminal.resize(1 + below(300), 1 + below(100))
        terminal.wait(0.01) { false }
        if now() - beaten > 0.1 { (core.beat(.paused), beaten = now()).0 }
      }
      for (width, height) in [(120, 40), (80, 24), (40, 10), (200, 60)] {
        terminal.resize(width, height)
        core.beat(.paused)
        let other = try fresh(core, scratch, width, height)
        let isEqual = terminal.wait(5) {
          core.beat(.paused)
          other.wait(0.01) { false }
          return other.model.contains("q Quit") && terminal.stableRows == other.stableRows
            && terminal.model.picture.dropFirst() == other.model.picture.dropFirst()
        }
        #expect(isEqual, "\(width)x\(height): \(terminal.stableRows) is not \(other.stableRows)")
        #expect(other.quit() == 0)
      }
      #expect(terminal.model.problems == [])
      #expect(terminal.quit() == 0)
    }
  }
}
