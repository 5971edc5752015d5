import Architecture
import Journal

/// What a finding is about: the thing that does not get on.
public enum Subject: Hashable, Sendable, CustomStringConvertible {
  case context(ContextID)
  /// An input of an IOAPIC, by its global system interrupt.
  case pin(UInt32)
  /// The message-signaled interrupt of a device, by the number of its route.
  case route(UInt16)

  public var context: ContextID? { if case .context(let id) = self { id } else { nil } }

  /// `5.0`, `pin 4`, `route 1`.
  public var description: String {
    switch self {
    case .context(let id): id.description
    case .pin(let number): "pin \(number)"
    case .route(let number): "route \(number)"
    }
  }
}

/// Contexts first, then pins, then routes.
extension Subject: Comparable {
  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }

  private var order: (Int, UInt64) {
    switch self {
    case .context(let id): (0, UInt64(id.vp.rawValue) << 8 | UInt64(id.vtl.rawValue))
    case .pin(let number): (1, UInt64(number))
    case .route(let number): (2, UInt64(number))
    }
  }
}

extension PlatformSnapshot {
  /// The pins of all IOAPICs, by their global system interrupts.
  var pins: [(number: UInt32, pin: PinSnapshot)] {
    ioapics.flatMap { chip in chip.pins.map { (chip.firstInterrupt &+ UInt32($0.index), $0) } }
  }
}
