import Architecture
import Inspector
import Journal

extension Scene {
  /// 1.1 hears of control registers, has VINA on and an intercept in SINT0's slot with two behind it; 0.1 has locked the
  /// TLB of its VP and takes messages of a synthetic timer; 2.0's flush waits, and 3.0 takes a #GP next.
  static func virtualSecureMode(vps: Int = 16) -> InspectorModel {
    var model = secured(vps: vps)
    var snapshot = model.snapshot
    for i in snapshot.contexts.indices {
      snapshot.contexts[i].hypercallPage = snapshot.contexts[i].id.vtl == .vtl0 ? 0x12_0001 : 0x300_1001
      snapshot.contexts[i].guestOSID = 0x8100_0000_0001_0000
    }
    change(&snapshot, ContextID(1, 1)) { context in
      context.vina = 0x731
      context.vinaAsserted = true
      context.assistPage = 0x301_2001
      context.entryReason = .intercept
      context.entryTime = VirtualTime(ticks: now.rawValue - 41_200)
      context.counters.vtlEntries = 12
      context.vsm.secureConfig = [1, 0]
      context.vsm.interceptControl = 1 << 0 | 1 << 1 | 1 << 13 | 1 << 14 | 1 << 6
      context.vsm.cr0Mask = 0x8001_0000
      context.vsm.cr4Mask = 0x30_0000
      context.synic = interceptsInSlot
    }
    change(&snapshot, ContextID(0, 1)) { context in
      context.vsm.secureConfig = [2, 0]
      context.synic = timerMessages
      context.syntheticTimers = syntheticTimers
    }
    change(&snapshot, ContextID(2, 0)) { $0.vsm.isWaitingForTLB = true }
    // #GP with error code 18h.
    change(&snapshot, ContextID(3, 0)) { $0.vsm.pendingEvent = 0x18 << 32 | 13 << 16 | 1 << 8 | 1 }
    let first = snapshot.machine.nextEvent
    let events = syntheticEvents.enumerated().map { place, entry in
      Event(
        sequence: first + UInt64(place), time: VirtualTime(ticks: now.rawValue - entry.0),
        journey: JourneyID(rawValue: 70_000), context: ContextID(0, 1), entry.1)
    }
    snapshot.machine.nextEvent = first + UInt64(events.count)
    model.apply(Update(snapshot: snapshot, events: events))
    return model
  }

  private static func change(_ snapshot: inout Snapshot, _ id: ContextID, _ body: (inout ContextSnapshot) -> Void) {
    guard let i = snapshot.contexts.firstIndex(where: { $0.id == id }) else { return }
    body(&snapshot.contexts[i])
  }

  private static var interceptsInSlot: SynICSnapshot {
    var synic = SynICSnapshot()
    synic.control = 1
    synic.messagePage = 0x301_3001
    synic.sources[0].register = 0x2_0050
    synic.sources[0].messageType = 0x8000_0001
    synic.sources[0].isMessagePending = true
    synic.sources[0].queued = 2
    synic.sources[0].delivered = 3
    return synic
  }

  private static var timerMessages: SynICSnapshot {
    var synic = SynICSnapshot()
    synic.control = 1
    synic.messagePage = 0x301_1001
    synic.eventPage = 0x301_5001
    synic.sources[2].register = 0x60
    synic.sources[2].messageType = 0x8000_0010
    synic.sources[2].delivered = 120
    synic.sources[5].register = 0x4_0000
    synic.sources[5].eventFlags = 2
    synic.sources[5].dropped = 1
    return synic
  }

  /// A periodic one for SINT2 whose message waits for the slot, and one that raises its vector in 1.2 ms.
  private static var syntheticTimers: [SyntheticTimerSnapshot] {
    var timers = [SyntheticTimerSnapshot](repeating: SyntheticTimerSnapshot(), count: 4)
    timers[0].config = 0x2_000F
    timers[0].count = 100_000
    timers[0].due = VirtualTime(ticks: now.rawValue + 3_000_000)
    timers[0].lastExpiry = VirtualTime(ticks: now.rawValue - 7_000_000)
    timers[0].expired = 121
    timers[0].skipped = 4
    timers[0].isWaiting = true
    timers[3].config = 0x1ED1
    timers[3].count = 124_831_030
    timers[3].due = VirtualTime(ticks: now.rawValue + 1_200_000)
    return timers
  }

  /// An expiry of the first that was taken, and one that waits for the slot.
  private static let syntheticEvents: [(UInt64, Event.Body)] = [
    (
      17_000_000,
      .syntheticTimerExpired(index: 0, due: VirtualTime(ticks: now.rawValue - 17_001_000), isDirect: false, target: 2)
    ),
    (17_000_000, .synicMessage(sint: 2, type: 0x8000_0010, .delivered)),
    (17_000_000, .accepted(VectorNumber(0x60), .fixed, .pending)),
    (16_990_000, .acknowledged(VectorNumber(0x60), waited: VirtualTime(ticks: 10_000))),
    (16_980_000, .endOfInterrupt(VectorNumber(0x60), inService: VirtualTime(ticks: 10_000))),
  ]
}
