import Architecture

/// A message for a synthetic interrupt source: HV_MESSAGE (TLFS, "SynIC Messages").
public struct SynICMessage: Hashable, Sendable {
  /// Never 0, which is an empty slot. Bit 31: from the hypervisor.
  public var type: UInt32
  /// At most 240 bytes.
  public var payload: [UInt8]
  /// The partition, or the port, that it is from; 0: the hypervisor.
  public var origination: UInt64
  public let sender: MessageSender

  /// `sender` is needed where type and origination do not say who it is.
  public init(type: UInt32, payload: [UInt8], origination: UInt64 = 0, from sender: MessageSender? = nil) {
    precondition(payload.count <= Self.payloadLimit, "a message holds 240 bytes")
    self.type = type
    self.payload = payload
    self.origination = origination
    self.sender = sender ?? (type.bit(31) ? .hypervisor : .port(UInt32(truncatingIfNeeded: origination)))
  }

  public static var payloadLimit: Int { 240 }
  /// The size of a slot: the messages of SINT n are at 100h x n.
  public static var slotSize: Int { 256 }
  /// Where a slot's flags are. Bit 0: MessagePending.
  public static var flagsOffset: Int { 5 }
  /// HvMessageTypeTimerExpired.
  public static var timerExpired: UInt32 { 0x8000_0010 }

  /// The slot's bytes. `isPending`: more wait behind it.
  public func bytes(isPending: Bool) -> [UInt8] {
    var slot = [UInt8](repeating: 0, count: Self.slotSize)
    slot.setLittleEndian(UInt64(type), at: 0, count: 4)
    slot[4] = UInt8(payload.count)
    slot[Self.flagsOffset] = isPending ? 1 : 0
    slot.setLittleEndian(origination, at: 8, count: 8)
    slot.replaceSubrange(16..<16 + payload.count, with: payload)
    return slot
  }

  /// HV_TIMER_MESSAGE_PAYLOAD; times in 100 ns.
  static func timer(_ index: Int, expiration: UInt64, delivery: UInt64) -> SynICMessage {
    var payload = [UInt8](repeating: 0, count: 24)
    payload.setLittleEndian(UInt64(index), at: 0, count: 4)
    payload.setLittleEndian(expiration, at: 8, count: 8)
    payload.setLittleEndian(delivery, at: 16, count: 8)
    return SynICMessage(type: timerExpired, payload: payload)
  }
}

/// Whose buffer a message takes while it waits.
public enum MessageSender: Hashable, Sendable {
  case hypervisor
  /// A port, by its ID.
  case port(UInt32)
  /// The VTLs above, which name the origination as they like: they have one set of buffers together.
  case higherVTL
}

/// What waits for a slot.
enum QueuedMessage: Hashable, Sendable {
  case message(SynICMessage)
  /// The one buffer of a timer; its delivery time is filled in when it is delivered.
  case timer(Int, expiration: UInt64)

  var type: UInt32 {
    if case .message(let message) = self { message.type } else { SynICMessage.timerExpired }
  }

  /// Nil for a timer, whose buffer is its own.
  var sender: MessageSender? {
    if case .message(let message) = self { message.sender } else { nil }
  }
}
