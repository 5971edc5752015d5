import Architecture
import Interrupts
import Journal

extension Rule {
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
}
