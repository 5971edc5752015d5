import Architecture
import Interrupts
import Journal
import Testing

@Suite struct ServiceTests {
  @Test func `acknowledging moves the highest vector from IRR to ISR and raises PPR`() {
    var apic = enabled()
    apic.receive(0x41, at: 100, journey: 7)
    apic.receive(0x35, at: 110, journey: 8)
    let taken = apic.acknowledge(at: VirtualTime(ticks: 130))
    #expect(
      taken
        == Acknowledgement(
          vector: vector(0x41), waited: VirtualTime(ticks: 30), journey: JourneyID(rawValue: 7),
          isSpurious: false))
    #expect(apic.load(0x220) == 0)
    #expect(apic.load(0x120) == 0x2)
    #expect(apic.load(0xA0) == 0x40)
    #expect(apic.highestDeliverable == nil)
    apic.receive(0x51)
    #expect(apic.highestDeliverable == vector(0x51))
  }

  @Test func `EOI ends the highest vector in service, and nested ones in turn`() {
    var apic = enabled()
    apic.receive(0x41, at: 0, journey: 7)
    _ = apic.acknowledge(at: VirtualTime(ticks: 10))
    apic.receive(0x51, at: 20, journey: 8)
    _ = apic.acknowledge(at: VirtualTime(ticks: 25))
    #expect(apic.load(0xA0) == 0x50)
    #expect(
      apic.store(0xB0, 0, at: 40)
        == .endOfInterrupt(
          EndOfInterrupt(
            vector: vector(0x51), journey: JourneyID(rawValue: 8), inService: VirtualTime(ticks: 15),
            broadcasts: false)))
    #expect(apic.load(0xA0) == 0x40)
    #expect(
      apic.store(0xB0, 0, at: 50)
        == .endOfInterrupt(
          EndOfInterrupt(
            vector: vector(0x41), journey: JourneyID(rawValue: 7), inService: VirtualTime(ticks: 40),
            broadcasts: false)))
    #expect(apic.load(0xA0) == 0)
    #expect(apic.lastEndOfInterrupt == LastWrite(time: VirtualTime(ticks: 50), rip: 0x1000, value: 0x41))
    #expect(apic.store(0xB0, 0) == .spuriousEOI)
    #expect(apic.counters.endOfInterrupts == 2)
    #expect(apic.counters.spuriousEOIs == 1)
  }

  @Test func `EOI of a level-triggered vector is broadcast unless SVR bit 12 suppresses it`() throws {
    for (svr, broadcasts) in [(0x1FF, true), (0x11FF, false)] as [(UInt64, Bool)] {
      var apic = enabled(version: APICVersion(rawValue: 0x0105_0014))
      apic.store(0xF0, svr)
      apic.receive(0x41, isLevel: true)
      _ = apic.acknowledge(at: .zero)
      guard case .endOfInterrupt(let end) = apic.store(0xB0, 0) else { Issue.record("no EOI"); return }
      #expect(end.broadcasts == broadcasts)
    }
  }

  @Test func `an auto-EOI vector is not in service`() {
    var apic = enabled()
    apic.receive(0x41)
    #expect(apic.acknowledge(at: .zero, autoEOI: true).vector == vector(0x41))
    #expect(apic.load(0x120) == 0)
    #expect(apic.load(0xA0) == 0)
    #expect(apic.store(0xB0, 0) == .spuriousEOI)
  }

  @Test func `with nothing deliverable the processor gets the spurious vector, and ISR stays clear`() {
    var apic = enabled()
    apic.store(0xF0, 0x1EF)
    #expect(
      apic.acknowledge(at: .zero)
        == Acknowledgement(
          vector: vector(0xEF), waited: .zero, journey: .none, isSpurious: true))
    #expect(apic.load(0x170) == 0)
  }

  @Test func `the highest vector blocks all below it`() {
    var apic = enabled()
    apic.store(0x80, 0x40)
    apic.receive(0x41)
    apic.receive(0x31)
    #expect(apic.highestDeliverable == nil)
    #expect(apic.store(0x80, 0x3F) == .taskPriorityChanged(from: 0x40, to: 0x3F))
    #expect(apic.highestDeliverable == vector(0x41))
    #expect(apic.lastTaskPriorityWrite == LastWrite(time: .zero, rip: 0x1000, value: 0x3F))
  }

  @Test func `the summaries agree with a plain search after 20,000 random steps`() {
    var random = Seeded(20231108)
    var apic = enabled()
    var requests = Set<UInt8>()
    var service: [UInt8] = []
    for step in 0..<20_000 {
      switch random.below(5) {
      case 0, 1:
        let v = UInt8(16 + random.below(240))
        #expect((apic.receive(v, at: UInt64(step)) == .pending) == requests.insert(v).inserted)
      case 2: apic.store(0x80, UInt64(random.below(256)) & (random.chance(70) ? 0x1F : 0xFF))
      case 3:
        if let v = apic.highestDeliverable {
          #expect(apic.acknowledge(at: VirtualTime(ticks: UInt64(step))).vector == v)
          requests.remove(v.rawValue)
          service.append(v.rawValue)
        }
      default:
        apic.store(0xB0, 0)
        _ = service.popLast()
      }
      let tpr = apic.taskPriority
      let isrv = service.max() ?? 0
      let ppr = tpr / 16 >= isrv / 16 ? tpr : isrv / 16 * 16
      let top = requests.max().flatMap { $0 / 16 > ppr / 16 ? vector($0) : nil }
      if apic.highestDeliverable != top || apic.processorPriority != ppr || service.sorted() != service {
        Issue.record("step \(step)")
        return
      }
    }
  }
}
