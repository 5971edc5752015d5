import Architecture
import Journal
import Testing

@testable import Machine

// What is expected is read off the figures and the text of the 8254 data sheet, 231164: one CLK pulse after the other.
@Suite struct IntervalTimerTests {
  private func counter(_ control: UInt8, _ bytes: UInt8..., gate: Bool = true) -> IntervalCounter {
    var counter = IntervalCounter(isGateHigh: gate)
    counter.control(control, at: 0)
    for byte in bytes { counter.write(byte, at: 0) }
    return counter
  }

  /// OUT before the first pulse and at each of `pulses`, as the data sheet draws it.
  private func wave(_ counter: inout IntervalCounter, _ pulses: ClosedRange<UInt64>) -> String {
    pulses.map { counter.output(at: $0) ? "-" : "_" }.joined()
  }

  /// The count, as the low byte reads.
  private func counts(_ counter: inout IntervalCounter, _ pulses: ClosedRange<UInt64>) -> [UInt8] {
    pulses.map { counter.read(at: $0) }
  }

  /// Both bytes of the count.
  private func word(_ counter: inout IntervalCounter, at pulse: UInt64) -> [UInt8] {
    [counter.read(at: pulse), counter.read(at: pulse)]
  }

  @Test func `mode 0 goes up N + 1 pulses after the count was written, and counts on`() {
    var plain = counter(0x10, 4)
    #expect(wave(&plain, 0...7) == "_____---")
    var again = counter(0x10, 4)
    #expect(counts(&again, 1...7) == [4, 3, 2, 1, 0, 0xFF, 0xFE])
    // Figure 15, third row: a new count of 2 while 2 is left.
    var new = counter(0x10, 3)
    #expect(new.output(at: 3) == false)
    new.write(2, at: 3)
    #expect(wave(&new, 4...7) == "__--")
    // And after the end: OUT is down again until it is over.
    new.write(1, at: 9)
    #expect(wave(&new, 9...12) == "__--")
  }

  @Test func `mode 0 stops with GATE down and with the first of two bytes`() {
    // Figure 15, second row.
    var gated = counter(0x10, 3)
    gated.setGate(false, at: 2)
    #expect(counts(&gated, 3...5) == [2, 2, 2])
    gated.setGate(true, at: 5)
    #expect(counts(&gated, 6...8) == [1, 0, 0xFF])
    #expect(gated.nextChange(after: 8) == nil && gated.output(at: 8))
    // A count that is written with GATE down is loaded all the same.
    var closed = counter(0x10, 2, gate: false)
    #expect(counts(&closed, 1...2) == [2, 2])
    closed.setGate(true, at: 2)
    #expect(wave(&closed, 2...4) == "__-")
    var word = counter(0x30, 2, 0)
    #expect(wave(&word, 2...3) == "_-")
    word.write(3, at: 5)
    #expect(wave(&word, 5...9) == "_____")
    word.write(0, at: 9)
    #expect(wave(&word, 9...13) == "____-")
  }

  @Test func `mode 1 is down for N pulses after a trigger, and a trigger begins it anew`() {
    // Figure 16.
    var shot = counter(0x12, 3)
    #expect(wave(&shot, 0...3) == "----" && shot.nextChange(after: 0) == nil)
    shot.setGate(false, at: 3)
    shot.setGate(true, at: 4)
    #expect(wave(&shot, 4...8) == "-___-")
    shot.setGate(false, at: 9)
    shot.setGate(true, at: 10)
    shot.setGate(false, at: 11)
    shot.setGate(true, at: 12)
    #expect(wave(&shot, 12...16) == "____-")
    // A new count waits for the next trigger.
    shot.write(1, at: 17)
    #expect(shot.output(at: 20) == true)
    shot.setGate(false, at: 20)
    shot.setGate(true, at: 21)
    #expect(wave(&shot, 21...23) == "-_-")
  }

  @Test func `mode 2 is down for the last pulse of each period`() {
    // Figure 17.
    var rate = counter(0x14, 3)
    #expect(wave(&rate, 0...8) == "---_--_--")
    var read = counter(0x14, 3)
    #expect(counts(&read, 1...7) == [3, 2, 1, 3, 2, 1, 3])
    rate.setGate(false, at: 9)
    #expect(wave(&rate, 9...12) == "----")
    rate.setGate(true, at: 12)
    #expect(wave(&rate, 12...16) == "---_-")
    // A new count waits for the end of the period.
    var new = counter(0x14, 4)
    #expect(new.output(at: 2) == true)
    new.write(5, at: 2)
    #expect(counts(&new, 3...10) == [2, 1, 5, 4, 3, 2, 1, 5])
    // 1 is illegal, and is 2 here.
    var one = counter(0x14, 1)
    #expect(wave(&one, 1...5) == "-_-_-")
  }

