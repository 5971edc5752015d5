import Testing

@testable import Terminal

@Suite struct `What frames may cost` {
  private static let second: UInt64 = 1_000_000_000

  /// Frames of so many bytes, as often as they are allowed but at most ten times a second, for ten seconds.
  private func run(cells: Int, bytes: Int) -> (frames: Int, bytesPerSecond: Int) {
    var budget = FrameBudget(now: 0)
    var frames = 0
    var next: UInt64 = 0
    for now in stride(from: 0, to: 10 * Self.second, by: 1_000_000) where now >= next {
      guard budget.allowsFrame(cells: cells, at: now) else { continue }
      budget.beginFrame(at: now)
      budget.sent(bytes, cells: cells, at: now)
      frames += 1
      next = now + Self.second / 10
    }
    return (frames / 10, frames * bytes / 10)
  }

  @Test(arguments: [(80 * 24, 3_000), (200 * 60, 8_000)])
  func `small frames come as often as asked for, larger ones as paid for`(
    cells: Int, rate: Int
  ) {
    #expect((rate * 3 / 4...rate * 9 / 10).contains(FrameBudget.rate(cells: cells)))
    #expect(run(cells: cells, bytes: rate / 20).frames == 10)
    let larger = run(cells: cells, bytes: rate / 6)
    #expect((4...6).contains(larger.frames))
    #expect(larger.bytesPerSecond <= rate)
  }

  @Test func `whole screens come three times a second, and 45 kB are enough for them`() {
    let whole = run(cells: 200 * 60, bytes: 10_000)
    #expect(whole.frames == 3)
    #expect(whole.bytesPerSecond <= 45_000)
  }

  @Test func `one large repaint is forgotten soon`() {
    var budget = FrameBudget(now: 0)
    budget.sent(1_000_000, cells: 1_920, at: 0)
    #expect(budget.nextFrame(cells: 1_920) == FrameBudget.longestPause)
    let moments = [FrameBudget.longestPause - 1, FrameBudget.longestPause, Self.second / 2 + 1_000_000]
    let allowed = moments.map { budget.allowsFrame(cells: 1_920, at: $0) }
    #expect(allowed == [false, true, true])
  }
}
