import Architecture
import Journal

extension Scene {
  /// A serial port on an edge-triggered pin, a periodic device on a level-triggered one, a disk whose line is
  /// wedged, and three devices that send messages.
  static var platform: PlatformSnapshot {
    var platform = PlatformSnapshot()
    var ioapic = IOAPICSnapshot(id: 0, version: 0x11, base: 0xFEC0_0000)
    ioapic.pins = (0..<24).map { PinSnapshot(index: UInt8($0)) }
    ioapic.pins[2] = timerPin
    ioapic.pins[4] = serialPin
    ioapic.pins[9] = periodicPin
    ioapic.pins[10] = wedgedPin
    ioapic.pins[11].device = "sound"
    ioapic.pins[11].isLineHigh = true
    ioapic.pins[11].counters.maskedEdges = 3
    platform.ioapics = [ioapic]
    platform.messageRoutes = messageRoutes
    var pic = PICSnapshot()
    pic.master.isInitialized = true
    pic.master.vectorBase = 0x20
    pic.slave.isInitialized = true
    pic.slave.vectorBase = 0x28
    pic.acknowledged = 12
    pic.spurious = 1
    platform.pic = pic
    var pit = PITSnapshot()
    pit.mode = 2
    pit.reload = 11_932
    pit.period = .milliseconds(10)
    pit.due = now + .microseconds(3_300)
    pit.expired = 1_248
    platform.pit = pit
    return platform
  }

  private static func entry(_ vector: UInt8, _ destination: UInt8) -> RedirectionEntry {
    var entry = RedirectionEntry(rawValue: 0)
    entry.vector = VectorNumber(rawValue: vector)
    entry.destination = destination
    return entry
  }

  private static var timerPin: PinSnapshot {
    var pin = PinSnapshot(index: 2, entry: .atReset)
    pin.device = "pit"
    pin.counters.raised = 1_248
    pin.counters.maskedEdges = 1_248
    return pin
  }

  private static var serialPin: PinSnapshot {
    var pin = PinSnapshot(index: 4, entry: entry(0x34, 1))
    pin.device = "serial"
    pin.lastSent = ago(microseconds: 2_200)
    pin.lastJourney = JourneyID(rawValue: 9_004)
    pin.lastWasDelivered = true
    pin.lastWrite = LastWrite(time: ago(microseconds: 8_000_000), rip: 0xFFFF_8000_0010_0040, value: 0x10000)
    pin.counters.raised = 212
    pin.counters.sent = 211
    pin.counters.coalesced = 1
    return pin
  }

  private static var periodicPin: PinSnapshot {
    var entry = entry(0x51, 0x0F)
    entry.isLogical = true
    entry.isLevelTriggered = true
    entry.deliveryMode = .lowestPriority
    var pin = PinSnapshot(index: 9, entry: entry)
    pin.device = "periodic"
    pin.lastSent = ago(microseconds: 900)
    pin.lastJourney = JourneyID(rawValue: 9_009)
    pin.lastWasDelivered = true
    pin.counters.raised = 801
    pin.counters.sent = 801
    pin.counters.endOfInterrupts = 801
    return pin
  }

  /// Its EOI never came back: the handler's local APIC suppressed the broadcast.
  private static var wedgedPin: PinSnapshot {
    var entry = entry(0x52, 2)
    entry.isLevelTriggered = true
    entry.isRemoteIRRSet = true
    var pin = PinSnapshot(index: 10, entry: entry)
    pin.device = "disk"
    pin.isLineHigh = true
    pin.lineSince = ago(microseconds: 7_000)
    pin.remoteIRRSince = ago(microseconds: 6_998)
    pin.lastSent = ago(microseconds: 6_998)
    pin.lastJourney = JourneyID(rawValue: 9_010)
    pin.lastWasDelivered = true
    pin.counters.raised = 18
    pin.counters.sent = 17
    return pin
  }

  private static var messageRoutes: [MessageRouteSnapshot] {
    func route(_ device: String, _ address: UInt64, _ data: UInt32, on: Bool = true) -> MessageRouteSnapshot {
      MessageRouteSnapshot(
        device: device, isEnabled: on, signal: MessageSignal(address: address, data: data), group: GroupID(0))
    }
    var periodic = route("periodic", 0xFEE0_3000, 0x4061)
    periodic.sent = 640
    periodic.lastSent = ago(microseconds: 410)
    periodic.lastJourney = JourneyID(rawValue: 9_100)
    // Bits 11:5 are an ID of more than 8 bits to whoever offers that.
    var wide = route("nic", 0xFEE0_4020, 0x62)
    wide.malformed = 4
    wide.lastFault = .extendedDestination
    let off = route("sound", 0, 0, on: false)
    return [periodic, wide, off]
  }
}

extension LogBook {
  /// The serial port's interrupt from its pin to its EOI, the disk's that never had one, and a message.
  mutating func devices() {
    let now = Scene.now.rawValue
    device(now - 2_200_000, 9_004, .pin(4, .raised, .sent, isHigh: true), .ioapic, 0x34, ContextID(1, 0))
    device(now - 6_998_000, 9_010, .pin(10, .raised, .sent, isHigh: true), .ioapic, 0x52, ContextID(2, 0))
    add(now - 6_500_000, 0, nil, .pin(10, .raised, .waitsForEOI, isHigh: true))
    device(now - 900_000, 9_009, .pin(9, .raised, .sent, isHigh: true), .ioapic, 0x51, ContextID(1, 0))
    add(now - 896_000, 9_009, nil, .remoteIRRCleared(pin: 9, VectorNumber(0x51), .broadcast))
    add(now - 896_000, 0, nil, .pin(9, .lowered, .quiet, isHigh: false))
    let signal = MessageSignal(address: 0xFEE0_3000, data: 0x4061)
    device(now - 410_000, 9_100, .messageSent(route: 0, signal, fault: nil), .message, 0x61, ContextID(3, 0))
    add(
      now - 12_000_000, 0, nil,
      .messageSent(route: 1, MessageSignal(address: 0xFEE0_4020, data: 0x62), fault: .extendedDestination))
  }

  private mutating func device(
    _ time: UInt64, _ journey: UInt64, _ body: Event.Body, _ source: InterruptSource, _ vector: UInt8,
    _ target: ContextID
  ) {
    let vector = VectorNumber(rawValue: vector)
    let route = Event.RouteSummary(
      group: GroupID(0), path: .map, candidates: 1, delivered: 1, rejected: 0, reason: nil, firstTarget: target)
    add(time, journey, nil, body)
    var message = InterruptMessage(vector: vector, to: ApicID(target.vp.index), isNarrow: true)
    message.command.isLevelTriggered = vector == VectorNumber(0x51) || vector == VectorNumber(0x52)
    add(time, journey, nil, .requested(source, message, route))
    add(time, journey, target, .accepted(vector, .fixed, .pending))
    add(time + 1_500, journey, target, .acknowledged(vector, waited: VirtualTime(ticks: 1_500)))
    add(
      time + 4_000, journey, target, rip: 0xFFFF_8000_0010_2044,
      .endOfInterrupt(vector, inService: VirtualTime(ticks: 2_500)))
  }
}
