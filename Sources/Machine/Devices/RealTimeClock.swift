import Architecture
import Journal

/// The clock and its memory of a PC (MC146818A): index at port 70h, data at 71h.
///
/// It tells virtual time, which begins on 1 January 2024 at midnight UTC: a run tells the same times whenever it is made.
/// Setting it, alarms and its interrupts are not offered.
struct RealTimeClock: PortDevice {
  static var name: String { "real-time clock" }
  static var ports: [ClosedRange<UInt16>] { [0x70...0x71] }

  private var index: UInt8 = 0
  /// Registers 0Eh and up: battery-backed memory.
  private var memory = [UInt8](repeating: 0, count: 128)
  /// Status B: BCD (bit 2 clear) and 24 hours (bit 1).
  private var control: UInt8 = 0x02

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (port == 0x71 ? read(at: now).onBus : .max, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    let byte = UInt8(truncatingIfNeeded: value)
    if port == 0x70 { select(byte) } else { write(byte) }
    return []
  }

  /// Port 70h; bit 7 is the NMI mask of the board.
  mutating func select(_ value: UInt8) { index = value & 0x7F }

  mutating func write(_ value: UInt8) {
    switch index {
    case 0x0B: control = value & 0x07
    case 0x0E...0x7F: memory[Int(index)] = value
    default: break
    }
  }

  func read(at now: VirtualTime) -> UInt8 {
    let seconds = now.rawValue / 1_000_000_000
    let (days, inDay) = seconds.quotientAndRemainder(dividingBy: 86_400)
    switch index {
    case 0x00: return form(inDay % 60)
    case 0x02: return form(inDay / 60 % 60)
    case 0x04: return hour(inDay / 3_600)
    case 0x06: return form((days + 1) % 7 + 1)  // that day was a Monday; Sunday is 1
    case 0x07: return form(Self.date(days).day)
    case 0x08: return form(Self.date(days).month)
    case 0x09: return form(Self.date(days).year % 100)
    case 0x32: return form(Self.date(days).year / 100)
    case 0x0A: return 0x26  // 32,768 Hz, 1,024 Hz; no update under way
    case 0x0B: return control
    case 0x0C: return 0
    case 0x0D: return 0x80  // the battery is good
    default: return memory[Int(index)]
    }
  }

  private func form(_ value: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: control & 4 != 0 ? value : value / 10 * 16 + value % 10)
  }

  /// Twelve hours have bit 7 for the afternoon.
  private func hour(_ value: UInt64) -> UInt8 {
    guard control & 2 == 0 else { return form(value) }
    return form(value % 12 == 0 ? 12 : value % 12) | (value >= 12 ? 0x80 : 0)
  }

  /// The date `days` after 1 January 2024.
  static func date(_ days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
    var year: UInt64 = 2024
    var rest = days
    while rest >= length(of: year) {
      rest -= length(of: year)
      year += 1
    }
    var month: UInt64 = 1
    while rest >= length(of: month, in: year) {
      rest -= length(of: month, in: year)
      month += 1
    }
    return (year, month, rest + 1)
  }

  private static func isLeap(_ year: UInt64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  private static func length(of year: UInt64) -> UInt64 { isLeap(year) ? 366 : 365 }
  private static func length(of month: UInt64, in year: UInt64) -> UInt64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
