import Architecture
import Diagnosis
import Journal

/// Something of a context that can be told from what it was.
struct ContextField: Sendable {
  var name: String
  /// It changes whenever the context runs: of interest only where it is asked for.
  var isProgress = false
  var text: @Sendable (ContextSnapshot, Snapshot) -> String
  /// Whether an event is of the kind that changes it; nil when none is.
  var isCause: (@Sendable (Event.Body) -> Bool)?

  private static func register(
    _ name: String, _ offset: Int, _ digits: Int = 8, isCause: (@Sendable (Event.Body) -> Bool)? = nil
  ) -> ContextField {
    ContextField(name: name, text: { context, _ in TextForm.hex(context.apic[offset], digits) }, isCause: isCause)
  }

  private static func value(
    _ name: String, _ text: @escaping @Sendable (ContextSnapshot) -> String,
    isCause: (@Sendable (Event.Body) -> Bool)? = nil
  ) -> ContextField {
    ContextField(name: name, text: { context, _ in text(context) }, isCause: isCause)
  }

  private static func progress(_ name: String, _ text: @escaping @Sendable (ContextSnapshot) -> String) -> ContextField
  {
    ContextField(name: name, isProgress: true, text: { context, _ in text(context) })
  }

  /// All of them, in the order they are told. The PPR is not among them: it follows from TPR and ISR.
  static let all: [ContextField] = processor + localAPIC + virtualSecureMode + progressing

  private static let processor: [ContextField] = [
    ContextField(
      name: "state", text: { ContextState($0, in: $1).word },
      isCause: { body in
        switch body {
        case .halted, .idled, .woke, .vtlSwitched, .initialized, .started: true
        default: false
        }
      }),
    value("VTL", { $0.isEnabled ? "enabled" : "off" }, isCause: { if case .vtlEnabled = $0 { true } else { false } }),
    value("IF", { $0.interruptsEnabled ? "1" : "0" }),
    value("shadow", { $0.interruptShadow ? "1" : "0" }),
    value(
      "NMI", { "\($0.nmiPending)" + ($0.nmiBlocked ? " blocked" : "") },
      isCause: { body in
        switch body {
        case .nmiTaken, .accepted(_, .nmi, _): true
        default: false
        }
      }),
    value("INIT", { $0.initPending ? "pending" : "-" }),
    value("SIPI", { $0.startupPending?.text ?? "-" }),
    value("CR0", { TextForm.hex($0.cr0) }),
    value("CR3", { TextForm.hex($0.cr3) }),
    value("CR4", { TextForm.hex($0.cr4) }),
    value("EFER", { TextForm.hex($0.efer) }),
  ]

  private static let localAPIC: [ContextField] = [
    value("BASE", { TextForm.hex($0.apicBase) }, isCause: { if case .apicBaseChanged = $0 { true } else { false } }),
    register("ID", 0x20),
    register("TPR", 0x80, 2, isCause: { if case .taskPriorityChanged = $0 { true } else { false } }),
    register("LDR", 0xD0),
    register("DFR", 0xE0),
    register("SVR", 0xF0, 3, isCause: { if case .softwareEnable = $0 { true } else { false } }),
    value(
      "IRR", { vectors($0.pending) },
      isCause: { body in
        switch body {
        case .accepted(_, .fixed, _), .accepted(_, .lowestPriority, _), .acknowledged: true
        default: false
        }
      }),
    value(
      "ISR", { vectors($0.inService) },
      isCause: { body in
        switch body {
        case .acknowledged, .endOfInterrupt: true
        default: false
        }
      }),
    register("ESR", 0x280, 2, isCause: { if case .apicError = $0 { true } else { false } }),
    value(
      "ICR", { TextForm.hex($0.apic[0x310], 8) + "`" + TextForm.hex($0.apic[0x300], 8) },
      isCause: { body in
        if case .requested(.interruptCommand, _, _) = body { true } else { false }
      }),
    register("LVTT", 0x320, 5),
    register("THERM", 0x330, 5),
    register("PMC", 0x340, 5),
    register("LVT0", 0x350, 5),
    register("LVT1", 0x360, 5),
    register("ERR", 0x370, 5),
    register("TMICT", 0x380),
    register("TDCR", 0x3E0, 1),
    value(
      "timer", { $0.timer.due == nil ? "not armed" : "armed" },
      isCause: { body in
        if case .timerExpired = body { true } else { false }
      }),
  ]

  private static let virtualSecureMode: [ContextField] = [
    value(
      "VINA", { TextForm.hex($0.vina) + ($0.vinaAsserted ? " asserted" : "") },
      isCause: { body in
        if case .notificationAsserted = body { true } else { false }
      }),
    value("assist", { TextForm.hex($0.assistPage) }),
    value("hcall", { TextForm.hex($0.hypercallPage) }),
    value("OS id", { TextForm.hex($0.guestOSID) }),
    value("PV EOI", { $0.lazyEOI.text }),
  ]

  private static let progressing: [ContextField] = [
    progress("RIP") { TextForm.wide($0.rip) },
    progress("RSP") { TextForm.wide($0.rsp) },
    progress("ran") { "\($0.instructions)" },
    progress("due") { $0.timer.due?.pointText ?? "-" },
    progress("expired") { "\($0.timer.expired)" },
    progress("accepted") { "\($0.counters.accepted)" },
    progress("merged") { "\($0.counters.merged)" },
    progress("rejected") { "\($0.counters.rejected)" },
    progress("EOIs") { "\($0.counters.endOfInterrupts)" },
    progress("sent") { "\($0.counters.sent)" },
    progress("lost") { "\($0.counters.undelivered)" },
    progress("VTL entries") { "\($0.counters.vtlEntries)" },
    progress("halts") { "\($0.counters.halts)" },
    progress("exceptions") { "\($0.counters.exceptions)" },
  ]

  private static func vectors(_ states: [VectorState]) -> String {
    states.isEmpty ? ".." : states.map(\.vector.text).joined(separator: " ")
  }
}
