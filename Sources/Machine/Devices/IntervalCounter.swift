import Architecture

/// One counter of an 8254 (data sheet 231164): a count that goes down with CLK, and an output.
///
/// Nothing counts: the output and the count are functions of how many CLK pulses have passed since the count was loaded. Times
/// are numbers of CLK pulses since power-on. A write, or a rise of GATE, takes effect with the next pulse, as on the chip.
struct IntervalCounter: Hashable {
  /// 0...5.
  private(set) var mode: UInt8 = 0
  private var isBCD = false
  private var access = Access.both
  private(set) var isGateHigh: Bool

  /// The count register, 1...65536, or nothing since the control word; and the first byte of one that is not whole yet.
  private(set) var reload: UInt64?
  private var firstByte: UInt8?
  private var readsSecondByte = false
  private var latchedCount: UInt16?
  private var latchedStatus: UInt8?
  /// What was written is not in the counting element yet.
  private var isNull = true

  /// What is being counted down; nil before the first load.
  private var run: Run?
  /// What is loaded next, and with which pulse.
  private var next: Run?
  /// GATE has disabled counting since then (modes 0, 2, 3, 4).
  private var pausedAt: UInt64?
  /// What the counting element holds while nothing has been loaded.
  private var rest: UInt64 = 0

  /// A count, the pulse that loaded it, and how many had passed of it already: it goes on after a pause, or begins with the
  /// low half of a wave.
  private struct Run: Hashable {
    var start: UInt64
    var count: UInt64
    var skipped: UInt64 = 0

    /// Pulses of a square wave with OUT high.
    var half: UInt64 { (count + 1) / 2 }
  }

  /// Bits 5:4 of the control word.
  private enum Access: UInt8, Hashable {
    case low = 1
    case high = 2
    case both = 3
  }

  init(isGateHigh: Bool) { self.isGateHigh = isGateHigh }

  // MARK: - Counting

  /// Takes what is due to be loaded.
  private mutating func settle(at now: UInt64) {
    guard let load = next, load.start <= now else { return }
    run = load
    next = nil
    isNull = false
    if isGateHigh { pausedAt = nil }
  }

  /// Pulses since the count was loaded, those in which counting was disabled left out.
  private func elapsed(_ run: Run, _ now: UInt64) -> UInt64 {
    let end = min(now, pausedAt ?? now)
    return run.skipped + (end > run.start ? end - run.start : 0)
  }

  /// OUT. The caller has settled.
  private func output(_ now: UInt64) -> Bool {
    guard let run else { return mode != 0 }
    let passed = elapsed(run, now)
    switch mode {
    case 0, 1: return passed >= run.count
    case 2: return pausedAt != nil || passed % run.count != run.count - 1
    case 3: return pausedAt != nil || passed % run.count < run.half
    default: return passed != run.count
    }
  }

  /// The counting element.
  private func element(_ now: UInt64) -> UInt64 {
    guard let run else { return rest }
    let passed = elapsed(run, now)
    switch mode {
    case 2: return run.count - passed % run.count
    case 3:
      // By twos, from an even number, once for each half of the wave.
      let place = passed % run.count
      let inHalf = place < run.half ? place : place - run.half
      return run.count / 2 * 2 - inHalf * 2
    default:
      let size: UInt64 = isBCD ? 10_000 : 65_536
      return (run.count % size + size - passed % size) % size
    }
  }

  /// The next pulse after `now` with which OUT changes, or may: a new count is loaded. Nil while nothing is to come.
  func nextChange(after now: UInt64) -> UInt64? {
    let ahead = run.flatMap { change(of: $0, after: now) }
    guard let load = next, load.start > now else { return ahead }
    return min(load.start, ahead ?? load.start)
  }

  private func change(of run: Run, after now: UInt64) -> UInt64? {
    guard pausedAt == nil else { return nil }
    let passed = elapsed(run, now)
    switch mode {
    case 0, 1: return passed < run.count ? now + run.count - passed : nil
    case 2:
      let place = passed % run.count
      return now + (place < run.count - 1 ? run.count - 1 - place : 1)
    case 3:
      let place = passed % run.count
      return now + (place < run.half ? run.half : run.count) - place
    default: return passed <= run.count ? now + max(run.count - passed, 1) : nil
    }
  }

  mutating func output(at now: UInt64) -> Bool {
    settle(at: now)
    return output(now)
  }

  // MARK: - GATE

  mutating func setGate(_ isHigh: Bool, at now: UInt64) {
    guard isHigh != isGateHigh else { return }
    settle(at: now)
    isGateHigh = isHigh
    switch mode {
    case 0, 4: isHigh ? resume(at: now) : pause(at: now)
    case 1, 5: if isHigh { trigger(at: now) }
    default:
      // It stays as it is until it is loaded anew.
      isHigh ? trigger(at: now) : pause(at: now)
    }
  }

