import Architecture
import Journal
import Machine
import Testing

/// From a line through the 8259 to the processor that takes the interrupt.
@Suite struct ExternalInterruptTests {
  private static let self0 = ContextID(0, 0)

  /// Both chips: vectors 30h and 38h, all masked but what `open` says.
  private static func initialize(open: UInt8, icw4: UInt8 = 1) -> [UInt8] {
    Code.outByte(0x20, 0x11) + Code.outByte(0x21, 0x30) + Code.outByte(0x21, 4) + Code.outByte(0x21, icw4)
      + Code.outByte(0xA0, 0x11) + Code.outByte(0xA1, 0x38) + Code.outByte(0xA1, 2) + Code.outByte(0xA1, 1)
      + Code.outByte(0x21, ~open)
  }
  private static let openLINT0 = Code.store(0x700, at: 0xFEE0_0350)
  /// A handler that writes `byte` to COM1 and a non-specific EOI to the master.
  private static func handler(_ byte: UInt8, _ more: [UInt8] = []) -> [UInt8] {
    Code.saving(Code.transmit(byte) + more + Code.outByte(0x20, 0x20))
  }

  private func taken(_ machine: MachineRun, by id: ContextID = self0) -> [Event.Body] {
    machine.events.filter { $0.kind == .externalAcknowledged && $0.context == id }.map(\.body)
  }
  private func external(_ vector: UInt8, _ irq: UInt8, isSpurious: Bool = false) -> Event.Body {
    .externalAcknowledged(VectorNumber(rawValue: vector), irq: irq, isSpurious: isSpurious)
  }

  @Test func `through the virtual wire the vector is the 8259's, past TPR, IRR and ISR`() throws {
    // TPR FFh lets nothing of the local APIC through.
    let guest = CodeGuest(
      main: Code.prologue + Self.initialize(open: 0x02) + Self.openLINT0 + Code.store(0xFF, at: 0xFEE0_0080) + Code.sti
        + Code.line(1, true) + Code.transmit(0x62) + Code.line(1, false) + Code.cli + Code.hlt,
      handlers: [0x31: Self.handler(0x61)])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    #expect(machine.recorder.text == "ab")
    #expect(taken(machine) == [external(0x31, 1)])
    let context = try machine.context(0, 0)
    #expect(context.pending.isEmpty && context.inService.isEmpty && context.counters.accepted == 0)
    let pic = try #require(machine.partition.platformSnapshot().pic)
    #expect(pic.acknowledged == 1 && pic.master.inService == 0 && pic.master.vectorBase == 0x30)
  }

  @Test func `one interrupt of the 8259 is one journey, from LINT0 to INTA`() throws {
    let guest = CodeGuest(
      main: Code.prologue + Self.initialize(open: 0x02) + Self.openLINT0 + Code.line(1, true)
        + Code.loop(Code.sti + Code.hlt),
      handlers: [0x31: Self.handler(0x61)])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    let last = try #require(machine.events.first { $0.kind == .externalAcknowledged })
    #expect(last.journey != .none)
    let steps = machine.events.filter { $0.journey == last.journey }.map(\.kind)
    #expect(steps == [.requested, .accepted, .externalAcknowledged])
  }

  @Test func `masked in the 8259, at LINT0 or by IF, nothing comes; IF is the only gate that shows it pending`() throws
  {
    for (open, entry, isPending) in [(UInt8(0), UInt32(0x700), false), (2, 0x1_0700, false), (2, 0x700, true)] {
      let guest = CodeGuest(
        main: Code.prologue + Self.initialize(open: open) + Code.store(entry, at: 0xFEE0_0350) + Code.line(1, true)
          + (isPending ? [] : Code.sti) + Code.loop(Code.hlt), handlers: [0x31: Self.handler(0x61)])
      let machine = try MachineRun(guest, vtls: 1)
      machine.run(until: .microseconds(50))
      #expect(taken(machine) == [] && machine.recorder.text == "")
      let context = try machine.context(0, 0)
      #expect(context.externalPending == isPending && context.activity == .halted)
      #expect(machine.partition.platformSnapshot().pic?.isOutputHigh == (open != 0))
    }
  }

