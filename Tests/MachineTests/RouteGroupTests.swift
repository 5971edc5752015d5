import Architecture
import Interrupts
import Journal
import Machine
import Testing

/// Device interrupts and APIC groups: each goes to the group of its route, and is answered by that group alone.
@Suite struct RouteGroupTests {
  /// VTL1 is enabled and entered once, so that its local APIC is there; both VTLs use the same handlers.
  private static let bothVTLs = Code.prologue + Code.enableVTL1 + Code.vtlCall

  private func machine(
    _ main: [UInt8], handlers: [UInt8: [UInt8]] = [:], configure: (inout Configuration) -> Void
  ) throws -> MachineRun {
    var guest = CodeGuest(main: Self.bothVTLs + main + Code.sti + Code.loop(Code.hlt))
    guest.handlers = handlers
    // Takes what interrupts it, and returns.
    guest.secure = Code.sti + Code.loop(Code.vtlReturn)
    let machine = try MachineRun(guest, configure: configure)
    machine.run(until: .milliseconds(1))
    return machine
  }

  private let raise = Code.route(14, vector: 0x51, level: true) + Code.line(14, true)
  private let quiet = Code.saving(Code.line(14, false) + Code.endOfInterrupt)

  @Test(arguments: [0, 1]) func `a pin interrupts the VTL of its group, and that VTL's EOI frees it`(group: Int) throws
  {
    let machine = try machine(raise, handlers: [0x51: quiet]) { $0.routeGroups.pins[14] = GroupID(group) }
    #expect(machine.events.taken(by: ContextID(0, group)) == [0x51])
    #expect(machine.events.taken(by: ContextID(0, 1 - group)) == [])
    let freed = machine.events.filter { $0.kind == .remoteIRRCleared }
    #expect(freed.map(\.context) == [ContextID(0, group)])
    #expect(machine.pin(14).group == GroupID(group) && !machine.pin(14).entry.isRemoteIRRSet)
  }

  @Test func `an EOI for the same vector in another group does not free the pin`() throws {
    // Pin 14 in group 1 is pending in VTL1, whose TPR holds it back; pin 15 in group 0 has the same vector.
    let main =
      Code.route(14, vector: 0x51, level: true) + Code.route(15, vector: 0x51, level: true) + Code.line(14, true)
      + Code.line(15, true)
    var guest = CodeGuest(main: Self.bothVTLs + main + Code.sti + Code.loop(Code.hlt))
    guest.handlers[0x51] = Code.saving(Code.line(15, false) + Code.endOfInterrupt)
    guest.secure = Code.setTaskPriorityClass(0xF) + Code.loop(Code.vtlReturn)
    let machine = try MachineRun(guest) { $0.routeGroups.pins[14] = GroupID(1) }
    machine.run(until: .milliseconds(1))
    #expect(machine.events.taken(by: ContextID(0, 0)) == [0x51])
    #expect(machine.pin(14).entry.isRemoteIRRSet)
    #expect(!machine.pin(15).entry.isRemoteIRRSet)
  }

  @Test(arguments: [0, 1]) func `a message interrupts the VTL of its route's group`(group: Int) throws {
    let main = Code.out(0xB10, 0xFEE0_0000) + Code.out(0xB18, 0x61) + Code.out(0xB04, 100_000) + Code.out(0xB00, 3)
    let machine = try machine(main) { $0.routeGroups.messages["periodic"] = GroupID(group) }
    #expect(machine.events.taken(by: ContextID(0, group)).contains(0x61))
    #expect(machine.events.taken(by: ContextID(0, 1 - group)) == [])
    #expect(machine.partition.platformSnapshot().messageRoutes[0].group == GroupID(group))
  }

