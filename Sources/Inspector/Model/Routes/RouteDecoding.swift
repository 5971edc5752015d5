import Architecture
import Interrupts
import Journal

/// A route's destination read in both forms that are in use, each resolved by the map and by asking everybody.
///
/// The plain form has 8 bits. The extended one takes bits 14:8 from bits that used to be reserved: address bits
/// 11:5 of a message, bits 55:49 of a redirection entry. Hypervisors offer it with CPUID 40000001h EAX bit 15 (KVM);
/// this machine does not, so a guest that uses it sends its interrupts elsewhere.
public struct RouteDecoding: Hashable, Sendable {
  public var plain: Form
  /// Equal to `plain` when none of the extra bits is set.
  public var extended: Form

  public struct Form: Hashable, Sendable {
    public var message: InterruptMessage
    public var check: RouteCheck
  }

  /// The extra bits are in use.
  public var isExtended: Bool { plain.message != extended.message }

  /// Nil when the route sends no interrupt message in either form.
  public init?(_ row: RouteRow, in snapshot: Snapshot) {
    let high: UInt32
    let message: InterruptMessage
    switch row.kind {
    case .pin(let pin):
      high = UInt32(truncatingIfNeeded: pin.entry.rawValue &>> 49 & 0x7F)
      message = pin.message
    case .message(let route):
      high = UInt32(truncatingIfNeeded: route.signal.address &>> 5 & 0x7F)
      var signal = route.signal
      signal.address &= ~0xFE0
      guard let decoded = InterruptMessage(signal) else { return nil }
      message = decoded
    }
    let routing = GroupRouting(snapshot)
    let priority: ArbitrationPriority = { id in snapshot[id]?.arbitrationRank ?? .max }
    func form(_ message: InterruptMessage) -> Form {
      Form(message: message, check: routing.check(message, from: nil, in: row.group, priority: priority))
    }
    plain = form(message)
    guard high != 0 else {
      extended = plain
      return
    }
    var wide = message.command
    wide.destination |= high << 8
    extended = form(InterruptMessage(wide, isNarrow: false))
  }
}
