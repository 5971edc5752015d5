import Architecture
import Journal

/// The interrupt lines of kvm-unit-tests' test device: a write to 2000h + n raises line n if the value is not 0, and else
/// lowers it. One more, at 2018h, is the NMI line.
struct TestLines: PortDevice {
  static var name: String { "test lines" }
  static var ports: [ClosedRange<UInt16>] { [0x2000...0x2018] }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (nil, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    guard port < 0x2018 else { return [.nonMaskable(isHigh: value != 0)] }
    return [.line(UInt8(port - 0x2000), isHigh: value != 0)]
  }
}
