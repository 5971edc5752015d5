import Architecture
import Journal

/// One interrupt request, as the log keeps it.
struct Request: Hashable {
  /// Nil for a device.
  var sender: ContextID?
  var time: VirtualTime
  var rip: UInt64
  var journey: JourneyID
  var source: InterruptSource
  var message: InterruptMessage
  var route: Event.RouteSummary
}

/// What became of the requests: which were the last, which were lost, merged, or reached another group.
struct RequestFacts {
  private let layout: Layout
  private let groups: [GroupID]
  /// Journeys that still wait in an IRR, and where.
  let waiting: [JourneyID: [ContextID]]
  /// The latest request each context sent to interrupt others.
  private(set) var last: [Request?]
  /// What the latest request of each context merged with, and where.
  private(set) var lastMerge: [Merge?]
  private(set) var lost: [Form: Loss] = [:]
  /// Journeys that merged into one that still waits.
  private(set) var merged: [JourneyID: [Merge]] = [:]
  private(set) var leaks: [ContextID: Leak] = [:]
  private(set) var arbitrations: [Form: Arbitration] = [:]
  /// The device behind the request that comes next.
  var origin: (journey: JourneyID, subject: Subject)?
  /// The newest requests, as a ring: what a local APIC did with one stands right behind it in the log.
  private var recent: [Request] = []
  private var newest = 0

  struct Merge: Hashable {
    var at: ContextID
    var into: JourneyID
    var request: Request
    /// The one it merged into is of the same sender.
    var isOwn: Bool
  }

  /// What is said of all requests that one sender addresses in one way.
  struct Form: Hashable {
    var sender: ContextID?
    var origin: Subject?
    var group: GroupID
    var isNarrow: Bool
    /// The command without its vector; 0 for a device, whose entry may be written anew.
    var command: UInt64

    init(_ request: Request, _ origin: Subject?) {
      sender = request.sender
      self.origin = request.sender == nil ? origin : nil
      group = request.route.group
      isNarrow = request.message.isNarrow
      command = request.sender == nil ? 0 : request.message.command.rawValue & ~0xFF
    }
  }

  struct Loss: Hashable {
    var first: Request
    var last: Request
    var count: Int
  }

  struct Leak: Hashable {
    var first: Request
    var last: Request
    var count: Int
  }

  /// Lowest-priority requests of one form that one candidate of several got.
  struct Arbitration: Hashable {
    var first: Request
    var last: Request
    var winner: ContextID
    /// No other candidate ever won.
    var isAlways = true
    var count = 0
    var merged = 0
  }

  init(_ snapshot: Snapshot, _ layout: Layout) {
    self.layout = layout
    groups = snapshot.contexts.map(\.group)
    last = Array(repeating: nil, count: layout.count)
    lastMerge = Array(repeating: nil, count: layout.count)
    var waiting: [JourneyID: [ContextID]] = [:]
    for context in snapshot.contexts where context.isEnabled {
      for state in context.pending where state.journey != .none {
        waiting[state.journey, default: []].append(context.id)
      }
    }
    self.waiting = waiting
  }

  mutating func note(
    _ event: Event, _ source: InterruptSource, _ message: InterruptMessage, _ route: Event.RouteSummary
  ) {
    guard source.isRouted else { return }
    let request = Request(
      sender: event.context, time: event.time, rip: event.rip, journey: event.journey, source: source,
      message: message, route: route)
    remember(request)
    if let sender = event.context, let place = layout.place(sender) {
      last[place] = request
      lastMerge[place] = nil
    }
    guard source != .operator else { return }
    if route.delivered == 0 { lose(request) } else if !lost.isEmpty { lost[form(request)] = nil }
    if message.command.deliveryMode == .lowestPriority, route.delivered == 1, route.candidates > 1 {
      arbitrate(request)
    }
  }

  private func form(_ request: Request) -> Form {
    Form(request, origin?.journey == request.journey ? origin?.subject : nil)
  }

  private mutating func lose(_ request: Request) {
    lost[form(request), default: Loss(first: request, last: request, count: 0)].count += 1
    lost[form(request)]?.last = request
  }

  private mutating func arbitrate(_ request: Request) {
    guard let winner = request.route.firstTarget else { return }
    var tally =
      arbitrations[form(request)] ?? Arbitration(first: request, last: request, winner: winner)
    tally.last = request
    tally.count += 1
    if tally.winner != winner { tally.isAlways = false }
    arbitrations[form(request)] = tally
  }

  private static var reach: Int { 32 }

  private mutating func remember(_ request: Request) {
    if recent.count < Self.reach {
      recent.append(request)
      newest = recent.count - 1
    } else {
      newest = (newest + 1) % Self.reach
      recent[newest] = request
    }
  }

  private func request(_ journey: JourneyID) -> Request? {
    guard !recent.isEmpty else { return nil }
    if recent[newest].journey == journey { return recent[newest] }
    return journey == .none ? nil : recent.first { $0.journey == journey }
  }

  func sender(of journey: JourneyID) -> Request? { request(journey) }

  mutating func noteAccepted(_ event: Event, at target: ContextID, _ acceptance: Acceptance) {
    if case .rejected = acceptance { return }
    guard let request = request(event.journey) else { return }
    noteLeak(request, at: target)
    guard case .merged(let other) = acceptance else { return }
    let isOwn = request.sender != nil && self.request(other)?.sender == request.sender
    let merge = Merge(at: target, into: other, request: request, isOwn: isOwn)
    if waiting[other] != nil { merged[event.journey, default: []].append(merge) }
    if let place = request.sender.flatMap(layout.place), last[place]?.journey == event.journey {
      lastMerge[place] = merge
    }
    if request.message.command.deliveryMode == .lowestPriority { arbitrations[form(request)]?.merged += 1 }
  }

  /// A request of a group reaches local APICs of that group and of no other. A hypercall names its VTL, and an
  /// operator may do as they like.
  private mutating func noteLeak(_ request: Request, at target: ContextID) {
    guard request.source != .hypercall, request.source != .operator, let place = layout.place(target) else { return }
    let own = request.sender.flatMap(layout.place).map { groups[$0] } ?? request.route.group
    guard own != groups[place] else { return }
    var leak = leaks[target] ?? Leak(first: request, last: request, count: 0)
    leak.last = request
    leak.count += 1
    leaks[target] = leak
  }
}

extension InterruptSource {
  /// It finds its local APICs by an address, where a local source has one of its own.
  fileprivate var isRouted: Bool {
    switch self {
    case .interruptCommand, .message, .ioapic, .hypercall, .paravirtual, .operator: true
    case .timer, .localVector, .notificationAssist, .synthetic: false
    }
  }
}

extension InterruptMessage {
  /// Whether it may reach more than one local APIC: a broadcast, a shorthand but self, or a logical
  /// destination.
  var isWide: Bool {
    switch command.shorthand {
    case .selfOnly: false
    case .allIncludingSelf, .allExcludingSelf: true
    case .none: command.isLogical || isPhysicalBroadcast
    }
  }

  /// FFh in the xAPIC form, FFFFFFFFh in the x2APIC form (SDM Vol. 3A, 12.6.2.1).
  var isPhysicalBroadcast: Bool {
    command.shorthand == .none && !command.isLogical && command.destination == (isNarrow ? 0xFF : 0xFFFF_FFFF)
  }

  /// "2f to all-but-self": what it is, and whom it names.
  var text: String {
    switch command.deliveryMode {
    case .fixed, .lowestPriority: "\(command.vector.text) to \(addressText)"
    default: "\(kindText) to \(addressText)"
    }
  }
}
