import Architecture
import Journal

/// COM1, a 16550A (National Semiconductor PC16550D data sheet).
///
/// Transmits at once, so the transmitter is always empty. Receives what its line brings: see `SerialLine`. Its interrupt
/// reaches line 4 through OUT2, as on a PC.
struct SerialPort: PortDevice {
  static var name: String { "serial" }
  static var ports: [ClosedRange<UInt16>] { [0x3F8...0x3FF] }
  static var line: UInt8? { 4 }
  static var fifoDepth: Int { 16 }

  private(set) var incoming: SerialLine
  private var receiver = SerialReceiver()
  private var interruptEnable: UInt8 = 0
  private var lineControl: UInt8 = 0
  private var modemControl: UInt8 = 0
  private var scratch: UInt8 = 0
  private var divisor: UInt16 = 1
  /// MSR bits 3:0: what has changed since it was read.
  private var modemChanges: UInt8 = 0
  /// The transmitter has become empty and nobody was told yet.
  private var isEmptyPending = false
  private var isLineHigh = false
  private var transmitted: UInt64 = 0
  private var disconnected: UInt64 = 0

  init(_ input: SerialInput? = nil) { incoming = SerialLine(input) }

  private var divisorLatch: Bool { lineControl & 0x80 != 0 }
  private var isLoopback: Bool { modemControl & 0x10 != 0 }

