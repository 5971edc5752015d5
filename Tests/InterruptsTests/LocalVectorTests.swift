import Architecture
import Interrupts
import Journal
import Testing

@Suite struct LocalVectorTests {
  private func raise(_ apic: inout LocalAPIC, _ source: LocalVector) -> LocalDelivery {
    apic.raise(source, at: .zero, journey: JourneyID(rawValue: 1))
  }

  @Test(
    arguments: [
      (LocalVector.thermal, 0x330), (.performance, 0x340), (.lint0, 0x350), (.lint1, 0x360),
      (.correctedMachineCheck, 0x2F0),
    ] as [(LocalVector, Int)])
  func `an entry delivers as its mode says`(source: LocalVector, offset: Int) {
    var apic = enabled(version: APICVersion(rawValue: 0x0006_0014))
    let isPin = source == .lint0 || source == .lint1
    #expect(raise(&apic, source) == .masked)
    apic.store(offset, 0x41)
    #expect(raise(&apic, source) == .accepted(vector(0x41), .fixed, .pending))
    apic.store(offset, 0x400)
    #expect(raise(&apic, source) == .accepted(vector(0), .nmi, .pending))
    #expect(apic.nmiPending == 1)
    apic.store(offset, 0x200)
    #expect(raise(&apic, source) == .accepted(vector(0), .smi, .rejected(.noSystemManagementMode)))
    #expect(apic.counters.systemManagementInterrupts == 1)
    // INIT and ExtINT are not supported for the entries that are no pins (SDM Vol. 3A, 12.5.1).
    apic.store(offset, 0x700)
    #expect(
      raise(&apic, source)
        == (isPin ? .external : .accepted(vector(0), .external, .rejected(.unsupportedMode))))
    apic.store(offset, 0x500)
    #expect(
      raise(&apic, source)
        == .accepted(vector(0), .initialize, isPin ? .pending : .rejected(.unsupportedMode)))
    #expect(apic.initPending == isPin)
    apic.store(offset, 0x10041)
    #expect(raise(&apic, source) == .masked)
  }

  @Test func `LINT0 keeps remote IRR from a level to its EOI`() {
    var apic = enabled()
    apic.store(0x350, 0x8041)
    _ = raise(&apic, .lint0)
    #expect(apic.load(0x350) == 0xC041)
    #expect(apic.load(0x1A0) == 0x2)
    _ = apic.acknowledge(at: .zero)
    apic.store(0xB0, 0)
    #expect(apic.load(0x350) == 0x8041)
  }

  @Test func `the performance entry masks itself`() {
    var apic = enabled()
    apic.store(0x340, 0x400)
    _ = raise(&apic, .performance)
    #expect(apic.load(0x340) == 0x1_0400)
  }

  @Test func `an illegal vector in an entry is a receive error when it fires, not when it is written`() {
    var apic = enabled()
    apic.store(0x330, 0x0F)
    #expect(!apic.needsErrorInterrupt)
    #expect(raise(&apic, .thermal) == .accepted(vector(0x0F), .fixed, .rejected(.illegalVector)))
    #expect(apic.needsErrorInterrupt)
  }

  @Test func `the error interrupt comes once until ESR is written`() {
    var apic = enabled()
    apic.store(0x370, 0xFE)
    #expect(raise(&apic, .error) == .masked)
    apic.receive(3)
    #expect(apic.needsErrorInterrupt)
    #expect(raise(&apic, .error) == .accepted(vector(0xFE), .fixed, .pending))
    apic.receive(4)
    #expect(!apic.needsErrorInterrupt)
    #expect(raise(&apic, .error) == .masked)
    #expect(apic.load(0x280) == 0)
    apic.store(0x280, 0xFFFF_FFFF)
    #expect(apic.load(0x280) == 0x40)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0)
    apic.receive(5)
    #expect(apic.needsErrorInterrupt)
  }

  @Test func `each kind of error interrupts once until ESR is written`() {
    var apic = enabled()
    apic.store(0x370, 0xFE)
    apic.receive(3)
    #expect(raise(&apic, .error) == .accepted(vector(0xFE), .fixed, .pending))
    apic.store(0x300, 0x5)
    #expect(raise(&apic, .error) == .accepted(vector(0xFE), .fixed, .merged(with: JourneyID(rawValue: 1))))
    apic.store(0x300, 0x6)
    #expect(!apic.needsErrorInterrupt)
    // Masked, it is recorded and told to nobody; a new kind is told once the mask is gone.
    apic.store(0x370, 0x100FE)
    _ = apic.load(0x290)
    #expect(raise(&apic, .error) == .masked)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0xE0)
    apic.store(0x370, 0xFE)
    apic.receive(3)
    #expect(apic.needsErrorInterrupt)
  }

  @Test func `an error entry with an illegal vector is a receive error, and that is the end of it`() {
    var apic = enabled()
    apic.store(0x370, 0x0E)
    apic.store(0x300, 0x5)
    var raised = 0
    while apic.needsErrorInterrupt, raised < 10 {
      #expect(raise(&apic, .error) == .accepted(vector(0x0E), .fixed, .rejected(.illegalVector)))
      raised += 1
    }
    #expect(raised == 2)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0x60)
  }

  @Test func `the errors that only the APIC bus had, and a lowest-priority IPI, set no bit`() {
    var apic = enabled()
    // Nobody has ID 77h: send accept error is a bit of the P6 family and the Pentium.
    apic.store(0x310, 0x7700_0000)
    apic.store(0x300, 0x0141)
    apic.store(0x300, 0x0041)
    #expect(!apic.needsErrorInterrupt)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0)
  }

  @Test func `a reserved MSR is #GP in x2APIC mode and no error`() throws {
    var apic = enabledX2APIC()
    #expect(faults { () throws(Fault) in _ = try apic.rdmsr(0x829) })
    #expect(faults { () throws(Fault) in try apic.wrmsr(0x828, 1) })
    #expect(!apic.needsErrorInterrupt)
    try apic.wrmsr(0x828, 0)
    #expect(try apic.rdmsr(0x828) == 0)
  }

  @Test func `errors gather until ESR is written`() {
    var apic = enabled()
    apic.receive(3)
    apic.store(0x300, 0x5)
    _ = apic.load(0x290)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0xE0)
  }
}
