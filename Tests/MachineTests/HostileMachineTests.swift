import Architecture
import Journal
import Machine
import Testing

/// Guests that do everything wrong: the host goes on, and the machine stays one that can be explained.
@Suite struct HostileMachineTests {
  private let vp0 = ContextID(0, 0)

  @Test func `a triple fault stops the machine, and the log says so`() throws {
    let machine = try MachineRun(CodeGuest(main: Code.prologue + Code.undefined), vtls: 1)
    machine.run(for: .microseconds(10))
    #expect(machine.partition.runState == .stopped)
    #expect(machine.partition.stopCause == .tripleFault)
    #expect(machine.events.filter { $0.body == .stopped(.tripleFault, status: 0) }.map(\.context) == [vp0])
    #expect(try machine.context(0, 0).activity == .shutdown)
  }

  @Test func `an interrupt without a gate is a triple fault as well`() throws {
    let machine = try MachineRun(CodeGuest(main: Code.store(0x1FF, at: 0xFEE0_00F0) + Code.sti + Code.spin), vtls: 1)
    machine.run(for: .microseconds(10))
    machine.perform(fire(0x40))
    #expect(machine.partition.stopCause == .tripleFault)
    #expect(machine.events.taken(by: vp0) == [0x40])
  }

  @Test func `#UD for ever takes time like anything else, and each is counted`() throws {
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + Code.undefined, handlers: [6: Code.iretq]), vtls: 1)
    machine.run(until: .microseconds(100))
    #expect(machine.partition.runState == .running)
    let exceptions = machine.events.count { if case .exception(6, _, _) = $0.body { true } else { false } }
    // One tick for the exception and one for IRETQ.
    #expect((49_000...50_000).contains(exceptions))
    #expect(try machine.context(0, 0).counters.exceptions == UInt64(exceptions))
    expectConsistent(machine)
  }

  @Test(arguments: [.max, .max - 1, 1 << 63, 1 << 62] as [UInt64])
  func `a deadline that is never due leaves the machine idle for good`(deadline: UInt64) throws {
    // LVT timer: TSC-deadline mode, vector 40h.
    let main = Code.prologue + Code.store(0x4_0040, at: 0xFEE0_0320) + Code.wrmsr(0x6E0, deadline) + Code.sti + Code.hlt
    let machine = try MachineRun(CodeGuest(main: main), vtls: 1)
    #expect(machine.partition.advance(slices: 10) == .idle(until: nil))
    #expect(machine.partition.isIdle)
    machine.partition.warp(to: .never)
    #expect(machine.partition.clock < .microseconds(10))
    machine.perform(fire(0x41))
    #expect(machine.events.taken(by: vp0) == [0x41])
  }

  @Test func `a timer that is always due does not hold up the host`() throws {
    // Periodic, vector 40h, divided by 1, a count of 1.
    let main =
      Code.prologue + Code.store(0x2_0040, at: 0xFEE0_0320) + Code.store(0xB, at: 0xFEE0_03E0)
      + Code.store(1, at: 0xFEE0_0380) + Code.sti + Code.spin
    let machine = try MachineRun(CodeGuest(main: main), vtls: 1)
    for _ in 0..<200 { _ = machine.partition.advance(slices: 1) }
    #expect(machine.partition.instructions > 2_000)
    #expect(machine.events.taken(by: vp0).count > 100)
    expectConsistent(machine)
  }

  @Test func `a storm of self-IPIs nests as deep as there are classes, and no deeper`() throws {
    // Each handler sends the next higher class to itself, with interrupts enabled; the last sends its own.
    var guest = CodeGuest(main: Code.prologue + Code.loop(Code.sti + selfIPI(0x21)))
    for level in 2..<16 {
      let next = UInt8(min(level + 1, 15) << 4 | 1)
      guest.handlers[UInt8(level << 4 | 1)] =
        [0x50] + Code.sti + selfIPI(next) + Code.nop + Code.cli
        + Code.store(0, at: 0xFEE0_00B0) + [0x58] + Code.iretq
    }
    let machine = try MachineRun(guest, vtls: 1)
    var deepest = 0
    for _ in 0..<500 {
      _ = machine.partition.advance(slices: 1)
      deepest = max(deepest, try machine.context(0, 0).inService.count)
    }
    #expect(machine.partition.runState == .running)
    #expect(deepest == 14)
    expectConsistent(machine)
  }

  private func selfIPI(_ vector: UInt8) -> [UInt8] { Code.store(0x4_4000 | UInt32(vector), at: 0xFEE0_0300) }

  @Test func `the local APIC's page can be moved over RAM and over the code that runs`() throws {
    for page in [UInt64(0x15_0000), CodeGuest.mainAt, 0xFF_FFFF_F000, 0] {
      let main =
        Code.prologue + Code.sti + Code.wrmsr(0x1B, page | 0x900)
        + Code.loop(
          Code.store(0x1FF, at: UInt32(truncatingIfNeeded: page) + 0xF0)
            + Code.store(0x4_4041, at: UInt32(truncatingIfNeeded: page) + 0x300))
      let machine = try MachineRun(
        CodeGuest(main: main, handlers: [13: Code.skip(2, hasErrorCode: true), 14: Code.spin]), vtls: 1)
      machine.run(for: .microseconds(20))
      #expect(try machine.context(0, 0).apicBase == page | 0x900)
      expectConsistent(machine)
    }
  }

  @Test func `interrupts still come when the local APIC's page was moved`() throws {
    let moved =
      Code.prologue + Code.sti + Code.wrmsr(0x1B, 0xFED0_0900) + Code.store(0x4_4041, at: 0xFED0_0300) + Code.spin
    let machine = try MachineRun(CodeGuest(main: moved), vtls: 1)
    machine.run(for: .microseconds(20))
    #expect(machine.events.taken(by: vp0) == [0x41])
    // EOI was written where the page no longer is.
    #expect(machine.partition.unclaimedAccesses == 1)
    #expect(try machine.context(0, 0).inService.map(\.vector) == [VectorNumber(0x41)])
  }

  @Test func `garbage in every MSR and port is survived`() throws {
    var instructions: UInt64 = 0
    var pinsLookedAt = 0
    for seed in 1...12 {
      var random = Seeded(UInt64(seed))
      var main = Code.prologue + Code.sti
      if seed % 3 == 0 { main += Code.wrmsr(0x1B, 0xFEE0_0D00) }
      if seed % 2 == 0 { main += Code.enableVTL1 }
      for _ in 0..<1_500 { main += access(&random) }
      var guest = CodeGuest(main: Code.loop(Array(main.prefix(0xFF00))), handlers: handlers)
      guest.secure = Code.sti + Code.loop(Code.vtlReturn)
      let machine = try MachineRun(guest)
      run(machine, until: .milliseconds(10), upTo: 150, &random)
      pinsLookedAt += machine.events.count { $0.kind == .pin }
      // What the guest asked for may be its end, but nothing else.
      if let cause = machine.partition.stopCause { #expect([.tripleFault, .guestReset].contains(cause)) }
      instructions += machine.partition.instructions
    }
    #expect(instructions > 50_000)
    #expect(pinsLookedAt > 100)
  }

  /// Faults are skipped: RDMSR and WRMSR have 2 bytes, VMCALL 3.
  private let handlers: [UInt8: [UInt8]] = [
    2: Code.iretq, 6: Code.skip(3, hasErrorCode: false), 13: Code.skip(2, hasErrorCode: true),
  ]

  private func access(_ random: inout Seeded) -> [UInt8] {
    let any = random.next()
    let value = random.pick([0, 1, any, any & 0xFFFF_FFFF, any & 0xFF, .max, 0xFEE0_0900, 0xFEE0_0D00, 0x15_0001])
    let msr = random.pick([
      0x10, 0x1B, 0x3B, 0x6E0, 0x800 + UInt32(random.below(0x40)), 0x4000_0000 + UInt32(random.below(0x100)),
      0xC000_0080 + UInt32(random.below(5)), 0xC000_0100 + UInt32(random.below(4)), UInt32(truncatingIfNeeded: any),
    ])
    let device = random.pick([0x3F8 + any >> 16 & 7, 0xB00 + any >> 16 & 0x1C, 0x2000 + any >> 16 % 24])
    let port = UInt16(truncatingIfNeeded: random.chance(30) ? any >> 16 : device)
    switch random.below(12) {
    case 0..<4: return msr == 0x4000_0003 ? [] : Code.wrmsr(msr, value)
    case 4..<7: return Code.rdmsr(msr)
    case 7: return port == 0xF4 ? [] : Code.out(port, UInt32(truncatingIfNeeded: any))
    case 8: return Code.input(port)
    case 9: return Code.ioapic(UInt32(random.below(0x42)), UInt32(truncatingIfNeeded: value))
    case 10: return Code.store(UInt32(truncatingIfNeeded: any), at: 0xFEC0_0000 + UInt32(any >> 40 & 0xFF))
    default:
      let offset = UInt32(truncatingIfNeeded: any >> 20) & 0xFFC
      return Code.store(UInt32(truncatingIfNeeded: value), at: 0xFEE0_0000 + offset)
    }
  }

  @Test func `random bytes as code are survived`() throws {
    var instructions: UInt64 = 0
    for seed in 1...24 {
      var random = Seeded(UInt64(seed) << 32)
      var main = Code.prologue + Code.sti
      if seed % 2 == 0 { main += Code.enableVTL1 }
      while main.count < 0xFF00 { main.append(UInt8(truncatingIfNeeded: random.next())) }
      var guest = CodeGuest(main: main)
      for vector in UInt8(0)..<32 {
        guest.handlers[vector] = Code.skip(1, hasErrorCode: [8, 10, 11, 12, 13, 14, 17].contains(vector))
      }
      let machine = try MachineRun(guest)
      run(machine, until: .microseconds(15), &random)
      instructions += machine.partition.instructions
    }
    #expect(instructions > 10_000)
  }

  /// Up to so many slices at a time, with an operator's interrupts in between; the machine must be consistent at each point.
  private func run(_ machine: MachineRun, until end: VirtualTime, upTo slices: Int = 4, _ random: inout Seeded) {
    for _ in 0..<60 {
      guard machine.partition.runState == .running, machine.partition.clock < end else { break }
      let progress = machine.partition.advance(slices: 1 + random.below(slices))
      if case .idle(let until?) = progress { machine.partition.warp(to: min(until, end)) }
      machine.partition.perform(
        fire(UInt8(random.below(256)), group: random.below(2), mode: random.pick([.fixed, .fixed, .nmi, .smi])))
      expectConsistent(machine.partition.snapshot())
    }
    expectConsistent(machine)
  }

  /// What is true of every machine at every moment.
  private func expectConsistent(_ machine: MachineRun) {
    let numbers = machine.events.map(\.sequence)
    #expect(numbers == Array(0..<UInt64(numbers.count)))
    #expect(machine.partition.nextEvent == UInt64(numbers.count))
    #expect(zip(machine.events, machine.events.dropFirst()).allSatisfy { $0.time <= $1.time })
    expectConsistent(machine.partition.snapshot())
  }

  private func expectConsistent(_ snapshot: Snapshot) {
    for context in snapshot.contexts where context.isEnabled {
      let (pending, served) = (context.pending.map(\.vector.rawValue), context.inService.map(\.vector.rawValue))
      // Vectors below 16 are never accepted (SDM Vol. 3A, 12.5.2).
      #expect((pending + served).allSatisfy { $0 >= 16 })
      #expect(zip(pending, pending.dropFirst()).allSatisfy { $0 > $1 })
      // A handler is interrupted by a higher class only (SDM Vol. 3A, 12.8.3.1).
      #expect(zip(served, served.dropFirst()).allSatisfy { $0 >> 4 > $1 >> 4 })
      #expect(Self.bits(context.apic, at: 0x200) == pending.sorted())
      #expect(Self.bits(context.apic, at: 0x100) == served.sorted())
      #expect(context.nmiPending <= 2)
    }
    for pin in snapshot.platform.ioapics.flatMap(\.pins) {
      // Only a level-triggered interrupt is waited for, and only of a storm something is still to be sent.
      #expect(!pin.entry.isRemoteIRRSet || pin.entry.isLevelTriggered)
      #expect(!pin.entry.isSendPending || pin.isLineHigh)
    }
    for vp in 0..<Int(snapshot.machine.vpCount) {
      #expect(snapshot.contexts.count { $0.id.vp.index == vp && $0.isActive } == 1)
    }
  }

  /// The vectors of the 256-bit register at `offset`.
  private static func bits(_ page: APICPage, at offset: Int) -> [UInt8] {
    (UInt8.min...UInt8.max).filter { page[offset + Int($0 >> 5) * 16] >> UInt32($0 & 31) & 1 != 0 }
  }
}
