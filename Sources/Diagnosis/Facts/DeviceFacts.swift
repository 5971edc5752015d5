import Architecture
import Journal

/// What the log says of pins and message routes.
struct DeviceFacts {
  /// A write that changed where an entry's interrupts go.
  struct Write: Hashable {
    var time: VirtualTime
    var rip: UInt64
    var context: ContextID?
    var from: RedirectionEntry
    var to: RedirectionEntry
  }

  /// The last EOI of each vector, anywhere.
  var ends: InlineArray<256, VirtualTime?> = .init(repeating: nil)
  /// The last write that changed the vector, the destination or the trigger mode, by pin.
  private(set) var writes: [UInt32: Write] = [:]
  /// Since when a route's messages have been none.
  private(set) var faults: [UInt16: Event] = [:]

  mutating func noteMessage(_ route: UInt16, _ fault: MessageFault?, _ event: Event) {
    if fault == nil {
      if !faults.isEmpty { faults[route] = nil }
    } else if faults[route] == nil {
      faults[route] = event
    }
  }

  mutating func noteWrite(_ pin: UInt8, _ from: RedirectionEntry, _ to: RedirectionEntry, _ event: Event) {
    let isSame =
      from.vector == to.vector && from.destination == to.destination && from.isLogical == to.isLogical
      && from.isLevelTriggered == to.isLevelTriggered
    guard !isSame else { return }
    writes[UInt32(pin)] = Write(time: event.time, rip: event.rip, context: event.context, from: from, to: to)
  }
}