  @Test func `with the local APIC disabled INTR and NMI reach the processor itself`() throws {
    let guest = CodeGuest(
      main: Code.prologue + Self.initialize(open: 0x02) + Code.wrmsr(0x1B, 0xFEE0_0100) + Code.out(0x2018, 1) + Code.sti
        + Code.line(1, true) + Code.loop(Code.hlt),
      handlers: [2: Code.saving(Code.transmit(0x6E)), 0x31: Self.handler(0x61)])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    #expect(machine.recorder.text == "na")
    #expect(taken(machine) == [external(0x31, 1)])
  }

  @Test func `the NMI line is an NMI by LINT1 where its entry says so, one for each time it rises`() throws {
    let guest = CodeGuest(
      main: Code.prologue + Code.out(0x2018, 1) + Code.out(0x2018, 0) + Code.store(0x400, at: 0xFEE0_0360)
        + Code.out(0x2018, 1) + Code.out(0x2018, 1) + Code.out(0x2018, 0) + Code.out(0x2018, 1) + Code.hlt,
      handlers: [2: Code.saving(Code.transmit(0x6E))])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    #expect(machine.recorder.text == "nn")
  }

  @Test func `a line that falls while the message of the IOAPIC's pin 0 waits makes a spurious IRQ 7`() throws {
    // Pin 0 is the output of the 8259; ExtINT, edge-triggered, for APIC ID 0.
    let guest = CodeGuest(
      main: Code.prologue + Self.initialize(open: 0x02) + Code.ioapic(0x11, 0) + Code.ioapic(0x10, 0x700)
        + Code.line(1, true) + Code.line(1, false) + Code.sti + Code.nop + Code.cli
        + Code.line(1, true) + Code.sti + Code.nop + Code.cli + Code.hlt,
      handlers: [0x31: Self.handler(0x61), 0x37: Code.saving(Code.transmit(0x73))])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    #expect(machine.recorder.text == "sa")
    #expect(taken(machine) == [external(0x37, 7, isSpurious: true), external(0x31, 1)])
    #expect(machine.partition.platformSnapshot().pic?.spurious == 1)
    #expect(machine.pin(0).device == "8259" && machine.pin(0).counters.sent == 2)
  }

  @Test func `the processor whose LINT0 is open takes it, and no other`() throws {
    var guest = CodeGuest(
      main: Code.prologue + Code.wrmsr(0x4000_0000, 1) + Self.initialize(open: 0x02) + Code.startProcessor(1)
        + Code.delay(2_000) + Code.sti + Code.line(1, true) + Code.loop(Code.hlt), handlers: [0x31: Self.handler(0x61)])
    guest.others = Code.store(0x1FF, at: 0xFEE0_00F0) + Self.openLINT0 + Code.sti + Code.loop(Code.hlt)
    let machine = try MachineRun(guest, vps: 3, vtls: 1)
    machine.run(until: .microseconds(100))
    #expect(taken(machine) == [] && taken(machine, by: ContextID(1, 0)) == [external(0x31, 1)])
    #expect(machine.recorder.text == "a")
  }

  @Test func `it is VTL0's: while VTL1 runs it waits, and VTL1 is told where it asked to be`() throws {
    var guest = CodeGuest(
      main: Code.prologue + Code.enableVTL1 + Self.initialize(open: 0x02) + Self.openLINT0 + Code.sti + Code.vtlCall
        + Code.loop(Code.hlt),
      handlers: [0x31: Self.handler(0x61), 0x50: Code.saving(Code.transmit(0x76) + Code.endOfInterrupt)])
    // VINA: vector 50h, enabled.
    guest.notification = 0x150
    guest.secure =
      Code.prologue + Code.enableAssistPage + Code.setNotification + Code.sti + Code.line(1, true) + Code.transmit(0x31)
      + Code.vtlReturn + Code.spin
    let machine = try MachineRun(guest)
    machine.run(until: .microseconds(100))
    #expect(machine.recorder.text == "v1a")
    #expect(taken(machine) == [external(0x31, 1)] && taken(machine, by: ContextID(0, 1)) == [])
  }

