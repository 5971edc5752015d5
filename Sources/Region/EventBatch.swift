import Architecture
import CVTLScope
import Journal

/// Some consecutive events from a region's ring.
public struct EventBatch: Hashable, Sendable {
  public var events: [Event]
  /// Events asked for that the ring does not hold: overwritten, or from before the region was made.
  public var missed: UInt64
  /// Events that are there but cannot be decoded: damaged, or of a kind this version does not know.
  public var unreadable: UInt64
  /// Where to go on.
  public var next: UInt64

  public init(events: [Event], missed: UInt64, unreadable: UInt64, next: UInt64) {
    self.events = events
    self.missed = missed
    self.unreadable = unreadable
    self.next = next
  }
}

extension RegionReader {
  /// The sequence number that the next event will get.
  public func nextEvent() throws(RegionError) -> UInt64 { try readLive().nextEvent }

  /// The events from number `start` on, at most `limit` of them; nothing new is an empty batch.
  ///
  /// The slot that the next event goes into may be half overwritten at any time, so the ring gives one event
  /// less than it has slots.
  public func events(from start: UInt64, limit: Int = 4096) throws(RegionError) -> EventBatch {
    let end = try readLive().nextEvent
    let first = min(max(start, oldest(end)), end)
    var batch = EventBatch(events: [], missed: first > start ? first - start : 0, unreadable: 0, next: first)
    let count = Int(min(UInt64(clamping: max(limit, 0)), end - first, UInt64(eventCapacity)))
    guard count > 0 else { return batch }
    try copySlots(first, count)
    // What has been overwritten meanwhile may have been copied half.
    let floor = oldest(max(end, try readLive().nextEvent))
    batch.events.reserveCapacity(count)
    for i in 0..<count {
      let sequence = first + UInt64(i)
      let record = buffer.load(fromByteOffset: i * slotStride, as: EventRecord.self)
      if sequence < floor || record.stamp != sequence &+ 1 {
        batch.missed += 1
      } else if let event = event(record) {
        batch.events.append(event)
      } else {
        batch.unreadable += 1
      }
    }
    batch.next = first + UInt64(count)
    return batch
  }

  private var slotStride: Int { Int(header.raw.events.stride) }

  private func oldest(_ next: UInt64) -> UInt64 {
    let capacity = UInt64(eventCapacity)
    return next >= capacity ? next - capacity + 1 : 0
  }

  /// Copies the slots of `count` events into the buffer, in one piece or, around the ring's end, in two.
  private func copySlots(_ first: UInt64, _ count: Int) throws(RegionError) {
    let slot = Int(first & UInt64(eventCapacity - 1))
    let before = min(count, eventCapacity - slot)
    let ring = header.raw.events.offset
    try copy(ring + UInt64(slot * slotStride), before * slotStride)
    if before < count { try copy(ring, (count - before) * slotStride, to: before * slotStride) }
  }

  private func event(_ record: EventRecord) -> Event? {
    guard let event = Event(record) else { return nil }
    // The contexts it names are used as indices by those who show it.
    if let context = event.context, !isContext(context) { return nil }
    if case .requested(_, _, let route) = event.body, let target = route.firstTarget, !isContext(target) {
      return nil
    }
    return namesWhatIsThere(event.body) ? event : nil
  }

  /// The pin or the message route it names exists; where there are several IOAPICs, on some of them.
  private func namesWhatIsThere(_ body: Event.Body) -> Bool {
    switch body {
    case .pin(let pin, _, _, _), .routeWritten(let pin, _, _), .remoteIRRCleared(let pin, _, _):
      UInt32(pin) < header.raw.pins.count
    case .messageSent(let route, _, _): UInt32(route) < header.raw.message_routes.count
    default: true
    }
  }

  /// Whether a region of these counts has such a context.
  func isContext(_ id: ContextID) -> Bool { id.vp.index < vpCount && id.vtl.index < vtlCount }
}
