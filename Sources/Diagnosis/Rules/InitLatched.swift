import Architecture
import Journal

extension Rule {
  /// S9: an INIT is pending and latched: SMM, VMX root operation and GIF = 0 hold it until they end. This core has none
  /// of them; machines of other writers may.
  static var initLatched: Rule {
    Rule(.initLatched, "an INIT that waits for SMM, VMX root operation or GIF") { context, scene in
      guard context.initPending, context.initLatch != .none, let time = context.lastInit,
        scene.isOld(time, scene.thresholds.blocked)
      else { return nil }
      let sender = context.lastInitSender.map { "from \($0)" } ?? "from outside"
      return Finding(
        .initLatched, .proved, .medium, .context(context.id), since: time,
        title: "INIT \(sender) latched: \(context.initLatch.text)",
        evidence: [
          .init("INIT \(sender) pending since \(time.pointText) s"),
          .init("held by \(context.initLatch.text)"),
          .init("a SIPI that comes now is dropped"),
        ],
        effect: context.startupPending.map { "SIPI \($0.text) waits behind it" } ?? "",
        cause: "\(context.id) is in \(context.initLatch.text); RIP now \(scene.place(context.rip))",
        remedy: remedy(context.initLatch),
        doubt: "it is processed as soon as that ends")
    }
  }

  private static func remedy(_ latch: InitLatch) -> String {
    switch latch {
    case .none: ""
    case .systemManagement: "the SMI handler executes RSM"
    case .vmxRoot: "VMXOFF, or a VM entry: the guest takes the INIT as a VM exit"
    case .globalInterruptFlag: "STGI, or VMRUN"
    }
  }
}
