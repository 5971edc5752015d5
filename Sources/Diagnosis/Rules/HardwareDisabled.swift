import Architecture
import Journal

extension Rule {
  /// S11: requests for a local APIC that is off in IA32_APIC_BASE: it is in no map, not even INIT finds it.
  static var hardwareDisabled: Rule {
    Rule(.hardwareDisabled, "requests for a local APIC that APIC_BASE turns off") { context, scene in
      guard context.isProcessing, !context.apicBase.bit(11), let lost = scene.lost(\.hardwareDisabled, at: context.id)
      else { return nil }
      let off = scene.facts.layout.place(context.id).flatMap { scene.facts.hardwareOff[$0] }
      return disabled(
        .hardwareDisabled, context, lost, scene, register: "APIC_BASE \(hex(context.apicBase)): EN is 0",
        checks: [.init("any request reaches it, INIT and NMI included", holds: false)],
        cause: off.map { "turned off at \(scene.place($0.rip)), \(scene.moment($0.time))" }
          ?? "when it was turned off is not in the log",
        remedy: "the guest sets APIC_BASE.EN; after x2APIC mode its ID is the initial one again")
    }
  }
}
