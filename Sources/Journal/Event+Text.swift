import Architecture

/// What an event says, in one word and one line. The same words in the event list, the tail and a dump.
extension Event {
  /// The word of the KIND column, at most five letters.
  public var kindText: String {
    switch body {
    case .requested(let source, _, _): source.kindText
    case .accepted(_, .nmi, _): "NMI"
    case .accepted(_, .initialize, _): "INIT"
    case .accepted(_, .startup, _): "SIPI"
    case .accepted: "IRR"
    case .acknowledged: "ACK"
    case .endOfInterrupt, .spuriousEOI: "EOI"
    case .timerExpired: "TIMER"
    case .halted: "HLT"
    case .idled: "IDLE"
    case .woke: "WAKE"
    case .vtlSwitched: "VTL"
    case .hypercall: "HCALL"
    case .intercepted: "ICPT"
    case .synicMessage: "SMSG"
    case .synicEvent: "SEVT"
    case .syntheticTimerExpired: "STIM"
    case .protectionChanged: "PROT"
    case .overlayChanged: "OVER"
    case .tlbLockChanged, .flushWaits: "TLB"
    case .eventInjected: "INJ"
    case .connectionChanged: "CONN"
    case .guestCrashed, .guestCrashDetail: "CRASH"
    case .taskPriorityChanged: "TPR"
    case .exception: "EXC"
    case .nmiTaken: "NMI"
    case .initialized: "INIT"
    case .started: "SIPI"
    case .mapRebuilt: "MAP"
    case .apicBaseChanged: "BASE"
    case .softwareEnable: "SVR"
    case .apicError: "ESR"
    case .vtlEnabled: "VSM"
    case .notificationAsserted: "VINA"
    case .command: "OP"
    case .stopped: "STOP"
    case .pin: "PIN"
    case .routeWritten, .remoteIRRCleared: "RTE"
    case .messageSent: "MSI"
    case .externalAcknowledged: "INTA"
    case .timerWriteIgnored: "TIMER"
    case .paravirtualCall: "KVM"
    }
  }

  /// What happened, most telling part first, so that it can be cut off at the end.
  public var text: String {
    switch body {
    case .requested(_, let message, let route):
      return "\(message.kindText) \(message.addressText) \(route.text)"
    case .accepted(let vector, let mode, let acceptance): return Self.text(vector, mode, acceptance)
    case .acknowledged(let vector, let waited): return "\(vector.text) IRR->ISR after \(waited.spanText)"
    case .endOfInterrupt(let vector, let inService): return "\(vector.text) in service \(inService.spanText)"
    case .spuriousEOI: return "nothing in service"
    case .timerExpired(let vector, let due, let isMasked):
      let late = time - due
      return "\(vector.text) expired" + (late > .zero ? " late \(late.spanText)" : "")
        + (isMasked ? ", masked" : "")
    case .halted(let enabled), .idled(let enabled): return "IF=\(enabled ? 1 : 0)"
    case .woke(let span): return "after \(span.spanText)"
    case .vtlSwitched(let from, let to, let reason, let vector):
      let what = "VTL\(from.rawValue) -> VTL\(to.rawValue) \(reason.text)"
      return vector.map { "\(what), vector \($0.text)" } ?? what
    case .hypercall, .intercepted, .synicMessage, .synicEvent, .syntheticTimerExpired, .protectionChanged,
      .overlayChanged, .tlbLockChanged, .flushWaits, .eventInjected, .connectionChanged, .guestCrashed,
      .guestCrashDetail:
      return vsmText
    case .taskPriorityChanged(let from, let to):
      return "\(VectorNumber(rawValue: from).text) -> \(VectorNumber(rawValue: to).text)"
    case .exception(let vector, let code, let address):
      return "\(Self.exceptionName(vector))" + (code.map { " error \(hex($0))" } ?? "")
        + (vector == 14 ? " address \(hex(address))" : "")
    case .nmiTaken: return "taken"
    case .initialized: return "processed: waits for SIPI"
    case .started(let vector): return "processed: starts at \(vector.text)000"
    case .mapRebuilt(let group, let generation, let mode, let reason):
      return "g\(group.rawValue) map gen \(generation) \(mode.text)"
        + (reason == .none ? "" : ": \(reason.text)")
    case .apicBaseChanged(let from, let to): return "APIC_BASE \(hex(from)) -> \(hex(to))"
    case .softwareEnable(let on): return on ? "APIC software-enabled" : "APIC software-disabled"
    case .apicError(let status): return "error status \(VectorNumber(rawValue: status).text)"
    case .vtlEnabled(let vtl, let forPartition):
      return "VTL\(vtl.rawValue) enabled for the \(forPartition ? "partition" : "VP")"
    case .notificationAsserted(let vector): return "\(vector.text): a lower VTL has an interrupt waiting"
    case .command(let kind, let refusal): return kind.text + (refusal.map { " refused: \($0.text)" } ?? "")
    case .stopped(let cause, let status):
      return cause == .debugExit ? "\(cause.text), value \(status)" : cause.text
    case .pin(let pin, let cause, let outcome, _): return "pin \(pin) \(cause.text): \(outcome.text)"
    case .routeWritten(let pin, let from, let to): return "pin \(pin) \(to.text) (was \(from.text))"
    case .remoteIRRCleared(let pin, let vector, let how):
      return "pin \(pin) vector \(vector.text) may send again: \(how.text)"
    case .messageSent(let route, let signal, let fault):
      return "route \(route) \(signal.text)" + (fault.map { ": no interrupt, \($0.text)" } ?? "")
    case .externalAcknowledged(let vector, let irq, let isSpurious):
      return "\(vector.text) from the 8259, IRQ \(irq)" + (isSpurious ? ", spurious" : "")
    case .timerWriteIgnored(let register, let value):
      return "\(register.text) = \(hex(value)) ignored: not its mode"
    case .paravirtualCall(let number, let result, let target):
      return "\(paravirtualCallName(number)) -> \(result)" + (target.map { " for \($0)" } ?? "")
    }
  }

