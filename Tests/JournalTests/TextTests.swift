import Architecture
import Journal
import Testing

struct TextTests {
  @Test(arguments: [
    (0, "0ns"), (999, "999ns"), (1_000, "1.0us"), (999_999, "999.9us"), (1_000_000, "1.0ms"), (3_149_000, "3.1ms"),
    (999_999_999, "999.9ms"), (1_000_000_000, "1.0s"), (999_999_999_999, "999.9s"), (1_000_000_000_000, "16.6m"),
    (3_600_000_000_000_000, "1000.0h"), (UInt64.max, "never"), (UInt64.max - 1, "5124095.5h"),
  ]) func `a span is cut off, not rounded`(ticks: UInt64, text: String) {
    #expect(VirtualTime(ticks: ticks).spanText == text)
  }

  @Test func `a point is seconds and six digits`() {
    #expect(VirtualTime(ticks: 12_481_903_999).pointText == "12.481 903")
    #expect(VirtualTime(ticks: 5_007).pointText == "0.000 005")
  }

  private static func summary(_ delivered: UInt16, _ candidates: UInt16, _ reason: Rejection? = nil)
    -> Event.RouteSummary
  {
    Event.RouteSummary(
      group: GroupID(1), path: .scan, candidates: candidates, delivered: delivered, rejected: 0, reason: reason,
      firstTarget: ContextID(5, 1))
  }

  private static var allButSelf: InterruptMessage {
    var command = InterruptCommand(rawValue: 0)
    command.vector = VectorNumber(0x2F)
    command.shorthand = .allExcludingSelf
    return InterruptMessage(command, isNarrow: false)
  }

