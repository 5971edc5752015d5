import Architecture
import Interrupts
import Journal

/// The interrupt hardware outside of the local APICs: how it is set up, and how it looks.
extension Partition {
  static func makeIOAPIC(_ configuration: Configuration) -> IOAPIC {
    var ioapic = IOAPIC(
      .init(
        hasEOIRegister: configuration.hasEOIRegister, wedgesOnNobody: configuration.groupEncoding != .explicit))
    for device in Devices.all { if let line = device.line { ioapic.name(device.name, on: Int(line)) } }
    for (pin, group) in configuration.routeGroups.pins { ioapic.setGroup(group, of: Int(pin)) }
    return ioapic
  }

  /// One route for each device that can write messages.
  static func makeMessageRoutes(_ configuration: Configuration) -> [MessageRouteSnapshot] {
    RouteGroups.messageDevices.map { device in
      MessageRouteSnapshot(
        device: device, isEnabled: false, signal: MessageSignal(address: 0, data: 0),
        group: configuration.routeGroups.messages[device] ?? GroupID(0))
    }
  }

  public func platformSnapshot() -> PlatformSnapshot {
    var shot = PlatformSnapshot()
    shot.ioapics = [ioapic.snapshot]
    shot.messageRoutes = messageRoutes
    for i in shot.messageRoutes.indices where shot.messageRoutes[i].device == PeriodicDevice.name {
      shot.messageRoutes[i].isEnabled = devices.periodic.sendsMessages
      shot.messageRoutes[i].signal = devices.periodic.signal
    }
    shot.pic = devices.interruptController.pic.snapshot
    shot.pit = devices.intervalTimer.snapshot
    shot.serial = devices.serial.snapshot
    return shot
  }
}

extension Configuration {
  /// The interrupt hardware of such a machine at power-on: as much as it ever has.
  public var platform: PlatformSnapshot {
    var shot = PlatformSnapshot()
    shot.ioapics = [Partition.makeIOAPIC(self).snapshot]
    shot.messageRoutes = Partition.makeMessageRoutes(self)
    (shot.pic, shot.pit, shot.serial) = (PICSnapshot(), PITSnapshot(), SerialSnapshot())
    return shot
  }
}

/// Which group each device's interrupts are resolved in; 0 where nothing is said.
public struct RouteGroups: Hashable, Sendable {
  /// By pin of the IOAPIC, 0...23.
  public var pins: [UInt8: GroupID]
  /// By device, see `messageDevices`.
  public var messages: [String: GroupID]

  public init(pins: [UInt8: GroupID] = [:], messages: [String: GroupID] = [:]) {
    self.pins = pins
    self.messages = messages
  }

  /// The devices that can interrupt by message.
  public static let messageDevices = [PeriodicDevice.name]

  /// What is wrong with it in a machine of so many groups, in one line; or nil.
  func problem(groups: Int) -> String? {
    if let pin = pins.keys.filter({ $0 >= IOAPIC.pinCount }).min() {
      return "route pin:\(pin): need pin 0...\(IOAPIC.pinCount - 1)"
    }
    let known = Self.messageDevices
    if let device = messages.keys.filter({ !known.contains($0) }).min() {
      return "route msi:\(device): need \(known.joined(separator: " or "))"
    }
    let all = pins.map { ("pin:\($0)", $1) } + messages.map { ("msi:\($0)", $1) }
    if let (route, group) = all.filter({ $0.1.index >= groups }).min(by: { $0.0 < $1.0 }) {
      return "route \(route)=\(group.rawValue): need group 0...\(groups - 1)"
    }
    return nil
  }
}
