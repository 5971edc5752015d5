import Architecture
import Journal

/// What the log says of the INITs and SIPIs of one context.
struct StartupFacts {
  /// A SIPI or INIT that did not do what it was sent for.
  struct Drop: Hashable {
    var time: VirtualTime
    var vector: VectorNumber
    var mode: DeliveryMode
    /// Sent to many: it may not have meant this one.
    var isWide: Bool
    var sender: ContextID?
    var rip: UInt64
    var journey: JourneyID
  }

  /// A SIPI when none was waited for.
  private(set) var early: Drop?
  /// A SIPI that waited when an INIT came and took it back.
  private(set) var swallowed: Drop?
  /// INIT or SIPI below another VTL.
  private(set) var denied: Drop?
  /// The SIPI that started it last.
  private(set) var started: (time: VirtualTime, vector: VectorNumber)?
  private var pending: Drop?

  mutating func note(
    _ event: Event, _ vector: VectorNumber, _ mode: DeliveryMode, _ acceptance: Acceptance, from request: Request?
  ) {
    let drop = Drop(
      time: event.time, vector: vector, mode: mode, isWide: request?.message.isWide ?? false,
      sender: request?.sender, rip: request?.rip ?? 0, journey: event.journey)
    switch (mode, acceptance) {
    case (_, .rejected(.startupDeniedByVTL)): denied = drop
    case (.startup, .rejected(.notWaitingForStartup)): early = drop
    case (.startup, .pending): pending = drop
    case (.initialize, .pending):
      if pending != nil { swallowed = pending }
      pending = nil
    default: return
    }
  }

  /// An INIT or a SIPI was processed.
  mutating func noteProcessed(_ event: Event) {
    guard case .started(let vector) = event.body else { return }
    started = (event.time, vector)
    pending = nil
    swallowed = nil
    denied = nil
    early = nil
  }
}
