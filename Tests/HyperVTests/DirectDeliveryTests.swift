import Architecture
import HyperV
import Journal
import Testing

/// HvCallSignalEventDirect and HvCallPostMessageDirect: from a VTL to the sources of one below it.
struct DirectDeliveryTests {
  private let target = ContextID(2, 0)

  private var guest: TestGuest {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    return guest
  }

  private func signal(
    _ guest: inout TestGuest, partition: UInt64 = .max, vp: UInt32 = 2, vtl: UInt8 = 0, sint: UInt8 = 5,
    flag: UInt16 = 0x123
  ) -> HypercallOutcome {
    guest.call(
      HypercallInput(.signalEventDirect), littleEndian(partition) + littleEndian(vp) + [vtl, sint] + littleEndian(flag))
  }

  private func post(
    _ guest: inout TestGuest, partition: UInt64 = .max, vp: UInt32 = 2, vtl: UInt8 = 0, sint: UInt8 = 5,
    type: UInt32 = 0x1234, size: UInt8 = 3
  ) -> HypercallOutcome {
    let header = littleEndian(partition) + littleEndian(vp) + [vtl, 0xEE, 0xEE, 0xEE, sint, 0xEE, 0xEE, 0xEE]
    let message = littleEndian(type) + [size, 0xFF, 0, 0] + littleEndian(0x99 as UInt64) + [7, 8, 9]
    let rest = [UInt8](repeating: 0xEE, count: 280 - header.count - message.count)
    return guest.call(HypercallInput(.postMessageDirect), header + message + rest)
  }

  @Test func `the numbers are C0h and C1h`() {
    #expect(HypercallCode.signalEventDirect.rawValue == 0xC0)
    #expect(HypercallCode.postMessageDirect.rawValue == 0xC1)
  }

  @Test func `an event says whether its flag was clear`() {
    var guest = guest
    var outcome = signal(&guest)
    #expect(outcome.status == .success)
    #expect(outcome.effects == [.signalEvent(flag: 0x123, to: target, sint: 5)])
    #expect(outcome.memoryOutput?.bytes == [1, 0, 0, 0, 0, 0, 0, 0])
    #expect(
      outcome.summary == HypercallSummary(code: 0xC0, status: 0, target: target, argument: 5, value: 0x123))
    guest.registers.setFlags = [0x123]
    outcome = signal(&guest)
    #expect(outcome.memoryOutput?.bytes == [0, 0, 0, 0, 0, 0, 0, 0])
    #expect(signal(&guest, vp: 0xFFFF_FFFE).effects == [.signalEvent(flag: 0x123, to: ContextID(0, 0), sint: 5)])
  }

  @Test func `a message goes with the origination and the flags it came with left out`() {
    var guest = guest
    let outcome = post(&guest)
    #expect(outcome.status == .success)
    let message = SynICMessage(type: 0x1234, payload: [7, 8, 9], origination: 0x99, from: .higherVTL)
    #expect(outcome.effects == [.postMessage(message, to: target, sint: 5)])
    #expect(message.bytes(isPending: false)[5] == 0)
    #expect(
      outcome.summary == HypercallSummary(code: 0xC1, status: 0, target: target, argument: 5, value: 0x1234))
    #expect(post(&guest, type: 0x8000_0001, size: 240).status == .success)
  }

  @Test func `the target is in the caller's partition, below its VTL, and a VP that exists`() {
    var guest = guest
    let wrong: [(partition: UInt64, vp: UInt32, vtl: UInt8, status: UInt16)] = [
      (1, 2, 0, 0x06), (.max, 2, 1, 0x06), (.max, 2, 2, 0x06), (.max, 2, 0x10, 0x06), (.max, 4, 0, 0x0E),
    ]
    for (partition, vp, vtl, status) in wrong {
      #expect(signal(&guest, partition: partition, vp: vp, vtl: vtl).status.rawValue == status)
      #expect(post(&guest, partition: partition, vp: vp, vtl: vtl).status.rawValue == status)
    }
    guest.enter(.vtl0)
    #expect(signal(&guest).status == .accessDenied)
    #expect(post(&guest).status == .accessDenied)
  }

  @Test func `sources are 0 to 15, flags 0 to 2047, and no message is empty or longer than its slot`() {
    var guest = guest
    #expect(signal(&guest, sint: 15, flag: 2047).status == .success)
    #expect(signal(&guest, sint: 16).status == .invalidParameter)
    #expect(signal(&guest, flag: 2048).status == .invalidParameter)
    #expect(post(&guest, sint: 16).status == .invalidParameter)
    #expect(post(&guest, type: 0).status == .invalidParameter)
    #expect(post(&guest, size: 241).status == .invalidParameter)
  }

  @Test(arguments: [HypercallStatus.invalidSynICState, .insufficientBuffers, .invalidVPIndex])
  func `what the source answers is the status, and nothing happens`(status: HypercallStatus) {
    var guest = guest
    guest.registers.sourceStatus = status
    for outcome in [signal(&guest), post(&guest)] {
      #expect(outcome.status == status)
      #expect(outcome.effects.isEmpty)
      #expect(outcome.memoryOutput == nil)
    }
  }

  @Test func `whatever origination they name, the VTLs above have 16 buffers of a source together`() throws {
    var synic = SynIC()
    _ = try synic.write(.control, 1, at: .zero)
    _ = try synic.write(.messagePage, 0x1001, at: .zero)
    func accepted(_ origination: UInt64, from sender: MessageSender? = nil) -> Bool {
      synic.enqueue(SynICMessage(type: 1, payload: [], origination: origination, from: sender), for: 5)
    }
    let direct = (0...16).map { accepted($0, from: .higherVTL) }
    #expect(direct == Array(repeating: true, count: 16) + [false])
    let byPort = accepted(16)
    #expect(byPort)
  }
}
