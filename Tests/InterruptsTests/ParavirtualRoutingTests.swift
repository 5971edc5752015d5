import Architecture
import Interrupts
import Journal
import Testing

/// Linux, Documentation/virt/kvm/x86/hypercalls.rst, KVM_HC_SEND_IPI; what the posted groups make of it is B13 and B14.
@Suite struct ParavirtualRoutingTests {
  private func member(_ vp: Int, _ vtl: Int = 0, id: Int? = nil, isSoftwareEnabled: Bool = true) -> RoutingRegisters {
    RoutingRegisters(
      context: ContextID(vp, vtl), initialID: ApicID(id ?? vp), mode: .xAPIC, id: ApicID(id ?? vp),
      logicalDestination: 0, isSoftwareEnabled: isSoftwareEnabled)
  }

  private func routing(encoding: GroupEncoding = .explicit, _ groups: [[RoutingRegisters]]) -> GroupRouting {
    var routing = GroupRouting(
      encoding: encoding, groups: groups.indices.map { (id: GroupID($0), vtl: VTL($0)) })
    for (group, members) in groups.enumerated() { routing.rebuild(GroupID(group), members: members, at: .zero) }
    return routing
  }

  private func send(
    _ routing: GroupRouting, _ targets: ParavirtualTargets, in group: Int = 0, mode: DeliveryMode = .fixed
  ) -> Route {
    routing.route(message(vector: 0x41, mode: mode), toEach: targets, in: GroupID(group))
  }

  @Test func `bit n of a word is the ID n above its base`() {
    let all = routing([(0..<140).map { member($0) }])
    let wide = send(all, ParavirtualTargets(low: 1 | 1 << 63, high: 0b101, first: 3))
    #expect(wide.contexts.map(\.vp.index) == [3, 66, 67, 69])
    let narrow = send(all, ParavirtualTargets(low: 1 | 1 << 31, high: 0b101, first: 3, width: 32))
    #expect(narrow.contexts.map(\.vp.index) == [3, 34, 35, 37])
    let every = send(all, ParavirtualTargets(low: .max, high: .max, first: 0))
    #expect(every.contexts.map(\.vp.index) == Array(0..<128))
    #expect(every.candidates == 128 && every.rejected == 0 && every.path == .map)
  }

  @Test func `IDs that nobody has are passed over, and the reason says so when there is no other`() {
    let some = routing([[member(0), member(2), member(7, isSoftwareEnabled: false)]])
    let route = send(some, ParavirtualTargets(low: 0b1010_0111, first: 0))
    #expect(route.contexts == [ContextID(0, 0), ContextID(2, 0)])
    #expect(route.candidates == 5 && route.rejected == 3)
    #expect(send(some, ParavirtualTargets(low: 2, first: 0)).reason == .noSuchID)
    #expect(send(some, ParavirtualTargets(low: 1 << 7, first: 0)).reason == .softwareDisabled)
    #expect(send(some, ParavirtualTargets(low: 1 << 7, first: 0), mode: .nmi).contexts == [ContextID(7, 0)])
    #expect(send(some, ParavirtualTargets(low: 0, first: 0)).contexts == [])
    #expect(send(some, ParavirtualTargets(low: 1, first: 0), in: 9).reason == .noSuchID)
  }

  @Test func `no ID is a broadcast, and every holder of an ID gets it`() {
    let odd = routing([[member(3, id: 5), member(1, id: 5), member(0, id: 6), member(2)]])
    #expect(send(odd, ParavirtualTargets(ApicID(5))).contexts == [ContextID(1, 0), ContextID(3, 0)])
    // By VP, whatever the order of the IDs.
    #expect(
      send(odd, ParavirtualTargets(low: 0b110_0000, first: 0)).contexts.map(\.vp.index) == [0, 1, 3])
    for id in [0xFF, UInt32.max] {
      #expect(send(odd, ParavirtualTargets(ApicID(rawValue: id))).reason == .noSuchID)
    }
    // Lowest priority is no arbitration: each of them was named.
    #expect(send(odd, ParavirtualTargets(low: 0b110_0000, first: 0), mode: .lowestPriority).count == 3)
  }

  @Test func `the second word's base wraps around as KVM's sum does, a bit's ID does not`() {
    let all = routing([(0..<80).map { member($0) }])
    let route = send(all, ParavirtualTargets(low: .max, high: 0b11, first: .max - 15))
    // -16 + 64.
    #expect(route.contexts.map(\.vp.index) == [48, 49])
  }

  @Test func `the caller's group is searched and no other`() {
    let groups = routing([(0..<4).map { member($0, 0) }, [member(1, 1), member(2, 1)]])
    let targets = ParavirtualTargets(low: 0b1111, first: 0)
    #expect(send(groups, targets, in: 1).contexts == [ContextID(1, 1), ContextID(2, 1)])
    #expect(send(groups, targets, in: 0).contexts == (0..<4).map { ContextID($0, 0) })
    #expect(send(groups, ParavirtualTargets(low: 1, first: 0x101)).reason == .noSuchID)
  }

  @Test func `with the group in the APIC ID the guest's number chooses the group, whoever calls`() {
    let groups = routing(encoding: .rfc2023(bits: 24), [(0..<4).map { member($0, 0) }, (0..<4).map { member($0, 1) }])
    let plain = ParavirtualTargets(low: 0b110, first: 0)
    let withGroup = ParavirtualTargets(low: 0b110, first: 0x100)
    for caller in 0..<2 {
      #expect(send(groups, plain, in: caller).contexts == [ContextID(1, 0), ContextID(2, 0)])
      #expect(send(groups, withGroup, in: caller).contexts == [ContextID(1, 1), ContextID(2, 1)])
    }
  }
}

