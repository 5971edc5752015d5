import Architecture
import Journal
import Machine
import Testing

/// Connections made at the test device, and what is sent by them, as the event log tells it.
@Suite struct ConnectionTests {
  private let vtl0 = ContextID(0, 0)
  private static let input: UInt32 = 0x15_8000
  private static let messagePage: UInt64 = 0x15_9000
  private static let eventPage: UInt64 = 0x15_A000

  /// SINT 7:0, VP 15:8, operation 23:16, connection 31:24, as QEMU's `hyperv-testdev` has it.
  private func device(_ operation: UInt32, connection: UInt32 = 0, vp: UInt32 = 0, sint: UInt32 = 0) -> [UInt8] {
    Code.out(0x3000, connection << 24 | operation << 16 | vp << 8 | sint)
  }
  private let synic =
    Code.wrmsr(0x4000_0000, 1) + Code.wrmsr(0x4000_0080, 1) + Code.wrmsr(0x4000_0083, messagePage | 1)
    + Code.wrmsr(0x4000_0082, eventPage | 1) + Code.wrmsr(0x4000_0098, 0x60) + Code.wrmsr(0x4000_0099, 0x61)

  private func post(_ connection: UInt32, type: UInt32) -> [UInt8] {
    Code.store(connection, at: Self.input) + Code.store(type, at: Self.input + 8) + Code.store(4, at: Self.input + 12)
      + Code.hypercall(0x5C, UInt64(Self.input), 0)
  }
  private func signal(_ connection: UInt64, flag: UInt64) -> [UInt8] {
    Code.hypercall(0x1_005D, flag << 32 | connection, 0)
  }

  private func run(_ main: [UInt8], vps: Int = 1, secure: [UInt8]? = nil) throws -> MachineRun {
    var guest = CodeGuest(main: Code.prologue + main + Code.spin)
    if let secure { guest.secure = secure + Code.loop(Code.vtlReturn) }
    let machine = try MachineRun(guest, vps: vps)
    machine.run(until: .microseconds(60))
    return machine
  }

  private func connections(_ machine: MachineRun) -> [ConnectionSummary] {
    machine.events.compactMap { if case .connectionChanged(let summary) = $0.body { summary } else { nil } }
  }
  private func calls(_ machine: MachineRun, _ code: UInt16) -> [HypercallSummary] {
    machine.events.compactMap { event in
      guard case .hypercall(let call) = event.body, call.code == code else { return nil }
      return call
    }
  }
  private func outcomes(_ machine: MachineRun) -> [MessageOutcome] {
    machine.events.compactMap { if case .synicMessage(8, _, let outcome) = $0.body { outcome } else { nil } }
  }

