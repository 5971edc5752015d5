import Architecture
import Journal

// Whom a device's interrupt would reach, from what a snapshot shows of it.

extension PinSnapshot {
  /// The message this pin sends: its entry's fields, with an 8-bit destination (82093AA data sheet, 3.2.4).
  public var message: InterruptMessage {
    var command = InterruptCommand(rawValue: 0)
    command.vector = entry.vector
    command.deliveryMode = entry.deliveryMode
    command.isLogical = entry.isLogical
    command.isLevelTriggered = entry.isLevel
    command.isAsserted = true
    command.destination = UInt32(entry.destination)
    return InterruptMessage(command, isNarrow: true)
  }
}

extension MessageRouteSnapshot {
  /// The message its device writes; nil when the write would be no interrupt: see `MessageSignal.fault`.
  public var message: InterruptMessage? { signal.fault == nil ? InterruptMessage(signal) : nil }
}

extension MessageSignal {
  /// Why a write of this is no interrupt message, or not the one it was meant to be; nil when it is one.
  ///
  /// SDM Vol. 3A, 12.11.1. Neither 32-bit IDs in the upper half nor the extended destination are offered here.
  public var fault: MessageFault? {
    if UInt32(truncatingIfNeeded: address) &>> 20 != 0xFEE { return .notInterruptAddress }
    if address &>> 32 != 0 { return .highAddress }
    return address.field(5, 7) == 0 ? nil : .extendedDestination
  }
}

extension FireRequest {
  /// What this pin would send if it fired now: the question `preview` answers.
  public init(_ pin: PinSnapshot) { self.init(origin: .message(pin.group), message: pin.message) }

  /// What this device would send now; nil when its write would be no interrupt.
  public init?(_ route: MessageRouteSnapshot) {
    guard let message = route.message else { return nil }
    self.init(origin: .message(route.group), message: message)
  }
}
