import Architecture
import Interrupts
import Journal

/// From a device's line or message to the local APICs.
extension Partition {
  /// A device drives a line. The line is up while anything drives it.
  func drive(_ line: UInt8, isHigh: Bool, by device: Int) {
    let wasHigh = lineDrivers[Int(line)] != 0
    let driver: UInt32 = 1 << UInt32(device)
    if isHigh { lineDrivers[Int(line)] |= driver } else { lineDrivers[Int(line)] &= ~driver }
    let isUp = lineDrivers[Int(line)] != 0
    // One driver of several that lets go is not seen; one that raises what is up already is.
    guard isHigh || isUp != wasHigh else { return }
    setLine(line, isHigh: isUp)
  }

  /// Hands a line to the interrupt controllers: line n is pin n of the IOAPIC, and most are an input of the 8259 pair.
  private func setLine(_ line: UInt8, isHigh: Bool) {
    if let irq = PIC.irq(ofLine: line) {
      devices.interruptController.pic.setLine(irq, isHigh: isHigh)
      updateInterruptRequest()
    }
    perform(ioapic.setLine(Int(line), isHigh: isHigh, at: clock))
  }

  /// Does what the IOAPIC asks for; `id` is the context that wrote a register of it, or wrote EOI.
  func perform(_ effects: [IOAPICEffect], by id: ContextID? = nil, rip: UInt64 = 0) {
    for effect in effects {
      switch effect {
      case .looked(let pin, let cause, let outcome, let isHigh):
        record(.pin(pin, cause, outcome, isHigh: isHigh))
      case .send(let pin, let cause, let message, let group):
        let journey = newJourney()
        record(.pin(pin, cause, .sent, isHigh: true), journey: journey)
        let delivery = send(message, source: .ioapic, from: nil, group: group, journey: journey)
        ioapic.complete(Int(pin), delivery, journey: journey, at: clock)
      case .routeWritten(let pin, let from, let to):
        record(.routeWritten(pin: pin, from: from, to: to), context: id, rip: rip)
      case .remoteIRRCleared(let pin, let vector, let how, let journey):
        record(.remoteIRRCleared(pin: pin, vector, how), context: id, journey: journey, rip: rip)
      }
    }
    platformGeneration &+= 1
    updateEarliestDue()
  }

  /// A local APIC tells the IOAPIC that a level-triggered interrupt is done (SDM Vol. 3A, 12.8.5).
  ///
  /// Only pins whose messages go to that APIC's group hear it: a group must not free another's interrupt. The posted
  /// patch knows no groups here.
  func broadcastEndOfInterrupt(_ vector: VectorNumber, from id: ContextID, rip: UInt64) {
    let group: GroupID? = configuration.groupEncoding == .explicit ? group(of: id.vtl) : nil
    perform(ioapic.endOfInterrupt(vector, in: group, at: clock), by: id, rip: rip)
  }

  /// A device writes the message that is its interrupt (SDM Vol. 3A, 12.11).
  func sendMessage(_ signal: MessageSignal, of device: Int) {
    guard let route = messageRoutes.firstIndex(where: { $0.device == Devices.all[device].name }) else { return }
    guard signal.fault == nil, let message = InterruptMessage(signal) else {
      messageRoutes[route].malformed &+= 1
      messageRoutes[route].lastFault = signal.fault
      return record(.messageSent(route: UInt16(route), signal, fault: signal.fault))
    }
    let journey = newJourney()
    record(.messageSent(route: UInt16(route), signal, fault: nil), journey: journey)
    let group = messageRoutes[route].group
    let delivery = send(message, source: .message, from: nil, group: group, journey: journey)
    messageRoutes[route].sent &+= 1
    messageRoutes[route].lastSent = clock
    messageRoutes[route].lastJourney = journey
    if !delivery.isDelivered { messageRoutes[route].undelivered &+= 1 }
  }
}
