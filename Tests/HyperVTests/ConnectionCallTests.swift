import Architecture
import HyperV
import Journal
import Testing

/// HvCallPostMessage and HvCallSignalEvent (TLFS, "Inter-Partition Communication").
struct ConnectionCallTests {
  private let target = ContextID(1, 0)

  /// Message connection 10h leads to SINT 8 of VP 1, event connection 20h to flags 32...47 of its SINT 9.
  private var guest: TestGuest {
    var guest = TestGuest()
    let message = guest.partition.connections.open(.message, 0x10, to: SynICPort(target, sint: 8))
    let event = guest.partition.connections.open(.event, 0x20, to: SynICPort(target, sint: 9, flags: 32..<48))
    precondition(message && event)
    return guest
  }

  private func post(
    _ guest: inout TestGuest, _ connection: UInt32 = 0x10, type: UInt32 = 0x1234, size: UInt32 = 3,
    payload: [UInt8] = [7, 8, 9]
  ) -> HypercallOutcome {
    let header = littleEndian(connection) + littleEndian(0 as UInt32) + littleEndian(type) + littleEndian(size)
    let rest = [UInt8](repeating: 0xEE, count: 240 - payload.count)
    return guest.call(HypercallInput(.postMessage), header + payload + rest)
  }

  private func signal(
    _ guest: inout TestGuest, _ connection: UInt32 = 0x20, flag: UInt16 = 0, reserved: UInt16 = 0
  ) -> HypercallOutcome {
    guest.call(HypercallInput(.signalEvent), littleEndian(connection) + littleEndian(flag) + littleEndian(reserved))
  }

  @Test func `a message goes to the port's source, with the port as its origin and no more than its payload`() {
    var guest = guest
    let outcome = post(&guest)
    #expect(outcome.result.rawValue == 0)
    let message = SynICMessage(type: 0x1234, payload: [7, 8, 9], origination: 0x10)
    #expect(outcome.effects == [.postMessage(message, to: target, sint: 8)])
    #expect(
      outcome.summary == HypercallSummary(code: 0x5C, status: 0, target: target, argument: 0x10, value: 0x1234))
  }

  @Test func `a payload has up to 240 bytes, and may have none`() {
    var guest = guest
    #expect(post(&guest, size: 240).status == .success)
    #expect(
      post(&guest, size: 0).effects == [
        .postMessage(SynICMessage(type: 0x1234, payload: [], origination: 0x10), to: target, sint: 8)
      ])
    for size in [241, 256, UInt32.max] { #expect(post(&guest, size: size).status.rawValue == 0x05) }
  }

  @Test(arguments: [0, 0x8000_0000, 0x8000_0010, 0xFFFF_FFFF])
  func `an empty message and the hypervisor's types are refused with 05h`(type: UInt32) {
    var guest = guest
    let outcome = post(&guest, type: type)
    #expect(outcome.status.rawValue == 0x05)
    #expect(outcome.effects.isEmpty)
  }

  @Test func `a connection that is not there is 12h, one to a port of the other kind 11h`() {
    var guest = guest
    #expect(post(&guest, 0x11).status.rawValue == 0x12)
    #expect(signal(&guest, 0x21).status.rawValue == 0x12)
    #expect(post(&guest, 0x20).status.rawValue == 0x11)
    #expect(signal(&guest, 0x10).status.rawValue == 0x11)
    #expect(
      post(&guest, 0x11).summary == HypercallSummary(code: 0x5C, status: 0x12, argument: 0x11, value: 0x1234))
  }

  @Test func `both kinds have IDs of their own`() {
    var guest = guest
    #expect(guest.partition.connections.open(.event, 0x10, to: SynICPort(target, sint: 3, flags: 0..<1)) == true)
    #expect(post(&guest, 0x10).status == .success)
    #expect(signal(&guest, 0x10).effects == [.signalEvent(flag: 0, to: target, sint: 3)])
  }

  @Test func `a flag is counted from the port's first, and has to be the port's`() {
    var guest = guest
    #expect(signal(&guest).effects == [.signalEvent(flag: 32, to: target, sint: 9)])
    let last = signal(&guest, flag: 15)
    #expect(last.effects == [.signalEvent(flag: 47, to: target, sint: 9)])
    #expect(last.summary == HypercallSummary(code: 0x5D, status: 0, target: target, argument: 0x20, value: 15))
    for flag in [16, 2047, UInt16.max] { #expect(signal(&guest, flag: flag).status.rawValue == 0x05) }
  }

  @Test func `an event may be signaled by registers, a message not`() {
    var guest = guest
    var registers = HypercallRegisters(mode: .long64, cpl: 0)
    registers.rcx = HypercallInput(.signalEvent, isFast: true).rawValue
    registers.rdx = 3 << 32 | 0x20
    guard case .request(let request) = guest.partition.decode(registers, on: VPIndex(2)) else {
      Issue.record("refused")
      return
    }
    let outcome = guest.partition.execute(
      request, memory: nil, at: .zero, runTime: .zero, registers: &guest.registers)
    #expect(outcome.effects == [.signalEvent(flag: 35, to: target, sint: 9)])
    registers.rcx = HypercallInput(.postMessage, isFast: true).rawValue
    guard case .answer(let result) = guest.partition.decode(registers, on: VPIndex(2)) else {
      Issue.record("taken")
      return
    }
    #expect(result.rawValue == 0x03)
  }

  @Test func `reserved bits of an event are zero`() {
    var guest = guest
    #expect(signal(&guest, 0x0100_0020).status.rawValue == 0x03)
    #expect(signal(&guest, reserved: 1).status.rawValue == 0x03)
  }

  @Test(arguments: [HypercallStatus.invalidSynICState, .insufficientBuffers, .invalidVPIndex])
  func `what the source answers is the status`(status: HypercallStatus) {
    var guest = guest
    guest.registers.sourceStatus = status
    #expect(post(&guest).status == status)
    #expect(post(&guest).effects.isEmpty)
    #expect(signal(&guest).status == status)
  }

  @Test func `a connection is made once, and broken by its VTL or one above`() {
    var connections = SynICConnections()
    let secure = SynICPort(ContextID(0, 1), sint: 2)
    #expect(connections.open(.message, 5, to: secure) == true)
    #expect(connections.open(.message, 5, to: SynICPort(target, sint: 1)) == false)
    #expect(connections[.message, 5] == secure)
    #expect(connections.close(.message, 5, by: .vtl0) == nil)
    #expect(connections.close(.event, 5, by: .vtl1) == nil)
    #expect(connections.close(.message, 5, by: .vtl1) == secure)
    #expect(connections.close(.message, 5, by: .vtl1) == nil)
  }

  @Test func `a reset breaks them all`() {
    var guest = guest
    guest.partition.reset()
    #expect(post(&guest).status.rawValue == 0x12)
  }
}
