import Architecture
import Journal

/// Events in words, the same in every view.
public enum EventText {
  /// A word of at most six columns.
  public static func kind(_ event: Event) -> String {
    switch event.body {
    case .requested(let source, let message, _): request(source, message)
    case .accepted(_, let mode, _): accepted(mode)
    case .acknowledged: "ACK"
    case .endOfInterrupt, .spuriousEOI: "EOI"
    case .timerExpired: "TIMER"
    case .halted: "HLT"
    case .woke: "WAKE"
    case .vtlSwitched, .vtlEnabled: "VTL"
    case .hypercall: "HC"
    case .taskPriorityChanged: "TPR"
    case .exception: "FAULT"
    case .nmiTaken: "NMI"
    case .initialized: "INIT"
    case .started: "SIPI"
    case .mapRebuilt: "MAP"
    case .apicBaseChanged: "BASE"
    case .softwareEnable: "SVR"
    case .apicError: "ESR"
    case .notificationAsserted: "VINA"
    case .command: "OP"
    case .stopped: "STOP"
    }
  }

  private static func request(_ source: InterruptSource, _ message: InterruptMessage) -> String {
    switch source {
    case .interruptCommand: "IPI"
    case .message: "MSI"
    case .ioapic: "PIN"
    case .timer: "TIMER"
    case .localVector: "LVT"
    case .hypercall: "HCIPI"
    case .paravirtual: "PVIPI"
    case .operator: "FIRE"
    case .notificationAssist: "VINA"
    }
  }

  private static func accepted(_ mode: DeliveryMode) -> String {
    switch mode {
    case .fixed, .lowestPriority, .external: "IRR"
    case .smi, .reserved3, .nmi, .initialize, .startup: CommandText.describe(mode).clipped(to: 6)
    }
  }

  /// What happened, without where and when.
  public static func what(_ event: Event) -> String {
    switch event.body {
    case .requested(_, let message, let route): target(message, route) + " " + outcome(route)
    case .accepted(let vector, let mode, let acceptance): accepted(vector, mode, acceptance)
    case .acknowledged(let vector, let waited): "\(hex(vector)) in service, waited \(waited.spanText)"
    case .endOfInterrupt(let vector, let inService): "\(hex(vector)) done, in service \(inService.spanText)"
    case .spuriousEOI: "nothing was in service"
    case .timerExpired(let vector, let due, let isMasked):
      "\(hex(vector)) due \(due.pointText), " + (isMasked ? "masked: nothing delivered" : "late \((event.time - due).spanText)")
    case .halted(let enabled): "IF=\(enabled ? 1 : 0)"
    case .woke(let after): "after \(after.spanText)"
    case .vtlSwitched(let from, let to, let reason, let vector): switched(from, to, reason, vector)
    case .hypercall(let code, let status, let reps, let isFast):
      "\(HypercallName.name(code)) -> \(TextForm.hex(status, 4))" + (reps > 0 ? " reps \(reps)" : "")
        + (isFast ? " fast" : "")
    case .taskPriorityChanged(let from, let to): "\(TextForm.hex(from, 2)) -> \(TextForm.hex(to, 2))"
    case .exception(let vector, let code, let address): exception(vector, code, address)
    case .nmiTaken: "taken"
    case .initialized: "processed, waits for SIPI"
    case .started(let vector): "processed, starts at \(TextForm.hex(UInt64(vector.rawValue) << 12, 5))"
    case .mapRebuilt(let group, let generation, let mode, let why):
      "g\(group.rawValue) gen \(generation) \(MapText.mode(mode))" + (why == .none ? "" : ": \(MapText.reason(why))")
    case .apicBaseChanged(let from, let to): "\(TextForm.hex(from)) -> \(TextForm.hex(to))"
    case .softwareEnable(let on): on ? "software-enabled" : "software-disabled"
    case .apicError(let status): "status \(TextForm.hex(status, 2))"
    case .vtlEnabled(let vtl, let forPartition): "VTL\(vtl.rawValue) enabled" + (forPartition ? " for the partition" : "")
    case .notificationAsserted(let vector): "\(hex(vector)): a lower VTL has an interrupt"
    case .command(let kind, let refusal): command(kind) + (refusal.map { ", refused: " + CommandText.describe($0) } ?? "")
    case .stopped(let cause, let status): stop(cause) + (cause == .debugExit ? " \(TextForm.hex(status))" : "")
    }
  }

  /// How it is drawn: what went wrong stands out, what waits too.
  public static func style(_ event: Event) -> Style {
    switch event.body {
    case .requested(_, _, let route): route.delivered == 0 ? .wrong : .plain
    case .accepted(_, _, .merged): .waiting
    case .accepted(_, _, .rejected), .spuriousEOI, .apicError, .exception: .wrong
    case .command(_, let refusal): refusal == nil ? .plain : .wrong
    case .stopped(let cause, _): cause == .tripleFault || cause == .nothingCanHappen ? .wrong : .plain
    default: .plain
    }
  }

  private static func hex(_ vector: VectorNumber) -> String { TextForm.vector(vector) }

  private static func target(_ message: InterruptMessage, _ route: Event.RouteSummary) -> String {
    let command = message.command
    let what =
      switch command.deliveryMode {
      case .fixed: hex(command.vector)
      case .nmi, .initialize, .smi: CommandText.describe(command.deliveryMode)
      default: CommandText.describe(command.deliveryMode) + " " + hex(command.vector)
      }
    switch command.shorthand {
    case .none:
      let isBroadcast = !command.isLogical && command.destination == (message.isNarrow ? 0xFF : 0xFFFF_FFFF)
      return "\(what) -> " + (isBroadcast ? "all" : (command.isLogical ? "logical " : "id ") + TextForm.hex(command.destination))
    case .selfOnly: return "\(what) -> self"
    case .allIncludingSelf: return "\(what) -> all"
    case .allExcludingSelf: return "\(what) -> all but self"
    }
  }

