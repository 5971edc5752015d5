import Architecture
import Interrupts
import Journal
import Testing

@Suite struct AcceptTests {
  @Test func `a fixed interrupt sets its IRR bit, and TMR says how it was triggered`() {
    var apic = enabled()
    #expect(apic.receive(0x41, at: 50, journey: 7) == .pending)
    #expect(apic.load(0x220) == 0x2)
    #expect(apic.load(0x1A0) == 0)
    #expect(apic.receive(0xEF, isLevel: true) == .pending)
    #expect(apic.load(0x270) == 0x8000)
    #expect(apic.load(0x1F0) == 0x8000)
    // A second, edge-triggered instance of the same vector makes TMR edge again.
    apic.receive(0xEF)
    #expect(apic.load(0x1F0) == 0)
  }

  @Test func `a second instance merges with the first`() {
    var apic = enabled()
    apic.receive(0x41, at: 50, journey: 7)
    #expect(apic.receive(0x41, at: 60, journey: 8) == .merged(with: JourneyID(rawValue: 7)))
    #expect(apic.counters.accepted == 1)
    #expect(apic.counters.merged == 1)
  }

  @Test func `one instance can wait while another is in service`() {
    var apic = enabled()
    apic.receive(0x41, journey: 7)
    #expect(apic.acknowledge(at: .zero).journey == JourneyID(rawValue: 7))
    #expect(apic.receive(0x41, journey: 8) == .pending)
    #expect(apic.highestDeliverable == nil)
    #expect(apic.receive(0x41, journey: 9) == .merged(with: JourneyID(rawValue: 8)))
  }

  @Test(arguments: UInt8(0)..<16)
  func `a vector below 16 is never set and logs receive-illegal-vector`(v: UInt8) {
    var apic = enabled()
    #expect(apic.receive(v) == .rejected(.illegalVector))
    #expect(apic.load(0x200) == 0)
    #expect(apic.load(0x280) == 0)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0x40)
  }

  @Test func `software-disabled, fixed and lowest priority are turned down and the rest is not`() {
    var apic = powerUp()
    #expect(apic.receive(0x41) == .rejected(.softwareDisabled))
    #expect(apic.receive(0x41, mode: .lowestPriority) == .rejected(.softwareDisabled))
    #expect(apic.receive(0, mode: .nmi) == .pending)
    #expect(apic.receive(0, mode: .initialize) == .pending)
    #expect(apic.receive(0x9A, mode: .startup) == .pending)
    #expect(apic.receive(0, mode: .smi) == .rejected(.noSystemManagementMode))
    #expect(apic.receive(0x41, mode: .external) == .pending)
    #expect(apic.receive(0x41, mode: .reserved3) == .rejected(.unsupportedMode))
    #expect(apic.counters.rejected == 4)
    #expect(apic.counters.systemManagementInterrupts == 1)
  }

  @Test func `hardware-disabled, nothing gets in`() throws {
    var apic = enabled()
    try apic.wrmsr(0x1B, 0xFEE0_0000)
    for mode in DeliveryMode.allCases {
      #expect(apic.receive(0x41, mode: mode) == .rejected(.hardwareDisabled))
    }
  }

  @Test func `what was pending is held through a software disable`() {
    var apic = enabled()
    apic.receive(0x41)
    apic.store(0xF0, 0xFF)
    #expect(apic.load(0x220) == 0x2)
    #expect(apic.highestDeliverable == vector(0x41))
  }

  @Test func `two NMIs are remembered, and one while one is being handled`() {
    var apic = enabled()
    for expected: UInt8 in [1, 2, 2] {
      apic.receive(0, mode: .nmi)
      #expect(apic.nmiPending == expected)
    }
    _ = apic.takeNMI()
    #expect(apic.nmiPending == 1)
    let inHandler = ProcessorCondition(isNMIBlocked: true)
    #expect(
      apic.receive(0, mode: .nmi, journey: 9, processor: inHandler) == .merged(with: JourneyID(rawValue: 1)))
    _ = apic.takeNMI()
    for _ in 0..<10 { apic.receive(0, mode: .nmi, processor: inHandler) }
    #expect(apic.nmiPending == 1)
  }

  @Test func `INIT discards a SIPI that waits, and keeps one that follows`() {
    var apic = enabled()
    let waiting = ProcessorCondition(waitsForStartup: true)
    #expect(apic.receive(0x10, mode: .startup, processor: waiting) == .pending)
    apic.receive(0, mode: .initialize)
    #expect(apic.startupPending == nil)
    #expect(apic.receive(0x20, mode: .startup) == .pending)
    _ = apic.takeInit()
    #expect(!apic.initPending)
    #expect(apic.takeStartup()?.vector == vector(0x20))
    #expect(apic.takeStartup() == nil)
  }

  @Test func `a SIPI for a processor that does not wait is dropped, and one is enough`() {
    var apic = enabled()
    #expect(apic.receive(0x10, mode: .startup) == .rejected(.notWaitingForStartup))
    let waiting = ProcessorCondition(waitsForStartup: true)
    #expect(apic.receive(0x10, mode: .startup, journey: 5, processor: waiting) == .pending)
    #expect(apic.receive(0x11, mode: .startup, processor: waiting) == .merged(with: JourneyID(rawValue: 5)))
    #expect(apic.startupPending == vector(0x10))
  }

  @Test func `INIT level de-assert does nothing`() {
    var apic = enabled()
    var command = InterruptCommand(rawValue: 0)
    command.deliveryMode = .initialize
    command.isLevelTriggered = true
    #expect(apic.accept(command, at: .zero, journey: .none) == .rejected(.initDeassert))
    #expect(!apic.initPending)
  }
}
