import Architecture
import Journal

/// The 8254 interval timer of a PC, at ports 40h to 43h, and port 61h, which has the gate and the output of counter 2.
///
/// CLK is 1,193,182 Hz of virtual time, to the pulse: nothing is rounded but the time at which a pulse is, up to the next
/// nanosecond. Counter 0 drives line 2, which is IRQ 0. The hardware bounds how fast it may: a count of 2 is the smallest that
/// repeats, 1.68 us.
struct IntervalTimer: PortDevice {
  static var name: String { "PIT" }
  static var ports: [ClosedRange<UInt16>] { [0x40...0x43, 0x61...0x61] }
  static var line: UInt8? { 2 }
  static var frequency: UInt64 { 1_193_182 }

  private(set) var counters = [
    IntervalCounter(isGateHigh: true), IntervalCounter(isGateHigh: true), IntervalCounter(isGateHigh: false),
  ]
  /// Port 61h, bits 3:0: gate of counter 2, speaker, and two masks of NMI sources that are not here.
  private var control: UInt8 = 0
  private var isLineHigh = false
  /// The pulse up to which counter 0 has been looked at.
  private var seen: UInt64 = 0
  private var expired: UInt64 = 0
  private(set) var due = VirtualTime.never

  // MARK: - CLK

  private static let second: UInt64 = 1_000_000_000

  /// How many CLK pulses there were.
  static func pulse(at time: VirtualTime) -> UInt64 { time.pulses(of: frequency) }

  /// When a pulse is.
  static func time(of pulse: UInt64) -> VirtualTime {
    let product = pulse.multipliedFullWidth(by: second)
    guard product.high < frequency else { return .never }
    let (quotient, remainder) = frequency.dividingFullWidth(product)
    return VirtualTime(ticks: remainder == 0 ? quotient : quotient &+ 1)
  }

  // MARK: - Ports

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    let pulse = Self.pulse(at: now)
    let effects = update(pulse)
    let value = readBytes(port, size) { port, device in
      switch port {
      case 0x40...0x42: device.counters[Int(port & 3)].read(at: pulse)
      case 0x61: device.status(pulse)
      default: 0xFF
      }
    }
    return (value, effects)
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    let pulse = Self.pulse(at: now)
    // What OUT did up to now it did before.
    var effects = update(pulse)
    writeBytes(port, size, value) { port, byte, device in
      switch port {
      case 0x40...0x42: device.counters[Int(port & 3)].write(byte, at: pulse)
      case 0x43: device.command(byte, pulse)
      default:
        device.control = byte & 0x0F
        device.counters[2].setGate(byte.bit(0), at: pulse)
      }
    }
    effects += update(pulse)
    return effects
  }

  /// Port 61h: bit 5 is OUT of counter 2, bit 4 changes with every refresh of memory, as long as 18 counts apart.
  private mutating func status(_ pulse: UInt64) -> UInt8 {
    control | (counters[2].output(at: pulse) ? 0x20 : 0) | (pulse / 18 & 1 != 0 ? 0x10 : 0)
  }

  /// Port 43h: bits 7:6 name a counter, or are the read-back command; bits 5:4 are 0 for the counter latch command.
  private mutating func command(_ value: UInt8, _ pulse: UInt64) {
    let selected = Int(value >> 6)
    guard selected == 3 else {
      if value & 0x30 == 0 { return counters[selected].latchCount(at: pulse) }
      return counters[selected].control(value, at: pulse)
    }
    for i in 0..<3 where value.bit(i + 1) {
      if !value.bit(5) { counters[i].latchCount(at: pulse) }
      if !value.bit(4) { counters[i].latchStatus(at: pulse) }
    }
  }

  // MARK: - IRQ 0

  mutating func expire(at now: VirtualTime) -> [DeviceEffect] { update(Self.pulse(at: now)) }

  /// Lets the line follow OUT of counter 0, change by change, up to `pulse`.
  private mutating func update(_ pulse: UInt64) -> [DeviceEffect] {
    var effects: [DeviceEffect] = []
    while let change = counters[0].nextChange(after: seen), change <= pulse {
      seen = change
      follow(&effects)
    }
    seen = pulse
    follow(&effects)
    due = counters[0].nextChange(after: seen).map(Self.time) ?? .never
    return effects
  }

  private mutating func follow(_ effects: inout [DeviceEffect]) {
    let isHigh = counters[0].output(at: seen)
    guard isHigh != isLineHigh else { return }
    isLineHigh = isHigh
    if isHigh { expired &+= 1 }
    effects.append(.line(2, isHigh: isHigh))
  }

  var snapshot: PITSnapshot {
    var shot = PITSnapshot()
    shot.mode = counters[0].mode
    shot.reload = UInt32(truncatingIfNeeded: counters[0].reload ?? 0)
    shot.due = nextRise
    if shot.mode == 2 || shot.mode == 3, let count = counters[0].reload { shot.period = Self.time(of: count) }
    shot.expired = expired
    return shot
  }

  /// When OUT of counter 0 rises next. Its falls are nobody's business.
  private var nextRise: VirtualTime? {
    var counter = counters[0]
    var pulse = seen
    var wasHigh = isLineHigh
    // A load, a fall and a rise at the most.
    for _ in 0..<3 {
      guard let change = counter.nextChange(after: pulse) else { return nil }
      let isHigh = counter.output(at: change)
      if isHigh, !wasHigh { return Self.time(of: change) }
      (pulse, wasHigh) = (change, isHigh)
    }
    return nil
  }
}
