import Architecture
import Journal
import Machine
import Testing

/// What guests check of an IOAPIC: each of the thirty behaviours that kvm-unit-tests asks for, by guests of our own.
@Suite struct IOAPICGuestTests {
  /// Runs `main` on VP 0 in x2APIC mode, and all of it.
  private func run(
    _ main: [UInt8], handlers: [UInt8: [UInt8]] = [:], secure: [UInt8]? = nil, others: [UInt8]? = nil, vps: Int = 1,
    for time: VirtualTime = .milliseconds(2)
  ) throws -> MachineRun {
    var guest = CodeGuest(main: Code.x2APIC + main + Code.spin)
    guest.handlers = handlers
    if let secure { guest.secure = secure }
    if let others { guest.others = Code.x2APIC + others }
    let machine = try MachineRun(guest, vps: vps, vtls: 1)
    machine.run(until: time)
    return machine
  }

  private let boot = ContextID(0, 0)
  /// Lowers line 14 and writes EOI.
  private let quiet = Code.saving([0x51] + Code.line(14, false) + Code.endOfInterruptX2APIC + [0x59])
  /// Only writes EOI.
  private let acknowledge = Code.saving([0x51] + Code.endOfInterruptX2APIC + [0x59])

  // MARK: - Registers

  @Test func `version, ID and arbitration ID`() throws {
    let main =
      Code.readIOAPIC(1) + Code.transmitEAX + Code.ioapic(1, .max) + Code.readIOAPIC(1) + Code.transmitEAX
      + Code.ioapic(0, .max) + Code.readIOAPIC(0) + Code.transmitEAX + Code.readIOAPIC(2) + Code.transmitEAX
      + Code.ioapic(2, 0) + Code.readIOAPIC(2) + Code.transmitEAX
    let machine = try run(main)
    let version: [UInt8] = [0x11, 0, 0x17, 0]
    let id: [UInt8] = [0, 0, 0, 0x0F]
    #expect(machine.recorder.output == version + version + id + id + id)
  }

  // MARK: - Edges and levels