  @Test func `an 8259 that always has an interrupt lets an instruction through between two, and time goes on`() throws {
    // A level with automatic EOI, a trap gate and a stack of its own: it nests for ever.
    var guest = CodeGuest(
      main: Code.prologue + Code.wrmsr(0x4000_0000, 1) + Self.initialize(open: 0x08, icw4: 3)
        + Code.outByte(0x4D0, 0x08) + Code.startProcessor(1) + Code.line(3, true) + Code.loop(Code.hlt),
      handlers: [0x33: Code.spin])
    guest.others = Code.store(0x1FF, at: 0xFEE0_00F0) + Self.openLINT0 + Code.sti + Code.loop(Code.hlt)
    guest.trapVectors = [0x33]
    guest.interruptStack = 0x18_0000
    let machine = try MachineRun(guest, vps: 2, vtls: 1)
    machine.run(until: .microseconds(20))
    #expect(machine.partition.clock >= .microseconds(20) && taken(machine, by: ContextID(1, 0)).count > 1_000)
  }

  @Test func `LINT0 takes the 8259's output as a level of its own vector as well`() throws {
    let guest = CodeGuest(
      main: Code.prologue + Self.initialize(open: 0x02) + Code.store(0x8041, at: 0xFEE0_0350) + Code.sti
        + Code.line(1, true)
        + Code.loop(Code.hlt),
      handlers: [
        0x41: Code.saving(
          Code.transmit(0x6C) + Code.ifR12(is: 2, Code.line(1, false)) + Code.incrementR12 + Code.endOfInterrupt)
      ])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .microseconds(50))
    #expect(machine.recorder.text == "lll" && machine.events.taken(by: Self.self0) == [0x41, 0x41, 0x41])
    #expect(taken(machine) == [])
  }

  @Test func `PIT ticks come through the 8259 and through pin 2 of the IOAPIC at the same times`() throws {
    // 2000 counts, mode 2: 1.676 ms.
    let program = Code.outByte(0x43, 0x34) + Code.outByte(0x40, 0xD0) + Code.outByte(0x40, 0x07)
    let guest = CodeGuest(
      main: Code.prologue + program + Self.initialize(open: 0x01) + Self.openLINT0
        + Code.route(2, vector: 0x51, level: false)
        + Code.loop(Code.sti + Code.hlt),
      handlers: [0x30: Self.handler(0x70), 0x51: Code.saving(Code.transmit(0x69) + Code.endOfInterrupt)])
    let machine = try MachineRun(guest, vtls: 1)
    machine.run(until: .milliseconds(100))
    let rises = machine.events.filter { $0.body == .pin(2, .raised, .sent, isHigh: true) }
    // 119318 pulses, of which the first loads the count.
    #expect(rises.count == 119_317 / 2_000)
    #expect(taken(machine) == Array(repeating: external(0x30, 0), count: rises.count))
    #expect(machine.events.taken(by: Self.self0) == Array(repeating: 0x51, count: rises.count))
    let first = rises[0].time.rawValue
    for (n, rise) in rises.enumerated() {
      // To the pulse, and within it to the nanosecond: nothing adds up.
      let exact = Double(first) + Double(n) * 2_000 * 1e9 / 1_193_182
      #expect(abs(Double(rise.time.rawValue) - exact) < 160)
    }
    let pit = try #require(machine.partition.platformSnapshot().pit)
    #expect(pit.mode == 2 && pit.reload == 2_000 && pit.expired == UInt64(rises.count) + 1)
    #expect(pit.due.map { $0 > machine.partition.clock } == true)
  }

  @Test func `nothing of the 8259 or the timer stirs in a machine whose guest leaves them alone`() throws {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + Code.loop(Code.hlt)), vtls: 1)
    machine.run(until: .milliseconds(1))
    #expect(machine.partition.platformSnapshot().pic == PICSnapshot())
    #expect(machine.partition.platformSnapshot().pit == PITSnapshot())
    #expect(machine.partition.isIdle && machine.partition.machineSnapshot().idleUntil == nil)
  }
}