  @Test func `what the preview says of a pin and of a message is what happens`() throws {
    let main =
      Code.ioapic(0x2D, 0) + Code.ioapic(0x2C, 0x1_8051) + Code.out(0xB10, 0xFEE0_0000) + Code.out(0xB18, 0x61)
    let machine = try machine(main) {
      $0.routeGroups = RouteGroups(pins: [14: GroupID(1)], messages: ["periodic": GroupID(1)])
    }
    let snapshot = machine.partition.snapshot()
    let pin = preview(FireRequest(machine.pin(14)), in: snapshot)
    #expect(pin.targets.map(\.context) == [ContextID(0, 1)] && pin.targets[0].outlook == .preempts(.vtl1))
    let route = try #require(FireRequest(snapshot.platform.messageRoutes[0]))
    let message = preview(route, in: snapshot)
    #expect(message.targets.map(\.context) == [ContextID(0, 1)])
    #expect(message.route.group == GroupID(1))
  }

  @Test(
    arguments: [
      (0xFED0_0000, 0, MessageFault.notInterruptAddress), (0xFEE0_0000, 1, .highAddress),
      (0xFEE0_0020, 0, .extendedDestination), (0xFEE0_0800, 0, .extendedDestination), (0, 0, .notInterruptAddress),
    ] as [(UInt32, UInt32, MessageFault)])
  func `a message that is none is told, and counted, and reaches nobody`(
    low: UInt32, high: UInt32, fault: MessageFault
  ) throws {
    let machine = try MachineRun(
      CodeGuest(
        main: Code.prologue + Code.out(0xB10, low) + Code.out(0xB14, high) + Code.out(0xB18, 0x61)
          + Code.out(0xB04, 10_000) + Code.out(0xB00, 3) + Code.sti + Code.spin), vtls: 1)
    // Five ports take 5 us, then three periods.
    machine.run(until: .microseconds(38))
    let signal = MessageSignal(address: UInt64(high) << 32 | UInt64(low), data: 0x61)
    #expect(machine.events.count { $0.body == .messageSent(route: 0, signal, fault: fault) } == 3)
    #expect(machine.events.allSatisfy { $0.kind != .requested })
    let route = machine.partition.platformSnapshot().messageRoutes[0]
    #expect(route.malformed == 3 && route.lastFault == fault && route.sent == 0)
    #expect(FireRequest(route) == nil)
  }

  @Test func `bits 4, 1 and 0 of a message's address mean nothing`() throws {
    let machine = try MachineRun(
      CodeGuest(
        main: Code.prologue + Code.out(0xB10, 0xFEE0_0013) + Code.out(0xB18, 0x61) + Code.out(0xB04, 10_000)
          + Code.out(0xB00, 3) + Code.sti + Code.spin), vtls: 1)
    machine.run(until: .microseconds(15))
    #expect(machine.events.taken(by: ContextID(0, 0)) == [0x61])
  }

  @Test(
    arguments: [
      (RouteGroups(pins: [24: GroupID(0)]), "route pin:24: need pin 0...23"),
      (RouteGroups(pins: [3: GroupID(2)]), "route pin:3=2: need group 0...1"),
      (RouteGroups(messages: ["disk": GroupID(0)]), "route msi:disk: need periodic"),
      (RouteGroups(messages: ["periodic": GroupID(9)]), "route msi:periodic=9: need group 0...1"),
      (RouteGroups(pins: [0: GroupID(0), 23: GroupID(1)], messages: ["periodic": GroupID(1)]), nil),
    ] as [(RouteGroups, String?)])
  func `a route that is not there, and a group that is not, are one clear line`(groups: RouteGroups, problem: String?) {
    #expect(Configuration(vtlCount: 2, routeGroups: groups).problem == problem)
  }

  // MARK: - The posted patch

  /// A level-triggered pin whose message nobody answers to.
  private func unheard(logical: Bool, _ encoding: GroupEncoding) throws -> PinSnapshot {
    let main = Code.route(14, vector: 0x51, level: true, destination: 0x40, logical: logical) + Code.line(14, true)
    return try machine(main) { $0.groupEncoding = encoding }.pin(14)
  }

