import Region
import Testing

extension Screens {
  /// What a screen may cost: ui.md's budgets, with 64 contexts of which a tenth changes in every look.
  @Suite struct Budgets {
    /// Runs for `seconds`, ten changes a second when `changes`, and returns bytes and processor time per second.
    private func measure(
      _ width: Int, _ height: Int, changes: Bool, seconds: Double = 4, view: String = "1"
    ) throws -> (bytes: Double, processor: Double) {
      let scratch = try Scratch()
      let core = try SyntheticCore(scratch, vps: 32)
      let terminal = try PseudoTerminal(width: width, height: height)
      try terminal.attach(core.path, scratch)
      try #require(terminal.shows("1 Over"))
      terminal.type(view)
      var published = now()
      func run(_ seconds: Double) {
        let end = now() + seconds
        terminal.wait(seconds) {
          if now() - published >= 0.1 {
            published += 0.1
            if changes { core.advance(changingOneIn: 10) } else { core.beat(.idle) }
          }
          return now() >= end
        }
      }
      run(1.5)
      let (bytes, processor, began) = (terminal.received, terminal.process?.processorTime ?? 0, now())
      run(seconds)
      let elapsed = now() - began
      #expect(terminal.model.problems == [])
      let cost = (
        Double(terminal.received - bytes) / elapsed, ((terminal.process?.processorTime ?? 0) - processor) / elapsed
      )
      print(
        "    \(width)x\(height) view \(view): \(Int(cost.0)) bytes/s, \(Int(cost.1 * 10_000) / 100) % of a processor")
      #expect(terminal.quit() == 0)
      return cost
    }

    @Test func `64 contexts at 10 Hz take 8 kB and 3 % of a processor at 200x60`() throws {
      let cost = try measure(200, 60, changes: true)
      #expect(cost.bytes <= 8_000)
      #expect(cost.processor <= 0.03)
    }

    @Test func `and 3 kB at 80x24`() throws {
      let cost = try measure(80, 24, changes: true)
      #expect(cost.bytes <= 3_000)
      #expect(cost.processor <= 0.03)
    }

    @Test(arguments: [(80, 24), (200, 60)]) func `a machine that does nothing takes at most 100 bytes a second`(
      width: Int, height: Int
    ) throws {
      let cost = try measure(width, height, changes: false)
      #expect(cost.bytes <= 100)
      // What a busy one may cost: how much less an idle one takes depends on the host's clock speed and its other work.
      #expect(cost.processor <= 0.03)
    }

    @Test func `every cell may change: 45 kB at 200x60`() throws {
      let cost = try measure(200, 60, changes: true, view: "6")
      #expect(cost.bytes <= 45_000)
      #expect(cost.processor <= 0.05)
    }
  }
}
