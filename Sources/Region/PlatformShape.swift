import CVTLScope
import Journal

/// How much interrupt hardware a machine has outside of its local APICs: fixed for a region's life.
struct PlatformShape: Hashable, Sendable, CustomStringConvertible {
  var ioapics: Int
  var pins: Int
  var messageRoutes: Int
  /// There is a PIC, a PIT or a serial port.
  var hasDevices: Bool

  init(_ platform: PlatformSnapshot) {
    ioapics = platform.ioapics.count
    pins = platform.ioapics.reduce(0) { $0 + $1.pins.count }
    messageRoutes = platform.messageRoutes.count
    hasDevices = platform.pic != nil || platform.pit != nil || platform.serial != nil
  }

  init(_ header: vtlscope_header) {
    ioapics = Int(header.ioapics.count)
    pins = Int(header.pins.count)
    messageRoutes = Int(header.message_routes.count)
    hasDevices = header.devices.count != 0
  }

  var isWithinLimits: Bool {
    ioapics <= RegionLimits.ioapics && pins <= RegionLimits.pins && messageRoutes <= RegionLimits.messageRoutes
  }

  func setCounts(in header: inout vtlscope_header) {
    header.ioapics.count = UInt32(ioapics)
    header.pins.count = UInt32(pins)
    header.message_routes.count = UInt32(messageRoutes)
    header.devices.count = hasDevices ? 1 : 0
  }

  var description: String { "\(ioapics) IOAPICs with \(pins) pins and \(messageRoutes) message routes" }
}
