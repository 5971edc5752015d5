import Architecture
import Journal
import Testing

@Suite struct EventRecordTests {
  /// Every case, with every optional part present and absent, and extreme numbers.
  static let bodies: [Event.Body] = {
    let message = InterruptMessage(InterruptCommand(rawValue: .max), isNarrow: true)
    let full = Event.RouteSummary(
      group: GroupID(255), path: .direct, candidates: .max, delivered: .max, rejected: .max,
      reason: .noSystemManagementMode, firstTarget: ContextID(vp: VPIndex(rawValue: .max), vtl: VTL(15)))
    let empty = Event.RouteSummary(
      group: GroupID(0), path: .map, candidates: 1, delivered: 0, rejected: 2, reason: nil, firstTarget: nil)
    var all: [Event.Body] = [
      .acknowledged(VectorNumber(0xFF), waited: .never),
      .endOfInterrupt(VectorNumber(0x31), inService: .zero),
      .spuriousEOI, .timerExpired(VectorNumber(0xEF), due: .never, isMasked: true),
      .timerExpired(VectorNumber(0), due: .zero, isMasked: false), .halted(interruptsEnabled: true),
      .halted(interruptsEnabled: false), .idled(interruptsEnabled: true), .idled(interruptsEnabled: false),
      .woke(after: .never),
      .hypercall(HypercallSummary(code: .max, status: 3, repsCompleted: 5, repCount: 0xFFF, isFast: true)),
      .hypercall(
        HypercallSummary(
          code: 0x51, status: .max, repsCompleted: 0xFFF, target: ContextID(vp: VPIndex(4095), vtl: VTL(15)),
          argument: .max, value: .max)),
      .synicEvent(sint: 15, flag: 2047, isNew: true), .synicEvent(sint: 0, flag: 0, isNew: false),
      .syntheticTimerExpired(index: 3, due: .never, isDirect: true, target: 0xFF),
      .syntheticTimerExpired(index: 0, due: .zero, isDirect: false, target: 15),
      .protectionChanged(VTL(2), firstPage: .max, count: .max, access: 0xF),
      .tlbLockChanged(VTL(1), isLocked: true), .tlbLockChanged(VTL(0), isLocked: false),
      .flushWaits(ContextID(vp: VPIndex(rawValue: .max), vtl: VTL(15))),
      .eventInjected(VTL(0), vector: 13, errorCode: .max), .eventInjected(VTL(1), vector: 6, errorCode: nil),
      .guestCrashed(flags: 0xFF, .max, 1, .max), .guestCrashDetail(hasMessage: true, .max, .max),
      .guestCrashDetail(hasMessage: false, 0, 0),
      .taskPriorityChanged(from: 0x50, to: 0xFF),
      .exception(vector: 14, errorCode: .max, address: .max),
      .exception(vector: 6, errorCode: nil, address: 0),
      .exception(vector: 13, errorCode: 0, address: 0), .nmiTaken, .initialized, .started(VectorNumber(8)),
      .apicBaseChanged(from: .max, to: 0xFEE0_0900), .softwareEnable(true), .softwareEnable(false),
      .apicError(status: 0x60), .vtlEnabled(VTL(1), forPartition: true),
      .vtlEnabled(VTL(2), forPartition: false),
      .notificationAsserted(VectorNumber(0x40)),
    ]
    for kind in InterceptKind.allCases {
      for access in InterceptAccess.allCases {
        all.append(.intercepted(InterceptSummary(kind, access, to: VTL(15), isWaiting: true, number: .max, value: 1)))
        all.append(.intercepted(InterceptSummary(kind, access, to: VTL(1), number: 0, value: .max)))
      }
    }
    for kind in ConnectionKind.allCases {
      for change in ConnectionChange.allCases {
        let target = ContextID(vp: VPIndex(rawValue: .max), vtl: VTL(15))
        all.append(.connectionChanged(ConnectionSummary(kind, change, id: .max, target: target, sint: 0xFF)))
      }
    }
    for outcome in MessageOutcome.allCases { all.append(.synicMessage(sint: 15, type: .max, outcome)) }
    for kind in OverlayKind.allCases {
      all.append(.overlayChanged(kind, VTL(2), page: .max, isMapped: true))
      all.append(.overlayChanged(kind, VTL(0), page: 0, isMapped: false))
    }
    for source in InterruptSource.allCases {
      all.append(.requested(source, message, full))
      all.append(.requested(source, InterruptMessage(vector: VectorNumber(0x4F), to: ApicID(5)), empty))
    }
    for mode in DeliveryMode.allCases {
      all.append(.accepted(VectorNumber(0x4F), mode, .pending))
      all.append(.accepted(VectorNumber(0x4F), mode, .merged(with: JourneyID(rawValue: .max))))
      for reason in Rejection.allCases { all.append(.accepted(VectorNumber(1), mode, .rejected(reason))) }
    }
    for reason in VTLSwitchReason.allCases {
      all.append(.vtlSwitched(from: VTL(0), to: VTL(1), reason, nil))
      all.append(.vtlSwitched(from: VTL(2), to: VTL(0), reason, VectorNumber(0xFF)))
      all.append(.vtlSwitched(from: VTL(2), to: VTL(0), reason, VectorNumber(0)))
    }
    for mode in LogicalMode.allCases {
      for reason in LogicalModeReason.allCases {
        all.append(.mapRebuilt(GroupID(3), generation: .max, mode, reason))
      }
    }
    for kind in CommandKind.allCases {
      all.append(.command(kind, refusal: nil))
      for refusal in CommandRefusal.allCases { all.append(.command(kind, refusal: refusal)) }
    }
    for cause in StopCause.allCases { all.append(.stopped(cause, status: .max)) }
    for cause in PinCause.allCases {
      for outcome in PinOutcome.allCases { all.append(.pin(23, cause, outcome, isHigh: cause == .raised)) }
    }
    all.append(.routeWritten(pin: .max, from: .atReset, to: RedirectionEntry(rawValue: .max)))
    for how in RemoteIRRClearing.allCases { all.append(.remoteIRRCleared(pin: 9, VectorNumber(0x51), how)) }
    let signal = MessageSignal(address: .max, data: .max)
    all.append(.messageSent(route: .max, signal, fault: nil))
    for fault in MessageFault.allCases { all.append(.messageSent(route: 1, signal, fault: fault)) }
    all.append(.externalAcknowledged(VectorNumber(0x27), irq: 7, isSpurious: true))
    all.append(.externalAcknowledged(VectorNumber(0x30), irq: 0, isSpurious: false))
    for register in TimerRegister.allCases { all.append(.timerWriteIgnored(register, value: .max)) }
    all.append(.paravirtualCall(number: .max, result: .min, target: nil))
    all.append(.paravirtualCall(number: 11, result: 0, target: ContextID(vp: VPIndex(rawValue: .max), vtl: VTL(15))))
    return all
  }()

