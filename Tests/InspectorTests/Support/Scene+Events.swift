import Architecture
import Journal

extension Scene {
  /// What led up to the snapshot, as far as the log goes.
  static let events: [Event] = {
    var log = Log()
    let fixed = { (vector: UInt8, id: Int) in InterruptMessage(vector: VectorNumber(rawValue: vector), to: ApicID(id)) }
    log.add(2_200_000, 0, ContextID(5, 0), .taskPriorityChanged(from: 0, to: 0x50))
    log.add(2_199_001, 5_409, ContextID(2, 0), .requested(.interruptCommand, fixed(0x4F, 5), route(ContextID(5, 0))))
    log.add(2_199_000, 5_409, ContextID(5, 0), .accepted(VectorNumber(0x4F), .fixed, .pending))
    log.add(1_900_001, 5_411, ContextID(1, 0), .requested(.interruptCommand, fixed(0x2F, 5), route(ContextID(5, 0))))
    log.add(1_900_000, 5_411, ContextID(5, 0), .accepted(VectorNumber(0x2F), .fixed, .pending))
    log.add(
      3_110, 5_510, ContextID(0, 1),
      .timerExpired(VectorNumber(0xD1), due: VirtualTime(ticks: now.rawValue - 3_110_800), isMasked: false))
    log.add(3_109, 5_510, ContextID(0, 1), .accepted(VectorNumber(0xD1), .fixed, .pending))
    log.add(3_100, 5_510, ContextID(0, 1), .vtlSwitched(from: .vtl0, to: .vtl1, .interrupt, VectorNumber(0xD1)))
    log.add(3_000, 5_510, ContextID(0, 1), .acknowledged(VectorNumber(0xD1), waited: .microseconds(109)))
    log.add(
      2_900, 5_509, ContextID(0, 0),
      .timerExpired(VectorNumber(0xEF), due: VirtualTime(ticks: now.rawValue - 2_902_000), isMasked: false))
    log.add(2_900, 5_509, ContextID(0, 0), .accepted(VectorNumber(0xEF), .fixed, .pending))
    for (step, vp) in [3, 6, 7, 8].enumerated() {
      let at = UInt64(900 - step * 100)
      let journey = UInt64(5_500 + step)
      log.add(
        at, journey, ContextID(vp, 0),
        .timerExpired(VectorNumber(0xEF), due: VirtualTime(ticks: now.rawValue - at * 1_000 - 1_700), isMasked: false))
      log.add(at - 1, journey, ContextID(vp, 0), .woke(after: .microseconds(1_100)))
      log.add(at - 2, journey, ContextID(vp, 0), .acknowledged(VectorNumber(0xEF), waited: VirtualTime(ticks: 900)))
      log.add(
        at - 3, journey, ContextID(vp, 0), .endOfInterrupt(VectorNumber(0xEF), inService: VirtualTime(ticks: 1_000)))
      log.add(at - 4, 0, ContextID(vp, 0), .halted(interruptsEnabled: true))
    }
    log.add(
      70, 0, ContextID(1, 0),
      .hypercall(HypercallSummary(code: 0x000B, status: 0, isFast: true, argument: 0x51, value: 2)))
    log.add(40, 5_513, nil, .requested(.operator, fixed(0x31, 3), route(ContextID(3, 0))))
    log.add(5, 5_514, ContextID(2, 0), .acknowledged(VectorNumber(0x31), waited: VirtualTime(ticks: 2_100)))
    log.add(3, 5_512, ContextID(2, 0), .requested(.interruptCommand, fixed(0x4F, 5), route(ContextID(5, 0))))
    log.add(3, 5_512, ContextID(5, 0), .accepted(VectorNumber(0x4F), .fixed, .merged(with: JourneyID(rawValue: 5_409))))
    return log.events
  }()

  private static func route(_ target: ContextID) -> Event.RouteSummary {
    Event.RouteSummary(
      group: GroupID(0), path: .map, candidates: 1, delivered: 1, rejected: 0, reason: nil, firstTarget: target)
  }

  private struct Log {
    var events: [Event] = []

    mutating func add(_ microsecondsAgo: UInt64, _ journey: UInt64, _ context: ContextID?, _ body: Event.Body) {
      events.append(
        Event(
          sequence: 394_960 + UInt64(events.count), time: VirtualTime(ticks: now.rawValue - microsecondsAgo * 1_000),
          journey: JourneyID(rawValue: journey), context: context, body))
    }
  }
}
