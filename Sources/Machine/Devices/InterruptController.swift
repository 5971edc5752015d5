import Architecture
import Interrupts
import Journal

/// The pair of 8259A interrupt controllers at their ports. Lines reach it through `Partition.setLine`, INTA through
/// `Partition.takeExternal`.
struct InterruptController: PortDevice {
  static var name: String { "8259" }
  static var ports: [ClosedRange<UInt16>] { PIC.ports }
  /// INTR is a pin of the IOAPIC as well, as in the "virtual wire mode via I/O APIC" of the MP specification (3.6.2.2).
  static var line: UInt8? { 0 }

  var pic = PIC()

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (readBytes(port, size) { port, device in device.pic.read(port) }, [.interruptRequest])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    writeBytes(port, size, value) { port, byte, device in device.pic.write(port, byte) }
    return [.interruptRequest]
  }
}

extension PortDevice {
  /// An access of several bytes to 8-bit registers is one access after the other, upwards; what is no port of the device
  /// floats high.
  mutating func readBytes(_ port: UInt16, _ size: Int, _ read: (UInt16, inout Self) -> UInt8) -> UInt32 {
    var value: UInt32 = .max
    for i in 0..<size where Self.owns(port &+ UInt16(i)) {
      value.setField(8 * i, 8, UInt32(read(port &+ UInt16(i), &self)))
    }
    return value
  }

  mutating func writeBytes(_ port: UInt16, _ size: Int, _ value: UInt32, _ write: (UInt16, UInt8, inout Self) -> Void) {
    for i in 0..<size where Self.owns(port &+ UInt16(i)) {
      write(port &+ UInt16(i), UInt8(truncatingIfNeeded: value &>> UInt32(8 * i)), &self)
    }
  }

  private static func owns(_ port: UInt16) -> Bool { ports.contains { $0.contains(port) } }
}
