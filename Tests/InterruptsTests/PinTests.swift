import Architecture
import Interrupts
import Journal
import Testing

/// LINT0 and LINT1 (SDM Vol. 3A, 12.5.1), and what of the 8259 comes through them.
@Suite struct PinTests {
  /// Drives a pin and raises what it asks for.
  @discardableResult
  private func drive(_ apic: inout LocalAPIC, _ pin: LocalVector, _ isHigh: Bool) -> [LocalDelivery] {
    _ = apic.setPin(pin, isHigh: isHigh)
    return serve(&apic)
  }

  @discardableResult
  private func serve(_ apic: inout LocalAPIC) -> [LocalDelivery] {
    var deliveries: [LocalDelivery] = []
    while let pin = apic.takeDuePin() {
      deliveries.append(apic.raise(pin, at: .zero, journey: JourneyID(rawValue: 1)))
    }
    return deliveries
  }

  private func pulse(_ apic: inout LocalAPIC, _ pin: LocalVector) -> [LocalDelivery] {
    drive(&apic, pin, true) + drive(&apic, pin, false)
  }

  private let pending = LocalDelivery.accepted(vector(0x41), .fixed, .pending)

  @Test(arguments: [(LocalVector.lint0, 0x350), (.lint1, 0x360)])
  func `a rising edge is one interrupt, and none while masked`(pin: LocalVector, offset: Int) {
    var apic = enabled()
    #expect(pulse(&apic, pin) == [])
    apic.store(offset, 0x1_0041)
    _ = drive(&apic, pin, true)
    // The edge is lost: unmasking does not bring it back.
    apic.store(offset, 0x41)
    #expect(serve(&apic) == [])
    #expect(drive(&apic, pin, false) == [])
    #expect(drive(&apic, pin, true) == [pending])
    #expect(apic.setPin(pin, isHigh: true) == false)
    #expect(apic.load(0x180 + 0x20) == 0)
  }

  @Test(arguments: [(LocalVector.lint0, 0x350), (.lint1, 0x360)])
  func `active low, the falling edge is the edge`(pin: LocalVector, offset: Int) {
    var apic = enabled()
    apic.store(offset, 0x2041)
    #expect(drive(&apic, pin, true) == [])
    #expect(drive(&apic, pin, false) == [pending])
  }

  @Test func `a level on LINT0 comes again after every EOI while it lasts`() {
    var apic = enabled()
    apic.store(0x350, 0x8041)
    #expect(drive(&apic, .lint0, true) == [pending])
    #expect(apic.load(0x350) == 0xC041, "remote IRR")
    #expect(apic.load(0x1A0) == 0x2, "TMR")
    _ = apic.acknowledge(at: .zero)
    #expect(serve(&apic) == [])
    apic.store(0xB0, 0)
    #expect(apic.needsPinService && serve(&apic) == [pending])
    _ = apic.acknowledge(at: .zero)
    #expect(drive(&apic, .lint0, false) == [])
    apic.store(0xB0, 0)
    #expect(!apic.needsPinService && apic.load(0x350) == 0x8041)
  }

  @Test func `a level that waited behind the mask comes with the unmasking, and one that is gone does not`() {
    var apic = enabled()
    apic.store(0x350, 0x1_8041)
    #expect(drive(&apic, .lint0, true) == [])
    #expect(apic.store(0x350, 0x8041) == .pinsChanged)
    #expect(serve(&apic) == [pending])
    var gone = enabled()
    gone.store(0x350, 0x1_8041)
    #expect(pulse(&gone, .lint0) == [])
    gone.store(0x350, 0x8041)
    #expect(serve(&gone) == [])
  }

  @Test func `a level that finds its vector pending waits for its EOI as well`() {
    var apic = enabled()
    apic.store(0x350, 0x8041)
    apic.receive(0x41, journey: 7)
    #expect(drive(&apic, .lint0, true) == [.accepted(vector(0x41), .fixed, .merged(with: JourneyID(rawValue: 7)))])
    #expect(apic.load(0x350) == 0xC041)
  }

  @Test func `LINT1 does no levels`() {
    var apic = enabled()
    apic.store(0x360, 0x8041)
    #expect(drive(&apic, .lint1, true) == [pending])
    #expect(apic.load(0x360) == 0x8041)
    _ = apic.acknowledge(at: .zero)
    apic.store(0xB0, 0)
    #expect(serve(&apic) == [])
  }

  @Test func `NMI and INIT by pin are edges, whatever the entry's trigger mode`() {
    var apic = enabled()
    apic.store(0x360, 0x8400)
    #expect(drive(&apic, .lint1, true) == [.accepted(vector(0), .nmi, .pending)])
    #expect(drive(&apic, .lint1, false) == [])
    apic.store(0x350, 0x8500)
    #expect(drive(&apic, .lint0, true) == [.accepted(vector(0), .initialize, .pending)])
    #expect(apic.nmiPending == 1 && apic.initPending)
  }

  // MARK: - ExtINT

