import Architecture
import Journal

/// A context that waits for nothing in particular: halted or in the guest idle state, able to take an
/// interrupt, with none to take.
///
/// Not a finding: this is what a healthy processor does most of the time.
public struct Idle: Hashable, Sendable {
  public var context: ContextID
  /// When its local APIC timer wakes it; nil when no timer is armed and only others can.
  public var wakes: VirtualTime?

  public init(context: ContextID, wakes: VirtualTime?) {
    self.context = context
    self.wakes = wakes
  }

  /// "idle, wakes in 2.9ms", "idle, wakes now", or "idle, no wake source".
  public func text(at now: VirtualTime) -> String {
    guard let wakes else { return "idle, no wake source" }
    return wakes > now ? "idle, wakes in \((wakes - now).spanText)" : "idle, wakes now"
  }
}

extension ContextSnapshot {
  /// Set when the context is idle: the active one of its VP, halted with IF = 1 or in the guest idle state,
  /// where IF does not count, and nothing pending.
  public var idle: Idle? {
    guard isEnabled, isActive, activity == .idle || activity == .halted && interruptsEnabled, pending.isEmpty,
      nmiPending == 0, !initPending, !externalPending
    else { return nil }
    // A masked timer (LVT 320h, bit 16) expires without waking anyone.
    let timer = apic[0x320].bit(16) || !isAPICEnabled ? nil : timer.due
    return Idle(context: id, wakes: timer)
  }

  /// That it is idle, as evidence.
  var idleText: String {
    activity == .idle
      ? "\(id) is in the guest idle state and nothing is pending" : "\(id) is halted with IF = 1 and nothing pending"
  }
}