@Suite struct LazyEOITests {
  /// Vector 41h in service, and lazy EOIs allowed at 1000h.
  private func serving(_ vectors: UInt8..., isLevel: Bool = false) throws -> LocalAPIC {
    var apic = enabled()
    try apic.writeLazyEOI(0x1001)
    for (n, vector) in vectors.enumerated() {
      apic.receive(vector, isLevel: isLevel, journey: UInt64(n + 1))
      _ = apic.acknowledge(at: .zero)
    }
    return apic
  }

  private func settle(_ apic: inout LocalAPIC, isByteSet: Bool) -> APICEffect {
    apic.settleLazyEOI(isByteSet: isByteSet, at: VirtualTime(ticks: 9), rip: 0x55)
  }

  @Test func `a byte that the guest cleared is the EOI`() throws {
    var apic = try serving(0x41)
    #expect(apic.canArmLazyEOI)
    apic.armLazyEOI()
    #expect(!apic.canArmLazyEOI)
    #expect(
      settle(&apic, isByteSet: false)
        == .endOfInterrupt(
          EndOfInterrupt(
            vector: vector(0x41), journey: JourneyID(rawValue: 1), inService: VirtualTime(ticks: 9),
            broadcasts: false)))
    #expect(apic.service.isEmpty)
    #expect(apic.lastEndOfInterrupt?.rip == 0x55)
    #expect(settle(&apic, isByteSet: false) == .none)
  }

  @Test func `a byte that is still set means that an EOI will be written`() throws {
    var apic = try serving(0x41)
    apic.armLazyEOI()
    #expect(settle(&apic, isByteSet: true) == .none)
    #expect(!apic.lazyEOI.isArmed && apic.service.highest == vector(0x41))
    #expect(apic.canArmLazyEOI)
  }

  @Test func `it is armed only where an EOI uncovers nothing and nobody else hears it`() throws {
    var idle = enabled()
    try idle.writeLazyEOI(0x1001)
    #expect(!idle.canArmLazyEOI)
    var waiting = try serving(0x41)
    waiting.receive(0x31)
    #expect(!waiting.canArmLazyEOI)
    #expect(try !serving(0x41, isLevel: true).canArmLazyEOI)
    var off = try serving(0x41)
    try off.writeLazyEOI(0x1000)
    #expect(!off.canArmLazyEOI)
    // After an EOI the one below was not taken last: KVM does not know it any more.
    var nested = try serving(0x41, 0x51)
    #expect(nested.canArmLazyEOI)
    nested.store(0xB0, 0)
    #expect(nested.service.highest == vector(0x41))
    #expect(!nested.canArmLazyEOI)
  }

  @Test func `its address is a multiple of 4, and INIT takes it away`() throws {
    var apic = enabled()
    #expect(faults { () throws(Fault) in try apic.writeLazyEOI(0x1003) })
    #expect(faults { () throws(Fault) in try apic.writeLazyEOI(0x1002) })
    try apic.writeLazyEOI(0x1005)
    #expect(apic.lazyEOI.address == GPA(0x1004))
    apic.receive(0, mode: .initialize)
    _ = apic.takeInit()
    #expect(
      apic.lazyEOI == LocalAPIC(id: ApicID(3), context: ContextID(3, 0), group: GroupID(0), isBootstrap: false).lazyEOI)
    #expect(!apic.lazyEOI.isEnabled)
  }
}
