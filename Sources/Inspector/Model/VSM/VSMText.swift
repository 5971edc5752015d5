import Architecture
import Journal

/// Virtual secure mode in words.
enum VSMText {
  /// What the partition has and each of its VTLs has set: a line for the partition, and one or more for each VTL.
  static func partition(_ model: InspectorModel, width: Int) -> [Line] {
    let machine = model.snapshot.machine
    let enabled = VTLSet(rawValue: machine.enabledVTLs)
    let names = vtls(machine).filter(enabled.contains).map(\.name).joined(separator: " ")
    let head = Line(" partition  ", .bold) + Line("\(names) enabled, \(machine.vtlCount) possible")
    return [head.clipped(to: width)]
      + vtls(machine).flatMap { vtl -> [Line] in
        guard enabled.contains(vtl) else { return [Line(" \(vtl.name)       not enabled", .dim)] }
        return hanging(" \(vtl.name)       ", facts(vtl, model), width: width)
      }
  }

  static func vtls(_ machine: MachineSnapshot) -> [VTL] {
    (0..<min(machine.vtlCount, 16)).map { VTL(rawValue: $0) }
  }

  /// What holds for a VTL of the whole partition.
  private static func facts(_ vtl: VTL, _ model: InspectorModel) -> String {
    let contexts = model.snapshot.contexts.filter { $0.isEnabled && $0.id.vtl == vtl }
    guard let one = contexts.first else { return "enabled, on no VP yet" }
    var facts: [String] = []
    if vtl > .vtl0 { facts = config(VSMPartitionConfig(rawValue: one.vsm.partitionConfig)) }
    facts.append("pages: hypercall \(page(one.hypercallPage)), TSC \(page(one.vsm.referenceTSC))")
    facts.append(one.guestOSID == 0 ? "no OS id" : "OS \(TextForm.hex(one.guestOSID))")
    return facts.joined(separator: "; ")
  }

  private static func config(_ config: VSMPartitionConfig) -> [String] {
    guard config.rawValue != 0 else { return ["protects nothing"] }
    var facts = ["protects no memory"]
    if config.enablesProtection {
      facts = ["protects memory (\(AccessText.letters(config.defaultProtectionMask)) unless said)"]
    }
    if config.deniesLowerVTLStartup { facts.append("starts VPs itself") }
    if config.zeroesMemoryOnReset { facts.append("memory zeroed on reset") }
    if config.usesInterceptPage { facts.append("intercepts to the assist page") }
    return facts
  }

  /// Of a register with an enable bit 0 and a page in 63:12: `7f000`, or `off`.
  static func page(_ register: UInt64) -> String {
    register.bit(0) ? TextForm.hex(register & ~0xFFF) : "off"
  }

  /// `vector 30, auto-reset, asserted`.
  static func notification(_ context: ContextSnapshot) -> String {
    let vina = VSMVina(rawValue: context.vina)
    guard vina.isEnabled else { return context.vinaAsserted ? "off, asserted" : "off" }
    var text = "vector \(vina.vector.text)"
    if vina.resetsAutomatically { text += ", auto-reset" }
    if vina.isAutoEOI { text += ", auto-EOI" }
    return text + (context.vinaAsserted ? ", asserted" : "")
  }

  /// What it imposes on the VTLs below it: `VTL0 MBEC, TLB locked`.
  static func secure(_ context: ContextSnapshot) -> String {
    let below = context.vsm.secureConfig.enumerated().compactMap { vtl, raw -> String? in
      let config = VSMVPSecureConfig(rawValue: raw)
      let words = (config.isModeBased ? ["MBEC"] : []) + (config.locksTLB ? ["TLB locked"] : [])
      return words.isEmpty ? nil : "VTL\(vtl) \(words.joined(separator: ", "))"
    }
    return below.isEmpty ? "nothing" : below.joined(separator: "; ")
  }

  /// The exception that a higher VTL has for it; nil when there is none.
  static func pendingEvent(_ context: ContextSnapshot) -> String? {
    let event = context.vsm.pendingEvent
    guard event.bit(0) else { return nil }
    let code = event.bit(8) ? " error \(TextForm.hex(event &>> 32))" : ""
    return Event.exceptionName(UInt8(truncatingIfNeeded: event &>> 16)) + code
  }

  /// What virtual secure mode makes it wait for; nil when nothing.
  static func waits(_ context: ContextSnapshot) -> String? {
    if context.vsm.isWaitingForTLB { return "a TLB lock" }
    return pendingEvent(context).map { "takes \($0)" }
  }

  /// `head`, and the rest of the text beside it, broken between words.
  static func hanging(_ head: String, _ text: String, width: Int) -> [Line] {
    TextForm.wrapped(text, max(16, width - head.columns)).enumerated().map { row, part in
      Line(row == 0 ? head : String(repeating: " ", count: head.columns), .bold) + Line(part)
    }
  }
}

extension VTL {
  var name: String { "VTL\(rawValue)" }
}

extension Event.Body {
  /// It is a matter of virtual secure mode, of the SynIC, or a hypercall.
  var isOfVSM: Bool {
    switch self {
    case .vtlSwitched, .vtlEnabled, .notificationAsserted, .hypercall, .intercepted, .synicMessage, .synicEvent,
      .syntheticTimerExpired, .overlayChanged, .protectionChanged, .tlbLockChanged, .flushWaits, .eventInjected,
      .connectionChanged, .guestCrashed, .guestCrashDetail:
      true
    default: false
    }
  }
}