  @Test func `with explicit groups a pin that nobody heard stays free, by the map and by the scan`() throws {
    for logical in [false, true] {
      let pin = try unheard(logical: logical, .explicit)
      #expect(!pin.entry.isRemoteIRRSet && pin.isLineHigh && pin.counters.undelivered == 1)
    }
  }

  @Test func `under rfc-2023 the map's nobody leaves the pin free and the scan's wedges it`() throws {
    // A second group turns the logical map off, so that a logical destination is scanned for.
    let mapped = try unheard(logical: false, .rfc2023(bits: 24))
    let scanned = try unheard(logical: true, .rfc2023(bits: 24))
    #expect(!mapped.entry.isRemoteIRRSet && mapped.counters.undelivered == 1)
    #expect(scanned.entry.isRemoteIRRSet && scanned.counters.undelivered == 1)
  }

  // MARK: - The suppression of EOI broadcasts

  /// A level-triggered pin, and a handler that lowers the line and writes EOI with the broadcast suppressed.
  private func suppressed(then last: [UInt8], hasEOIRegister: Bool = true) throws -> MachineRun {
    var guest = CodeGuest(
      main: Code.prologue + Code.store(0x11FF, at: 0xFEE0_00F0) + Code.route(14, vector: 0x51, level: true)
        + Code.sti + Code.line(14, true) + Code.nop + last + Code.spin)
    guest.handlers[0x51] = quiet
    let machine = try MachineRun(guest, vtls: 1) { $0.hasEOIRegister = hasEOIRegister }
    machine.run(until: .microseconds(100))
    return machine
  }

  @Test func `with SVR bit 12 an EOI does not free the pin, and the EOI register does`() throws {
    let machine = try suppressed(then: [])
    #expect(machine.pin(14).entry.isRemoteIRRSet && !machine.pin(14).isLineHigh)
    let directed = try suppressed(then: Code.store(0x51, at: 0xFEC0_0040))
    #expect(!directed.pin(14).entry.isRemoteIRRSet)
    #expect(directed.events.contains { $0.body == .remoteIRRCleared(pin: 14, VectorNumber(0x51), .directed) })
  }

  @Test func `where it is not offered SVR bit 12 does nothing, and there is no EOI register`() throws {
    let machine = try suppressed(then: [], hasEOIRegister: false)
    #expect(!machine.pin(14).entry.isRemoteIRRSet)
    #expect(try machine.context(0, 0).apic[0xF0] == 0x1FF)
    #expect(try machine.context(0, 0).apic[0x30] == 0x0005_0014)
  }

  // MARK: - Storms

  @Test func `a handler that cannot quiet its device lets the guest get on, in slow motion`() throws {
    // Nobody lowers the line.
    var guest = CodeGuest(
      main: Code.prologue + Code.route(14, vector: 0x51, level: true) + Code.set(.r12, 0) + Code.sti
        + Code.line(14, true) + Code.loop(Code.incrementR12))
    guest.handlers[0x51] = Code.saving(Code.endOfInterrupt)
    let machine = try MachineRun(guest, vtls: 1)
    // A storm is 10,000 interrupts of half a microsecond.
    machine.run(until: .milliseconds(40))
    let held = machine.events.filter { $0.body == .pin(14, .endOfInterrupt, .held, isHigh: true) }
    #expect(held.count == 3)
    // From a storm's end to the next message: 10 ms, in which the loop runs.
    for storm in held.prefix(2) {
      let next = try #require(
        machine.events.first {
          $0.sequence > storm.sequence && $0.body == .pin(14, .endOfInterrupt, .sent, isHigh: true)
        })
      #expect((10_000_000...10_001_000).contains((next.time - storm.time).rawValue))
    }
    #expect(machine.events.taken(by: ContextID(0, 0)).count == 30_000)
  }
}
