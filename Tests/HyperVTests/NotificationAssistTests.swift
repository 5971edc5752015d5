import Architecture
import HyperV
import Journal
import Testing

struct NotificationAssistTests {
  let vp0 = VPIndex(0)

  @Test func `a notification needs the register, a free flag and a ready interrupt`() {
    let vina = VSMVina(rawValue: 0x140)
    #expect(NotificationAssist.vector(vina, isAsserted: false, isLowerVTLReady: true)?.rawValue == 0x40)
    #expect(NotificationAssist.vector(vina, isAsserted: true, isLowerVTLReady: true) == nil)
    #expect(NotificationAssist.vector(vina, isAsserted: false, isLowerVTLReady: false) == nil)
    #expect(
      NotificationAssist.vector(VSMVina(rawValue: 0x40), isAsserted: false, isLowerVTLReady: true) == nil)
  }

  @Test func `ready means that the lower VTL would take it at once`() {
    #expect(
      NotificationAssist.isReady(hasDeliverableVector: true, interruptsEnabled: true, isShadowed: false))
    #expect(
      !NotificationAssist.isReady(hasDeliverableVector: false, interruptsEnabled: true, isShadowed: false))
    #expect(
      !NotificationAssist.isReady(hasDeliverableVector: true, interruptsEnabled: false, isShadowed: false))
    #expect(
      !NotificationAssist.isReady(hasDeliverableVector: true, interruptsEnabled: true, isShadowed: true))
  }

  /// VTL1 is active on VP 0 with an assist page and this VsmVina.
  func guest(vina: UInt128) throws -> TestGuest {
    var guest = TestGuest.withVTL1()
    guest.enter(.vtl1)
    #expect(guest.set([(.vsmVina, vina)]).status == .success)
    _ = try guest.partition.writeMSR(0x4000_0073, 0x8001, on: vp0)
    return guest
  }

  @Test func `one notification until the flag is clear`() throws {
    var guest = try guest(vina: 0x540)
    let raised = guest.partition.assertNotification(on: vp0, isLowerVTLReady: true)
    let first = try #require(raised)
    #expect(first.context == ContextID(0, 1))
    #expect(first.vector.rawValue == 0x40)
    #expect(first.isAutoEOI)
    #expect(first.writes == [AssistPageWrite(context: ContextID(0, 1), offset: 12, value: 1, count: 1)])
    #expect(guest.partition.assertNotification(on: vp0, isLowerVTLReady: true) == nil)
    guest.partition[ContextID(0, 1)].vinaAsserted = false
    #expect(guest.partition.assertNotification(on: vp0, isLowerVTLReady: true) != nil)
  }

  @Test func `auto-reset clears the flag when the VTL returns, and only then`() throws {
    let live = VTLReturnRegisters(rax: 0, rcx: 0)
    var automatic = try guest(vina: 0x340)
    _ = automatic.partition.assertNotification(on: vp0, isLowerVTLReady: true)
    let writes = automatic.partition.switchVTL(
      on: vp0, to: .vtl0, reason: .return, live: live, isLongMode: true)
    #expect(writes == [AssistPageWrite(context: ContextID(0, 1), offset: 12, value: 0, count: 1)])
    #expect(!automatic.partition[ContextID(0, 1)].vinaAsserted)

    var manual = try guest(vina: 0x140)
    _ = manual.partition.assertNotification(on: vp0, isLowerVTLReady: true)
    #expect(
      manual.partition.switchVTL(on: vp0, to: .vtl0, reason: .return, live: live, isLongMode: true) == [])
    #expect(manual.partition[ContextID(0, 1)].vinaAsserted)
  }

  @Test func `VTL0 is not notified`() throws {
    var guest = try guest(vina: 0x140)
    guest.enter(.vtl0)
    #expect(guest.partition.assertNotification(on: vp0, isLowerVTLReady: true) == nil)
    #expect(guest.set([(.vsmVina, 0x140)]).status.rawValue == 0x05)
  }
}
