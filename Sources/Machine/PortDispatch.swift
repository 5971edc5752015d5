import Architecture
import Interpreter
import Interrupts
import Journal

/// Who answers at an I/O port, and what the devices want done.
extension Partition {
  /// What nobody drives reads all ones.
  func readPort(_ port: UInt16, _ size: Int) -> UInt64 {
    guard let number = Devices.owner(of: port) else { return unclaimed() }
    let (value, effects) = Devices.all[number].read(&devices, port, size, clock)
    perform(effects, of: number)
    return value.map { UInt64($0) } ?? unclaimed()
  }

  /// `writer` is the context that executes the OUT.
  func writePort(_ port: UInt16, _ size: Int, _ value: UInt32, by writer: ContextID) {
    guard let number = Devices.owner(of: port),
      let effects = Devices.all[number].write(&devices, port, size, value, clock)
    else { return unclaimedAccesses &+= 1 }
    perform(effects, of: number, by: writer)
  }

  private func unclaimed() -> UInt64 {
    unclaimedAccesses &+= 1
    return ~0
  }

  /// Does what device `number` asks for. Every change of a device ends here.
  func perform(_ effects: [DeviceEffect], of number: Int, by writer: ContextID? = nil) {
    for effect in effects {
      switch effect {
      case .line(let line, let isHigh): drive(line, isHigh: isHigh, by: number)
      case .message(let signal): sendMessage(signal, of: number)
      case .interruptRequest: updateInterruptRequest()
      case .nonMaskable(let isHigh): setPins(.lint1, isHigh: isHigh)
      case .transmit(let byte): serialSink(byte)
      case .exit(let value): stop(.debugExit, status: value)
      case .reset: stop(.guestReset)
      case .connection(let command): if let writer { perform(command, by: writer) }
      }
    }
    platformGeneration &+= 1
    devices.noteDue(of: number)
    updateEarliestDue()
  }

  /// Lets the devices, and the IOAPIC's pins that are held back, do what is due.
  func expirePlatform() {
    for (number, device) in Devices.all.enumerated() where devices.dues[number] <= clock {
      perform(device.expire(&devices, clock), of: number)
    }
    if let due = ioapic.due, due <= clock { perform(ioapic.expire(at: clock)) }
  }

  /// Asks every device anew when it is due. Only for changes that do not end in `perform`.
  func updatePlatformDue() {
    for number in Devices.all.indices { devices.noteDue(of: number) }
    updateEarliestDue()
  }

  /// When the first of them is due. Every change of a device or the IOAPIC must come here.
  func updateEarliestDue() {
    platformDue = min(devices.due, ioapic.due ?? .never)
    if platformDue >= Self.horizon { platformDue = .never }
    if platformDue < earliestDue { earliestDue = platformDue }
  }
}