  @Test func `mode 3 is a square wave, and counts by twos`() {
    // Figure 18.
    var even = counter(0x16, 4)
    #expect(wave(&even, 0...9) == "---__--__-")
    var evenRead = counter(0x16, 4)
    #expect(counts(&evenRead, 1...6) == [4, 2, 4, 2, 4, 2])
    var odd = counter(0x16, 5)
    #expect(wave(&odd, 0...11) == "----__---__-")
    var oddRead = counter(0x16, 5)
    #expect(counts(&oddRead, 1...8) == [4, 2, 0, 4, 2, 4, 2, 0])
    even.setGate(false, at: 12)
    #expect(wave(&even, 12...14) == "---")
    even.setGate(true, at: 14)
    #expect(wave(&even, 14...18) == "---__")
    // A new count waits for the end of the half.
    var new = counter(0x16, 4)
    #expect(new.output(at: 1) == true)
    new.write(8, at: 1)
    #expect(wave(&new, 1...12) == "--____----__")
  }

  @Test func `mode 4 strobes once, N + 1 pulses after the count was written`() {
    // Figure 19.
    var strobe = counter(0x18, 3)
    #expect(wave(&strobe, 0...6) == "----_--")
    #expect(strobe.nextChange(after: 6) == nil)
    strobe.write(2, at: 7)
    strobe.setGate(false, at: 9)
    #expect(wave(&strobe, 8...12) == "-----")
    strobe.setGate(true, at: 12)
    #expect(wave(&strobe, 12...15) == "-_--")
    #expect(strobe.output(at: 70_000) && strobe.output(at: 65_548))
  }

  @Test func `mode 5 strobes N + 1 pulses after a trigger`() {
    // Figure 20.
    var strobe = counter(0x1A, 3, gate: false)
    #expect(wave(&strobe, 0...3) == "----")
    strobe.setGate(true, at: 3)
    #expect(wave(&strobe, 3...9) == "----_--")
  }

  @Test func `a count of 0 is the largest, in binary and in BCD`() {
    var binary = counter(0x30, 0, 0)
    #expect(binary.output(at: 1) == false && binary.reload == 65_536)
    #expect(binary.nextChange(after: 1) == 65_537)
    #expect(word(&binary, at: 2) == [0xFF, 0xFF])
    var decimal = counter(0x31, 0, 0)
    #expect(decimal.reload == 10_000)
    #expect(word(&decimal, at: 2) == [0x99, 0x99])
    var number = counter(0x31, 0x34, 0x12)
    #expect(number.reload == 1_234)
    #expect(word(&number, at: 1) == [0x34, 0x12])
    #expect(word(&number, at: 36) == [0x99, 0x11])
  }

  @Test func `a latched count holds until it is read, and a status comes before it`() {
    var counter = counter(0x34, 0x00, 0x10)
    counter.latchCount(at: 1)
    counter.latchCount(at: 100)
    #expect(counter.read(at: 200) == 0x00 && counter.read(at: 200) == 0x10)
    counter.latchStatus(at: 201)
    counter.latchCount(at: 201)
    counter.latchStatus(at: 4_096)
    #expect(counter.read(at: 300) == 0xB4, "OUT up, loaded, both bytes, mode 2")
    #expect(counter.read(at: 300) == 0x38 && counter.read(at: 300) == 0x0F)
    // The null count: from the write to the load.
    counter.control(0x1E, at: 400)
    counter.latchStatus(at: 400)
    #expect(counter.read(at: 400) == 0xD6)
    counter.write(9, at: 401)
    counter.latchStatus(at: 401)
    #expect(counter.read(at: 401) == 0xD6)
    counter.latchStatus(at: 402)
    #expect(counter.read(at: 402) == 0x96)
    // The most significant byte alone.
    counter.control(0x20, at: 500)
    counter.write(0x02, at: 500)
    #expect(counter.reload == 0x200 && counter.read(at: 501) == 0x02 && counter.read(at: 502) == 0x01)
  }

  // MARK: - The device

  private func at(_ ticks: UInt64) -> VirtualTime { VirtualTime(ticks: ticks) }

