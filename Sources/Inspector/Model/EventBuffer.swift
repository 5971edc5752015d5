import Architecture
import Journal

/// The newest events, in order of their sequence numbers. Older ones make room.
public struct EventBuffer: Sendable, RandomAccessCollection {
  public static let standardCapacity = 65_536

  public let capacity: Int
  private var slots: [Event] = []
  private var head = 0
  /// Events that were overwritten in the core's ring before they were read.
  public private(set) var missed: UInt64 = 0

  public init(capacity: Int = standardCapacity) { self.capacity = Swift.max(1, capacity) }

  public var startIndex: Int { 0 }
  public var endIndex: Int { slots.count }

  /// 0 is the oldest that is kept.
  public subscript(i: Int) -> Event {
    let place = head + i
    return slots[place < slots.count ? place : place - slots.count]
  }

  public mutating func append(_ events: some Collection<Event>, missed: UInt64 = 0) {
    self.missed = self.missed &+ missed
    // What is not newer than the newest was seen already; a core that lies about its sequence cannot disorder
    // us.
    var newest = last?.sequence
    for event in events where newest.map({ event.sequence > $0 }) ?? true {
      newest = event.sequence
      if slots.count < capacity {
        slots.append(event)
      } else {
        slots[head] = event
        head = head + 1 == capacity ? 0 : head + 1
      }
    }
  }

  /// The place of the event with this sequence number, or of the first one after it.
  public func place(of sequence: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  public func event(_ sequence: UInt64) -> Event? {
    let place = place(of: sequence)
    return place < count && self[place].sequence == sequence ? self[place] : nil
  }

  /// The event only says again, in a route's words, what the one before it said: a local timer's expiry, or a
  /// notification (VINA), and then the request to its own APIC that this is. Lists leave it out.
  ///
  /// What such a request did not reach is no repetition.
  public func isRepeated(_ place: Int) -> Bool {
    guard place > 0, case .requested(_, _, let route) = self[place].body, route.path == .direct,
      route.delivered > 0, self[place - 1].context == self[place].context
    else { return false }
    switch self[place - 1].body {
    case .timerExpired: return self[place - 1].journey == self[place].journey
    case .notificationAsserted: return true
    default: return false
    }
  }

  /// The place of the event a list shows before or after the one at `place`; nil at its ends.
  public func shown(before place: Int) -> Int? {
    let earlier = place > 0 && isRepeated(place - 1) ? place - 2 : place - 1
    return earlier >= 0 ? earlier : nil
  }

  public func shown(after place: Int) -> Int? {
    let later = place + 1 < count && isRepeated(place + 1) ? place + 2 : place + 1
    return later < count ? later : nil
  }

  /// `place`, or the place before it when no list shows the event there.
  func listed(_ place: Int) -> Int { isRepeated(place) ? place - 1 : place }

  /// The newest `limit` events that a list shows and for which `isWanted` holds, newest first, looking at no
  /// more than `depth` of them.
  public func newest(_ limit: Int, depth: Int = .max, where isWanted: (Event) -> Bool = { _ in true }) -> [Event] {
    var found: [Event] = []
    var place = count
    let stop = depth >= count ? 0 : count - depth
    while place > stop && found.count < limit {
      place -= 1
      let event = self[place]
      if isWanted(event), !isRepeated(place) { found.append(event) }
    }
    return found
  }
}