  private static func text(_ vector: VectorNumber, _ mode: DeliveryMode, _ acceptance: Acceptance) -> String {
    let what =
      switch mode {
      case .fixed, .lowestPriority, .startup: vector.text
      case .smi, .reserved3, .nmi, .initialize, .external: mode.text
      }
    switch acceptance {
    case .pending: return "\(what) pending"
    case .merged(let other): return "\(what) already set: merged with #\(other.rawValue)"
    case .rejected(let reason): return "\(what) rejected: \(reason.text)"
    }
  }

  /// `#GP`, or the number of a vector that is no exception.
  public static func exceptionName(_ vector: UInt8) -> String {
    let names: [UInt8: String] = [
      0: "#DE", 1: "#DB", 3: "#BP", 4: "#OF", 5: "#BR", 6: "#UD", 7: "#NM", 8: "#DF", 10: "#TS", 11: "#NP",
      12: "#SS", 13: "#GP", 14: "#PF", 16: "#MF", 17: "#AC", 19: "#XM",
    ]
    return names[vector] ?? "vector \(vector)"
  }
}

/// KVM's names of its hypercalls, or the number.
private func paravirtualCallName(_ number: UInt64) -> String {
  switch number {
  case 5: "KICK_CPU"
  case 10: "SEND_IPI"
  case 11: "SCHED_YIELD"
  default: "KVM call \(number)"
  }
}

func hex(_ value: some FixedWidthInteger, _ digits: Int = 1) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension Event.RouteSummary {
  /// `-> 5.0 (map)`, `-> 14 of 15 (scan)`, `-> nobody: other group (15 asked, scan)`.
  public var text: String {
    switch delivered {
    case 0: "-> nobody" + (reason.map { ": \($0.text)" } ?? "") + " (\(candidates) asked, \(path.text))"
    case 1: "-> \(firstTarget.map(\.description) ?? "one") (\(path.text))"
    default: "-> \(delivered) of \(candidates) (\(path.text))"
    }
  }
}

extension VTLSwitchReason {
  public var text: String {
    switch self {
    case .call: "call"
    case .interrupt: "interrupt"
    case .intercept: "intercept"
    case .return: "return"
    case .operator: "operator"
    }
  }
}

extension LogicalMode {
  public var text: String {
    switch self {
    case .unused: "unused"
    case .flat: "flat"
    case .cluster: "cluster"
    case .x2APIC: "x2APIC"
    case .disabled: "disabled"
    }
  }
}

extension LogicalModeReason {
  public var text: String {
    switch self {
    case .none: "none"
    case .mixedModes: "mixed modes"
    case .aliasedLDR: "aliased LDR"
    case .groupNotZero: "a group other than 0"
    }
  }
}

extension StopCause {
  public var text: String {
    switch self {
    case .debugExit: "the guest wrote the debug-exit port"
    case .tripleFault: "triple fault"
    case .nothingCanHappen: "nothing can ever happen again"
    case .timeReached: "the time asked for has passed"
    case .limitReached: "the time limit has passed"
    case .quit: "the operator quit"
    case .guestReset: "the guest asked for a reset"
    }
  }
}
