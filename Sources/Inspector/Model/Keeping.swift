import Architecture
import Journal

// A busy guest runs over the whole buffer of events in two seconds. What somebody looks at is kept for them.

/// What the operator had done, and the log around it.
struct Deed: Sendable {
  var journey: JourneyID
  var event: UInt64
  var log: EventBuffer

  private static var reach: Int { 2_048 }

  init(_ event: Event, in events: EventBuffer) {
    journey = event.journey
    self.event = event.sequence
    log = EventBuffer(capacity: 2 * Self.reach)
    let place = events.place(of: event.sequence)
    log.append(events[Swift.max(0, place - Self.reach)..<Swift.min(events.count, place + Self.reach)])
  }

  /// What came after it, as far as there is room.
  mutating func note(_ new: ArraySlice<Event>) { log.append(new.prefix(log.capacity - log.count)) }
}

extension InspectorModel {
  /// The events that are listed: those at the moment the list was held, else all.
  var listed: EventBuffer { held ?? events }

  /// Those of them that are shown.
  var list: EventList { EventList(buffer: listed, passed: sieve?.passed) }

  /// Sifts the listed events, or what is new among them.
  mutating func sift(anew: Bool) {
    guard let state = lists[.events], state.isArranged else {
      sieve = nil
      return
    }
    var next = anew ? EventSieve() : sieve ?? EventSieve()
    let fields = EventFields.all
    next.update(listed) { event in
      if state.isActiveOnly && EventFields.isQuiet(event) { return false }
      if state.hiddenKinds.contains(event.kindText) { return false }
      return state.filter?.passes(
        values: { fields[$0].values(event, self) }, text: { EventText.searched(event, self) }) ?? true
    }
    sieve = next
  }

  /// Keeps what `new` adds to what is looked at.
  mutating func watch(_ new: ArraySlice<Event>) {
    done?.note(new)
    for event in new {
      if watched[event.journey] != nil { watched[event.journey]?.append(event) }
      if let other = event.mergedWith, watched[other] != nil { watched[other]?.append(event) }
    }
  }

  /// Keeps the events of a journey from here on, and those of no other but the one on the screen.
  mutating func watch(_ id: JourneyID) {
    watched = watched.filter { [id, selection.journey, done?.journey, pinned].contains($0.key) }
    guard watched[id] == nil else { return }
    let last = listed.last?.sequence ?? 0
    let all = Array(listed) + (held == nil ? [] : Array(events[events.place(of: last + 1)...]))
    watched[id] = all.filter { $0.journey == id || $0.mergedWith == id }
  }

  /// What is known of a journey: from what was kept of it, else from the log.
  func journey(_ id: JourneyID) -> Journey? {
    if let kept = watched[id] { return Journey(id, from: kept, in: snapshot) }
    return Journey(id, from: listed, in: snapshot)
  }
}

extension Event {
  /// The pending request that this one became part of.
  fileprivate var mergedWith: JourneyID? {
    if case .accepted(_, _, .merged(let other)) = body { other } else { nil }
  }
}
