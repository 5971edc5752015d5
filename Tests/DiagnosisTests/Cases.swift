import Architecture
import Diagnosis
import Journal
import Testing

/// A machine with one problem, which one rule must find, and all others leave alone.
struct Case: Sendable, CustomTestStringConvertible {
  var code: Finding.Code
  var subject: Subject
  var snapshot: Snapshot
  var events: [Event] = []

  var testDescription: String { "\(code)" }

  init(_ code: Finding.Code, _ subject: Subject, _ snapshot: Snapshot, _ events: [Event] = []) {
    self.code = code
    self.subject = subject
    self.snapshot = snapshot
    self.events = events
  }

  init(_ code: Finding.Code, _ vp: Int, _ vtl: Int, _ snapshot: Snapshot, _ events: [Event] = []) {
    self.init(code, .context(ContextID(vp, vtl)), snapshot, events)
  }

  var findings: [Finding] { diagnose(snapshot, events) }
  /// "S2 1.0": the codes and subjects of all findings.
  var found: [String] { findings.map { "\($0.code.rawValue) \($0.subject)" } }
  var expected: [String] { ["\(code.rawValue) \(subject)"] }

  // MARK: - Near misses

  func with(_ vp: Int, _ vtl: Int, _ change: (inout ContextSnapshot) -> Void) -> Case {
    var copy = self
    copy.snapshot = snapshot.with(vp, vtl, change)
    return copy
  }

  func with(_ change: (inout Snapshot) -> Void) -> Case {
    var copy = self
    change(&copy.snapshot)
    return copy
  }

  func withPin(_ change: (inout PinSnapshot) -> Void) -> Case {
    with { change(&$0.platform.ioapics[0].pins[0]) }
  }

  func withRoute(_ change: (inout MessageRouteSnapshot) -> Void) -> Case {
    with { change(&$0.platform.messageRoutes[0]) }
  }

  func after(_ more: Event...) -> Case {
    var copy = self
    copy.events += more
    return copy
  }

  func without(_ isUnwanted: (Event) -> Bool) -> Case {
    var copy = self
    copy.events.removeAll(where: isUnwanted)
    return copy
  }
}

extension Case {
  static let all: [Case] = [
    taskPriority, missingEOI, lazyEOI, deaf, noSIPI, swallowedSIPI, latchedINIT, softwareOff, hardwareOff,
    maskedTimer, ignoredDeadline, farTimer, unicast, groupLoss, leak, logical, lowestPriority, wedged, lostEdge,
    misaddressed, starved, heldByItself, notEnabled, bounce, tlbLock, fullSlot, deniedStartup, merged, circle,
  ]

  static let taskPriority = Case(
    .taskPriorityBlocks, 1, 0,
    healthy().with(1, 0) {
      $0.setPending(0x4F, since: .milliseconds(7_800), journey: 5409)
      $0.setTaskPriority(0x50, at: .milliseconds(7_790))
    })

  static let missingEOI = Case(
    .missingEOI, 1, 0,
    healthy().with(1, 0) {
      $0.setInService(0x51, since: .milliseconds(7_000))
      $0.setPending(0x4F, since: .milliseconds(7_800), journey: 5409)
      $0.lastEndOfInterrupt = LastWrite(time: .milliseconds(6_900), rip: 0x40_2000, value: 0x51)
    })

  static let lazyEOI: Case = {
    var lazy = missingEOI.with(1, 0) {
      $0.lazyEOI = .taken
      $0.lazyEOIAddress = 0x7000
    }
    lazy.code = .lazyEOI
    return lazy
  }()

  static let deaf = Case(
    .haltedWithInterruptsOff, 2, 0, healthy().with(2, 0) { $0.halt(since: .seconds(9), rflags: 2) })

  static let noSIPI = Case(
    .waitsForStartup, 3, 0, healthy().with(3, 0) { $0.waitForStartup(afterInit: .milliseconds(81)) })

