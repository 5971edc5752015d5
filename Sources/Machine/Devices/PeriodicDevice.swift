import Architecture
import Journal

/// A device that does nothing but interrupt: every so often, on a level-triggered line or by a message.
///
/// `Sources/Guests/README.md` has its registers.
struct PeriodicDevice: PortDevice {
  static var name: String { "periodic" }
  static var ports: [ClosedRange<UInt16>] { [0xB00...0xB1F] }
  static var line: UInt8? { 17 }
  /// A guest could make the machine do nothing else, were it faster.
  static var shortestPeriod: UInt32 { 1_000 }

  struct Control: RawRepresentable, Hashable {
    var rawValue: UInt32
    /// Bit 0.
    var isEnabled: Bool { rawValue.bit(0) }
    /// Bit 1: a message in place of the line.
    var usesMessage: Bool { rawValue.bit(1) }
    /// Bit 2.
    var isMasked: Bool { rawValue.bit(2) }
  }

  private(set) var control = Control(rawValue: 0)
  /// In ns; 0 is stopped.
  private(set) var period: UInt32 = 0
  private(set) var isPending = false
  private(set) var count: UInt32 = 0
  private(set) var signal = MessageSignal(address: 0, data: 0)
  private(set) var due = VirtualTime.never
  /// It expired while its message was masked.
  private var owesMessage = false
  private var isLineHigh = false

  private enum Register {
    static var control: UInt16 { 0x00 }
    static var period: UInt16 { 0x04 }
    static var status: UInt16 { 0x08 }
    static var count: UInt16 { 0x0C }
    static var addressLow: UInt16 { 0x10 }
    static var addressHigh: UInt16 { 0x14 }
    static var data: UInt16 { 0x18 }
  }

  /// The register that an access is for; nil when it is not one whole register.
  private static func register(_ port: UInt16, _ size: Int) -> UInt16? {
    let offset = port & 0x1F
    return size == 4 && offset & 3 == 0 && offset <= Register.data ? offset : nil
  }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    let value: UInt32? =
      switch Self.register(port, size) {
      case Register.control: control.rawValue
      case Register.period: period
      case Register.status: isPending ? 1 : 0
      case Register.count: count
      case Register.addressLow: UInt32(truncatingIfNeeded: signal.address)
      case Register.addressHigh: UInt32(truncatingIfNeeded: signal.address >> 32)
      case Register.data: signal.data
      default: nil
      }
    return (value, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    switch Self.register(port, size) {
    case Register.control:
      let wasEnabled = control.isEnabled
      control.rawValue = value & 7
      if control.isEnabled != wasEnabled { start(at: now) }
    case Register.period:
      period = value == 0 ? 0 : max(value, Self.shortestPeriod)
      start(at: now)
    case Register.status: if value.bit(0) { isPending = false }
    case Register.count: break
    case Register.addressLow: signal.address.setField(0, 32, UInt64(value))
    case Register.addressHigh: signal.address.setField(32, 32, UInt64(value))
    case Register.data: signal.data = value
    default: return nil
    }
    return output()
  }

  /// Enabled, and by messages.
  var sendsMessages: Bool { control.isEnabled && control.usesMessage }

  private mutating func start(at now: VirtualTime) {
    due = control.isEnabled && period > 0 ? now + VirtualTime(ticks: UInt64(period)) : .never
  }

  /// Stays on its grid, like the local APIC timer: expiries that came too late to be told apart are counted, and
  /// interrupt once.
  mutating func expire(at now: VirtualTime) -> [DeviceEffect] {
    guard due <= now else { return [] }
    let missed = (now - due).rawValue / UInt64(period)
    count &+= UInt32(truncatingIfNeeded: missed &+ 1)
    due += VirtualTime(ticks: UInt64(period) &* (missed &+ 1))
    isPending = true
    owesMessage = control.usesMessage
    return output()
  }

  /// What its interrupt output has to do.
  private mutating func output() -> [DeviceEffect] {
    var effects: [DeviceEffect] = []
    let isHigh = isPending && !control.usesMessage && !control.isMasked
    if isHigh != isLineHigh {
      isLineHigh = isHigh
      effects.append(.line(17, isHigh: isHigh))
    }
    if !control.usesMessage { owesMessage = false }
    if owesMessage, !control.isMasked {
      owesMessage = false
      effects.append(.message(signal))
    }
    return effects
  }
}
