import Architecture
import Journal

/// The receive side of a 16550: a FIFO of 16 bytes, or a single register.
struct SerialReceiver {
  private var bytes: [UInt8] = []
  private(set) var isFIFOEnabled = false
  /// How many bytes make it interrupt.
  private(set) var trigger = 1
  /// LSR bit 1, until LSR is read.
  var hasOverrun = false
  private(set) var overruns: UInt64 = 0
  private(set) var received: UInt64 = 0
  /// Bytes below the trigger level have waited for four characters' time.
  private(set) var hasTimedOut = false
  private(set) var timeoutDue = VirtualTime.never

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  var reachesTrigger: Bool { bytes.count >= trigger }

  /// FCR: FIFO enable 0, clear the receiver 1, trigger level 7:6. Turning the FIFO on or off clears it.
  mutating func control(_ value: UInt8) {
    let isEnabled = value & 1 != 0
    if isEnabled != isFIFOEnabled || isEnabled && value & 2 != 0 { clear() }
    isFIFOEnabled = isEnabled
    trigger = isEnabled ? [1, 4, 8, 14][Int(value >> 6)] : 1
  }

  private mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    hasTimedOut = false
    timeoutDue = .never
  }

  /// A byte comes in. With no room it is lost; without a FIFO it takes the place of the one that waited.
  mutating func receive(_ byte: UInt8, at now: VirtualTime, _ characterTime: VirtualTime) {
    received &+= 1
    let depth = isFIFOEnabled ? SerialPort.fifoDepth : 1
    if bytes.count >= depth {
      hasOverrun = true
      overruns &+= 1
      if !isFIFOEnabled { bytes[0] = byte }
    } else {
      bytes.append(byte)
    }
    restartTimeout(at: now, characterTime)
  }

  /// RBR. An empty FIFO reads 0.
  mutating func take(at now: VirtualTime, _ characterTime: VirtualTime) -> UInt8 {
    guard !bytes.isEmpty else { return 0 }
    hasTimedOut = false
    let byte = bytes.removeFirst()
    restartTimeout(at: now, characterTime)
    return byte
  }

  private mutating func restartTimeout(at now: VirtualTime, _ characterTime: VirtualTime) {
    guard isFIFOEnabled, !bytes.isEmpty else { return timeoutDue = .never }
    timeoutDue = now + VirtualTime(ticks: characterTime.rawValue &* 4)
  }

  mutating func expire(at now: VirtualTime) {
    guard timeoutDue <= now else { return }
    timeoutDue = .never
    hasTimedOut = true
  }
}
