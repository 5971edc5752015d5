import Testing

@testable import Terminal

/// A line of so many bytes a second and a terminal at its end, which answers or does not.
private struct SimulatedLine {
  var bytesPerSecond: UInt64
  var roundTrip: UInt64 = 1_000_000
  var answers = true
  /// When the line will have taken in all that was sent.
  private var free: UInt64 = 0
  private var coming: [UInt64] = []

  init(_ bytesPerSecond: UInt64, roundTrip: UInt64 = 1_000_000, answers: Bool = true) {
    self.bytesPerSecond = bytesPerSecond
    self.roundTrip = roundTrip
    self.answers = answers
  }

  /// Returns when the last byte arrives.
  mutating func send(_ bytes: Int, at now: UInt64) -> UInt64 {
    free = max(free, now) + UInt64(bytes) * 1_000_000_000 / bytesPerSecond
    if answers { coming.append(free + roundTrip) }
    return free + roundTrip / 2
  }

  mutating func takeAnswers(until now: UInt64) -> Int {
    let count = coming.count { $0 <= now }
    coming.removeFirst(count)
    return count
  }

  func backlog(at now: UInt64) -> UInt64 { free > now ? (free - now) * bytesPerSecond / 1_000_000_000 : 0 }
}

@Suite struct `Pieces for a line` {
  private static let second: UInt64 = 1_000_000_000
  private static let step: UInt64 = 1_000_000

  /// Paints without end for some seconds: what it sent, and the longest that a key struck at any moment would have
  /// waited until the first piece with its effect had arrived.
  private func run(_ line: inout SimulatedLine, seconds: UInt64, from start: UInt64 = 0, _ pacing: inout LinePacing)
    -> (
      bytes: Int, keyDelay: UInt64
    )
  {
    var bytes = 0
    var keyDelay: UInt64 = 0
    var lastStart = start
    for now in stride(from: start, to: start + seconds * Self.second, by: Int(Self.step)) {
      for _ in 0..<line.takeAnswers(until: now) { pacing.answered(at: now) }
      let room = pacing.allowance(at: now, isUrgent: true)
      guard room > 0 else { continue }
      let asks = pacing.asks
      let arrival = line.send(room, at: now)
      pacing.sent(room, isAsking: asks, at: now)
      bytes += room
      // The worst moment to strike a key is right after the piece before has left.
      if now > start + Self.second { keyDelay = max(keyDelay, arrival - lastStart) }
      lastStart = now
    }
    return (bytes, keyDelay)
  }

  @Test func `at 960 bytes a second a key's first effect is there within half a second, and the line is busy`() {
    var pacing = LinePacing(now: 0)
    var line = SimulatedLine(960)
    let result = run(&line, seconds: 20, &pacing)
    #expect(result.keyDelay < 300_000_000)
    #expect(result.bytes > 20 * 960 * 8 / 10)
    #expect(!pacing.isMute)
  }

  @Test(arguments: [1_200, 5_760, 11_520] as [UInt64]) func `other slow lines are used well and answer keys too`(
    rate: UInt64
  ) {
    var pacing = LinePacing(now: 0)
    var line = SimulatedLine(rate)
    _ = run(&line, seconds: 5, &pacing)
    let result = run(&line, seconds: 10, from: 5 * Self.second, &pacing)
    #expect(result.keyDelay < 500_000_000)
    #expect(UInt64(result.bytes) > 10 * rate * 7 / 10)
  }

  @Test func `a fast terminal gets whole frames after a few answers`() {
    var pacing = LinePacing(now: 0)
    var now: UInt64 = 0
    for _ in 0..<8 {
      let room = pacing.allowance(at: now, isUrgent: false)
      pacing.sent(room, isAsking: true, at: now)
      now += 50_000
      pacing.answered(at: now)
    }
    #expect(pacing.pieceSize > 30_000)
  }

  @Test func `a long way is not taken for a slow line`() {
    var pacing = LinePacing(now: 0)
    var line = SimulatedLine(1_000_000, roundTrip: 400_000_000)
    pacing.sent(4, isAsking: true, isGreeting: true, at: 0)
    _ = line.send(4, at: 0)
    _ = run(&line, seconds: 10, &pacing)
    #expect(pacing.pieceSize > 20_000)
  }

  @Test func `nothing more is sent before the answer, but it is not waited for longer than a second`() {
    var pacing = LinePacing(now: 0)
    pacing.sent(100, isAsking: true, at: 0)
    #expect(pacing.allowance(at: Self.second - 1, isUrgent: true) == 0)
    #expect(pacing.nextChange(isUrgent: true) == Self.second)
    #expect(pacing.allowance(at: Self.second, isUrgent: true) > 0)
    #expect(!pacing.isMute)
  }

  @Test func `the first frame does not wait long for the first question`() {
    var pacing = LinePacing(now: 0)
    pacing.sent(4, isAsking: true, isGreeting: true, at: 0)
    #expect(pacing.allowance(at: LinePacing.firstPatience - 1, isUrgent: false) == 0)
    #expect(pacing.allowance(at: LinePacing.firstPatience, isUrgent: false) == LinePacing.firstPiece)
  }

  @Test func `a line that never answers gets 400 bytes a second, as much again for keys, and few questions`() {
    var pacing = LinePacing(now: 0)
    var questions = 0
    var sent: [(time: UInt64, bytes: Int)] = []
    for now in stride(from: 0, to: 60 * Self.second, by: Int(Self.step)) {
      let room = pacing.allowance(at: now, isUrgent: false)
      guard room > 0 else { continue }
      if pacing.asks { questions += 1 }
      pacing.sent(room, isAsking: pacing.asks, at: now)
      sent.append((now, room))
    }
    #expect(questions == 3)
    #expect(pacing.isMute)
    #expect(!pacing.isAnswerOwed, "Esc is quick again")
    let late = sent.filter { $0.time >= 20 * Self.second }
    #expect(late.allSatisfy { $0.bytes <= LinePacing.mutePiece })
    #expect(late.count <= 40)

    // Somebody holds a key down.
    var line = SimulatedLine(960, answers: false)
    let held = run(&line, seconds: 20, from: 60 * Self.second, &pacing)
    #expect(held.bytes <= 21 * 2 * LinePacing.mutePiece)
    #expect(line.backlog(at: 80 * Self.second) < 960)
  }

  @Test func `a terminal that comes back is believed again`() {
    var pacing = LinePacing(now: 0)
    pacing.sent(10, isAsking: true, at: 0)
    pacing.answered(at: 1_000)
    var now = Self.second
    while !pacing.isMute {
      let room = pacing.allowance(at: now, isUrgent: false)
      if room > 0 { pacing.sent(room, isAsking: pacing.asks, at: now) }
      now += Self.step
    }
    #expect(pacing.asks, "it goes on asking where there was an answer once")
    pacing.answered(at: now)
    #expect(!pacing.isMute)
  }

  @Test func `answers that nobody asked for change nothing`() {
    var pacing = LinePacing(now: 0)
    for _ in 0..<100 { pacing.answered(at: 5) }
    #expect(pacing.pieceSize == LinePacing.firstPiece)
    pacing.sent(100, isAsking: true, at: 10)
    #expect(pacing.allowance(at: 20, isUrgent: true) == 0)
  }
}
