import Architecture
import Diagnosis
import Journal
import Testing

extension Case {
  private static let access = InterceptSummary(.memory, .write, to: .vtl1, isWaiting: true, number: 0x20_0000)

  /// VTL1 of VP 1 has locked the TLB of VTL0, and does not return.
  static let tlbLock = Case(
    .waitsForTLBLock, 0, 0,
    healthy(vtls: 2).with(0, 0) {
      $0.vsm.isWaitingForTLB = true
    }.with(1, 0) { $0.isActive = false }.with(1, 1) { $0.isActive = true },
    [Event(sequence: 1, time: .seconds(9), context: ContextID(0, 0), rip: 0x40_5000, .flushWaits(ContextID(1, 1)))])

  /// VTL0 of VP 1 writes to a page of VTL1, which has not looked at the message before that.
  static let fullSlot = Case(
    .interceptWaits, 1, 0,
    healthy(vtls: 2).with(1, 0) { $0.rip = 0x40_6000 }.with(1, 1) {
      var synic = SynICSnapshot()
      synic.control = 1
      synic.messagePage = 0x7001
      synic.sources[0].register = 0x60
      synic.sources[0].messageType = 0x8000_0001
      $0.synic = synic
    },
    [Event(sequence: 1, time: .seconds(9), context: ContextID(1, 0), rip: 0x40_6000, .intercepted(access))])
}

@Suite struct VSMWaitTests {
  @Test func `a flush that waits names who has locked`() throws {
    let finding = try #require(Case.tlbLock.findings.first)
    #expect(finding.title == "flush waits for 1.1, which has locked the TLB of VTL0")
    #expect(finding.since == .seconds(9))
    #expect(finding.effect == "takes no interrupts for 1.0s")
  }

  @Test func `a flush that has been made waits no more`() {
    let made = Case.tlbLock.with(0, 0) { $0.vsm.isWaitingForTLB = false }
    #expect(made.found.isEmpty)
  }

  @Test func `an intercept waits for the slot of SINT0`() throws {
    let finding = try #require(Case.fullSlot.findings.first)
    #expect(finding.title == "an intercept waits: 1.1 has not emptied the slot of SINT0")
    #expect(finding.since == .seconds(9))
  }

  @Test func `a masked SINT0, and a SynIC that is off, are told`() {
    let masked = Case.fullSlot.with(1, 1) { $0.synic?.sources[0].register = 0x1_0060 }
    #expect(masked.findings.map(\.title) == ["an intercept waits: 1.1 has SINT0 masked, and its slot is taken"])
    for off in [
      Case.fullSlot.with(1, 1) { $0.synic?.control = 0 }, Case.fullSlot.with(1, 1) { $0.synic?.messagePage = 0x7000 },
      Case.fullSlot.with(1, 1) { $0.synic = nil },
    ] {
      #expect(off.findings.map(\.title) == ["an intercept waits: 1.1 takes no messages"])
    }
  }

  @Test func `an empty slot, a context that has gone on, and an intercept that was told are no findings`() {
    let empty = Case.fullSlot.with(1, 1) { $0.synic?.sources[0].messageType = 0 }
    #expect(empty.found.isEmpty)
    let gone = Case.fullSlot.with(1, 0) { $0.rip += 3 }
    #expect(gone.found.isEmpty)
    let told = InterceptSummary(.memory, .write, to: .vtl1, number: 0x20_0000)
    let later = Event(
      sequence: 2, time: .milliseconds(9_001), context: ContextID(1, 0), rip: 0x40_6000, .intercepted(told))
    #expect(Case.fullSlot.after(later).found.isEmpty)
  }
}