  // MARK: - Registers

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    guard size == 1 else { return (nil, []) }
    return (UInt32(readByte(port & 7, at: now)), output())
  }

  private mutating func readByte(_ register: UInt16, at now: VirtualTime) -> UInt8 {
    switch register {
    case 0: return divisorLatch ? UInt8(truncatingIfNeeded: divisor) : receiver.take(at: now, characterTime)
    case 1: return divisorLatch ? UInt8(truncatingIfNeeded: divisor >> 8) : interruptEnable
    case 2:
      let value = interruptIdentification
      // Reading it as the cause takes the transmitter's interrupt back.
      if value & 0xF == Cause.transmitterEmpty { isEmptyPending = false }
      return value
    case 3: return lineControl
    case 4: return modemControl
    case 5:
      let value = lineStatus
      receiver.hasOverrun = false
      return value
    case 6:
      let value = modemStatus
      modemChanges = 0
      return value
    default: return scratch
    }
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    guard size == 1 else { return nil }
    let value = UInt8(truncatingIfNeeded: value)
    switch port & 7 {
    case 0 where !divisorLatch: return transmit(value, at: now)
    case 0: divisor = divisor & 0xFF00 | UInt16(value)
    case 1 where !divisorLatch:
      // Enabled while the transmitter is empty, its interrupt comes at once.
      if value & ~interruptEnable & 2 != 0 { isEmptyPending = true }
      interruptEnable = value & 0x0F
    case 1: divisor = divisor & 0x00FF | UInt16(value) << 8
    case 2: receiver.control(value)
    case 3: lineControl = value
    case 4: setModemControl(value & 0x1F)
    case 7: scratch = value
    default: break
    }
    return output()
  }

  private mutating func transmit(_ byte: UInt8, at now: VirtualTime) -> [DeviceEffect] {
    // The register is full for no time at all; but the interrupt goes away and comes back, which makes an edge.
    isEmptyPending = false
    var effects = output()
    if isLoopback {
      receiver.receive(byte, at: now, characterTime)
    } else {
      transmitted &+= 1
      effects.append(.transmit(byte))
    }
    isEmptyPending = true
    return effects + output()
  }

  /// IIR bits 3:0, highest priority first (PC16550D, table III).
  private enum Cause {
    static var lineStatus: UInt8 { 0x6 }
    static var dataAvailable: UInt8 { 0x4 }
    static var timeout: UInt8 { 0xC }
    static var transmitterEmpty: UInt8 { 0x2 }
    static var modemStatus: UInt8 { 0x0 }
    static var none: UInt8 { 0x1 }
  }

  private var cause: UInt8 {
    if interruptEnable & 4 != 0, receiver.hasOverrun { return Cause.lineStatus }
    if interruptEnable & 1 != 0, receiver.reachesTrigger { return Cause.dataAvailable }
    if interruptEnable & 1 != 0, receiver.hasTimedOut { return Cause.timeout }
    if interruptEnable & 2 != 0, isEmptyPending { return Cause.transmitterEmpty }
    if interruptEnable & 8 != 0, modemChanges != 0 { return Cause.modemStatus }
    return Cause.none
  }

  private var interruptIdentification: UInt8 { (receiver.isFIFOEnabled ? 0xC0 : 0) | cause }

  /// LSR: data ready 0, overrun 1, THR empty 5, transmitter empty 6.
  private var lineStatus: UInt8 {
    0x60 | (receiver.isEmpty ? 0 : 1) | (receiver.hasOverrun ? 2 : 0)
  }

  /// MSR: changes in bits 3:0; CTS 4, DSR 5, RI 6, DCD 7. In loopback they are RTS, DTR, OUT1 and OUT2.
  private var modemStatus: UInt8 { modemLines << 4 | modemChanges }

  /// CTS 0, DSR 1, RI 2, DCD 3. The other end is always ready and never rings.
  private var modemLines: UInt8 {
    guard isLoopback else { return 0b1011 }
    return (modemControl >> 1 & 1) | (modemControl & 1) << 1 | (modemControl & 0xC)
  }

  private mutating func setModemControl(_ value: UInt8) {
    let before = modemLines
    modemControl = value
    let changed = before ^ modemLines
    // The ring indicator counts at its end only.
    modemChanges |= changed & 0b1011 | (before & ~modemLines & 0b0100)
  }

  // MARK: - The line

  /// How long a character takes: start bit, data, parity and stop bits at the baud rate of the divisor.
  private var characterTime: VirtualTime {
    let data = UInt64(lineControl & 3) + 5
    let bits = 1 + data + (lineControl & 8 == 0 ? 0 : 1) + (lineControl & 4 == 0 ? 1 : 2)
    // The divisor counts sixteenths of a bit of a 1.8432 MHz clock.
    return VirtualTime(ticks: bits * UInt64(max(divisor, 1)) * 16 * 1_000_000_000 / 1_843_200)
  }

  /// An operator types. The caller has asked `incoming` for room.
  mutating func type(_ bytes: [UInt8], at now: VirtualTime) { incoming.type(bytes, at: now, characterTime) }

  var due: VirtualTime { min(incoming.due, receiver.timeoutDue) }

  mutating func expire(at now: VirtualTime) -> [DeviceEffect] {
    while let (byte, time) = incoming.next(before: now, characterTime) {
      if isLoopback { disconnected &+= 1 } else { receiver.receive(byte, at: time, characterTime) }
    }
    receiver.expire(at: now)
    return output()
  }

  /// The line follows the interrupt output; OUT2 gates it, and loopback holds OUT2 inactive.
  private mutating func output() -> [DeviceEffect] {
    let isHigh = cause != Cause.none && modemControl & 0x18 == 0x08
    guard isHigh != isLineHigh else { return [] }
    isLineHigh = isHigh
    return [.line(4, isHigh: isHigh)]
  }

  var snapshot: SerialSnapshot {
    var shot = SerialSnapshot()
    shot.interruptEnable = interruptEnable
    shot.interruptIdentification = interruptIdentification
    shot.lineControl = lineControl
    shot.modemControl = modemControl
    shot.lineStatus = lineStatus
    shot.waiting = UInt8(receiver.count)
    shot.trigger = UInt8(receiver.trigger)
    shot.received = receiver.received
    shot.transmitted = transmitted
    shot.overruns = receiver.overruns
    shot.disconnected = disconnected
    shot.typed = UInt32(incoming.typedCount)
    return shot
  }
}
