import Architecture
import Interrupts
import Journal
import Testing

@Suite struct CommandTests {
  private func sent(_ effect: APICEffect) -> InterruptMessage? {
    guard case .send(let message) = effect else { return nil }
    return message
  }

  @Test func `a store to ICR low sends to the destination in ICR high`() {
    var apic = enabled()
    #expect(apic.store(0x310, 0x0500_0000) == .none)
    let message = sent(apic.store(0x300, 0x0000_4841))
    #expect(message?.isNarrow == true)
    #expect(message?.command.destination == 5)
    #expect(message?.command.vector == vector(0x41))
    #expect(message?.command.isLogical == true)
    #expect(apic.load(0x300) == 0x4841)
    #expect(apic.load(0x310) == 0x0500_0000)
    #expect(apic.counters.sent == 1)
  }

  @Test func `the delivery status reads idle`() {
    var apic = enabled()
    apic.store(0x300, 0xFFFF_FFFF)
    #expect(apic.load(0x300) == 0x000C_CFFF)
  }

  @Test func `one WRMSR sends in x2APIC mode, with 32 bits of destination`() throws {
    var apic = enabledX2APIC()
    let message = sent(try apic.wrmsr(0x830, 0x1234_5678_0000_0041))
    #expect(message?.isNarrow == false)
    #expect(message?.command.destination == 0x1234_5678)
    #expect(try apic.rdmsr(0x830) == 0x1234_5678_0000_0041)
  }

  @Test(arguments: DestinationShorthand.allCases)
  func `the shorthand is passed on`(shorthand: DestinationShorthand) {
    var apic = enabled()
    let message = sent(apic.store(0x300, UInt64(shorthand.rawValue) << 18 | 0x4041))
    #expect(message?.command.shorthand == shorthand)
  }

  @Test(arguments: DeliveryMode.allCases.filter { $0 != .external })
  func `only INIT carries level and trigger`(mode: DeliveryMode) {
    var apic = enabled()
    let message = sent(apic.store(0x300, 0x8000 | UInt64(mode.rawValue) << 8 | 0x41))
    #expect(message?.command.deliveryMode == mode)
    #expect(message?.command.isLevelTriggered == (mode == .initialize))
    #expect(message?.command.isAsserted == (mode != .initialize))
  }

  @Test func `an illegal vector is not sent and logs send-illegal-vector, for fixed and lowest priority`()
    throws
  {
    for mode: UInt64 in 0..<8 {
      var apic = enabled()
      let effect = apic.store(0x300, mode << 8 | 0x400F)
      if mode < 2 {
        guard case .sendRejected(_, .illegalVector) = effect else { Issue.record("\(effect)"); return }
      } else {
        // ExtINT is no mode of the ICR, and no error either.
        #expect((sent(effect) == nil) == (mode == 7))
      }
      apic.store(0x280, 0)
      #expect(apic.load(0x280) == (mode < 2 ? 0x20 : 0))
    }
    var wide = enabledX2APIC()
    guard case .sendRejected = try wide.wrmsr(0x83F, 0x0F) else { Issue.record("sent"); return }
    try wide.wrmsr(0x828, 0)
    #expect(try wide.rdmsr(0x828) == 0x20)
  }

  @Test func `SELF IPI is a fixed edge-triggered interrupt to the sender`() throws {
    var apic = enabledX2APIC()
    let message = sent(try apic.wrmsr(0x83F, 0x41))
    #expect(message?.command.shorthand == .selfOnly)
    #expect(message?.command.deliveryMode == .fixed)
    #expect(message?.command.isLevelTriggered == false)
    #expect(message?.command.vector == vector(0x41))
    // The ICR is another register.
    #expect(try apic.rdmsr(0x830) == 0)
  }
}

@Suite struct MessageSignalTests {
  @Test func `an address outside FEEh is no interrupt`() {
    #expect(InterruptMessage(MessageSignal(address: 0xFED0_0000, data: 0x41)) == nil)
    #expect(InterruptMessage(MessageSignal(address: 0x1_FEE0_0000, data: 0x41)) == nil)
  }

  @Test func `address and data are the fields of SDM figure 12-30`() {
    let message = InterruptMessage(MessageSignal(address: 0xFEE0_5004, data: 0xC141))
    #expect(message?.isNarrow == true)
    #expect(message?.command.destination == 5)
    #expect(message?.command.isLogical == true)
    #expect(message?.command.vector == vector(0x41))
    #expect(message?.command.deliveryMode == .lowestPriority)
    #expect(message?.command.isLevelTriggered == true)
    #expect(message?.command.isAsserted == true)
  }

  @Test func `the redirection hint makes fixed lowest priority and nothing else`() {
    for mode in DeliveryMode.allCases {
      let data = UInt32(mode.rawValue) << 8 | 0x41
      let message = InterruptMessage(MessageSignal(address: 0xFEE0_5008, data: data))
      #expect(message?.command.deliveryMode == (mode == .fixed ? .lowestPriority : mode))
    }
  }

  @Test func `an edge is an assertion, a level can be taken back`() {
    func message(_ data: UInt32) -> InterruptMessage? {
      InterruptMessage(MessageSignal(address: 0xFEE0_0000, data: data))
    }
    #expect(message(0x0041)?.command.isAsserted == true)
    #expect(message(0x8041)?.command.isAsserted == false)
    var apic = enabled()
    if let taken = message(0x8041) {
      #expect(apic.accept(taken.command, at: .zero, journey: .none) == .rejected(.unsupportedMode))
    }
  }
}
