import Architecture
import Journal
import Machine
import Testing

/// Synthetic timers and their messages, as a guest has them (TLFS, "Synthetic Timers", "SynIC Message Delivery").
@Suite struct SynICMachineTests {
  private let vtl0 = ContextID(0, 0)
  private let vtl1 = ContextID(0, 1)
  private static let messagePage: UInt64 = 0x15_8000

  /// SCONTROL, SIMP, SINT 2.
  private func synic(sint2: UInt64) -> [UInt8] {
    Code.wrmsr(0x4000_0080, 1) + Code.wrmsr(0x4000_0083, Self.messagePage | 1) + Code.wrmsr(0x4000_0092, sint2)
  }
  /// One-shot, for SINT 2, at `count` x 100 ns.
  private func timer(_ n: UInt32, at count: UInt64, config: UInt64 = 0x2_0001) -> [UInt8] {
    Code.wrmsr(0x4000_00B1 + 2 * n, count) + Code.wrmsr(0x4000_00B0 + 2 * n, config)
  }
  private func messages(_ events: [Event], of id: ContextID) -> [MessageOutcome] {
    events.compactMap { event in
      guard case .synicMessage(2, 0x8000_0010, let outcome) = event.body, event.context == id else { return nil }
      return outcome
    }
  }

  @Test func `a timer wakes a halted VP with a message, at the tick`() throws {
    let main = Code.prologue + synic(sint2: 0x60) + timer(0, at: 100) + Code.sti + Code.loop(Code.hlt)
    let machine = try MachineRun(CodeGuest(main: main))
    machine.run(until: .microseconds(20))
    let expiry = try #require(
      machine.events.first { if case .syntheticTimerExpired = $0.body { true } else { false } })
    #expect(expiry.time == .microseconds(10))
    #expect(expiry.body == .syntheticTimerExpired(index: 0, due: .microseconds(10), isDirect: false, target: 2))
    #expect(messages(machine.events, of: vtl0) == [.delivered])
    #expect(machine.events.taken(by: vtl0) == [0x60])
    // Message, interrupt and service are one journey, which the expiry begins.
    let journey = machine.events.filter { $0.journey == expiry.journey && $0.sequence >= expiry.sequence }
    #expect(expiry.journey != .none)
    #expect(journey.first?.body == expiry.body)
    #expect(journey.dropFirst().first?.body == .synicMessage(sint: 2, type: 0x8000_0010, .delivered))
    #expect(
      journey.contains { if case .acknowledged(VectorNumber(rawValue: 0x60), _) = $0.body { true } else { false } })
    let source = try #require(try machine.context(0, 0).synic).sources[2]
    #expect(source.messageType == 0x8000_0010)
    #expect(source.delivered == 1)
  }

  @Test func `a taken slot makes the second message wait, and EOM brings it`() throws {
    let clear = Code.store(0, at: UInt32(Self.messagePage) + 0x200) + Code.wrmsr(0x4000_0084, 0)
    let main =
      Code.prologue + synic(sint2: 0x4_0000) + timer(0, at: 10) + timer(1, at: 20)
      + Code.set(.rcx, 20_000) + [0x48, 0xFF, 0xC9, 0x75, 0xFB] + clear + Code.spin
    let machine = try MachineRun(CodeGuest(main: main))
    machine.run(until: .microseconds(10))
    #expect(messages(machine.events, of: vtl0) == [.delivered, .waits])
    var source = try #require(try machine.context(0, 0).synic).sources[2]
    #expect(source.isMessagePending)
    #expect(source.queued == 1)
    machine.run(until: .microseconds(60))
    #expect(messages(machine.events, of: vtl0) == [.delivered, .waits, .delivered])
    // What waited is what is delivered.
    let numbers = machine.events.filter { if case .synicMessage = $0.body { true } else { false } }.map(\.journey)
    #expect(numbers[1] == numbers[2] && numbers[0] != numbers[1])
    source = try #require(try machine.context(0, 0).synic).sources[2]
    #expect(!source.isMessagePending)
    #expect(source.queued == 0)
    #expect(source.delivered == 2)
    // It is polled.
    #expect(machine.events.taken(by: vtl0).isEmpty)
  }

  @Test func `auto-EOI leaves nothing in service`() throws {
    let main = Code.prologue + synic(sint2: 0x2_0060) + timer(0, at: 100) + Code.sti + Code.loop(Code.hlt)
    var guest = CodeGuest(main: main)
    guest.handlers[0x60] = Code.spin
    let machine = try MachineRun(guest)
    machine.run(until: .microseconds(20))
    #expect(machine.events.taken(by: vtl0) == [0x60])
    #expect(try machine.context(0, 0).inService.isEmpty)
  }

  @Test func `a direct timer of VTL1 preempts VTL0`() throws {
    let secure = Code.store(0x1FF, at: 0xFEE0_00F0) + timer(3, at: 200, config: 0x1_531 | 1) + Code.sti
    let guest = CodeGuest(
      main: Code.prologue + Code.enableVTL1 + Code.vtlCall + Code.spin, secure: secure + Code.loop(Code.vtlReturn))
    let machine = try MachineRun(guest)
    machine.run(until: .microseconds(40))
    #expect(machine.events.taken(by: vtl1) == [0x53])
    #expect(
      machine.events.switches(of: 0).contains(VTLSwitch(from: .vtl0, to: .vtl1, reason: .interrupt)))
    let taken = machine.events.first { if case .acknowledged = $0.body { true } else { false } }
    #expect(taken?.time == .microseconds(20))
  }

  @Test func `a page outside RAM and a bad vector are #GP`() throws {
    var guest = CodeGuest(
      main: Code.prologue + Code.wrmsr(0x4000_0083, 0xF_F000_0001) + Code.wrmsr(0x4000_0092, 5) + Code.spin)
    guest.handlers[13] = Code.skip(2, hasErrorCode: true)
    let machine = try MachineRun(guest)
    machine.run(until: .microseconds(10))
    let faults = machine.events.count { if case .exception(13, _, _) = $0.body { true } else { false } }
    #expect(faults == 2)
  }
}
