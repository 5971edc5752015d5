import Architecture
import Inspector
import Journal

extension Scene {
  /// The machine of `model`, with twenty milliseconds of events that lead up to its snapshot, and with the
  /// interrupt hardware of a PC.
  static func busy(vps: Int = 16) -> InspectorModel {
    var snapshot = busySnapshot(vps)
    let events = busyEvents(vps)
    snapshot.machine.nextEvent = (events.last?.sequence ?? 0) + 1
    var model = InspectorModel(name: "demo.4711", snapshot: snapshot, isReadOnly: false, symbols: symbols)
    for _ in 0..<4 { model.apply(Update(snapshot: nil)) }
    model.apply(Update(snapshot: snapshot, events: events))
    return model
  }

  private static func busySnapshot(_ vps: Int) -> Snapshot {
    var snapshot = snapshot(vps: vps, at: now)
    snapshot.platform = platform
    for i in snapshot.contexts.indices where snapshot.contexts[i].isEnabled {
      let id = snapshot.contexts[i].id
      var timer = snapshot.contexts[i].timer
      if timer.due == nil, id != ContextID(0, 0) { continue }
      timer.expired = UInt64(9_980 + id.vp.index * 11)
      timer.lastExpiry = LogBook.lastExpiry(of: id.vp.index)
      if id.vtl == .vtl0, timer.due != nil {
        let write = LastWrite(
          time: LogBook.lastExpiry(of: id.vp.index) + .microseconds(3), rip: 0xFFFF_8000_0010_2010,
          value: timer.deadline)
        timer.lastWrite = TimerWrite(register: .deadline, write: write, isIgnored: false)
      }
      if id == ContextID(7, 0) {
        snapshot.contexts[i].apic[0x320] |= 0x10000
        timer.expiredWhileMasked = 41
        timer.lastMaskedExpiry = timer.lastExpiry
      }
      if id == ContextID(0, 0) {
        timer.expired = 12_480
        timer.mergedTicks = 1
        timer.ignoredWrites = 2
        let write = LastWrite(time: ago(microseconds: 3_890), rip: 0xFFFF_8000_0010_2010, value: 0x2_E7F3_1AE0)
        timer.lastWrite = TimerWrite(register: .deadline, write: write, isIgnored: false)
      }
      snapshot.contexts[i].timer = timer
    }
    return snapshot
  }

  static func ago(microseconds: UInt64) -> VirtualTime { VirtualTime(ticks: now.rawValue - microseconds * 1_000) }

  private static func busyEvents(_ vps: Int) -> [Event] {
    var book = LogBook()
    for vp in 1..<vps where vp != 9 { book.ticks(of: vp) }
    book.firstVP()
    book.otherVPs()
    book.devices()
    return book.events()
  }
}

/// What happened, in any order; sorted and numbered at the end.
struct LogBook {
  private var entries: [(time: UInt64, event: Event)] = []
  private var nextJourney: UInt64 = 7_000
  private var random = SplitMix(state: 11)

  /// When the timer of a VP's VTL0 expired last: right before what the snapshot says it did last.
  static func lastExpiry(of vp: Int) -> VirtualTime {
    let now = Scene.now.rawValue
    if vp == 0 { return VirtualTime(ticks: now - 2_900_000) }
    if vp < 3 { return VirtualTime(ticks: now - 16_000) }
    if vp == 5 { return VirtualTime(ticks: now - 310_000) }
    return VirtualTime(ticks: now - UInt64(400_000 + vp * 210_000) - run(of: vp))
  }

  /// When VP 1 calls VTL1, for 300 us.
  private static var call: UInt64 { Scene.now.rawValue - 5_100_000 }

  /// How long it is awake for a tick.
  private static func run(of vp: Int) -> UInt64 { vp < 4 ? 700_000 : UInt64(60_000 + vp * 9_000) }

  private static func period(of vp: Int) -> UInt64 {
    let due = vp == 0 ? 1_000_000 : UInt64(700_000 + vp * 93_000) + Scene.now.rawValue - lastExpiry(of: vp).rawValue
    return vp < 3 || vp == 5 ? 1_000_000 : due
  }

  mutating func journey() -> UInt64 {
    nextJourney += 1
    return nextJourney
  }

  mutating func add(_ time: UInt64, _ journey: UInt64, _ context: ContextID?, rip: UInt64 = 0, _ body: Event.Body) {
    entries.append(
      (
        time,
        Event(
          time: VirtualTime(ticks: time), journey: JourneyID(rawValue: journey), context: context, rip: rip, body)
      ))
  }

  func events() -> [Event] {
    let begin = Scene.now.rawValue - 20_000_000
    let sorted = entries.enumerated().filter { $0.element.time >= begin }
      .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    return sorted.enumerated().map { place, entry in
      var event = entry.element.event
      event.sequence = 391_000 + UInt64(place)
      return event
    }
  }

  // MARK: - Timers