  static var bodies: [(Event.Body, String, String)] {
    let vector = VectorNumber(0x4F)
    return [
      (.idled(interruptsEnabled: false), "IDLE", "IF=0"),
      (.requested(.interruptCommand, allButSelf, summary(1, 1)), "IPI", "2f fixed all-but-self -> 5.1 (scan)"),
      (.requested(.message, allButSelf, summary(14, 15)), "MSI", "2f fixed all-but-self -> 14 of 15 (scan)"),
      (
        .requested(.hypercall, allButSelf, summary(0, 15, .groupNotZero)), "HVIPI",
        "2f fixed all-but-self -> nobody: group is not 0 (15 asked, scan)"
      ),
      (.accepted(vector, .fixed, .pending), "IRR", "4f pending"),
      (
        .accepted(vector, .fixed, .merged(with: JourneyID(rawValue: 5_409))), "IRR",
        "4f already set: merged with #5409"
      ),
      (.accepted(vector, .nmi, .pending), "NMI", "NMI pending"),
      (.accepted(vector, .startup, .rejected(.notWaitingForStartup)), "SIPI", "4f rejected: does not wait for SIPI"),
      (.acknowledged(vector, waited: .microseconds(2)), "ACK", "4f IRR->ISR after 2.0us"),
      (.endOfInterrupt(vector, inService: .microseconds(1)), "EOI", "4f in service 1.0us"),
      (.timerExpired(vector, due: .microseconds(8), isMasked: true), "TIMER", "4f expired late 2.0us, masked"),
      (.vtlSwitched(from: .vtl0, to: .vtl1, .interrupt, vector), "VTL", "VTL0 -> VTL1 interrupt, vector 4f"),
      (
        .hypercall(HypercallSummary(code: 0xD, status: 0, isFast: true, argument: .max, value: 1)), "HCALL",
        "EnablePartitionVtl ffffffffffffffff 1 -> SUCCESS"
      ),
      (
        .hypercall(
          HypercallSummary(
            code: 0x51, status: 6, repsCompleted: 1, repCount: 3, target: ContextID(2, 1), argument: 0x40003, value: 8)),
        "HCALL", "SetVpRegisters 2.1 40003 8 -> ACCESS_DENIED, 1 of 3"
      ),
      (
        .intercepted(InterceptSummary(.memory, .write, to: .vtl1, number: 0x7F3040, value: 0xDEAD)), "ICPT",
        "write 7f3040 at dead -> VTL1"
      ),
      (
        .intercepted(InterceptSummary(.msr, .read, to: .vtl1, isWaiting: true, number: 0xC000_0082)), "ICPT",
        "read MSR c0000082 -> VTL1, slot taken: waits"
      ),
      (.synicMessage(sint: 0, type: 0x8000_0001, .delivered), "SMSG", "SINT0 GPA intercept delivered"),
      (
        .syntheticTimerExpired(index: 2, due: .microseconds(8), isDirect: true, target: 0x51), "STIM",
        "stimer 2 expired late 2.0us -> vector 51"
      ),
      (.protectionChanged(.vtl0, firstPage: 0x100, count: 2, access: 5), "PROT", "VTL0 r-x- 2 pages from 100000"),
      (.overlayChanged(.messages, .vtl1, page: 0x20, isMapped: true), "OVER", "VTL1 SynIC message page at 20000"),
      (.tlbLockChanged(.vtl0, isLocked: true), "TLB", "VTL0's TLB locked on this VP"),
      (.flushWaits(ContextID(3, 1)), "TLB", "flush waits: 3.1 has locked the TLB"),
      (.eventInjected(.vtl0, vector: 13, errorCode: 0), "INJ", "#GP error 0 for VTL0"),
      (
        .connectionChanged(ConnectionSummary(.message, .made, id: 0x10, target: ContextID(1, 0), sint: 8)), "CONN",
        "message connection 10 to 1.0 SINT8 made"
      ),
      (
        .connectionChanged(ConnectionSummary(.event, .broken, id: 0x20, target: ContextID(1, 0), sint: 9)), "CONN",
        "event connection 20 to 1.0 SINT9 broken"
      ),
      (
        .connectionChanged(ConnectionSummary(.route, .refused, id: 0x102, target: ContextID(1, 1), sint: 2)), "CONN",
        "SINT route to 1.1 SINT2 refused"
      ),
      (.guestCrashed(flags: 0x80, 0x7E, 2, 3), "CRASH", "the guest has crashed: P0 7e P1 2 P2 3"),
      (.guestCrashed(flags: 0xA0, 0, 0, 0), "CRASH", "the guest has crashed: P0 0 P1 0 P2 0, no dump"),
      (.guestCrashDetail(hasMessage: false, 4, 0x1F), "CRASH", "P3 4 P4 1f"),
      (.guestCrashDetail(hasMessage: true, 0x5000, 31), "CRASH", "its message: 31 bytes at 5000"),
      (.taskPriorityChanged(from: 0, to: 0x50), "TPR", "00 -> 50"),
      (.exception(vector: 14, errorCode: 2, address: 0xDEAD), "EXC", "#PF error 2 address dead"),
      (.exception(vector: 6, errorCode: nil, address: 0), "EXC", "#UD"),
      (.started(VectorNumber(8)), "SIPI", "processed: starts at 08000"),
      (.command(.switchVTL, refusal: .vtlNotEnabled), "OP", "switch VTL refused: that VTL is not enabled on this VP"),
      (.stopped(.debugExit, status: 3), "STOP", "the guest wrote the debug-exit port, value 3"),
    ]
  }

  @Test(arguments: bodies) func `an event says its kind and what happened`(
    body: Event.Body, kind: String, text: String
  ) {
    let event = Event(time: .microseconds(10), body)
    #expect(event.kindText == kind)
    #expect(event.text == text)
  }

  @Test func `a destination is named by its form`() {
    let address = { (destination: UInt32, narrow: Bool) in
      InterruptMessage(vector: VectorNumber(0x31), to: ApicID(rawValue: destination), isNarrow: narrow).addressText
    }
    #expect(address(5, true) == "id 5")
    #expect(address(0xFF, true) == "broadcast")
    #expect(address(0xFF, false) == "id ff")
    #expect(address(0xFFFF_FFFF, false) == "broadcast")
  }
}
