import Architecture
import Diagnosis
import Interrupts
import Journal

/// One interrupt from its source to its end-of-interrupt, put together from the events that carry its number.
public struct Journey: Hashable, Sendable {
  public var id: JourneyID
  /// When its source acted; when that event is gone from the log, the first one that is left.
  public var begin: VirtualTime
  /// The event of the source is in the log.
  public var hasBeginning: Bool
  public var source: InterruptSource?
  /// The pin or the message route it came through, when a device sent it.
  public var origin: Origin?
  public var sender: ContextID?
  /// Where the sender was.
  public var rip: UInt64
  public var message: InterruptMessage?
  public var route: Event.RouteSummary?
  public var vector: VectorNumber?
  /// When its pin was let send again, and by what; level-triggered pins only.
  public var cleared: Cleared?
  /// Whom it reached, in the order it did.
  public var targets: [Target]

  /// Where a device's interrupt came in.
  public struct Origin: Hashable, Sendable {
    public var route: RouteID
    /// The device there; empty when nothing is known to be.
    public var device = ""
    /// What the pin was looked at for; nil for a message.
    public var cause: PinCause?
  }

  /// What became of it in one local APIC.
  public struct Target: Hashable, Sendable {
    public var context: ContextID
    public var reached: VirtualTime?
    public var acceptance: Acceptance?
    public var mode: DeliveryMode = .fixed
    public var taken: VirtualTime?
    public var waited: VirtualTime?
    public var ended: VirtualTime?
    public var inService: VirtualTime?
    /// Where the handler was when it wrote EOI.
    public var endRIP: UInt64 = 0
    /// Later requests that merged into this one while it waited.
    public var merges: [Merge] = []
    public var state: State = .gone
  }

  public struct Cleared: Hashable, Sendable {
    public var time: VirtualTime
    public var how: RemoteIRRClearing
  }

  public struct Merge: Hashable, Sendable {
    public var journey: JourneyID
    public var time: VirtualTime
  }

  public enum State: Hashable, Sendable {
    /// In the IRR, or an NMI, INIT or SIPI not taken yet; without a gate it is taken next.
    case waiting(DeliveryGate?)
    /// In the ISR: no EOI yet.
    case inService
    /// EOI was written; or it was an NMI, INIT or SIPI and was taken.
    case done
    /// It went on as another one.
    case merged(JourneyID)
    case rejected(Rejection)
    /// Neither waiting nor in service, and the log does not say how it ended: a reset took it, or the events
    /// are gone.
    case gone
  }

  /// What its events, oldest first, and the snapshot say of the journey `id`; nil when they say nothing.
  public init?(_ id: JourneyID, from events: some Sequence<Event>, in snapshot: Snapshot) {
    guard id != .none else { return nil }
    self.init(id)
    var isKnown = false
    for event in events {
      if event.journey == id {
        if !isKnown { begin = event.time }
        isKnown = true
        add(event)
      } else if case .accepted(_, _, .merged(let other)) = event.body, other == id, let at = event.context {
        update(at) { $0.merges.append(Merge(journey: event.journey, time: event.time)) }
        if !isKnown { begin = event.time }
        isKnown = true
      }
    }
    for context in snapshot.contexts where context.isEnabled {
      for state in context.pending + context.inService where state.journey == id {
        isKnown = true
        if targets.isEmpty && !hasBeginning { begin = state.since }
        vector = vector ?? state.vector
        update(context.id) { _ in }
      }
    }
    guard isKnown else { return nil }
    if let origin { self.origin?.device = snapshot.platform.device(of: origin.route) }
    for i in targets.indices { targets[i].state = targets[i].findState(of: self, in: snapshot) }
  }

  private init(_ id: JourneyID) {
    self.id = id
    begin = .zero
    hasBeginning = false
    source = nil
    origin = nil
    sender = nil
    rip = 0
    message = nil
    route = nil
    vector = nil
    cleared = nil
    targets = []
  }