  static let swallowedSIPI = Case(
    .startupOutOfOrder, 3, 0, healthy().with(3, 0) { $0.waitForStartup(afterInit: .milliseconds(9_001)) },
    [
      requested(
        1, at: .seconds(9), by: ContextID(0, 0), vector: 8, destination: 3, delivered: 1, mode: .startup, journey: 1),
      accepted(2, at: .seconds(9), in: ContextID(3, 0), vector: 8, mode: .startup, journey: 1),
      requested(
        3, at: .milliseconds(9_001), by: ContextID(1, 0), vector: 0, destination: 3, delivered: 1, mode: .initialize,
        journey: 2),
      accepted(4, at: .milliseconds(9_001), in: ContextID(3, 0), vector: 0, mode: .initialize, journey: 2),
    ])

  static let latchedINIT = Case(
    .initLatched, 1, 0,
    healthy().with(1, 0) {
      $0.initPending = true
      $0.initLatch = .systemManagement
      $0.lastInit = .seconds(9)
      $0.lastInitSender = ContextID(0, 0)
    })

  static let softwareOff = Case(
    .softwareDisabled, 2, 0, healthy().with(2, 0) { $0.apic[0xF0] = 0xFF },
    [
      Event(sequence: 1, time: .seconds(8), context: ContextID(2, 0), rip: 0x40_3000, .softwareEnable(false)),
      requested(
        2, at: .seconds(9), by: ContextID(0, 0), destination: 2, delivered: 0, candidates: 1, reason: .softwareDisabled,
        journey: 7),
    ])

  static let hardwareOff = Case(
    .hardwareDisabled, 2, 0,
    healthy().with(2, 0) {
      $0.apicBase = 0xFEE0_0000
      $0.apic = APICPage()
    },
    [
      requested(
        2, at: .seconds(9), by: ContextID(0, 0), destination: 2, delivered: 0, candidates: 0, reason: .noSuchID,
        journey: 7)
    ])

  static let maskedTimer = Case(
    .timerExpiredMasked, 2, 0,
    healthy().with(2, 0) {
      $0.halt(since: .seconds(9), rflags: 0x202)
      $0.apic[0x320] = 0x300EF
      $0.timer.due = .milliseconds(10_001)
      $0.timer.period = .milliseconds(10)
      $0.timer.expiredWhileMasked = 100
      $0.timer.lastMaskedExpiry = .milliseconds(9_991)
    },
    [
      Event(
        sequence: 1, time: .milliseconds(9_001), context: ContextID(2, 0),
        .timerExpired(VectorNumber(0xEF), due: .milliseconds(9_001), isMasked: true))
    ])

  static let ignoredDeadline = Case(
    .timerWriteIgnored, 2, 0,
    healthy().with(2, 0) {
      $0.halt(since: .seconds(9), rflags: 0x202)
      $0.apic[0x320] = 0x200EF
      $0.timer.ignoredWrites = 1
      $0.timer.lastWrite = TimerWrite(
        register: .deadline, write: LastWrite(time: .milliseconds(8_999), rip: 0x40_4000, value: 9_100_000_000),
        isIgnored: true)
    })

  static let farTimer = Case(
    .timerFarAway, 0, 0,
    healthy().with(0, 0) {
      $0.halt(since: .seconds(9), rflags: 0x202)
      $0.timer.due = .seconds(3_600)
      $0.timer.deadline = 3_600_000_000_000
    })

  /// 3.1 has made its ID 9, so that 3 is an ID of group 0 only.
  static let unicast = Case(
    .unicastToNowhere, 1, 1,
    healthy(vtls: 2).with(3, 1) {
      $0.apicBase = 0xFEE0_0800
      $0.apic[0x20] = 9 << 24
    },
    [
      requested(
        2, at: .seconds(9), by: ContextID(1, 1), destination: 3, delivered: 0, candidates: 0, reason: .noSuchID,
        journey: 7)
    ])

  static let groupLoss = Case(
    .groupRequestLost, 1, 1, healthy(vtls: 2, encoding: .rfc2023(bits: 24)),
    [
      requested(
        7, at: .seconds(9), by: ContextID(1, 1), shorthand: .allExcludingSelf, delivered: 0, reason: .groupNotZero,
        journey: 5511)
    ])

