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
        guard scene.isOld(since, scene.thresholds.blocked), scene.snapshot.holders(of: pin).isEmpty else { return nil }
        let write = scene.facts.devices.writes[number]
        let ended = scene.facts.devices.ends[entry.vector.index].map { $0 >= pin.remoteIRRSince } ?? false
        let suppressed = scene.targets(of: pin).filter { scene.snapshot[$0]?.apic[0xF0].bit(12) ?? false }
        return Finding(
          .levelLineWedged, .proved, .high, .pin(number), since: since,
          title: "level line wedged\(pin.deviceText): remote IRR waits for an EOI of \(entry.vector.text)",
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
}

extension Scene {
  /// The local APICs that a pin's message would reach now.
  func targets(of pin: PinSnapshot) -> [ContextID] {
    guard pin.entry.deliveryMode.isInterrupt else { return [] }
    return resolve(pin.message, from: nil, in: pin.group).contexts
  }

}

extension Snapshot {
  /// The local APICs of the pin's group that have its vector pending or in service: an EOI is still to come.
  public func holders(of pin: PinSnapshot) -> [ContextID] {
    let vector = pin.entry.vector
    return contexts.filter { context in
      context.isEnabled && context.group == pin.group
        && (context.pending.contains { $0.vector == vector } || context.inService.contains { $0.vector == vector })
    }.map(\.id)
  }
}

extension PinSnapshot {
  /// " (serial)", or nothing where nothing is known to be on the line.
  var deviceText: String { device.isEmpty ? "" : " (\(printable(device)))" }
}