  @Test func `what the device is told is in the log, and what cannot be is refused`() throws {
    let machine = try run(
      device(4, connection: 0x10, sint: 8) + device(4, connection: 0x10, sint: 9) + device(6, connection: 0x10, sint: 9)
        + device(4, connection: 0x11, vp: 1, sint: 8) + device(4, connection: 0x11, sint: 16)
        + device(7, connection: 0x10)
        + device(7, connection: 0x10) + device(1, sint: 8) + device(2, sint: 8) + device(3, sint: 8))
    func summary(
      _ kind: ConnectionKind, _ change: ConnectionChange, _ id: UInt32, vp: Int = 0, _ sint: UInt8
    ) -> ConnectionSummary {
      ConnectionSummary(kind, change, id: id, target: ContextID(vp, 0), sint: sint)
    }
    #expect(
      connections(machine) == [
        summary(.message, .made, 0x10, 8), summary(.message, .refused, 0x10, 9), summary(.event, .made, 0x10, 9),
        summary(.message, .refused, 0x11, vp: 1, 8), summary(.message, .refused, 0x11, 16),
        summary(.event, .broken, 0x10, 9), summary(.event, .refused, 0x10, 0), summary(.route, .made, 8, 8),
        summary(.route, .broken, 8, 8), summary(.route, .refused, 8, 8),
      ])
    #expect(machine.partition.unclaimedAccesses == 0)
  }

  @Test func `other operations, sizes and ports are nobody's, and counted`() throws {
    let word: [UInt8] = [0xBA, 0x00, 0x30, 0, 0, 0x66, 0xEF]
    let machine = try run(device(0) + device(8) + Code.out(0x3001, 0x10_0008) + word + Code.input(0x3000))
    #expect(connections(machine).isEmpty)
    #expect(machine.partition.unclaimedAccesses == 4)
  }

  @Test func `a message and an event go to source and context, and the calls say so`() throws {
    let machine = try run(
      synic + device(4, connection: 0x10, sint: 8) + device(6, connection: 0x20, sint: 9) + post(0x10, type: 0x77)
        + signal(0x20, flag: 2) + signal(0x20, flag: 2) + Code.sti)
    #expect(outcomes(machine) == [.delivered])
    #expect(machine.events.count(of: .synicEvent(sint: 9, flag: 0x22, isNew: true)) == 1)
    #expect(machine.events.count(of: .synicEvent(sint: 9, flag: 0x22, isNew: false)) == 1)
    #expect(machine.events.taken(by: vtl0) == [0x61, 0x60])
    #expect(
      calls(machine, 0x5C) == [HypercallSummary(code: 0x5C, status: 0, target: vtl0, argument: 0x10, value: 0x77)])
    #expect(
      calls(machine, 0x5D)
        == Array(
          repeating: HypercallSummary(code: 0x5D, status: 0, isFast: true, target: vtl0, argument: 0x20, value: 2),
          count: 2))
    let sources = try #require(try machine.context(0, 0).synic).sources
    #expect(sources[8].messageType == 0x77)
    #expect(sources[9].eventFlags == 1)
  }

  @Test func `a message that waits goes with its port, and is counted as dropped`() throws {
    let machine = try run(
      synic + device(4, connection: 0x10, sint: 8) + post(0x10, type: 1) + post(0x10, type: 2)
        + device(5, connection: 0x10) + post(0x10, type: 3) + Code.store(0, at: UInt32(Self.messagePage) + 0x800)
        + Code.wrmsr(0x4000_0084, 0))
    #expect(outcomes(machine) == [.delivered, .waits, .dropped])
    #expect(calls(machine, 0x5C).map(\.status) == [0, 0, 0x12])
    let source = try #require(try machine.context(0, 0).synic).sources[8]
    #expect(source.messageType == 0 && source.queued == 0)
    #expect(source.delivered == 1 && source.dropped == 1)
  }

  @Test func `without SynIC or page the status is 18h, and a masked source takes messages, but no events`() throws {
    let made = device(4, connection: 0x10, sint: 8) + device(6, connection: 0x20, sint: 9)
    let masked = Code.wrmsr(0x4000_0098, 0x1_0060) + Code.wrmsr(0x4000_0099, 0x1_0061)
    let machine = try run(
      Code.wrmsr(0x4000_0000, 1) + made + post(0x10, type: 1) + signal(0x20, flag: 0) + synic + masked
        + post(0x10, type: 1) + signal(0x20, flag: 0) + Code.sti)
    #expect(calls(machine, 0x5C).map(\.status) == [0x18, 0])
    #expect(calls(machine, 0x5D).map(\.status) == [0x18, 0x18])
    #expect(machine.events.taken(by: vtl0).isEmpty)
  }

  @Test func `a connection of VTL1 leads into VTL1, and VTL0 cannot break it`() throws {
    let secure =
      Code.store(0x1FF, at: 0xFEE0_00F0) + synic + device(4, connection: 0x30, sint: 8) + Code.sti
    let machine = try run(
      Code.enableVTL1 + Code.vtlCall + device(5, connection: 0x30) + post(0x30, type: 5), secure: secure)
    let vtl1 = ContextID(0, 1)
    #expect(
      connections(machine) == [
        ConnectionSummary(.message, .made, id: 0x30, target: vtl1, sint: 8),
        ConnectionSummary(.message, .refused, id: 0x30, target: vtl0, sint: 0),
      ])
    #expect(machine.events.taken(by: vtl1) == [0x60])
    #expect(machine.events.taken(by: vtl0).isEmpty)
    #expect(try #require(try machine.context(0, 1).synic).sources[8].messageType == 5)
  }

  @Test func `a route raises its source, unless the source is masked or the SynIC is off`() throws {
    let route = device(1, sint: 8) + device(3, sint: 8)
    let machine = try run(
      route + synic + device(3, sint: 8) + Code.wrmsr(0x4000_0098, 0x1_0060) + device(3, sint: 8) + Code.sti)
    #expect(machine.events.taken(by: vtl0) == [0x60])
    #expect(connections(machine).map(\.change) == [.made, .refused, .refused])
  }
}
