import Architecture
import Journal

extension Rule {
  /// S10: fixed or lowest-priority requests for a local APIC that is off in SVR.
  ///
  /// A processor that waits for its SIPI has its APIC off by rights: what it lacks is S7.
  static var softwareDisabled: Rule {
    Rule(.softwareDisabled, "requests for a local APIC that SVR turns off") { context, scene in
      guard context.isProcessing, context.apicBase.bit(11), !context.apic[0xF0].bit(8),
        let lost = scene.lost(\.softwareDisabled, at: context.id)
      else { return nil }
      let place = scene.facts.layout.place(context.id)
      let off = place.flatMap { scene.facts.softwareOff[$0] }
      let isMasked = LocalVector.allCases.allSatisfy {
        context.apic[$0.register.offset].bit(16) || $0 == .correctedMachineCheck
      }
      return disabled(
        .softwareDisabled, context, lost, scene, register: "SVR \(hex(context.apic[0xF0])): bit 8 is 0",
        checks: [
          .init("APIC_BASE.EN is 1: NMI, INIT and SIPI still reach it"),
          .init("all LVT entries are masked; enabling it again does not unmask them", holds: isMasked),
        ],
        cause: off.map { "turned off at \(scene.place($0.rip)), \(scene.moment($0.time))" }
          ?? "it has not been turned on since reset, as far as the log goes",
        remedy: "the guest sets SVR bit 8, then unmasks its LVT entries")
    }
  }

  static func disabled(
    _ code: Finding.Code, _ context: ContextSnapshot, _ lost: LostRequest, _ scene: Scene, register: String,
    checks: [Finding.Evidence], cause: String, remedy: String
  ) -> Finding {
    let message = lost.last.message
    let where_ = code == .softwareDisabled ? "SVR" : "APIC_BASE"
    return Finding(
      code, lost.certainty, .high, .context(context.id), since: lost.first.time,
      title:
        "APIC off in \(where_): \(count(lost.count, "request")) lost, the last \(message.text) from \(lost.subject)",
      evidence: [
        .init("\(context.id) is \(context.activity.text) and its APIC is off"),
        .init(register),
      ] + checks + [.init(lost.text(scene))] + lost.common(scene),
      effect: lost.effect(scene),
      cause: cause, remedy: remedy, journey: lost.last.journey)
  }
}

extension LostRequest.Cause {
  /// The local APICs that are off in SVR, and in APIC_BASE.
  var softwareDisabled: [ContextID] { if case .softwareDisabled(let all) = self { all } else { [] } }
  var hardwareDisabled: [ContextID] { if case .hardwareDisabled(let all) = self { all } else { [] } }
}

extension Scene {
  /// What was lost because of `id`, as one.
  func lost(_ named: (LostRequest.Cause) -> [ContextID], at id: ContextID) -> LostRequest? {
    LostRequest.joined(lost.filter { named($0.cause).contains(id) })
  }
}

extension ContextSnapshot {
  /// It has been started: it runs, or sleeps.
  var isProcessing: Bool { activity.isStarted }
}