  @Test func `pulses and times are each other's, and 1,193,182 pulses are a second`() {
    #expect(IntervalTimer.pulse(at: .seconds(1)) == 1_193_182 && IntervalTimer.time(of: 1_193_182) == .seconds(1))
    #expect(IntervalTimer.pulse(at: .seconds(100_000)) == 119_318_200_000)
    for pulse: UInt64 in [0, 1, 2, 65_536, 1_193_181, 1 << 40] {
      let time = IntervalTimer.time(of: pulse)
      #expect(IntervalTimer.pulse(at: time) == pulse)
      if pulse > 0 { #expect(IntervalTimer.pulse(at: VirtualTime(ticks: time.rawValue - 1)) == pulse - 1) }
    }
  }

  @Test func `channel 0 ticks for ten seconds without a drift`() {
    var timer = IntervalTimer()
    // 100 Hz as an operating system asks for it: 11932 counts.
    for (port, value) in [(0x43, 0x34), (0x40, 0x9C), (0x40, 0x2E)] as [(UInt16, UInt32)] {
      _ = timer.write(port, 1, value, at: .zero)
    }
    var rises = 0
    var last = VirtualTime.zero
    while timer.due <= .seconds(10) {
      let now = timer.due
      for effect in timer.expire(at: now) where effect == .line(2, isHigh: true) {
        rises += 1
        last = now
        #expect(now == IntervalTimer.time(of: 1 + UInt64(rises) * 11_932))
      }
    }
    #expect(rises == Int((11_931_820 - 1) / 11_932))
    #expect(timer.snapshot.expired == UInt64(rises) + 1, "the control word raises OUT, too")
    #expect(timer.snapshot.due == IntervalTimer.time(of: 1 + UInt64(rises + 1) * 11_932))
    #expect(timer.snapshot.period == IntervalTimer.time(of: 11_932) && last < .seconds(10))
  }

  @Test func `looked at late, the line has gone through every change`() {
    var timer = IntervalTimer()
    _ = timer.write(0x43, 1, 0x14, at: .zero)
    _ = timer.write(0x40, 1, 4, at: .zero)
    let effects = timer.expire(at: IntervalTimer.time(of: 9))
    #expect(effects == [false, true, false, true].map { .line(2, isHigh: $0) })
    #expect(timer.snapshot.expired == 3)
  }

  @Test func `port 61h gates counter 2 and shows its output`() {
    var timer = IntervalTimer()
    _ = timer.write(0x43, 1, 0xB0, at: .zero)
    _ = timer.write(0x42, 1, 100, at: .zero)
    _ = timer.write(0x42, 1, 0, at: .zero)
    func status(_ pulse: UInt64) -> UInt32? {
      timer.read(0x61, 1, at: IntervalTimer.time(of: pulse)).value.map { $0 & 0xEF }
    }
    #expect(status(500) == 0x00)
    _ = timer.write(0x61, 1, 0xFD, at: IntervalTimer.time(of: 500))
    #expect(status(501) == 0x0D)
    #expect(status(599) == 0x0D && status(600) == 0x2D)
    // The refresh bit changes every 18 pulses.
    let bits = (0..<72).map { (pulse: UInt64) -> UInt32 in
      timer.read(0x61, 1, at: IntervalTimer.time(of: 720 + pulse)).value.map { $0 & 0x10 } ?? 0
    }
    #expect(
      bits == Array(repeating: 0, count: 18) + Array(repeating: 0x10, count: 18)
        + Array(repeating: 0, count: 18) + Array(repeating: 0x10, count: 18))
  }

  @Test func `the read-back command latches the counters it names`() {
    var timer = IntervalTimer()
    for counter: UInt32 in 0..<3 {
      _ = timer.write(0x43, 1, counter << 6 | 0x14, at: .zero)
      _ = timer.write(UInt16(0x40 + counter), 1, 50 + counter, at: .zero)
    }
    // Count and status of 0 and 1.
    _ = timer.write(0x43, 1, 0xC6, at: IntervalTimer.time(of: 11))
    func read(_ port: UInt16) -> UInt32? { timer.read(port, 1, at: IntervalTimer.time(of: 21)).value.map { $0 & 0xFF } }
    #expect(read(0x40) == 0x94 && read(0x40) == 40 && read(0x40) == 30)
    #expect(read(0x41) == 0x94 && read(0x41) == 41)
    #expect(read(0x42) == 52, "its gate is down")
    #expect(read(0x43) == 0xFF)
  }

  /// Whatever a guest writes: time goes on, and between two changes there is a pulse at the least.
  @Test func `random programs end in a line that follows OUT`() {
    var random = SystemRandom(seed: 8_254)
    var timer = IntervalTimer()
    var now: UInt64 = 0
    for _ in 0..<20_000 {
      now += random.next() % 3_000
      let port = [0x40, 0x42, 0x43, 0x43, 0x61][Int(random.next() % 5)] as UInt16
      let effects = timer.write(port, 1, UInt32(random.next() % 256), at: at(now)) ?? []
      #expect(effects.count <= 16)
      _ = timer.read(port, Int([1, 2, 4][Int(random.next() % 3)]), at: at(now))
      #expect(timer.due > at(now))
      #expect(timer.snapshot.reload <= 65_536 && timer.snapshot.mode <= 5)
    }
  }
}

/// A seeded generator.
private struct SystemRandom {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
