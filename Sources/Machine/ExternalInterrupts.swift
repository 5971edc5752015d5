import Architecture
import Interpreter
import Interrupts
import Journal

// The output of the 8259 pair, and the pins of the local APICs.
//
// INTR is wired to LINT0 of every VP, NMI to LINT1. VTLs have a local APIC each, but a VP has one set of pins: they are those
// of VTL0's, as all device interrupts are VTL0's by default (TLFS, "Virtual Secure Mode": devices' interrupts go to VTL0). The
// pins of the others are never driven. An IOAPIC pin or a message in ExtINT mode goes where its route's group says.
extension Partition {
  /// The 8259 pair among the devices.
  private static let controllerNumber = Devices.all.firstIndex { $0.name == InterruptController.name }!

  /// Takes over what the output of the 8259 pair is now. After every change of the pair.
  func updateInterruptRequest() {
    let isHigh = devices.interruptController.pic.isOutputHigh
    guard isHigh != isInterruptRequested else { return }
    setInterruptRequest(isHigh)
  }

  private func setInterruptRequest(_ isHigh: Bool) {
    isInterruptRequested = isHigh
    drive(0, isHigh: isHigh, by: Self.controllerNumber)
    setPins(.lint0, isHigh: isHigh)
  }

  /// The NMI line of the board.
  func setPins(_ pin: LocalVector, isHigh: Bool) {
    for vp in 0..<configuration.vpCount {
      let id = ContextID(vp, 0)
      if apic(id).pointee.setPin(pin, isHigh: isHigh) { servePins(of: id) }
    }
  }

  /// Does what the pins of a local APIC ask for.
  func servePins(of id: ContextID) {
    while let pin = apic(id).pointee.takeDuePin() {
      let journey = newJourney()
      let delivery = apic(id).pointee.raise(pin, at: clock, journey: journey, processor: condition(of: id))
      logLocal(delivery, in: id, journey, .localVector)
      raiseErrors(of: id)
    }
    if apic(id).pointee.isExternalNew { noteExternal(id) }
    touch(id.vp.index)
  }

  /// The 8259 has something for this VP: a journey of its own begins, that INTA ends.
  private func noteExternal(_ id: ContextID) {
    let journey = newJourney()
    apic(id).pointee.noteExternal(journey)
    logLocal(.accepted(VectorNumber(0), .external, .pending), in: id, journey, .localVector)
  }

  /// The processor takes the interrupt from the 8259: INTA. No local APIC marks it, and none needs an EOI for it.
  func takeExternal(_ vp: Int, _ id: ContextID) {
    let journey = apic(id).pointee.takeExternal()
    let taken = devices.interruptController.pic.acknowledge()
    platformGeneration &+= 1
    wake(id)
    record(
      .externalAcknowledged(taken.vector, irq: taken.irq, isSpurious: taken.isSpurious), context: id, journey: journey,
      rip: vps[vp].processor.rip)
    interpreter.deliver(taken.vector, to: vps[vp].processor)
    finishDelivery(vp)
    // INT is low during INTA: what is left to be taken is another interrupt.
    if isInterruptRequested { setInterruptRequest(false) }
    updateInterruptRequest()
  }
}
