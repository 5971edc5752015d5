import Journal

/// The events of a list that pass what filters it, kept up with the log: looking at each event once, not at all of
/// them for every frame.
struct EventSieve: Sendable {
  /// Sequence numbers, ascending.
  private(set) var passed: [UInt64] = []
  private var refused: [UInt64] = []
  /// The newest event that was looked at.
  private var newest: UInt64?

  /// Looks at what is new in `buffer`, and forgets what is no longer there.
  mutating func update(_ buffer: EventBuffer, _ passes: (Event) -> Bool) {
    guard let first = buffer.first else { return }
    for place in (newest.map { buffer.place(of: $0 + 1) } ?? 0)..<buffer.count {
      let event = buffer[place]
      newest = event.sequence
      // What no list shows is neither here nor there.
      if buffer.isRepeated(place) { continue }
      if passes(event) { passed.append(event.sequence) } else { refused.append(event.sequence) }
    }
    Self.forget(before: first.sequence, &passed)
    Self.forget(before: first.sequence, &refused)
  }

  var hiddenCount: Int { refused.count }

  private static func forget(before first: UInt64, _ all: inout [UInt64]) {
    guard let oldest = all.first, oldest < first else { return }
    all.removeFirst(place(of: first, in: all))
  }

  /// The place of `sequence`, or of the first one after it.
  static func place(of sequence: UInt64, in all: [UInt64]) -> Int {
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle] < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The events that a list shows: those of a buffer, without repetitions, and without what a filter holds back.
///
/// Places are those of the buffer.
struct EventList {
  let buffer: EventBuffer
  /// What passes, ascending; nil lets everything pass.
  let passed: [UInt64]?

  subscript(place: Int) -> Event { buffer[place] }

  var isEmpty: Bool { newest == nil }

  /// The place of the newest event that is shown.
  var newest: Int? {
    guard let passed else { return buffer.isEmpty ? nil : buffer.listed(buffer.count - 1) }
    return passed.last.flatMap(place)
  }

  /// The place of an event that is kept.
  private func place(_ sequence: UInt64) -> Int? {
    let place = buffer.place(of: sequence)
    return place < buffer.count && buffer[place].sequence == sequence ? place : nil
  }

  /// The place of the event that is shown before or after the one at `place`; nil at the ends.
  func shown(before place: Int) -> Int? {
    guard let passed else { return buffer.shown(before: place) }
    let at = EventSieve.place(of: buffer[place].sequence, in: passed) - 1
    return at >= 0 ? self.place(passed[at]) : nil
  }

  func shown(after place: Int) -> Int? {
    guard let passed else { return buffer.shown(after: place) }
    let at = EventSieve.place(of: buffer[place].sequence + 1, in: passed)
    return at < passed.count ? self.place(passed[at]) : nil
  }

  /// The place of `sequence` where it is shown; else of the next older one that is, else of the next newer one.
  /// Only when something is shown.
  func listed(_ sequence: UInt64) -> Int {
    let place = Swift.min(buffer.count - 1, buffer.place(of: sequence))
    guard let passed, !passed.isEmpty else { return buffer.listed(place) }
    let at = EventSieve.place(of: buffer[place].sequence, in: passed)
    if at < passed.count, passed[at] == buffer[place].sequence { return place }
    return self.place(passed[Swift.max(0, at - 1)]) ?? place
  }

  /// `distance` shown events later, as far as there are that many.
  func shown(_ distance: Int, after place: Int) -> Int {
    var place = place
    for _ in 0..<Swift.max(0, distance) {
      guard let next = shown(after: place) else { break }
      place = next
    }
    return place
  }
}