  @Test func `every event survives being packed`() {
    #expect(Set(Self.bodies.map { Event($0).kind }).count == EventKind.allCases.count)
    for (i, body) in Self.bodies.enumerated() {
      let event = Event(
        sequence: UInt64(i), time: VirtualTime(ticks: .max), journey: JourneyID(rawValue: UInt64(i)),
        context: i % 3 == 0 ? nil : ContextID(i, i % 4), rip: .max, body)
      #expect(Event(EventRecord(event)) == event)
    }
  }

  @Test func `a packed event is 64 bytes, and zeros are no event`() {
    #expect(MemoryLayout<EventRecord>.size == 64)
    var record = EventRecord(Event(.nmiTaken))
    #expect(record.stamp == 1)
    record.stamp = 0
    #expect(Event(record) == nil)
  }

  @Test func `a record with any bit flipped is another event or none, never a trap`() {
    for body in Self.bodies {
      let record = EventRecord(Event(sequence: 7, context: ContextID(1, 1), body))
      for bit in 0..<512 {
        var flipped = record
        withUnsafeMutableBytes(of: &flipped) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
        if let event = Event(flipped) { #expect(event.sequence != 7 || bit >= 64) }
      }
    }
  }

  @Test func `the word for every kind has at most five letters`() {
    for body in Self.bodies {
      let event = Event(body)
      #expect((1...5).contains(event.kindText.count))
      #expect(!event.text.isEmpty)
    }
  }
}
