import Architecture
import Interrupts
import Journal

extension Rule {
  /// S21: a level-triggered pin has remote IRR set and its line up, and the vector is neither pending nor in service
  /// anywhere: the EOI it waits for does not come.
  static var levelLineWedged: Rule {
    Rule(
      .levelLineWedged, "a level-triggered pin waits for an EOI that does not come",
      pin: { number, pin, scene in
        let entry = pin.entry
        guard entry.isLevelTriggered, entry.isRemoteIRRSet, !entry.isMasked, pin.isLineHigh else { return nil }
        let since = max(pin.remoteIRRSince, pin.lineSince)
        guard scene.isOld(since, scene.thresholds.blocked), scene.holders(of: pin).isEmpty else { return nil }
        let write = scene.facts.devices.writes[number]
        let ended = scene.facts.devices.ends[entry.vector.index].map { $0 >= pin.remoteIRRSince } ?? false
        let suppressed = scene.targets(of: pin).filter { scene.snapshot[$0]?.apic[0xF0].bit(12) ?? false }
        return Finding(
          .levelLineWedged, .proved, .high, .pin(number), since: since,
          title: "level line wedged\(device(pin)): remote IRR waits for an EOI of \(entry.vector.text)",
          evidence: [
            .init("entry: \(entry.text), remote IRR set for \(scene.age(pin.remoteIRRSince).spanText)"),
            .init("the line is up, for \(scene.age(pin.lineSince).spanText)"),
            .init("\(entry.vector.text) is pending or in service in group \(pin.group.rawValue)", holds: false),
            .init("the last message, #\(pin.lastJourney.rawValue), reached somebody", holds: pin.lastWasDelivered),
            .init("an EOI of \(entry.vector.text) was written after it", holds: ended),
            .init(
              "EOI broadcasts are suppressed (SVR bit 12) in \(suppressed.isEmpty ? "a target" : list(suppressed))",
              holds: !suppressed.isEmpty),
            .init("the entry was rewritten after it", holds: write.map { $0.time >= pin.remoteIRRSince } ?? false),
          ],
          effect: "the device has no interrupt until then; \(pin.counters.coalesced) of its edges are one with it",
          cause: wedgeCause(pin, write, suppressed, scene),
          remedy: "an EOI of \(entry.vector.text) by broadcast or to the IOAPIC's EOI register; "
            + "or: write the entry edge-triggered, then level",
          journey: pin.lastJourney)
      })
  }

  private static func wedgeCause(
    _ pin: PinSnapshot, _ write: DeviceFacts.Write?, _ suppressed: [ContextID], _ scene: Scene
  ) -> String {
    if !pin.lastWasDelivered {
      return "the message reached nobody, and remote IRR was set all the same"
        + (pin.lastSent.map { ", \(scene.moment($0))" } ?? "")
    }
    if let write, write.time >= pin.remoteIRRSince {
      return "the entry was \(write.from.text) when it was sent, and was written at \(scene.place(write.rip)), "
        + "\(scene.moment(write.time)): an EOI of \(write.from.vector.text) is not one of \(write.to.vector.text)"
    }
    if !suppressed.isEmpty {
      return "\(list(suppressed)) suppresses EOI broadcasts (SVR bit 12), and the guest wrote no EOI to the IOAPIC"
    }
    return "the EOI did not get here: the handler's was for another vector, or a reset took the ISR bit"
  }

  /// S22: an edge came while its pin was masked; it is not replayed at the unmask, and with its line up the device can
  /// make no other.
  static var edgeLost: Rule {
    Rule(
      .edgeLost, "an edge came while its pin was masked, and its line is still up",
      pin: { number, pin, scene in
        guard !pin.entry.isLevelTriggered, !pin.entry.isMasked, pin.isLineHigh, let edge = pin.lastMaskedEdge,
          let unmask = pin.lastUnmask, unmask >= edge, pin.lineSince <= edge,
          pin.lastSent.map({ $0 < edge }) ?? true, scene.isOld(unmask, scene.thresholds.blocked)
        else { return nil }
        return Finding(
          .edgeLost, .proved, .high, .pin(number), since: edge,
          title: "edge lost\(device(pin)): it came while the pin was masked, and is not replayed",
          evidence: [
            .init("entry: \(pin.entry.text)"),
            .init("an edge came at \(edge.pointText) s, while it was masked"),
            .init("unmasked at \(unmask.pointText) s, \((unmask - edge).spanText) later"),
            .init("a message was sent after the edge", holds: false),
            .init("the line has been up since, so no other edge can come"),
            .init("\(pin.counters.maskedEdges) edges while masked, \(pin.counters.coalesced) coalesced so far"),
          ],
          effect: "the device waits to be served", cause: unmaskCause(pin, unmask, scene),
          remedy: "the guest serves the device once after it has unmasked the pin, or uses it level-triggered",
          journey: pin.lastJourney)
      })
  }

