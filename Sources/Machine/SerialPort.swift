/// A 16550 UART's transmit side: what a guest writes goes out at once, and nothing ever comes in.
///
/// The line is always ready, so LSR reads 60h (THR and shift register empty). Scratch, divisor and control
/// registers keep what is written, which is what drivers probe for.
struct SerialPort {
  static var ports: ClosedRange<UInt16> { 0x3F8...0x3FF }

  private var interruptEnable: UInt8 = 0
  private var lineControl: UInt8 = 0
  private var modemControl: UInt8 = 0
  private var scratch: UInt8 = 0
  private var divisor: UInt16 = 1
  private var fifoEnabled = false
  private var divisorLatch: Bool { lineControl & 0x80 != 0 }

  func read(_ port: UInt16) -> UInt8 {
    switch port & 7 {
    case 0: divisorLatch ? UInt8(truncatingIfNeeded: divisor) : 0
    case 1: divisorLatch ? UInt8(truncatingIfNeeded: divisor >> 8) : interruptEnable
    case 2: fifoEnabled ? 0xC1 : 0x01
    case 3: lineControl
    case 4: modemControl
    case 5: 0x60
    case 6: 0xB0  // carrier, data set ready, clear to send
    default: scratch
    }
  }

  /// The byte to transmit, when the write was to the transmit register.
  mutating func write(_ port: UInt16, _ value: UInt8) -> UInt8? {
    switch port & 7 {
    case 0 where !divisorLatch: return value
    case 0: divisor = divisor & 0xFF00 | UInt16(value)
    case 1 where !divisorLatch: interruptEnable = value & 0x0F
    case 1: divisor = divisor & 0x00FF | UInt16(value) << 8
    case 2: fifoEnabled = value & 1 != 0
    case 3: lineControl = value
    case 4: modemControl = value & 0x1F
    case 7: scratch = value
    default: break
    }
    return nil
  }
}
