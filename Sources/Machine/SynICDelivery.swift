import Architecture
import HyperV
import Interrupts
import Journal
import Memory

/// Messages and event flags on their way to a context (TLFS, "SynIC Message Delivery").
extension Partition {
  @inline(__always) func synic(_ id: ContextID) -> UnsafeMutablePointer<SynIC> { synics + index(id) }

  /// Whether a message for this source would be in its slot at once.
  func canPost(to id: ContextID, sint: Int) -> Bool {
    guard isSource(sint, of: id), synic(id).pointee.takesMessages, let page = messagePages[id] else { return false }
    return synic(id).pointee.queueLength(of: sint) == 0 && slotHeader(in: page, sint).type == 0
  }

  /// Delivers a message, or lets it wait for its slot. Each outcome is in the event log.
  @discardableResult
  func postMessage(_ message: SynICMessage, to id: ContextID, sint: Int) -> MessageOutcome {
    guard isSource(sint, of: id) else { return .dropped }
    guard synic(id).pointee.enqueue(message, for: sint) else {
      record(.synicMessage(sint: UInt8(sint), type: message.type, .dropped), context: id)
      return .dropped
    }
    return deliverQueued(message.type, to: id, sint)
  }

  /// The last in the queue is new. Says so when it has to wait.
  private func deliverQueued(
    _ type: UInt32, to id: ContextID, _ sint: Int, journey: JourneyID = .none
  ) -> MessageOutcome {
    deliverMessage(to: id, sint)
    guard synic(id).pointee.queueLength(of: sint) > 0 else { return .delivered }
    record(.synicMessage(sint: UInt8(sint), type: type, .waits), context: id, journey: journey)
    return .waits
  }

  func isSource(_ sint: Int, of id: ContextID) -> Bool {
    exists(id) && context(id).pointee.isEnabled && (0..<SynICRegister.sourceCount).contains(sint)
  }

  /// What stands at the beginning of a slot; type 0 is an empty one.
  func slotHeader(in page: OverlayPage, _ sint: Int) -> (type: UInt32, isMessagePending: Bool) {
    let header = memory.load64(page, offset: sint * SynICMessage.slotSize)
    return (UInt32(truncatingIfNeeded: header), header.bit(8 * SynICMessage.flagsOffset))
  }

  /// Puts the first message that waits into its slot; while the slot is taken it says in it that more wait.
  private func deliverMessage(to id: ContextID, _ sint: Int) {
    let synic = synic(id)
    guard synic.pointee.takesMessages, let page = messagePages[id] else { return }
    let slot = sint * SynICMessage.slotSize
    guard slotHeader(in: page, sint).type == 0 else {
      let flags = memory.read(page, offset: slot + SynICMessage.flagsOffset, count: 1)[0]
      return memory.write([flags | 1], to: page, offset: slot + SynICMessage.flagsOffset)
    }
    guard let message = synic.pointee.dequeue(for: sint, at: clock) else { return }
    memory.write(message.slot, to: page, offset: slot)
    let vector = synic.pointee.vector(of: sint)
    let journey = message.journey == .none && vector != nil ? newJourney() : message.journey
    record(.synicMessage(sint: UInt8(sint), type: message.type, .delivered), context: id, journey: journey)
    if let vector { raise(vector, in: id, source: .synthetic, journey) }
  }

  /// EOM, or a page or controller that was switched on: looks at every source with something waiting.
  func retryMessages(of id: ContextID) {
    var rest = synic(id).pointee.waiting
    while rest != 0 {
      deliverMessage(to: id, rest.trailingZeroBitCount)
      rest &= rest - 1
    }
  }

  /// The end of an interrupt is as good as an EOM for the sources with its vector.
  func retryMessages(of id: ContextID, after vector: VectorNumber) {
    guard synic(id).pointee.waiting != 0, synic(id).pointee.waits(for: vector) else { return }
    retryMessages(of: id)
  }

  // MARK: - Event flags

  /// What became of setting an event flag.
  enum FlagOutcome {
    /// It was clear; the interrupt was raised unless the source is polled.
    case signaled
    case alreadySet
    /// The controller or its page is off, or the source is masked.
    case unavailable
  }

  /// Sets event flag `flag`, 0...2047, of a source (TLFS, "SynIC Event Flags").
  @discardableResult
  func setEventFlag(_ flag: Int, to id: ContextID, sint: Int) -> FlagOutcome {
    guard let place = eventFlag(flag, of: id, sint: sint) else { return .unavailable }
    record(.synicEvent(sint: UInt8(sint), flag: UInt16(flag), isNew: !place.isSet), context: id)
    guard !place.isSet else { return .alreadySet }
    memory.write([place.byte | place.bit], to: place.page, offset: place.offset)
    if let vector = synic(id).pointee.vector(of: sint) { raise(vector, in: id, source: .synthetic) }
    return .signaled
  }

  /// Where a flag is.
  struct EventFlagPlace {
    let page: OverlayPage
    let offset: Int
    let byte: UInt8
    let bit: UInt8
    var isSet: Bool { byte & bit != 0 }
  }

  /// Nil when the source cannot be signaled.
  func eventFlag(_ flag: Int, of id: ContextID, sint: Int) -> EventFlagPlace? {
    guard isSource(sint, of: id), (0..<SynICPort.flagCount).contains(flag), synic(id).pointee.takesEvents,
      !synic(id).pointee.isMasked(sint), let page = eventPages[id]
    else { return nil }
    let offset = sint * 256 + flag / 8
    return EventFlagPlace(
      page: page, offset: offset, byte: memory.read(page, offset: offset, count: 1)[0], bit: 1 << UInt8(flag % 8))
  }

  // MARK: - Timers

  /// Lets the synthetic timers of a context that are due expire.
  func expireSyntheticTimers(_ id: ContextID) {
    while synic(id).pointee.due <= clock, let expiry = synic(id).pointee.expireTimer(at: clock, journey: newJourney()) {
      func note(isDirect: Bool, _ target: UInt8) {
        record(
          .syntheticTimerExpired(index: UInt8(expiry.index), due: expiry.due, isDirect: isDirect, target: target),
          context: id, journey: expiry.journey)
      }
      switch expiry.target {
      case .direct(let vector):
        note(isDirect: true, vector.rawValue)
        raise(vector, in: id, source: .synthetic, expiry.journey)
      case .message(let sint):
        note(isDirect: false, UInt8(sint))
        _ = deliverQueued(SynICMessage.timerExpired, to: id, sint, journey: expiry.journey)
      case .merged(let sint): note(isDirect: false, UInt8(sint))
      }
    }
  }
}
