import Architecture
import Interrupts
import Journal

extension Rule {
  /// S18: a local APIC took a request from another group, with no route, hypercall or operator behind it.
  static var crossGroupLeak: Rule {
    Rule(.crossGroupLeak, "a local APIC took a request of another group") { context, scene in
      guard let leak = scene.facts.requests.leaks[context.id] else { return nil }
      let request = leak.last
      let group = request.sender.flatMap { scene.snapshot[$0]?.group } ?? request.route.group
      let from = request.sender.map { "\($0)" } ?? "a device (\(request.source.text))"
      let vector =
        request.message.command.deliveryMode.hasVector ? request.message.command.vector.text : request.message.kindText
      return Finding(
        .crossGroupLeak, .proved, .high, .context(context.id), since: leak.first.time,
        title: "\(vector) taken from group \(group.rawValue): \(from) is not in group \(context.group.rawValue)",
        evidence: [
          .init(
            "#\(request.journey.rawValue) \(request.message.text) from \(from) in group \(group.rawValue), at \(request.time.pointText) s"
          ),
          .init("accepted by \(context.id), which is in group \(context.group.rawValue)"),
          .init("the sender is in group \(context.group.rawValue)", holds: false),
          .init("a route leads to group \(context.group.rawValue)", holds: false),
          .init("a hypercall or an operator is behind it", holds: false),
          .init(
            "path: \(request.route.path.text); destination \(hex(request.message.command.destination))"
              + groupBits(request, group, scene)),
          .init("\(leak.count) taken so far, the first at \(leak.first.time.pointText) s"),
        ],
        effect: "\(context.id) serves an interrupt that nobody in its group sent",
        cause:
          "\(encodingText(scene)); \(request.source.text) at \(scene.place(request.rip)), \(scene.moment(request.time))",
        remedy: "explicit groups: a request is resolved among the members of its group only", journey: request.journey)
    }
  }

  /// What the posted patch makes of the destination.
  private static func groupBits(_ request: Request, _ group: GroupID, _ scene: Scene) -> String {
    guard case .rfc2023(let bits) = scene.snapshot.machine.groupEncoding, bits > 0, bits < 32,
      !request.message.command.isLogical, request.message.command.shorthand == .none
    else { return "" }
    let own = request.message.command.destination >> (32 - UInt32(bits))
    return ", group bits \(hex(own)), the sender's are \(hex(UInt32(group.rawValue)))"
  }
}
