import Host
import Inspector
import Journal
import Region

/// Reads a region look by look: the newest frame, and the events since the look before.
struct RegionWatcher {
  let reader: RegionReader
  private(set) var nextEvent: UInt64 = 0
  private var frame: UInt64 = 0
  /// A region outside the directory of the living is a copy: no process was ever to be there.
  let isCopy: Bool

  /// The last events are read first, as far as the inspector keeps them.
  init(_ reader: RegionReader) throws(RegionError) {
    self.reader = reader
    isCopy = !reader.path.hasPrefix(RegionDirectory.standard.path + "/")
    let end = try reader.snapshot().machine.nextEvent
    let kept = UInt64(EventBuffer.standardCapacity)
    nextEvent = end > kept ? end - kept : 0
  }

  /// The model of a first look at the region.
  func model(isReadOnly: Bool) throws(RegionError) -> InspectorModel {
    InspectorModel(
      name: "\(reader.name).\(reader.pid)", snapshot: try reader.snapshot(), isReadOnly: isReadOnly,
      symbols: try reader.symbols())
  }

  /// What is new. `at` is CLOCK_MONOTONIC in nanoseconds.
  mutating func look(at now: UInt64) throws(RegionError) -> Update {
    let liveness = try reader.liveness(now: now)
    let current = try reader.currentFrame()
    let snapshot = current == frame ? nil : try reader.snapshot()
    frame = current
    let batch = try reader.events(from: nextEvent, limit: EventBuffer.standardCapacity)
    nextEvent = batch.next
    return Update(
      snapshot: snapshot, events: batch.events, missed: batch.missed &+ batch.unreadable,
      liveness: isCopy && liveness == .dead ? .archived : Inspector.Liveness(liveness),
      hostMilliseconds: now / 1_000_000)
  }

  /// What the core spends on being seen; nil when nobody says so, and of a copy.
  var publishingPPM: UInt32? { isCopy ? nil : (try? reader.publishingPPM()) ?? nil }
}

extension Inspector.Liveness {
  init(_ liveness: Region.Liveness) {
    switch liveness {
    case .running, .idle, .paused: self = .beating
    case .wedged(let nanoseconds): self = .wedged(milliseconds: nanoseconds / 1_000_000)
    case .stopped: self = .suspended(milliseconds: 0)
    case .dead: self = .dead
    case .exited: self = .exited
    }
  }
}