  @Test(arguments: [(LocalVector.lint0, 0x350), (.lint1, 0x360)])
  func `ExtINT is offered as long as the pin is up and the entry open`(pin: LocalVector, offset: Int) {
    var apic = enabled()
    apic.store(offset, 0x700)
    #expect(!apic.isExternalPending)
    #expect(apic.setPin(pin, isHigh: true) == true)
    #expect(apic.isExternalPending && apic.isExternalNew && apic.takeDuePin() == nil)
    apic.noteExternal(JourneyID(rawValue: 9))
    #expect(!apic.needsPinService)
    apic.store(offset, 0x1_0700)
    #expect(!apic.isExternalPending)
    apic.store(offset, 0x700)
    #expect(apic.isExternalPending && apic.isExternalNew)
    #expect(apic.setPin(pin, isHigh: false) == true)
    #expect(!apic.isExternalPending && !apic.isExternalNew)
  }

  @Test func `no priority holds ExtINT back, and it leaves no trace in the registers`() {
    var apic = enabled()
    apic.store(0x350, 0x700)
    apic.store(0x80, 0xFF)
    apic.receive(0xF1)
    _ = apic.setPin(.lint0, isHigh: true)
    #expect(apic.isExternalPending && apic.highestDeliverable == nil)
    #expect(apic.wantsProcessor(activity: .halted, nmiBlocked: true))
    #expect(apic.takeExternal() == .none)
    #expect(apic.isExternalPending, "the pin is up still")
    #expect(apic.load(0x170) == 0 && apic.load(0x270) == 0x2_0000)
  }

  @Test func `software-disabled, the entries are masked and nothing is offered`() {
    var apic = enabled()
    apic.store(0x350, 0x700)
    _ = apic.setPin(.lint0, isHigh: true)
    apic.store(0xF0, 0xFF)
    #expect(!apic.isExternalPending)
    apic.store(0xF0, 0x1FF)
    #expect(!apic.isExternalPending, "they stay masked")
  }

  @Test func `with the local APIC disabled the pins are INTR and NMI`() throws {
    var apic = enabled()
    apic.store(0x350, 0x1_2700)
    _ = apic.setPin(.lint0, isHigh: true)
    #expect(!apic.isExternalPending)
    _ = try apic.writeBase(0xFEE0_0000)
    #expect(apic.isExternalPending)
    #expect(drive(&apic, .lint1, true) == [.accepted(vector(0), .nmi, .pending)])
    #expect(apic.nmiPending == 1 && drive(&apic, .lint1, false) == [])
    #expect(apic.receive(0, mode: .external) == .rejected(.hardwareDisabled))
    _ = apic.setPin(.lint0, isHigh: false)
    #expect(!apic.isExternalPending)
    _ = apic.setPin(.lint0, isHigh: true)
    _ = try apic.writeBase(0xFEE0_0800)
    #expect(!apic.isExternalPending)
  }

  @Test func `a message in ExtINT mode lasts until INTA, and a second one merges with it`() {
    var apic = powerUp()
    #expect(apic.receive(0x31, mode: .external, journey: 4) == .pending)
    #expect(apic.isExternalPending && !apic.isExternalNew)
    #expect(apic.receive(0x31, mode: .external, journey: 5) == .merged(with: JourneyID(rawValue: 4)))
    #expect(apic.takeExternal() == JourneyID(rawValue: 4) && !apic.isExternalPending)
    apic.receive(0x31, mode: .external)
    apic.reset(.initSignal)
    #expect(!apic.isExternalPending)
  }

  @Test func `the ICR does not send ExtINT`() {
    var apic = enabled()
    guard case .sendRejected(_, .unsupportedMode) = apic.store(0x300, 0x4731) else {
      Issue.record("it was sent")
      return
    }
    #expect(!apic.needsErrorInterrupt)
  }

  @Test func `INIT leaves the wire as it is`() throws {
    var apic = enabled()
    apic.store(0x350, 0x700)
    _ = apic.setPin(.lint0, isHigh: true)
    apic.reset(.initSignal)
    #expect(!apic.isExternalPending && !apic.setPin(.lint0, isHigh: true))
    apic.store(0xF0, 0x1FF)
    apic.store(0x350, 0x700)
    #expect(apic.isExternalPending)
  }

  @Test func `what holds an interrupt of the 8259 back is IF, the shadow or another VTL`() {
    var gates = ContextGates(vtl: .vtl0, taskPriority: 0xF0, externalPending: true)
    #expect(gates.wantsProcessor)
    #expect(externalOutlook(in: gates, active: .vtl0, contexts: [gates]) == .deliverable)
    #expect(
      externalOutlook(in: gates, active: .vtl1, contexts: [gates, ContextGates(vtl: .vtl1)])
        == .held(.vtlInactive(active: .vtl1)))
    gates.interruptShadow = true
    #expect(externalOutlook(in: gates, active: .vtl0, contexts: [gates]) == .held(.interruptShadow))
    gates.interruptsEnabled = false
    gates.activity = .halted
    #expect(
      externalOutlook(in: gates, active: .vtl0, contexts: [gates]) == .held(.interruptsDisabled(isHalted: true)))
    gates.activity = .waitForStartup
    #expect(externalOutlook(in: gates, active: .vtl0, contexts: [gates]) == .held(.waitForStartup))
  }
}
