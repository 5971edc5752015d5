import Architecture
import Interrupts
import Journal

/// What every rule looks at: one snapshot, the guest's symbols, and what of the events leads up to it.
public struct Scene {
  public let snapshot: Snapshot
  public let symbols: SymbolTable
  public let thresholds: Thresholds
  let facts: Facts
  let routing: GroupRouting
  /// Requests that reached nobody and were not repaired, each with what the registers say of it now.
  private(set) var lost: [LostRequest] = []

  public init(
    _ snapshot: Snapshot, _ events: some Sequence<Event>, _ symbols: SymbolTable = SymbolTable(),
    _ thresholds: Thresholds = Thresholds()
  ) {
    self.snapshot = snapshot
    self.symbols = symbols
    self.thresholds = thresholds
    routing = GroupRouting(snapshot)
    var facts = Facts(snapshot)
    for event in events { facts.note(event) }
    self.facts = facts
    lost = findLost()
  }

  public var now: VirtualTime { snapshot.machine.time }

  /// How long ago `point` was.
  func age(_ point: VirtualTime) -> VirtualTime { now - point }

  /// `point` is at least `span` ago.
  func isOld(_ point: VirtualTime, _ span: VirtualTime) -> Bool { age(point) >= span }

  /// Since when the VP has stayed in the VTL it is in: every other enabled context has been inactive since
  /// then.
  func activeSince(_ context: ContextSnapshot) -> VirtualTime {
    var since = VirtualTime.zero
    for vtl in 0..<Int(snapshot.machine.vtlCount) where vtl != context.id.vtl.index {
      if let other = snapshot[ContextID(vp: context.id.vp, vtl: VTL(vtl))], other.isEnabled {
        since = max(since, other.since)
      }
    }
    return since
  }

  /// Since when nothing but its own doing decides whether this context is interrupted.
  func settledSince(_ context: ContextSnapshot) -> VirtualTime {
    context.isActive ? activeSince(context) : context.since
  }

  /// What keeps the highest pending vector in the IRR; nil when nothing does, or nothing is pending.
  func gate(_ context: ContextSnapshot) -> DeliveryGate? {
    guard let highest = context.pending.first else { return nil }
    if case .held(let gate) = snapshot.outlook(of: highest.vector, in: context) { return gate }
    return nil
  }

  /// The context its VP is in.
  func active(on vp: VPIndex) -> ContextSnapshot? {
    for vtl in 0..<Int(snapshot.machine.vtlCount) {
      if let context = snapshot[ContextID(vp: vp, vtl: VTL(vtl))], context.isEnabled, context.isActive {
        return context
      }
    }
    return nil
  }

  /// Whom the message reaches by the registers of the snapshot.
  func resolve(_ message: InterruptMessage, from sender: ContextID?, in group: GroupID) -> Route {
    routing.route(message, from: sender, in: group) { snapshot[$0]?.arbitrationRank ?? .max }
  }

  func explain(_ message: InterruptMessage, from sender: ContextID?, in group: GroupID) -> [Explanation] {
    routing.explain(message, from: sender, in: group) { snapshot[$0]?.arbitrationRank ?? .max }
  }

  /// It is still about where it was at `place`: in the same function where symbols are known, else within 1 KiB.
  func isStill(_ context: ContextSnapshot, near place: UInt64) -> Bool {
    guard place != 0 else { return false }
    if let there = symbols.lookup(place)?.name { return symbols.lookup(context.rip)?.name == there }
    return max(place, context.rip) - min(place, context.rip) < 1024
  }
}

// MARK: - Words

extension Scene {
  /// `name+1c (ffffffff81000000)`, or the address alone.
  func place(_ address: UInt64) -> String {
    let plain = String(address, radix: 16)
    return symbols.describe(address).map { "\(printable($0)) (\(plain))" } ?? plain
  }

  /// "7.790 000 s (2.2s ago)".
  func moment(_ time: VirtualTime) -> String { "\(time.pointText) s (\(age(time).spanText) ago)" }

  /// "written at name+1c (81000000), 7.790 000 s (2.2s ago)".
  func written(_ write: LastWrite) -> String { "written at \(place(write.rip)), \(moment(write.time))" }
}

/// "4f 41 2f ...": the first vectors of an IRR or ISR.
func list(_ states: some Collection<VectorState>, _ limit: Int = 4) -> String {
  states.prefix(limit).map(\.vector.text).joined(separator: " ") + (states.count > limit ? " ..." : "")
}

func list(_ contexts: [ContextID], _ limit: Int = 6) -> String {
  contexts.prefix(limit).map(\.description).joined(separator: " ") + (contexts.count > limit ? " ..." : "")
}

/// Two hexadecimal digits, as vectors and priorities are written.
func hex2(_ value: UInt8) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }

func hex(_ value: some FixedWidthInteger) -> String { String(value, radix: 16) }

/// "1 request", "3 requests".
func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)" + (number == 1 ? "" : "s") }

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