  /// The ticks of a VP that sleeps between them, or, as VPs 1, 2 and 5 at the end, does not.
  mutating func ticks(of vp: Int) {
    let id = ContextID(vp, 0)
    let period = Self.period(of: vp)
    var expiry = Self.lastExpiry(of: vp).rawValue
    var isLast = true
    while expiry > Scene.now.rawValue - 21_000_000 {
      let sleeps = vp != 5
      // A tick in the middle of the VTL call waits for its return.
      let isHeld = vp == 1 && expiry > Self.call && expiry < Self.call + 300_000
      let waited = (isHeld ? Self.call + 300_000 - expiry : 0) + 700 + random.next() % 1_400
      if sleeps, !isHeld { add(expiry + waited, 0, id, .woke(after: VirtualTime(ticks: period / 2))) }
      tick(id, at: expiry, waited: waited)
      if sleeps, !(isLast && vp < 3) {
        add(expiry + Self.run(of: vp), 0, id, .halted(interruptsEnabled: true))
      }
      isLast = false
      expiry -= period
    }
  }

  mutating func tick(
    _ id: ContextID, _ vector: UInt8 = 0xEF, at expiry: UInt64, waited: UInt64?, isMasked: Bool = false
  ) {
    let late = 300 + random.next() % 1_900
    let number = journey()
    let vector = VectorNumber(rawValue: vector)
    add(expiry, number, id, .timerExpired(vector, due: VirtualTime(ticks: expiry - late), isMasked: isMasked))
    guard !isMasked else { return }
    let route = Event.RouteSummary(
      group: GroupID(0), path: .direct, candidates: 1, delivered: 1, rejected: 0, reason: nil, firstTarget: id)
    let message = InterruptMessage(vector: vector, to: ApicID(id.vp.index))
    add(expiry, number, id, .requested(.timer, message, route))
    add(expiry, number, id, .accepted(vector, .fixed, .pending))
    guard let waited else { return }
    add(expiry + waited, number, id, .acknowledged(vector, waited: VirtualTime(ticks: waited)))
    let served = 800 + random.next() % 900
    add(expiry + waited + served, number, id, .endOfInterrupt(vector, inService: VirtualTime(ticks: served)))
  }

  // MARK: - VTLs

  /// VP 0: VTL calls, one merged tick, and the interrupt that VTL1 has not come back from.
  mutating func firstVP() {
    let now = Scene.now.rawValue
    let (low, high) = (ContextID(0, 0), ContextID(0, 1))
    func at(_ microseconds: UInt64) -> UInt64 { now - microseconds * 1_000 }
    for (begin, length) in [(18_400, 120), (14_600, 260), (9_600, 90), (6_600, 410)] as [(UInt64, UInt64)] {
      switchVTL(at(begin), low, high, .call, rip: 0xFFFF_8000_0010_2044)
      switchVTL(at(begin - length), high, low, .return)
    }
    for step in 0..<16 { tick(low, at: at(3_900 + UInt64(step) * 1_000), waited: 700 + random.next() % 900) }
    let pending = journey()
    add(at(9_170), pending, low, .timerExpired(VectorNumber(0xEF), due: VirtualTime(ticks: at(9_172)), isMasked: false))
    add(at(9_170), pending, low, .accepted(VectorNumber(0xEF), .fixed, .merged(with: JourneyID(rawValue: pending - 1))))
    tick(high, 0xD1, at: at(3_101), waited: 101_000)
    switchVTL(at(3_100), low, high, .interrupt, VectorNumber(0xD1), rip: 0xFFFF_8000_0010_2010)
    add(
      at(2_900), 5_509, low,
      .timerExpired(VectorNumber(0xEF), due: VirtualTime(ticks: at(2_902)), isMasked: false))
    add(at(2_900), 5_509, low, .accepted(VectorNumber(0xEF), .fixed, .pending))
  }

  private mutating func switchVTL(
    _ time: UInt64, _ from: ContextID, _ to: ContextID, _ reason: VTLSwitchReason, _ vector: VectorNumber? = nil,
    rip: UInt64 = 0xFFFF_8000_0020_0040
  ) {
    add(time, 0, to, rip: rip, .vtlSwitched(from: from.vtl, to: to.vtl, reason, vector))
  }

  /// A call of VP 1 with a tick that waits for it, a fault of VP 2, an operator's switch there and back of VP 3, a
  /// masked tick of VP 7.
  mutating func otherVPs() {
    let now = Scene.now.rawValue
    switchVTL(Self.call, ContextID(1, 0), ContextID(1, 1), .call, rip: 0xFFFF_8000_0010_2044)
    switchVTL(Self.call + 300_000, ContextID(1, 1), ContextID(1, 0), .return)
    add(now - 2_500_000, 0, ContextID(2, 0), .exception(vector: 14, errorCode: 2, address: 0x7000))
    switchVTL(now - 5_200_000, ContextID(3, 0), ContextID(3, 1), .operator)
    switchVTL(now - 5_050_000, ContextID(3, 1), ContextID(3, 0), .operator)
    tick(ContextID(7, 0), at: now - 6_000_000, waited: nil, isMasked: true)
  }
}