  static let leak = Case(
    .crossGroupLeak, 2, 0, healthy(vtls: 2, encoding: .rfc2023(bits: 24)),
    [
      requested(
        7, at: .seconds(9), by: ContextID(1, 1), destination: 2, delivered: 1, candidates: 1, target: ContextID(2, 0),
        journey: 5511),
      accepted(8, at: .seconds(9), in: ContextID(2, 0), journey: 5511),
    ])

  static let logical = Case(
    .logicalMatchesNobody, 1, 0, healthy(),
    [
      requested(
        7, at: .seconds(9), by: ContextID(1, 0), logical: true, destination: 0x10, delivered: 0,
        reason: .logicalMismatch, journey: 7)
    ])

  static let lowestPriority = Case(
    .lowestPriorityUneven, 1, 0, healthy(),
    (0..<64).flatMap { i -> [Event] in
      let time = VirtualTime.milliseconds(9_000 + UInt64(i))
      return [
        requested(
          UInt64(2 * i), at: time, by: nil, group: 0, vector: 0x41, logical: true, destination: 0xE, delivered: 1,
          candidates: 3, mode: .lowestPriority, source: .message, target: ContextID(1, 0), isNarrow: true,
          journey: UInt64(i + 1)),
        accepted(
          UInt64(2 * i + 1), at: time, in: ContextID(1, 0), vector: 0x41, mode: .lowestPriority,
          i % 2 == 0 ? .pending : .merged(with: JourneyID(rawValue: UInt64(i))), journey: UInt64(i + 1)),
      ]
    })

  static let wedged = Case(
    .levelLineWedged, .pin(4),
    healthy().withPin(4, vector: 0x34, isLevel: true) {
      $0.entry.isRemoteIRRSet = true
      $0.isLineHigh = true
      $0.lineSince = .milliseconds(9_000)
      $0.remoteIRRSince = .milliseconds(9_000)
      $0.lastSent = .milliseconds(9_000)
      $0.lastJourney = JourneyID(rawValue: 77)
      $0.lastWasDelivered = true
      $0.counters.sent = 3
    })

  static let lostEdge = Case(
    .edgeLost, .pin(4),
    healthy().withPin(4, vector: 0x34, isLevel: false) {
      $0.isLineHigh = true
      $0.lineSince = .milliseconds(9_000)
      $0.lastMaskedEdge = .milliseconds(9_000)
      $0.lastUnmask = .milliseconds(9_100)
      $0.lastWrite = LastWrite(time: .milliseconds(9_100), rip: 0x40_5000, value: 0x1_0034)
      $0.counters.maskedEdges = 1
    })

  static let misaddressed: Case = {
    var snapshot = healthy()
    var route = MessageRouteSnapshot(
      device: "periodic", isEnabled: true, signal: MessageSignal(address: 0xFED0_1000, data: 0x4041), group: GroupID(0))
    route.malformed = 12
    route.sent = 12
    route.lastFault = .notInterruptAddress
    route.lastSent = .milliseconds(9_990)
    snapshot.platform.messageRoutes = [route]
    let signal = route.signal
    return Case(
      .messageMisaddressed, .route(0), snapshot,
      [Event(sequence: 1, time: .seconds(9), .messageSent(route: 0, signal, fault: .notInterruptAddress))])
  }()

  static let starved = Case(
    .lowerVTLStarved, 1, 0,
    healthy(vtls: 2).with(1, 0) {
      $0.isActive = false
      $0.since = .milliseconds(9_900)
      $0.setPending(0xEF, since: .milliseconds(9_910), journey: 5509)
    }.with(1, 1) {
      $0.isActive = true
      $0.rflags = 2
      $0.since = .milliseconds(9_900)
      $0.entryReason = .call
      $0.entryTime = .milliseconds(9_900)
    })

  static let heldByItself = Case(
    .higherVTLHoldsItself, 1, 1,
    healthy(vtls: 2).with(1, 1) {
      $0.since = .milliseconds(9_000)
      $0.setPending(0x4F, since: .milliseconds(9_100), journey: 5509)
      $0.setTaskPriority(0x50, at: .milliseconds(8_990))
    })