  private mutating func add(_ event: Event) {
    switch event.body {
    case .requested(let source, let message, let route):
      self.source = source
      self.message = message
      self.route = route
      sender = event.context
      rip = event.rip
      vector = vector ?? message.command.vector
      // What a pin, a device or a timer did came before.
      if !hasBeginning { begin = event.time }
      hasBeginning = true
    case .pin(let pin, let cause, _, _): start(.ioapic, Origin(route: .pin(ioapic: 0, pin: pin), cause: cause))
    case .messageSent(let route, _, _): start(.message, Origin(route: .message(Int(route)), cause: nil))
    case .remoteIRRCleared(_, _, let how): cleared = Cleared(time: event.time, how: how)
    case .syntheticTimerExpired(_, _, let isDirect, let target):
      source = source ?? .synthetic
      sender = sender ?? event.context
      if isDirect { vector = VectorNumber(rawValue: target) }
      hasBeginning = true
    case .timerExpired(let vector, _, _):
      source = source ?? .timer
      sender = sender ?? event.context
      self.vector = vector
      hasBeginning = true
    case .notificationAsserted(let vector):
      source = source ?? .notificationAssist
      self.vector = vector
    case .accepted(let vector, let mode, let acceptance):
      self.vector = self.vector ?? vector
      updateTarget(event) {
        $0.reached = event.time
        $0.acceptance = acceptance
        $0.mode = mode
      }
    case .externalAcknowledged(let vector, _, _):
      self.vector = self.vector ?? vector
      // No local APIC marks it in service, and its EOI goes to the 8259.
      updateTarget(event) {
        $0.taken = event.time
        $0.waited = $0.reached.map { event.time - $0 }
        $0.ended = event.time
      }
    case .acknowledged(let vector, let waited):
      self.vector = self.vector ?? vector
      updateTarget(event) {
        $0.taken = event.time
        $0.waited = waited
      }
    case .endOfInterrupt(let vector, let inService):
      self.vector = self.vector ?? vector
      updateTarget(event) {
        $0.ended = event.time
        $0.inService = inService
        $0.endRIP = event.rip
      }
    case .nmiTaken, .initialized, .started:
      updateTarget(event) {
        $0.taken = event.time
        $0.waited = $0.reached.map { event.time - $0 }
        $0.ended = event.time
      }
    case .spuriousEOI, .halted, .idled, .woke, .vtlSwitched, .hypercall, .taskPriorityChanged, .exception, .mapRebuilt,
      .apicBaseChanged, .softwareEnable, .apicError, .vtlEnabled, .command, .stopped, .routeWritten, .timerWriteIgnored,
      .paravirtualCall, .intercepted, .synicMessage, .synicEvent, .protectionChanged, .overlayChanged, .tlbLockChanged,
      .flushWaits, .eventInjected, .connectionChanged, .guestCrashed,
      .guestCrashDetail:
      break
    }
  }

  /// A device set it off. A pin that is looked at again for the same interrupt does not begin it again.
  private mutating func start(_ source: InterruptSource, _ origin: Origin) {
    guard self.origin == nil else { return }
    self.source = self.source ?? source
    self.origin = origin
    hasBeginning = true
  }

  private mutating func updateTarget(_ event: Event, _ change: (inout Target) -> Void) {
    if let context = event.context { update(context, change) }
  }

  private mutating func update(_ context: ContextID, _ change: (inout Target) -> Void) {
    if let place = targets.firstIndex(where: { $0.context == context }) {
      change(&targets[place])
    } else {
      var target = Target(context: context)
      change(&target)
      targets.append(target)
    }
  }
}

extension PlatformSnapshot {
  /// The device behind a route; empty when nothing is known to be.
  func device(of route: RouteID) -> String {
    switch route {
    case .pin(let ioapic, let pin):
      guard ioapics.indices.contains(ioapic) else { return "" }
      return ioapics[ioapic].pins.first { $0.index == pin }?.device ?? ""
    case .message(let place): return messageRoutes.indices.contains(place) ? messageRoutes[place].device : ""
    }
  }
}

extension Journey.Origin {
  /// `pin 4 serial`, `MSI 1 periodic`.
  public var text: String { device.isEmpty ? route.text : "\(route.text) \(TextForm.escaped(device))" }
}

extension Journey.Target {
  fileprivate func findState(of journey: Journey, in snapshot: Snapshot) -> Journey.State {
    switch acceptance {
    case .rejected(let reason): return .rejected(reason)
    case .merged(let other): return .merged(other)
    case .pending, nil: break
    }
    if ended != nil { return .done }
    guard let now = snapshot[context] else { return .gone }
    if taken != nil { return now.inService.contains { $0.journey == journey.id } ? .inService : .gone }
    if let state = now.pending.first(where: { $0.journey == journey.id }) {
      return .waiting(snapshot.outlook(of: state.vector, in: now).gate)
    }
    if now.inService.contains(where: { $0.journey == journey.id }) { return .inService }
    switch mode {
    case .nmi where now.nmiPending > 0: return .waiting(nil)
    case .external where now.externalPending: return .waiting(snapshot.externalOutlook(in: now).gate)
    case .initialize where now.initPending: return .waiting(nil)
    case .startup where now.startupPending != nil: return .waiting(.waitForStartup)
    default: return .gone
    }
  }

  /// Still on its way.
  public var isOpen: Bool {
    switch state {
    case .waiting, .inService: true
    case .done, .merged, .rejected, .gone: false
    }
  }
}

extension Journey {
  /// Somebody has it pending or in service.
  public var isOpen: Bool { targets.contains(where: \.isOpen) }

  /// The target to look at first: one that is still open, longest first, else the first.
  public var foremost: Target? {
    targets.filter(\.isOpen).min { ($0.reached ?? .zero) < ($1.reached ?? .zero) } ?? targets.first
  }

  /// `4f fixed id 5`; what is known of what was sent.
  public var what: String {
    if let message { return "\(message.kindText) \(message.addressText)" }
    return vector.map { "vector \($0.text)" } ?? "unknown vector"
  }

  /// One word or a few: what became of it as a whole.
  public func verdict(at now: VirtualTime) -> String {
    if isOpen { return "OPEN for \((now - begin).spanText)" }
    if let route, route.delivered == 0 { return "LOST: " + (route.reason?.text ?? "nobody") }
    if targets.isEmpty {
      return hasBeginning ? "reached nobody that is logged" : "its beginning is not in the log"
    }
    if let last = targets.compactMap(\.ended).max() { return "ENDED after \((last - begin).spanText)" }
    if case .merged(let other) = targets[0].state { return "MERGED with #\(other.rawValue)" }
    if case .rejected(let reason) = targets[0].state { return "REJECTED: " + reason.text }
    return "its end is not in the log"
  }
}
