import Architecture
import Interrupts
import Journal
import Memory
import Testing

@testable import Machine

/// KVM's PV EOI in a running machine (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_PV_EOI_EN).
@Suite struct LazyEOIMachineTests {
  private static let byte: UInt32 = 0x17_0000
  private static let enable = Code.wrmsr(0x4B56_4D04, UInt64(byte) | 1)
  /// As Linux does it: BTR of bit 0 of the byte, and EOI only when it was clear.
  private static let handler =
    [0x50] + [0xB8] + Code.little(byte) + [0x0F, 0xBA, 0x30, 0x00] + [0x72, 0x0B] + Code.store(0, at: 0xFEE0_00B0)
    + [0x58] + Code.iretq

  private func guest(_ body: [UInt8], handler: [UInt8] = Self.handler, vtls: Int = 1) throws -> MachineRun {
    var guest = CodeGuest(main: Code.prologue + Self.enable + Code.sti + body)
    for vector in UInt8(0x30)..<0x60 { guest.handlers[vector] = handler }
    let machine = try MachineRun(guest, vtls: vtls)
    machine.run(for: .microseconds(5))
    return machine
  }

  private func byteIsSet(_ machine: MachineRun) -> Bool {
    machine.partition.memory.load8(GPA(UInt64(Self.byte))) == 1
  }

  private func ended(_ machine: MachineRun) -> [JourneyID] {
    machine.events.filter { $0.kind == .endOfInterrupt }.map(\.journey)
  }

  @Test func `enabled, armed, taken: a snapshot says how it is at that moment`() throws {
    let machine = try guest(Code.spin)
    #expect(try machine.context(0, 0).lazyEOI == .enabled)
    #expect(try machine.context(0, 0).lazyEOIAddress == UInt64(Self.byte))
    let first = try #require(machine.perform(fire(0x40)).first { $0.kind == .accepted })
    // Taken at once, and the handler has not begun.
    #expect(try machine.context(0, 0).lazyEOI == .armed)
    #expect(byteIsSet(machine))
    let generation = machine.partition.contextGeneration(0)
    machine.run(for: .microseconds(3))
    let after = try machine.context(0, 0)
    #expect(after.lazyEOI == .taken)
    #expect(after.inService.map(\.vector.rawValue) == [0x40])
    #expect(!byteIsSet(machine))
    #expect(machine.partition.contextGeneration(0) != generation)
    #expect(ended(machine) == [])
    // The next interrupt is the next exit: what is over is over, and it is not held back.
    let request = FireRequest(
      origin: .message(GroupID(0)), message: InterruptMessage(vector: VectorNumber(0x41), to: ApicID(0)))
    #expect(preview(request, in: machine.partition.snapshot()).targets.map(\.outlook) == [.deliverable])
    let events = machine.perform(.fire(request))
    #expect(events.taken(by: ContextID(0, 0)) == [0x41])
    #expect(ended(machine) == [first.journey])
    #expect(try machine.context(0, 0).counters.endOfInterrupts == 1)
  }

  @Test func `a byte that changes while the VP does not run makes a new frame`() throws {
    let machine = try guest(Code.spin)
    machine.perform(fire(0x40))
    let generation = machine.partition.contextGeneration(0)
    // As another VP would.
    machine.partition.memory.store8(0, at: GPA(UInt64(Self.byte)))
    #expect(machine.partition.contextGeneration(0) != generation)
    #expect(try machine.context(0, 0).lazyEOI == .taken)
    machine.partition.memory.store8(1, at: GPA(UInt64(Self.byte)))
    #expect(machine.partition.contextGeneration(0) == generation)
  }

  @Test func `any exit is when it is noticed`() throws {
    let machine = try guest(Code.loop(Code.pause))
    machine.perform(fire(0x40))
    machine.run(for: .microseconds(3))
    #expect(ended(machine).count == 1)
    #expect(try machine.context(0, 0).lazyEOI == .enabled)
    #expect(try machine.context(0, 0).inService == [])
  }

  @Test func `an exit inside of the handler takes it back, and an EOI is written`() throws {
    let machine = try guest(Code.spin, handler: [0x50, 0x52] + Code.input(0x608) + [0x5A, 0x58] + Self.handler)
    machine.perform(fire(0x40))
    #expect(try machine.context(0, 0).lazyEOI == .armed)
    machine.run(for: .microseconds(3))
    let end = try #require(machine.events.last { $0.kind == .endOfInterrupt })
    #expect(end.rip >= CodeGuest.handlersAt && end.rip < CodeGuest.handlersAt + 0x41 * 64)
    #expect(try machine.context(0, 0).counters.spuriousEOIs == 0)
  }

