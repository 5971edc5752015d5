import Architecture
import Journal

/// What every rule looks at: one snapshot, the guest's symbols, and what of the events leads up to it.
public struct Scene {
  public let snapshot: Snapshot
  public let symbols: SymbolTable
  /// Requests of each sender in a group other than 0 whose form may name many targets, latest last.
  let wideRequests: [ContextID: [Request]]
  /// The latest request each context sent.
  let lastRequests: [ContextID: Request]
  /// Journeys that merged into another, and where.
  let merged: [JourneyID: [Merge]]

  /// In whose IRR a journey still waits.
  let waiting: [JourneyID: [ContextID]]

  struct Request {
    var sender: ContextID
    var sequence: UInt64
    var time: VirtualTime
    var rip: UInt64
    var journey: JourneyID
    var source: InterruptSource
    var message: InterruptMessage
    var route: Event.RouteSummary
  }

  struct Merge {
    var at: ContextID
    var into: JourneyID
  }

  public init(_ snapshot: Snapshot, _ events: some Sequence<Event>, _ symbols: SymbolTable = SymbolTable()) {
    self.snapshot = snapshot
    self.symbols = symbols
    var wide: [ContextID: [Request]] = [:]
    var last: [ContextID: Request] = [:]
    var merged: [JourneyID: [Merge]] = [:]
    for event in events {
      switch event.body {
      case .requested(let source, let message, let route):
        guard let sender = event.context, source.isInterprocessor else { continue }
        let request = Request(
          sender: sender, sequence: event.sequence, time: event.time, rip: event.rip, journey: event.journey,
          source: source, message: message, route: route)
        last[sender] = request
        if message.isWide && route.group > GroupID(0) { wide[sender, default: []].append(request) }
      case .accepted(_, _, .merged(let other)):
        guard let target = event.context, event.journey != .none else { continue }
        merged[event.journey, default: []].append(Merge(at: target, into: other))
      default: continue
      }
    }
    wideRequests = wide
    lastRequests = last
    self.merged = merged
    var waiting: [JourneyID: [ContextID]] = [:]
    for context in snapshot.contexts where context.isEnabled {
      for state in context.pending where state.journey != .none {
        waiting[state.journey, default: []].append(context.id)
      }
    }
    self.waiting = waiting
  }

  public var now: VirtualTime { snapshot.machine.time }

  /// How long ago `point` was.
  func age(_ point: VirtualTime) -> VirtualTime { now - point }

  /// `name+1c (ffffffff81000000)`, or the address alone.
  func place(_ address: UInt64) -> String {
    let plain = String(address, radix: 16)
    return symbols.describe(address).map { "\(printable($0)) (\(plain))" } ?? plain
  }

  /// Since when the VP has stayed in the VTL it is in: every other enabled context has been inactive since
  /// then.
  func activeSince(_ context: ContextSnapshot) -> VirtualTime {
    var since = VirtualTime.zero
    for other in snapshot.contexts
    where other.id.vp == context.id.vp && other.id != context.id && other.isEnabled {
      since = max(since, other.since)
    }
    return since
  }
}

extension InterruptSource {
  /// One processor's own request to interrupt others: the kinds a sender may wait for.
  var isInterprocessor: Bool {
    switch self {
    case .interruptCommand, .hypercall, .paravirtual: true
    case .message, .ioapic, .timer, .localVector, .operator, .notificationAssist: false
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

  /// "all-but-self 2f": whom it names, and the vector.
  var text: String { "\(addressText) \(command.vector.text)" }
}

/// Two hexadecimal digits, as vectors and priorities are written.
func hex2(_ value: UInt8) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }

/// Guest-controlled text with every character that is not printable ASCII written out, such as `\u{1b}`.
func printable(_ text: String) -> String {
  var out = ""
  for scalar in text.unicodeScalars {
    if scalar.value >= 0x20 && scalar.value < 0x7F {
      out.unicodeScalars.append(scalar)
    } else {
      out += "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
  return out
}
