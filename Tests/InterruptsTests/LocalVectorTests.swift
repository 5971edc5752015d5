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
    ] as [(LocalVector, Int)])
  func `an entry delivers as its mode says`(source: LocalVector, offset: Int) {
    var apic = enabled()
    #expect(raise(&apic, source) == .masked)
    apic.store(offset, 0x41)
    #expect(raise(&apic, source) == .accepted(vector(0x41), .fixed, .pending))
    apic.store(offset, 0x400)
    #expect(raise(&apic, source) == .accepted(vector(0), .nmi, .pending))
    #expect(apic.nmiPending == 1)
    apic.store(offset, 0x200)
    #expect(raise(&apic, source) == .accepted(vector(0), .smi, .rejected(.noSystemManagementMode)))
    apic.store(offset, 0x700)
    #expect(raise(&apic, source) == .external)
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

  @Test func `errors gather until ESR is written`() {
    var apic = enabled()
    apic.receive(3)
    apic.store(0x300, 0x5)
    _ = apic.load(0x290)
    apic.store(0x280, 0)
    #expect(apic.load(0x280) == 0xE0)
  }
}