  private mutating func pause(at now: UInt64) { pausedAt = pausedAt ?? now }

  /// Counting goes on where it was left.
  private mutating func resume(at now: UInt64) {
    if let run { self.run = Run(start: now, count: run.count, skipped: elapsed(run, now)) }
    pausedAt = nil
  }

  private mutating func trigger(at now: UInt64) {
    if let reload { next = Run(start: now + 1, count: reload) }
  }

  // MARK: - Programming

  /// A control word: bits 5:4 access, 3:1 mode, 0 BCD. OUT goes where the mode begins, and waits for a count.
  mutating func control(_ value: UInt8, at now: UInt64) {
    settle(at: now)
    rest = element(now)
    access = Access(rawValue: value >> 4 & 3) ?? .both
    // Bit 3 does not matter in modes 2 and 3.
    mode = value >> 1 & 7
    if mode > 5 { mode &= 3 }
    isBCD = value & 1 != 0
    (reload, firstByte, run, next, pausedAt) = (nil, nil, nil, nil, nil)
    (latchedCount, latchedStatus, readsSecondByte, isNull) = (nil, nil, false, true)
    if !isGateHigh, mode != 1, mode != 5 { pausedAt = now }
  }

  mutating func write(_ byte: UInt8, at now: UInt64) {
    settle(at: now)
    let value = UInt64(byte)
    switch access {
    case .low: load(value, at: now)
    case .high: load(value << 8, at: now)
    case .both:
      if let low = firstByte {
        firstByte = nil
        load(value << 8 | UInt64(low), at: now)
      } else {
        firstByte = byte
        if mode == 0 { stop(at: now) }
      }
    }
  }

  /// Writing a count, or its first byte, takes OUT down and stops counting in mode 0.
  private mutating func stop(at now: UInt64) {
    rest = element(now)
    (run, next) = (nil, nil)
  }

  /// A new count. 0 stands for the largest. A count of 1 is illegal in modes 2 and 3, and is taken for 2.
  private mutating func load(_ written: UInt64, at now: UInt64) {
    var count = written
    if isBCD { count = [3, 2, 1, 0].reduce(0) { $0 * 10 + written.field(4 * $1, 4) } }
    if count == 0 { count = isBCD ? 10_000 : 65_536 }
    if mode == 2 || mode == 3 { count = max(count, 2) }
    reload = count
    isNull = true
    switch mode {
    case 0:
      stop(at: now)
      next = Run(start: now + 1, count: count)
    case 4: next = Run(start: now + 1, count: count)
    case 1, 5: break
    default: next = run.flatMap { successor(of: $0, count, after: now) } ?? Run(start: now + 1, count: count)
    }
  }

  /// A new count waits for the end of the period, or of the half of the wave.
  private func successor(of run: Run, _ count: UInt64, after now: UInt64) -> Run? {
    guard pausedAt == nil else { return nil }
    guard mode == 3 else { return Run(start: now + run.count - elapsed(run, now) % run.count, count: count) }
    var next = Run(start: change(of: run, after: now) ?? now + 1, count: count)
    if output(now) { next.skipped = next.half }
    return next
  }

  // MARK: - Reading

  /// Counter latch command: the first one holds until it is read.
  mutating func latchCount(at now: UInt64) {
    settle(at: now)
    latchedCount = latchedCount ?? reading(now)
  }

  /// Read-back command: OUT 7, null count 6, and the control word as it was written.
  mutating func latchStatus(at now: UInt64) {
    settle(at: now)
    guard latchedStatus == nil else { return }
    var status = access.rawValue << 4 | mode << 1
    if output(now) { status |= 0x80 }
    if isNull { status |= 0x40 }
    if isBCD { status |= 1 }
    latchedStatus = status
  }

  private func reading(_ now: UInt64) -> UInt16 {
    let value = element(now)
    guard isBCD else { return UInt16(truncatingIfNeeded: value) }
    let digits = [1_000, 100, 10, 1].map { UInt16(value / $0 % 10) }
    return digits.reduce(0) { $0 << 4 | $1 }
  }

  /// A status that was latched comes first, then a count that was, then the count as it is.
  mutating func read(at now: UInt64) -> UInt8 {
    settle(at: now)
    if let status = latchedStatus {
      latchedStatus = nil
      return status
    }
    let value = latchedCount ?? reading(now)
    let isHigh = access == .high || access == .both && readsSecondByte
    if access == .both { readsSecondByte.toggle() }
    if access != .both || isHigh { latchedCount = nil }
    return UInt8(truncatingIfNeeded: isHigh ? value >> 8 : value)
  }
}
