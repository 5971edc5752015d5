import Architecture
import Journal

// Devices of a PC, and of kvm-unit-tests' board, that have a register or two and no interrupts.

/// The ACPI power-management timer at port 608h: 24 bits at 3.579545 MHz (ACPI 6.5, 4.8.3.3).
struct PowerManagementTimer: PortDevice {
  static var name: String { "PM timer" }
  static var ports: [ClosedRange<UInt16>] { [0x608...0x60B] }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (Self.count(at: now) >> (8 * UInt32(port & 3)), [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? { [] }

  static func count(at now: VirtualTime) -> UInt32 {
    UInt32(truncatingIfNeeded: now.pulses(of: 3_579_545) & 0xFF_FFFF)
  }
}

extension VirtualTime {
  /// How many pulses of a clock of so many Hz there were, modulo 2^64.
  func pulses(of frequency: UInt64) -> UInt64 {
    let second: UInt64 = 1_000_000_000
    let product = rawValue.multipliedFullWidth(by: frequency)
    return second.dividingFullWidth((product.high % second, product.low)).quotient
  }
}

/// PCI configuration mechanism 1 on a bus without devices: every function reads all ones (PCI Local Bus 3.0, 3.2.2.3.2).
struct ConfigurationSpace: PortDevice {
  static var name: String { "PCI configuration" }
  static var ports: [ClosedRange<UInt16>] { [0xCF8...0xCF8, 0xCFC...0xCFF] }

  private var address: UInt32 = 0

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (port == 0xCF8 && size == 4 ? address : .max, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    if port == 0xCF8, size == 4 { address = value }
    return []
  }
}

/// The ways to reset a PC: the keyboard controller's pulse (64h, FEh), port 92h bit 0, and CF9h bit 2.
struct ResetControl: PortDevice {
  static var name: String { "reset" }
  static var ports: [ClosedRange<UInt16>] { [0x64...0x64, 0x92...0x92, 0xCF9...0xCF9] }

  /// Port 92h: A20 (bit 1) is always open.
  private var systemControl: UInt8 = 0x02

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    switch port {
    case 0x64: (UInt8(0).onBus, [])  // the keyboard controller has nothing, and takes anything
    case 0x92: (systemControl.onBus, [])
    default: (UInt8(0).onBus, [])
    }
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    let byte = UInt8(truncatingIfNeeded: value)
    switch port {
    case 0x64: return byte == 0xFE ? [.reset] : []
    case 0x92:
      systemControl = byte & ~1 | 2
      return byte.bit(0) ? [.reset] : []
    default: return byte.bit(2) ? [.reset] : []
    }
  }
}

/// kvm-unit-tests' board: a latch at E0h that reads what was last written, and at E4h a request to flush a page, which
/// asks for nothing here, where no translation is ever stale.
struct TestLatch: PortDevice {
  static var name: String { "test latch" }
  static var ports: [ClosedRange<UInt16>] { [0xE0...0xE7] }

  private var value: UInt32 = 0

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (port < 0xE4 ? value >> (8 * UInt32(port & 3)) : nil, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    if port == 0xE0 { self.value = value & UInt32.max >> (32 - 8 * UInt32(size)) }
    return port == 0xE0 || port == 0xE4 ? [] : nil
  }
}

/// The `ioram` of kvm-unit-tests' board: 64 KiB at FF000000h that keep what is written, and are reached as registers are.
struct TestMemory {
  static var base: UInt64 { 0xFF00_0000 }
  static var byteCount: UInt64 { 0x1_0000 }
  private var bytes: [UInt8] = []

  /// Zeros for what reaches past the end.
  func read(_ offset: Int, _ size: Int) -> UInt64 {
    (0..<size).reversed().reduce(0) { $0 << 8 | (bytes.indices.contains(offset + $1) ? UInt64(bytes[offset + $1]) : 0) }
  }

  mutating func write(_ offset: Int, _ size: Int, _ value: UInt64) {
    if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: Int(Self.byteCount)) }
    for i in 0..<size where bytes.indices.contains(offset + i) {
      bytes[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(i)))
    }
  }
}

extension UInt8 {
  /// A byte on the data bus: what is above it floats high.
  var onBus: UInt32 { 0xFFFF_FF00 | UInt32(self) }
}
