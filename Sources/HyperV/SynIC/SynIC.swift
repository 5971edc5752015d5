import Architecture
import Journal

/// The synthetic interrupt controller of one context, and its four timers (TLFS, "Synthetic Interrupt Controller").
///
/// A value that touches no memory: what stands in a slot is told to it, and what is to be written it returns.
public struct SynIC: Sendable {
  /// SCONTROL; 0 at reset.
  public internal(set) var control: UInt64 = 0
  public internal(set) var messagePage = OverlayPageMSR(rawValue: 0)
  public internal(set) var eventPage = OverlayPageMSR(rawValue: 0)
  var sources = InlineArray<16, Source>(repeating: Source())
  var timers = InlineArray<4, SyntheticTimer>(repeating: SyntheticTimer())
  /// Bit n: something waits for the slot of SINT n.
  public private(set) var waiting: UInt16 = 0
  /// Bit n: SINT n has auto-EOI and interrupts.
  var autoEOI: UInt16 = 0
  /// When the first of the timers expires.
  public internal(set) var due = VirtualTime.never
  /// No register has been written: most contexts of most guests, which then have nothing to show.
  public internal(set) var isAtReset = true

  /// One SINT, and its queue.
  struct Source: Sendable {
    var register = SINTRegister.atReset
    var queue: [QueuedMessage] = []
    var delivered: UInt64 = 0
    var dropped: UInt64 = 0
  }

  /// The buffers of a port, and of the hypervisor, for messages that wait for a slot (TLFS, "Ports"). Beyond them a
  /// message is dropped. Each timer has one of its own.
  public static var bufferCount: Int { 16 }

  public init() {}

  public var isEnabled: Bool { control.bit(0) }
  /// Messages have somewhere to go.
  public var takesMessages: Bool { isEnabled && messagePage.isEnabled }
  public var takesEvents: Bool { isEnabled && eventPage.isEnabled }

  /// What an arrival raises: nothing while the source is masked or polled.
  public func vector(of sint: Int) -> VectorNumber? {
    let register = sources[sint].register
    return register.interrupts ? register.vector : nil
  }

  public func isMasked(_ sint: Int) -> Bool { sources[sint].register.isMasked }

  /// Whether acknowledging `vector` leaves no ISR bit.
  public func isAutoEOI(_ vector: VectorNumber) -> Bool { hasSource(of: vector, in: autoEOI) }

  /// Whether the end of an interrupt with `vector` may let a message that waits into its slot.
  public func waits(for vector: VectorNumber) -> Bool { hasSource(of: vector, in: waiting) }

  private func hasSource(of vector: VectorNumber, in mask: UInt16) -> Bool {
    var rest = mask
    while rest != 0 {
      if sources[rest.trailingZeroBitCount].register.vector == vector { return true }
      rest &= rest - 1
    }
    return false
  }

  // MARK: - Messages

  /// How many messages wait for the slot of a source.
  public func queueLength(of sint: Int) -> Int { sources[sint].queue.count }

  /// Puts a message behind those that wait. False, and counted, when there is nowhere for it.
  public mutating func enqueue(_ message: SynICMessage, for sint: Int) -> Bool {
    guard takesMessages, hasBuffer(for: message.sender, sint) else {
      sources[sint].dropped &+= 1
      return false
    }
    append(.message(message), to: sint)
    return true
  }

  /// Whether one more message of this sender can wait for the slot of a source.
  public func hasBuffer(for sender: MessageSender, _ sint: Int) -> Bool {
    sources[sint].queue.count { $0.sender == sender } < Self.bufferCount
  }

  /// Takes the messages of a sender that is no more out of the queue; their types.
  public mutating func discard(from sender: MessageSender, _ sint: Int) -> [UInt32] {
    let gone = sources[sint].queue.filter { $0.sender == sender }.map(\.type)
    sources[sint].queue.removeAll { $0.sender == sender }
    sources[sint].dropped &+= UInt64(gone.count)
    if sources[sint].queue.isEmpty { waiting &= ~(1 &<< UInt16(sint)) }
    return gone
  }

  mutating func append(_ message: QueuedMessage, to sint: Int) {
    sources[sint].queue.append(message)
    waiting |= 1 &<< UInt16(sint)
  }

  /// Takes the first message for the empty slot of a source: its type, the slot's 256 bytes, and the interrupt that it
  /// is when a timer has begun one.
  public mutating func dequeue(
    for sint: Int, at now: VirtualTime
  ) -> (type: UInt32, slot: [UInt8], journey: JourneyID)? {
    guard takesMessages, !sources[sint].queue.isEmpty else { return nil }
    let first = sources[sint].queue.removeFirst()
    let isPending = !sources[sint].queue.isEmpty
    if !isPending { waiting &= ~(1 &<< UInt16(sint)) }
    sources[sint].delivered &+= 1
    switch first {
    case .message(let message): return (message.type, message.bytes(isPending: isPending), .none)
    case .timer(let index, let expiration):
      timers[index].isWaiting = false
      let message = SynICMessage.timer(
        index, expiration: expiration, delivery: HyperVPartition.hundredNanoseconds(now))
      return (message.type, message.bytes(isPending: isPending), timers[index].journey)
    }
  }

  // MARK: - Snapshot

  /// Puts registers, queues and timers into the image of a context; what stands in the pages is the machine's.
  public func fill(_ snapshot: inout ContextSnapshot) {
    var synic = SynICSnapshot()
    synic.control = control
    synic.messagePage = messagePage.rawValue
    synic.eventPage = eventPage.rawValue
    for sint in 0..<SynICRegister.sourceCount {
      synic.sources[sint].register = sources[sint].register.rawValue
      synic.sources[sint].queued = UInt32(clamping: sources[sint].queue.count)
      synic.sources[sint].delivered = sources[sint].delivered
      synic.sources[sint].dropped = sources[sint].dropped
    }
    snapshot.synic = synic
    snapshot.syntheticTimers = (0..<SynICRegister.timerCount).map { timers[$0].snapshot }
  }
}
