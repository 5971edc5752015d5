import Inspector
import Testing

@Suite struct `What looking costs` {
  @Test(
    arguments: [
      (0, "0.0%"), (499, "0.0%"), (500, "0.1%"), (4_211, "0.4%"), (99_499, "9.9%"), (99_500, "10%"),
      (1_000_000, "100%"),
      (.max, "429497%"),
    ] as [(UInt32, String)])
  func `parts have a tenth of a percent where that matters`(ppm: UInt32, text: String) {
    #expect(OwnCost.percent(ppm: ppm) == text)
  }

  @Test func `a core that does not say is unknown, not free`() {
    let cost = OwnCost(processorPPM: 4_000, bytesPerSecond: 2_147, looksDecihertz: 100, publishingPPM: nil)
    #expect(cost.text(askedDecihertz: 100) == "own 0.4% 2.1kB/s pub ?")
    let slower = OwnCost(processorPPM: 4_000, bytesPerSecond: 96, looksDecihertz: 58, publishingPPM: 6_100)
    #expect(slower.text(askedDecihertz: 100) == "own 0.4% 96B/s at 6Hz pub 0.6%")
  }

  @Test(arguments: [(90, false), (140, true)])
  func `it is on the first line where that has the room, and the first to go`(
    width: Int, isThere: Bool
  ) {
    var model = Scene.model()
    model.cost = OwnCost(processorPPM: 4_000, bytesPerSecond: 2_147, looksDecihertz: 100, publishingPPM: 3_000)
    #expect((model.draw(Size(width, 40)).textRows.first ?? "").hasSuffix("own 0.4% 2.1kB/s pub 0.3%") == isThere)
    _ = model.handle("?")
    #expect(model.draw(Size(80, 24)).textRows.contains { $0.contains("own 0.4% 2.1kB/s pub 0.3%") })
  }
}
