import Architecture
import Journal

/// QEMU's firmware configuration device: a 16-bit selector at port 510h, and the item's bytes one by one at 511h.
///
/// QEMU, docs/specs/fw_cfg. Guests without firmware ask it for the number of processors. Items that are not here are
/// empty, and an empty item reads 0.
struct FirmwareConfiguration: PortDevice {
  static var name: String { "fw_cfg" }
  static var ports: [ClosedRange<UInt16>] { [0x510...0x511] }

  private let vpCount: Int
  private let memoryBytes: UInt64
  private var item: [UInt8] = []
  private var next = 0

  init(vpCount: Int, memoryBytes: UInt64) {
    self.vpCount = vpCount
    self.memoryBytes = memoryBytes
  }

  mutating func read(_ port: UInt16, _ size: Int, at now: VirtualTime) -> (value: UInt32?, effects: [DeviceEffect]) {
    (port == 0x511 ? readByte().onBus : .max, [])
  }

  mutating func write(_ port: UInt16, _ size: Int, _ value: UInt32, at now: VirtualTime) -> [DeviceEffect]? {
    if port == 0x510, size == 2 { select(UInt16(truncatingIfNeeded: value)) }
    return []
  }

  mutating func select(_ key: UInt16) {
    item = contents(key)
    next = 0
  }

  mutating func readByte() -> UInt8 {
    guard next < item.count else { return 0 }
    defer { next += 1 }
    return item[next]
  }

  private func contents(_ key: UInt16) -> [UInt8] {
    switch key {
    case 0x00: Array("QEMU".utf8)
    case 0x01: bytes(UInt32(1))  // the traditional interface, no DMA
    case 0x03: bytes(memoryBytes)
    case 0x05, 0x0F: bytes(UInt16(clamping: vpCount))  // present, and at most
    default: []
    }
  }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
