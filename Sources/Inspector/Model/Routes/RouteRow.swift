import Architecture
import Diagnosis
import Interrupts
import Journal

/// What is true of one pin of an IOAPIC, or of the message-signaled interrupt of one device.
public struct RouteRow: Hashable, Sendable {
  public var id: RouteID
  public var kind: Kind
  /// The device on it; empty when nothing is known to be.
  public var device: String
  public var group: GroupID
  /// What it sends; nil when what the device would write is no interrupt message.
  public var message: InterruptMessage?
  public var isMasked: Bool
  public var sent: UInt64
  /// Sent, and reached nobody.
  public var undelivered: UInt64
  public var lastSent: VirtualTime?
  public var lastJourney: JourneyID
  /// Remote IRR is set, the line is high, and no local APIC has the vector pending or in service: no EOI will
  /// ever come (signature S21).
  public var isWedged: Bool

  public enum Kind: Hashable, Sendable {
    case pin(PinSnapshot)
    case message(MessageRouteSnapshot)
  }

  /// The pin, when it is one.
  public var pin: PinSnapshot? { if case .pin(let pin) = kind { pin } else { nil } }

  /// The message route, when it is one.
  public var signal: MessageRouteSnapshot? { if case .message(let route) = kind { route } else { nil } }

  /// Nothing is on it and nothing was ever asked of it.
  public var isUnused: Bool {
    guard let pin else { return false }
    return pin.device.isEmpty && pin.entry == .atReset && pin.counters == PinCounters()
  }
}

extension RouteRow {
  init(_ pin: PinSnapshot, ioapic: Int, in snapshot: Snapshot) {
    self.init(
      id: .pin(ioapic: ioapic, pin: pin.index), kind: .pin(pin), device: pin.device, group: pin.group,
      message: pin.message, isMasked: pin.entry.isMasked, sent: pin.counters.sent,
      undelivered: pin.counters.undelivered, lastSent: pin.lastSent, lastJourney: pin.lastJourney,
      isWedged: pin.isWaitingForEOI && snapshot.holders(of: pin).isEmpty)
  }

  init(_ route: MessageRouteSnapshot, place: Int) {
    self.init(
      id: .message(place), kind: .message(route), device: route.device, group: route.group,
      message: route.message, isMasked: !route.isEnabled, sent: route.sent,
      undelivered: route.undelivered, lastSent: route.lastSent, lastJourney: route.lastJourney, isWedged: false)
  }

  /// A route by its place; nil when there is none.
  public init?(_ id: RouteID, in snapshot: Snapshot) {
    let platform = snapshot.platform
    switch id {
    case .pin(let ioapic, let pin):
      guard platform.ioapics.indices.contains(ioapic),
        let found = platform.ioapics[ioapic].pins.first(where: { $0.index == pin })
      else { return nil }
      self.init(found, ioapic: ioapic, in: snapshot)
    case .message(let place):
      guard platform.messageRoutes.indices.contains(place) else { return nil }
      self.init(platform.messageRoutes[place], place: place)
    }
  }

  /// Every pin and every message route, in their order.
  public static func all(_ snapshot: Snapshot) -> [RouteRow] {
    let platform = snapshot.platform
    let pins = platform.ioapics.enumerated().flatMap { ioapic in
      ioapic.element.pins.map { RouteRow($0, ioapic: ioapic.offset, in: snapshot) }
    }
    return pins + platform.messageRoutes.enumerated().map { RouteRow($0.element, place: $0.offset) }
  }
}

extension PinSnapshot {
  /// Its line asks for service, and only an EOI lets it send again.
  fileprivate var isWaitingForEOI: Bool {
    entry.isLevelTriggered && entry.isRemoteIRRSet && !entry.isMasked && isLineHigh
  }
}
