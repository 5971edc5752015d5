import Architecture
import Interrupts
import Journal

/// An IOAPIC with somebody who hears it: every message is answered, and what happened is kept.
struct Bench {
  var ioapic: IOAPIC
  /// What the local APICs make of a message.
  var answer = MessageDelivery.accepted
  var now = VirtualTime.zero
  private(set) var sent: [(pin: UInt8, cause: PinCause, message: InterruptMessage, group: GroupID)] = []
  private(set) var effects: [IOAPICEffect] = []
  private var journeys: UInt64 = 0

  init(_ configuration: IOAPIC.Configuration = .init()) { ioapic = IOAPIC(configuration) }

  /// Does what the machine does, and gives what was asked for.
  @discardableResult
  mutating func take(_ new: [IOAPICEffect]) -> [IOAPICEffect] {
    effects += new
    for effect in new {
      guard case .send(let pin, let cause, let message, let group) = effect else { continue }
      journeys += 1
      sent.append((pin, cause, message, group))
      ioapic.complete(Int(pin), answer, journey: JourneyID(rawValue: journeys), at: now)
    }
    return new
  }

  @discardableResult
  mutating func line(_ pin: Int, _ isHigh: Bool) -> [IOAPICEffect] {
    take(ioapic.setLine(pin, isHigh: isHigh, at: now))
  }

  @discardableResult
  mutating func store(_ offset: Int, _ value: UInt64, size: Int = 4) -> [IOAPICEffect] {
    take(ioapic.write(offset: offset, size: size, value, at: now, rip: 0x1000))
  }

  @discardableResult
  mutating func write(_ register: UInt64, _ value: UInt64) -> [IOAPICEffect] {
    store(0, register)
    return store(0x10, value)
  }

  mutating func read(_ register: UInt64) -> UInt64 {
    store(0, register)
    return ioapic.read(offset: 0x10, size: 4)
  }

  /// Writes the low half of a pin's entry.
  @discardableResult
  mutating func route(_ pin: Int, _ low: UInt64) -> [IOAPICEffect] { write(0x10 + 2 * UInt64(pin), low) }

  @discardableResult
  mutating func endOfInterrupt(_ vector: UInt8, in group: GroupID? = GroupID(0)) -> [IOAPICEffect] {
    take(ioapic.endOfInterrupt(VectorNumber(rawValue: vector), in: group, at: now))
  }

  subscript(pin: Int) -> PinSnapshot { ioapic[pin] }
}

/// Bits of a redirection entry.
enum Entry {
  static var level: UInt64 { 1 << 15 }
  static var masked: UInt64 { 1 << 16 }
  static var logical: UInt64 { 1 << 11 }
  static var sendPending: UInt64 { 1 << 12 }
  static var remoteIRR: UInt64 { 1 << 14 }
}