  private static func unmaskCause(_ pin: PinSnapshot, _ unmask: VirtualTime, _ scene: Scene) -> String {
    guard let write = pin.lastWrite, write.time == unmask else {
      return "unmasked \(scene.moment(unmask)), after the edge"
    }
    return "unmasked after the edge: entry \(scene.written(write))"
  }

  /// S23: what a device writes is no interrupt message.
  static var messageMisaddressed: Rule {
    Rule(
      .messageMisaddressed, "what a device writes is no interrupt message",
      scene: { scene in
        scene.snapshot.platform.messageRoutes.enumerated().compactMap { index, route in
          guard route.isEnabled, route.malformed > 0, let fault = route.signal.fault else { return nil }
          let first = scene.facts.devices.faults[UInt16(truncatingIfNeeded: index)]
          return misaddressed(UInt16(truncatingIfNeeded: index), route, fault, first, scene)
        }
      })
  }

  private static func misaddressed(
    _ number: UInt16, _ route: MessageRouteSnapshot, _ fault: MessageFault, _ first: Event?, _ scene: Scene
  ) -> Finding {
    let signal = route.signal
    let low = UInt64(signal.destination)
    let extended = low | signal.address.field(5, 7) << 8
    return Finding(
      .messageMisaddressed, .proved, .high, .route(number), since: first?.time ?? route.lastSent ?? scene.now,
      title: "\(printable(route.device)): \(signal.text) is no interrupt: \(fault.text)",
      evidence: [
        .init(
          "address bits 31:20 are \(hex(signal.address.field(20, 12))), and must be fee",
          holds: signal.address.field(20, 12) == 0xFEE),
        .init("address bits 63:32 are 0 (\(hex(signal.address &>> 32)))", holds: signal.address &>> 32 == 0),
        .init("address bits 11:5 are 0 (\(hex(signal.address.field(5, 7))))", holds: signal.address.field(5, 7) == 0),
        .init("destination read as 8 bits: \(hex(low)); as 15 bits, with 11:5 above: \(hex(extended))"),
        .init(
          "vector \(signal.vector.text), \(signal.deliveryMode.text), \(signal.isLogical ? "logical" : "physical")"),
        .init("\(route.malformed) such writes so far, of \(route.sent) messages and writes"),
      ],
      effect: "the device has no interrupt",
      cause: "the guest gave it this address" + (first.map { "; first written \(scene.moment($0.time))" } ?? ""),
      remedy: fault == .extendedDestination
        ? "a destination below 100, or the VMM moves bits 11:5 to where it reads them"
        : "an address of the form feexx00x")
  }

  private static func device(_ pin: PinSnapshot) -> String { pin.device.isEmpty ? "" : " (\(printable(pin.device)))" }
}

extension MessageSignal {
  /// Why this is no interrupt message; nil when it is one.
  fileprivate var fault: MessageFault? {
    if address &>> 32 != 0 { return .highAddress }
    if !isInterrupt { return .notInterruptAddress }
    return address.field(5, 7) == 0 ? nil : .extendedDestination
  }
}

extension Scene {
  /// The local APICs that a pin's message would reach now.
  func targets(of pin: PinSnapshot) -> [ContextID] {
    guard pin.entry.deliveryMode.isInterrupt else { return [] }
    return resolve(InterruptMessage(pin.entry), from: nil, in: pin.group).contexts
  }

  /// The local APICs of the pin's group that have its vector pending or in service.
  fileprivate func holders(of pin: PinSnapshot) -> [ContextID] {
    let vector = pin.entry.vector
    return snapshot.contexts.filter { context in
      context.isEnabled && context.group == pin.group
        && (context.pending.contains { $0.vector == vector } || context.inService.contains { $0.vector == vector })
    }.map(\.id)
  }
}

extension InterruptMessage {
  /// What an entry of a redirection table sends: 8 bits of destination, and FFh is everybody.
  fileprivate init(_ entry: RedirectionEntry) {
    var command = InterruptCommand(rawValue: 0)
    command.vector = entry.vector
    command.deliveryMode = entry.deliveryMode
    command.isLogical = entry.isLogical
    command.isLevelTriggered = entry.isLevelTriggered
    command.isAsserted = true
    command.destination = UInt32(entry.destination)
    self.init(command, isNarrow: true)
  }
}
