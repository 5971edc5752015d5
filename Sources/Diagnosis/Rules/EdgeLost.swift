import Architecture
import Journal

extension Rule {
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
          title: "edge lost\(pin.deviceText): it came while the pin was masked, and is not replayed",
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
}
