import Architecture
import Journal
import Machine
import Testing

/// From a device's line or message to the vector that is taken: the serial port, the periodic device, the test lines.
@Suite struct DeviceInterruptTests {
  /// The periodic device on pin 17: level-triggered vector 51h for APIC ID 0, and a handler that quiets it.
  private var level: CodeGuest {
    var guest = CodeGuest(
      main: Code.prologue + Code.route(17, vector: 0x51, level: true)
        + Code.out(0xB04, 10_000) + Code.out(0xB00, 1) + Code.sti + Code.loop(Code.hlt))
    guest.handlers[0x51] = Code.saving(Code.out(0xB08, 1) + Code.endOfInterrupt)
    return guest
  }

  @Test func `a level-triggered device interrupts once a period, and its EOI frees the pin`() throws {
    let machine = try MachineRun(level, vtls: 1)
    // The set-up takes 6 us.
    machine.run(until: .microseconds(112))
    #expect(machine.events.taken(by: ContextID(0, 0)) == Array(repeating: 0x51, count: 10))
    let pin = machine.partition.platformSnapshot().ioapics[0].pins[17]
    #expect(pin.device == "periodic")
    #expect(!pin.isLineHigh && !pin.entry.isRemoteIRRSet)
    #expect(pin.counters.sent == 10 && pin.counters.endOfInterrupts == 10 && pin.counters.raised == 10)
  }

  @Test func `one interrupt is one journey from the pin to the EOI`() throws {
    let machine = try MachineRun(level, vtls: 1)
    machine.run(until: .microseconds(21))
    let first = try #require(machine.events.first { $0.body == .pin(17, .raised, .sent, isHigh: true) })
    let steps = machine.events.filter { $0.journey == first.journey }.map(\.kind)
    #expect(steps == [.pin, .requested, .accepted, .acknowledged, .endOfInterrupt, .remoteIRRCleared])
  }

  @Test func `the same device by MSI, in the group of its route`() throws {
    var guest = CodeGuest(
      main: Code.prologue + Code.out(0xB10, 0xFEE0_0000) + Code.out(0xB18, 0x61) + Code.out(0xB04, 10_000)
        + Code.out(0xB00, 3) + Code.sti + Code.loop(Code.hlt))
    guest.handlers[0x61] = Code.saving(Code.endOfInterrupt)
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(58))
    #expect(machine.events.taken(by: ContextID(0, 0)) == Array(repeating: 0x61, count: 5))
    let route = machine.partition.platformSnapshot().messageRoutes[0]
    #expect(route.device == "periodic" && route.isEnabled)
    #expect(route.sent == 5 && route.undelivered == 0 && route.malformed == 0)
    #expect(machine.events.count { $0.kind == .messageSent } == 5)
  }

  @Test func `typed bytes come in one after the other and interrupt on pin 4`() throws {
    // Vector 41h, edge-triggered; OUT2, then receive interrupts. The handler sends each byte back.
    var guest = CodeGuest(
      main: Code.prologue + Code.route(4, vector: 0x41, level: false)
        + Code.outByte(0x3FC, 0x08) + Code.outByte(0x3F9, 1) + Code.sti + Code.loop(Code.hlt))
    guest.handlers[0x41] = Code.saving(Code.inByte(0x3F8) + [0xEE] + Code.endOfInterrupt)
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(10))
    machine.perform(.serialInput(Array("hello".utf8)))
    machine.run(for: .milliseconds(1))
    #expect(machine.recorder.text == "hello")
    #expect(machine.events.taken(by: ContextID(0, 0)) == Array(repeating: 0x41, count: 5))
    let more = Array(repeating: UInt8(0), count: 4097)
    #expect(machine.partition.perform(.serialInput(more)) == .serialInputFull)
  }

  @Test func `an OUT that raises a line is followed by its interrupt at once`() throws {
    // R12 is cleared right behind the OUT; the handler sends it.
    var guest = CodeGuest(
      main: Code.prologue + Code.route(14, vector: 0x71, level: false) + Code.set(.r12, 0x41) + Code.sti + Code.nop
        + Code.out(0x200E, 1) + Code.set(.r12, 0x42) + Code.loop(Code.hlt))
    guest.handlers[0x71] = Code.transmitR12 + Code.endOfInterrupt + Code.iretq
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(20))
    #expect(machine.recorder.text == "A")
  }
}