  static let notEnabled = Case(
    .targetVTLNotEnabled, 0, 0, healthy(vtls: 2).with(3, 1) { $0.isEnabled = false },
    [
      requested(
        7, at: .seconds(9), by: ContextID(0, 0), group: 1, vector: 0x41, destination: 3, delivered: 0, candidates: 1,
        reason: .contextNotEnabled, source: .hypercall, journey: 7)
    ])

  static let bounce = Case(
    .returnBounces, 1, 1,
    healthy(vtls: 2).with(1, 0) { $0.isActive = false }.with(1, 1) {
      $0.isActive = true
      $0.rflags = 2
      $0.since = .milliseconds(9_999)
      $0.entryReason = .interrupt
      $0.setPending(0x4F, since: .milliseconds(9_980), journey: 5509)
    },
    (0..<10).flatMap { i -> [Event] in
      let time = VirtualTime.milliseconds(9_980 + 2 * UInt64(i))
      return [
        switched(UInt64(2 * i), at: time, vp: 1, from: 0, to: 1, .interrupt, vector: 0x4F),
        switched(UInt64(2 * i + 1), at: time + .milliseconds(1), vp: 1, from: 1, to: 0, .return),
      ]
    } + [switched(20, at: .milliseconds(9_999), vp: 1, from: 0, to: 1, .interrupt, vector: 0x4F)])

  static let deniedStartup = Case(
    .startupDeniedByVTL, 2, 0, healthy(vtls: 2).with(2, 0) { $0.lastStartup = .seconds(1) },
    [
      requested(7, at: .seconds(9), by: ContextID(0, 0), destination: 2, delivered: 1, mode: .initialize, journey: 7),
      accepted(8, at: .seconds(9), in: ContextID(2, 0), mode: .initialize, .rejected(.startupDeniedByVTL), journey: 7),
    ])

  /// 2.0 sent 4f at 9 s from where it still is, and 1.0 took one of two.
  static let merged = Case(
    .requestsMerged, 1, 0,
    healthy().with(2, 0) { $0.rip = 0x40_1010 }.with(1, 0) { $0.counters.merged = 1 },
    [
      requested(
        1, at: .milliseconds(8_999), by: ContextID(3, 0), vector: 0x4F, destination: 1, delivered: 1,
        target: ContextID(1, 0), journey: 5),
      accepted(2, at: .milliseconds(8_999), in: ContextID(1, 0), vector: 0x4F, journey: 5),
      requested(
        3, at: .seconds(9), by: ContextID(2, 0), vector: 0x4F, destination: 1, delivered: 1, target: ContextID(1, 0),
        journey: 6),
      accepted(
        4, at: .seconds(9), in: ContextID(1, 0), vector: 0x4F, .merged(with: JourneyID(rawValue: 5)), journey: 6),
    ])

  /// 1.0 and 2.0 have sent each other an interrupt and wait with IF = 0.
  static let circle = Case(
    .waitsForOther, 1, 0,
    healthy().with(1, 0) {
      $0.rflags = 2
      $0.setPending(0x41, since: .milliseconds(9_900), journey: 6)
    }.with(2, 0) {
      $0.rflags = 2
      $0.setPending(0x41, since: .milliseconds(9_901), journey: 5)
    },
    [
      requested(
        1, at: .milliseconds(9_901), by: ContextID(1, 0), vector: 0x41, destination: 2, delivered: 1,
        target: ContextID(2, 0), journey: 5),
      requested(
        2, at: .milliseconds(9_900), by: ContextID(2, 0), vector: 0x41, destination: 1, delivered: 1,
        target: ContextID(1, 0), journey: 6),
    ])
}

extension Snapshot {
  /// With an IOAPIC of which one pin is wired, to VP 1.
  func withPin(_ index: UInt8, vector: UInt8, isLevel: Bool, _ change: (inout PinSnapshot) -> Void) -> Snapshot {
    var entry = RedirectionEntry(rawValue: 0)
    entry.vector = VectorNumber(rawValue: vector)
    entry.isLevelTriggered = isLevel
    entry.destination = 1
    var pin = PinSnapshot(index: index, entry: entry)
    pin.device = "serial"
    change(&pin)
    var copy = self
    copy.platform.ioapics = [IOAPICSnapshot(id: 0, version: 0x20, base: 0xFEC0_0000, pins: [pin])]
    return copy
  }
}
