import Architecture
import Journal

/// ISA debug exit: a write ends the machine; the process's status is (value << 1) | 1, as QEMU's is.
struct DebugExit: PortDevice {
  static var name: String { "debug exit" }
  static var ports: [ClosedRange<UInt16>] { [0xF4...0xF4] }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (nil, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    [.exit(value)]
  }
}