  private static func outcome(_ route: Event.RouteSummary) -> String {
    guard route.delivered > 0 else {
      return "g\(route.group.rawValue) NOBODY: " + (route.reason.map(RejectionText.describe) ?? "no candidate")
    }
    if route.delivered == 1, let first = route.firstTarget { return "g\(route.group.rawValue) to \(first)" }
    return "g\(route.group.rawValue) \(route.delivered) of \(route.candidates)"
  }

  private static func accepted(_ vector: VectorNumber, _ mode: DeliveryMode, _ acceptance: Acceptance) -> String {
    let what = mode == .fixed || mode == .lowestPriority || mode == .external ? hex(vector) + " " : ""
    switch acceptance {
    case .pending: return what + (what.isEmpty ? "pending" : "set")
    case .merged(let other): return what + "set already: MERGED with #\(other.rawValue)"
    case .rejected(let why): return what + "REJECTED: " + RejectionText.describe(why)
    }
  }

  private static func switched(_ from: VTL, _ to: VTL, _ reason: VTLSwitchReason, _ vector: VectorNumber?) -> String {
    "VTL\(from.rawValue) -> VTL\(to.rawValue) \(self.reason(reason))" + (vector.map { " " + hex($0) } ?? "")
  }

  public static func reason(_ reason: VTLSwitchReason) -> String {
    switch reason {
    case .call: "call"
    case .interrupt: "interrupt"
    case .intercept: "intercept"
    case .return: "return"
    case .operator: "operator"
    }
  }

  private static func exception(_ vector: UInt8, _ code: UInt32?, _ address: UInt64) -> String {
    let names = [
      "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "", "#TS", "#NP", "#SS", "#GP", "#PF", "", "#MF",
      "#AC", "#MC", "#XM",
    ]
    let name = Int(vector) < names.count && !names[Int(vector)].isEmpty ? names[Int(vector)] : "exception \(vector)"
    return name + (code.map { " code \(TextForm.hex($0))" } ?? "") + (vector == 14 ? " at \(TextForm.hex(address))" : "")
  }

  private static func command(_ kind: CommandKind) -> String {
    switch kind {
    case .pause: "pause"
    case .run: "run"
    case .stepEvent: "step one event"
    case .fire: "fire"
    case .switchVTL: "switch VTL"
    case .endOfInterrupt: "EOI on behalf"
    }
  }

  public static func stop(_ cause: StopCause) -> String {
    switch cause {
    case .debugExit: "the guest exited with"
    case .tripleFault: "triple fault"
    case .nothingCanHappen: "nothing can happen any more"
    case .timeReached: "the time asked for has passed"
    case .limitReached: "the time limit has passed"
    case .quit: "the operator quit"
    }
  }
}

/// Why a local APIC was not reached, in few words.
public enum RejectionText {
  public static func describe(_ rejection: Rejection) -> String {
    switch rejection {
    case .noSuchID: "no such id"
    case .idDiffers: "id differs"
    case .logicalMismatch: "no logical match"
    case .logicalUnusable: "logical id unusable"
    case .senderExcluded: "is the sender"
    case .hardwareDisabled: "APIC off"
    case .softwareDisabled: "software-disabled"
    case .otherGroup: "other group"
    case .groupNotZero: "group not 0 (B3)"
    case .groupBitsInDestination: "group bits in id (B4)"
    case .illegalVector: "illegal vector"
    case .unsupportedMode: "unsupported mode"
    case .initDeassert: "INIT de-assert"
    case .notWaitingForStartup: "not waiting for SIPI"
    case .startupDeniedByVTL: "a higher VTL denies it"
    case .contextNotEnabled: "VTL not enabled"
    case .arbitrationLost: "lost arbitration"
    case .noSystemManagementMode: "no SMM"
    }
  }
}

/// A group's map in words.
public enum MapText {
  public static func mode(_ mode: LogicalMode) -> String {
    switch mode {
    case .unused: "unused"
    case .flat: "xAPIC flat"
    case .cluster: "xAPIC cluster"
    case .x2APIC: "x2APIC"
    case .disabled: "DISABLED"
    }
  }

  public static func reason(_ reason: LogicalModeReason) -> String {
    switch reason {
    case .none: "-"
    case .mixedModes: "members use different modes"
    case .aliasedLDR: "an LDR has several bits, or is shared"
    case .groupNotZero: "a member's group is not 0 (B9)"
    }
  }
}

/// The hypercalls a guest may make, by the TLFS's names without their prefix.
public enum HypercallName {
  public static func name(_ code: UInt16) -> String {
    switch code {
    case 0x0002: "FlushSpace"
    case 0x0003: "FlushList"
    case 0x0008: "LongSpinWait"
    case 0x000B: "SendClusterIpi"
    case 0x000C: "ModifyVtlProtection"
    case 0x000D: "EnablePartitionVtl"
    case 0x000F: "EnableVpVtl"
    case 0x0011: "VtlCall"
    case 0x0012: "VtlReturn"
    case 0x0015: "SendClusterIpiEx"
    case 0x0050: "GetVpRegisters"
    case 0x0051: "SetVpRegisters"
    case 0x005C: "PostMessage"
    case 0x005D: "SignalEvent"
    case 0x0099: "StartVp"
    case 0x009A: "GetVpIndexFromApicId"
    default: TextForm.hex(code, 4)
    }
  }
}