  @Test func `it is not armed over what waits below, nor for a level`() throws {
    let machine = try guest(Code.spin)
    machine.perform(fire(0x50))
    #expect(try machine.context(0, 0).lazyEOI == .armed)
    machine.perform(fire(0x31))
    #expect(try machine.context(0, 0).lazyEOI == .enabled)
    #expect(!byteIsSet(machine))
    machine.run(for: .microseconds(5))
    #expect(machine.events.taken(by: ContextID(0, 0)) == [0x50, 0x31])
    var level = InterruptMessage(vector: VectorNumber(0x48), to: ApicID(0))
    level.command.isLevelTriggered = true
    machine.perform(.fire(FireRequest(origin: .message(GroupID(0)), message: level)))
    #expect(try machine.context(0, 0).lazyEOI == .enabled)
  }

  @Test func `thousands of ticks end once each, with hardly an EOI written`() throws {
    // Periodic, vector 40h, every 2,000 ticks; the guest spins.
    let timer =
      Code.store(0xB, at: 0xFEE0_03E0) + Code.store(0x2_0040, at: 0xFEE0_0320) + Code.store(2_000, at: 0xFEE0_0380)
    let machine = try guest(timer + Code.spin)
    machine.run(for: .milliseconds(4))
    let taken = machine.events.taken(by: ContextID(0, 0)).count
    #expect((1_990...2_010).contains(taken))
    let counters = try machine.context(0, 0).counters
    #expect(counters.spuriousEOIs == 0)
    #expect(UInt64(taken) - counters.endOfInterrupts <= 1)
    #expect(Set(ended(machine)).count == ended(machine).count)
  }

  @Test func `an address that is no RAM, or not a multiple of 4, is #GP`() throws {
    let write = [0xFFFF_F001, 0x17_0003, 0x17_0002] as [UInt64]
    let main = write.flatMap { Code.wrmsr(0x4B56_4D04, $0) } + Code.wrmsr(0x4B56_4D04, 0xFFFF_F000)
    let machine = try MachineRun(
      CodeGuest(main: Code.prologue + main + Code.spin, handlers: [13: Code.skip(2, hasErrorCode: true)]), vtls: 1)
    machine.run(for: .microseconds(5))
    let faults = machine.events.count { if case .exception(13, _, _) = $0.body { true } else { false } }
    #expect(faults == 3)
    #expect(try machine.context(0, 0).lazyEOI == .off)
    #expect(try machine.context(0, 0).lazyEOIAddress == 0)
  }

  @Test func `each VTL has its own, and a switch settles what was armed`() throws {
    let other = UInt64(Self.byte) + 0x100
    let main = Code.prologue + Code.enableVTL1 + Self.enable + Code.vtlCall + Code.sti + Code.spin
    var guest = CodeGuest(
      main: main, secure: Code.wrmsr(0x4B56_4D04, other | 1) + Code.rdmsr(0x4B56_4D04) + Code.vtlReturn + Code.spin)
    guest.handlers[0x40] = Self.handler
    let machine = try MachineRun(guest)
    machine.run(for: .microseconds(10))
    #expect(try machine.context(0, 0).lazyEOIAddress == UInt64(Self.byte))
    #expect(try machine.context(0, 1).lazyEOIAddress == other)
    let first = try #require(machine.perform(fire(0x40)).first { $0.kind == .accepted })
    machine.run(for: .microseconds(3))
    #expect(try machine.context(0, 0).lazyEOI == .taken)
    let events = machine.perform(.switchVTL(VPIndex(0), to: .vtl1))
    #expect(events.contains { $0.kind == .endOfInterrupt && $0.journey == first.journey })
    #expect(try machine.context(0, 0).lazyEOI == .enabled)
  }

  @Test func `an operator's EOI of what the guest has ended already ends nothing else`() throws {
    let machine = try guest(Code.spin)
    machine.perform(fire(0x40))
    machine.run(for: .microseconds(3))
    machine.perform(.endOfInterrupt(ContextID(0, 0)))
    #expect(ended(machine).count == 1)
    #expect(try machine.context(0, 0).counters.spuriousEOIs == 0)
  }
}