  @Test func `an edge interrupts once, at the instruction behind the OUT that raised it`() throws {
    let main = Code.route(14, vector: 0x76, level: false) + Code.sti + Code.nop
    let machine = try run(main + Code.line(14, true) + Code.line(14, false), handlers: [0x76: acknowledge])
    #expect(machine.events.taken(by: boot) == [0x76])
    let raised = try #require(machine.events.first { $0.body == .pin(14, .raised, .sent, isHigh: true) })
    let taken = try #require(machine.events.first { $0.kind == .acknowledged })
    #expect(taken.time == raised.time)
    // The IRR bit was there as soon as the OUT was done, and RIP is right behind it.
    #expect(
      taken.rip == CodeGuest.mainAt + UInt64(Code.x2APIC.count + main.count + Code.line(14, true).count))
  }

  @Test func `a level interrupts once, when its handler lowers it`() throws {
    let machine = try run(
      Code.route(14, vector: 0x77, level: true) + Code.sti + Code.line(14, true), handlers: [0x77: quiet])
    #expect(machine.events.taken(by: boot) == [0x77])
    #expect(!machine.pin(14).entry.isRemoteIRRSet && !machine.pin(14).isLineHigh)
  }

  @Test func `two edges while interrupts are off are taken highest first, at the same instruction`() throws {
    let machine = try run(
      Code.route(14, vector: 0x78, level: false) + Code.route(15, vector: 0x66, level: false) + Code.toggle(15)
        + Code.toggle(14) + Code.sti + Code.nop, handlers: [0x78: acknowledge, 0x66: acknowledge])
    #expect(machine.events.taken(by: boot) == [0x78, 0x66])
    let places = machine.events.filter { $0.kind == .acknowledged }.map(\.rip)
    #expect(places.count == 2 && places[0] == places[1])
  }

  @Test func `a handler with IF clear is not nested in by a higher vector, and one that sets IF is`() throws {
    let higher = Code.saving([0x51] + Code.transmit(UInt8(ascii: "h")) + Code.endOfInterruptX2APIC + [0x59])
    func order(_ within: [UInt8]) throws -> String {
      let lower =
        Code.toggle(15) + within + Code.transmit(UInt8(ascii: "l")) + Code.cli + Code.endOfInterruptX2APIC + Code.iretq
      let main =
        Code.route(14, vector: 0x64, level: false) + Code.route(15, vector: 0x84, level: false) + Code.sti + Code.nop
        + Code.toggle(14) + Code.nop
      let machine = try run(main, handlers: [0x64: Code.handlerInSecure, 0x84: higher], secure: lower)
      #expect(machine.events.taken(by: boot) == [0x64, 0x84])
      return machine.recorder.text
    }
    #expect(try order(Code.nop) == "lh")
    #expect(try order(Code.sti + Code.nop) == "hl")
  }

  @Test func `down and up again before the EOI is one interrupt`() throws {
    // The handler lowers, raises and lowers.
    let handler = Code.saving(
      [0x51] + Code.toggle(14) + Code.endOfInterruptX2APIC + [0x59])
    let machine = try run(
      Code.route(14, vector: 0x98, level: true) + Code.sti + Code.line(14, true), handlers: [0x98: handler])
    #expect(machine.events.taken(by: boot) == [0x98])
    #expect(machine.pin(14).counters.coalesced == 1)
  }

  @Test func `two OUTs one behind the other to the same level line are two interrupts`() throws {
    let machine = try run(
      Code.route(14, vector: 0x99, level: true) + Code.sti + Code.nop + Code.line(14, true) + Code.line(14, true),
      handlers: [0x99: quiet])
    #expect(machine.events.taken(by: boot) == [0x99, 0x99])
    #expect(machine.pin(14).counters.raised == 2)
  }

  @Test func `a line that stays up interrupts again after the EOI, in the same STI, HLT, CLI`() throws {
    // The second time, it lowers the line.
    let handler = Code.saving(
      [0x51] + Code.incrementR12 + Code.ifR12(is: 2, Code.line(14, false)) + Code.endOfInterruptX2APIC + [0x59])
    let machine = try run(
      Code.set(.r12, 0) + Code.route(14, vector: 0x9A, level: true) + Code.line(14, true) + Code.sti + Code.hlt
        + Code.cli + Code.transmitR12, handlers: [0x9A: handler])
    #expect(machine.events.taken(by: boot) == [0x9A, 0x9A])
    #expect(machine.recorder.output == [2])
    #expect(machine.events.contains { $0.body == .pin(14, .endOfInterrupt, .sent, isHigh: true) })
  }

  // MARK: - Masks

  @Test func `an edge while masked is lost, and the next one after the unmasking is not`() throws {
    let masked = Code.ioapic(0x2C, 0x1_0081)
    let open = Code.ioapic(0x2C, 0x81)
    let lost = Code.route(14, vector: 0x81, level: false) + Code.sti + masked + Code.toggle(14) + Code.nop
    #expect(try run(lost, handlers: [0x81: acknowledge]).events.taken(by: boot) == [])
    #expect(try run(lost + open + Code.nop, handlers: [0x81: acknowledge]).events.taken(by: boot) == [])
    let machine = try run(lost + open + Code.line(14, true) + Code.nop, handlers: [0x81: quiet])
    #expect(machine.events.taken(by: boot) == [0x81])
    #expect(machine.pin(14).counters.maskedEdges == 1)
  }

  @Test func `a level while masked waits for the unmasking`() throws {
    let masked = Code.ioapic(0x2C, 0x1_8082)
    let main = Code.route(14, vector: 0x82, level: true) + Code.sti + masked + Code.line(14, true) + Code.nop
    #expect(try run(main, handlers: [0x82: quiet]).events.taken(by: boot) == [])
    let machine = try run(main + Code.ioapic(0x2C, 0x8082) + Code.nop, handlers: [0x82: quiet])
    #expect(machine.events.taken(by: boot) == [0x82])
    #expect(machine.events.contains { $0.body == .pin(14, .unmasked, .sent, isHigh: true) })
  }

  @Test func `masked by its handler, a level that stays up comes again with the unmasking`() throws {
    let handler = Code.saving([0x51] + Code.ioapic(0x2C, 0x1_8083) + Code.endOfInterruptX2APIC + [0x59])
    let main = Code.route(14, vector: 0x83, level: true) + Code.sti + Code.line(14, true) + Code.nop
    #expect(try run(main, handlers: [0x83: handler]).events.taken(by: boot) == [0x83])
    let machine = try run(main + Code.ioapic(0x2C, 0x8083) + Code.nop, handlers: [0x83: handler])
    #expect(machine.events.taken(by: boot) == [0x83, 0x83])
    #expect(machine.pin(14).isLineHigh && machine.pin(14).entry.isMasked && !machine.pin(14).entry.isRemoteIRRSet)
  }

  // MARK: - The local APIC's TMR

  /// TMR bit 79h to COM1 as a digit: MSR 81Bh, bit 25.
  private static let showTMR = Code.rdmsr(0x81B) + Code.transmitBit(25)
  /// Shows it, counts, lowers line 14, writes EOI.
  private static let tmrHandler = Code.saving(
    showTMR + Code.incrementR12 + Code.line(14, false) + Code.endOfInterruptX2APIC)

  @Test func `TMR follows the trigger mode at each interrupt, and keeps it in between`() throws {
    var main = Code.set(.r12, 0) + Code.sti
    for isLevel in [false, true, true, false] {
      main += Code.route(14, vector: 0x79, level: isLevel) + Self.showTMR
      main += isLevel ? Code.line(14, true) : Code.toggle(14)
    }
    let machine = try run(main, handlers: [0x79: Self.tmrHandler])
    // Before and in the handler: edge, level, level, edge.
    #expect(machine.recorder.text == "00" + "01" + "11" + "10")
  }

  @Test func `the same when another VP drives the line`() throws {
    var main = Code.set(.r12, 0) + Code.wrmsr(0x4000_0000, 1) + Code.startProcessor(1) + Code.sti
    var other: [UInt8] = []
    for (n, isLevel) in [false, true, true, false].enumerated() {
      main += Code.route(14, vector: 0x79, level: isLevel) + Self.showTMR + Code.awaitR12(UInt8(n + 1))
      other += Code.delay(100_000) + (isLevel ? Code.line(14, true) : Code.toggle(14))
    }
    let machine = try run(
      main, handlers: [0x79: Self.tmrHandler], others: other + Code.loop(Code.hlt), vps: 2, for: .milliseconds(5))
    #expect(machine.recorder.text == "00" + "01" + "11" + "10")
    #expect(machine.events.taken(by: boot) == [0x79, 0x79, 0x79, 0x79])
    #expect(!machine.pin(14).entry.isRemoteIRRSet)
  }

  // MARK: - Destinations

  @Test func `a physical destination is the APIC with that ID`() throws {
    let machine = try run(
      Code.wrmsr(0x4000_0000, 1) + Code.startProcessor(1) + Code.delay(20_000)
        + Code.route(14, vector: 0x85, level: true, destination: 1) + Code.line(14, true), handlers: [0x85: quiet],
      others: Code.sti + Code.loop(Code.hlt), vps: 2)
    #expect(machine.events.taken(by: ContextID(1, 0)) == [0x85])
    #expect(machine.events.taken(by: boot) == [])
    #expect(!machine.pin(14).entry.isRemoteIRRSet)
  }

  @Test func `logical destination Dh is the VPs 0, 2 and 3, by the logical IDs that x2APIC mode gives them`() throws {
    let main =
      Code.wrmsr(0x4000_0000, 1) + (1...3).flatMap(Code.startProcessor) + Code.sti + Code.delay(20_000)
      + Code.route(14, vector: 0x86, level: true, destination: 0xD, logical: true) + Code.line(14, true)
    let machine = try run(
      main, handlers: [0x86: quiet], others: Code.sti + Code.loop(Code.hlt), vps: 4)
    #expect((0...3).map { machine.events.taken(by: ContextID($0, 0)) } == [[0x86], [], [0x86], [0x86]])
    #expect(!machine.pin(14).entry.isRemoteIRRSet && machine.pin(14).counters.endOfInterrupts == 1)
  }

  @Test func `a destination that changes before the EOI does not keep the EOI from freeing the pin`() throws {
    // The handler of the lower vector raises the higher one's line, lowers both, and sends both elsewhere. It shows
    // remote IRR of both, and the handlers show their order.
    func sendElsewhere(_ pin: UInt32) -> [UInt8] {
      Code.line(UInt16(pin), false) + Code.readIOAPIC(0x10 + 2 * pin) + Code.transmitBit(14)
        + Code.ioapic(0x11 + 2 * pin, 1 << 24)
    }
    let lower =
      Code.line(14, true) + sendElsewhere(14) + sendElsewhere(13) + Code.transmit(UInt8(ascii: "a"))
      + Code.endOfInterruptX2APIC + Code.transmit(UInt8(ascii: "b")) + Code.iretq
    let higher = Code.saving([0x51] + Code.transmit(UInt8(ascii: "c")) + Code.endOfInterruptX2APIC + [0x59])
    let machine = try run(
      Code.route(13, vector: 0x64, level: true) + Code.route(14, vector: 0x84, level: true) + Code.sti + Code.nop
        + Code.line(13, true) + Code.nop, handlers: [0x64: Code.handlerInSecure, 0x84: higher], secure: lower)
    // The higher vector waits until IRET sets IF again.
    #expect(machine.recorder.text == "11abc")
    #expect(machine.events.taken(by: boot) == [0x64, 0x84])
    for pin in [13, 14] {
      #expect(machine.pin(pin).entry.destination == 1)
      #expect(!machine.pin(pin).entry.isRemoteIRRSet)
    }
  }
}
