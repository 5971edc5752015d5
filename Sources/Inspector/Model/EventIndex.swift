import Journal

/// What the events of the log say, by what they are about: kept up event by event, so that no view reads the
/// whole log for each frame.
public struct EventIndex: Sendable {
  public private(set) var timers = TimerLog()
  public private(set) var lanes: Lanes
  public private(set) var routes = RouteLog()
  private(set) var memory = MemoryLog()
  private var newest: UInt64?
  private var oldest: UInt64 = 0

  public init(_ machine: MachineSnapshot) { lanes = Lanes(machine) }

  /// All that `events`, oldest first, and the snapshot they lead up to have to say.
  public init(_ snapshot: Snapshot, _ events: some Sequence<Event>) {
    self.init(snapshot.machine)
    note(events)
    reconcile(snapshot)
  }

  /// Takes in what is newer than all before it; the rest was seen already.
  mutating func note(_ events: some Sequence<Event>) {
    for event in events where newest.map({ event.sequence > $0 }) ?? true {
      newest = event.sequence
      timers.note(event)
      lanes.note(event)
      routes.note(event)
      memory.note(event)
    }
  }

  /// Forgets what is older than the oldest event that is kept.
  mutating func forget(before event: Event?) {
    guard let event, event.sequence != oldest else { return }
    oldest = event.sequence
    timers.forget(before: event)
    lanes.forget(before: event)
    routes.forget(before: event)
    memory.forget(before: event)
  }

  /// Takes in the state after the events.
  mutating func reconcile(_ snapshot: Snapshot) { lanes.reconcile(snapshot) }
}
