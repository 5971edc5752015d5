import Architecture
import Journal

/// Where a device's interrupts go through.
public enum RouteID: Hashable, Sendable {
  /// A pin of an IOAPIC, by their places in the snapshot.
  case pin(ioapic: Int, pin: UInt8)
  /// The message route of a device, by its place.
  case message(Int)

  /// `pin 4`, `MSI 1`.
  public var text: String {
    switch self {
    case .pin(0, let pin): "pin \(pin)"
    case .pin(let ioapic, let pin): "pin \(ioapic).\(pin)"
    case .message(let place): "MSI \(place)"
    }
  }
}

/// Which events in the log are about which pin or message route.
public struct RouteLog: Sendable {
  private var sequences: [RouteID: Backlog<UInt64>] = [:]

  mutating func note(_ event: Event) {
    guard let id = RouteID(event) else { return }
    sequences[id, default: Backlog()].append(event.sequence)
  }

  /// Drops what is older than the oldest event that is kept.
  mutating func forget(before oldest: Event) {
    for id in sequences.keys { sequences[id]?.drop { $0 < oldest.sequence } }
  }

  /// The numbers of the events about a route, oldest first.
  public func events(of id: RouteID) -> Backlog<UInt64> { sequences[id] ?? Backlog<UInt64>() }
}

extension RouteID {
  /// The route an event is about. Events name a pin by its number only: there is one IOAPIC.
  init?(_ event: Event) {
    switch event.body {
    case .pin(let pin, _, _, _), .routeWritten(let pin, _, _), .remoteIRRCleared(let pin, _, _):
      self = .pin(ioapic: 0, pin: pin)
    case .messageSent(let route, _, _): self = .message(Int(route))
    default: return nil
    }
  }
}
