import Architecture

/// What happened in virtual secure mode, in one line and as JSON.
extension Event {
  var vsmText: String {
    switch body {
    case .hypercall(let call): return call.text
    case .intercepted(let intercept): return intercept.text
    case .synicMessage(let sint, let type, let outcome):
      return "SINT\(sint) \(messageTypeText(type)) \(outcome.text)"
    case .synicEvent(let sint, let flag, let isNew):
      return "SINT\(sint) event flag \(flag)" + (isNew ? "" : " was set already")
    case .syntheticTimerExpired(let index, let due, let isDirect, let target):
      let late = time > due ? " late \((time - due).spanText)" : ""
      let where_ = isDirect ? "vector \(VectorNumber(rawValue: target).text)" : "SINT\(target)"
      return "stimer \(index) expired\(late) -> \(where_)"
    case .protectionChanged(let vtl, let firstPage, let count, let access):
      return "VTL\(vtl.rawValue) \(accessText(access)) \(count) page\(count == 1 ? "" : "s") from \(hex(firstPage))000"
    case .overlayChanged(let kind, let vtl, let page, let isMapped):
      return "VTL\(vtl.rawValue) \(kind.text) page \(isMapped ? "at" : "gone from") \(hex(page))000"
    case .tlbLockChanged(let vtl, let isLocked):
      return "VTL\(vtl.rawValue)'s TLB \(isLocked ? "locked" : "unlocked") on this VP"
    case .flushWaits(let holder): return "flush waits: \(holder) has locked the TLB"
    case .eventInjected(let vtl, let vector, let code):
      return "\(Self.exceptionName(vector))" + (code.map { " error \(hex($0))" } ?? "") + " for VTL\(vtl.rawValue)"
    case .connectionChanged(let connection): return connection.text
    case .guestCrashed(let flags, let p0, let p1, let p2):
      return "the guest has crashed: P0 \(hex(p0)) P1 \(hex(p1)) P2 \(hex(p2))" + (flags.bit(5) ? ", no dump" : "")
    case .guestCrashDetail(let hasMessage, let p3, let p4):
      return hasMessage ? "its message: \(p4) bytes at \(hex(p3))" : "P3 \(hex(p3)) P4 \(hex(p4))"
    default: return ""
    }
  }

  func writeVSM(to json: inout JSONWriter) {
    switch body {
    case .hypercall(let call): call.writeFields(to: &json)
    case .intercepted(let intercept): intercept.writeFields(to: &json)
    case .synicMessage(let sint, let type, let outcome):
      json.field("sint", sint)
      json.field("type", hex: type)
      json.field("outcome", "\(outcome)")
    case .synicEvent(let sint, let flag, let isNew):
      json.field("sint", sint)
      json.field("flag", flag)
      json.field("new", isNew)
    case .syntheticTimerExpired(let index, let due, let isDirect, let target):
      json.field("index", index)
      json.field("due", due)
      json.field("direct", isDirect)
      json.field("target", target)
    case .protectionChanged(let vtl, let firstPage, let count, let access):
      json.field("vtl", vtl.rawValue)
      json.field("firstPage", hex: firstPage)
      json.field("pages", count)
      json.field("access", accessText(access))
    case .overlayChanged(let kind, let vtl, let page, let isMapped):
      json.field("overlay", "\(kind)")
      json.field("vtl", vtl.rawValue)
      json.field("page", hex: page)
      json.field("mapped", isMapped)
    case .tlbLockChanged(let vtl, let isLocked):
      json.field("vtl", vtl.rawValue)
      json.field("locked", isLocked)
    case .flushWaits(let holder): json.field("holder", holder)
    case .eventInjected(let vtl, let vector, let code):
      json.field("vtl", vtl.rawValue)
      json.field("vector", hex: vector)
      json.field("errorCode", hex: code)
    case .connectionChanged(let connection): connection.writeFields(to: &json)
    case .guestCrashed(let flags, let p0, let p1, let p2):
      json.field("flags", hex: flags)
      json.field("p0", hex: p0)
      json.field("p1", hex: p1)
      json.field("p2", hex: p2)
    case .guestCrashDetail(let hasMessage, let p3, let p4):
      json.field("message", hasMessage)
      json.field("p3", hex: p3)
      json.field("p4", hex: p4)
    default: break
    }
  }
}

extension HypercallSummary {
  /// `SetVpRegisters 2.0 40003 6f8 -> SUCCESS`, with `1 of 3` where it stopped half way.
  public var text: String {
    let name = HypercallCode(rawValue: code).name ?? "hypercall \(hex(code, 4))"
    let about = (target.map { " \($0)" } ?? "") + (argument | value == 0 ? "" : " \(hex(argument)) \(hex(value))")
    let answer = HypercallStatus(rawValue: status).name ?? hex(status, 4)
    let isPartial = repCount > 0 && repsCompleted != repCount
    return "\(name)\(about) -> \(answer)" + (isPartial ? ", \(repsCompleted) of \(repCount)" : "")
  }

  fileprivate func writeFields(to json: inout JSONWriter) {
    json.field("code", hex: code)
    json.field("name", HypercallCode(rawValue: code).name)
    json.field("status", hex: status)
    json.field("reps", repsCompleted)
    json.field("repCount", repCount)
    json.field("fast", isFast)
    json.field("target", target)
    json.field("argument", hex: argument)
    json.field("value", hex: value)
  }
}

extension InterceptSummary {
  /// `write of page 7f3040 (GVA ffff80000007f3040) -> VTL1`.
  public var text: String {
    let what =
      switch kind {
      case .memory: "\(access.text) \(hex(number))" + (value == 0 ? "" : " at \(hex(value))")
      case .register: "\(access.text) register \(hex(number)) = \(hex(value))"
      case .msr: "\(access.text) MSR \(hex(number))" + (access == .write ? " = \(hex(value))" : "")
      case .port: "\(access.text) port \(hex(number))" + (access == .write ? " = \(hex(value))" : "")
      case .exception: "exception \(Event.exceptionName(UInt8(truncatingIfNeeded: number)))"
      }
    return "\(what) -> VTL\(vtl.rawValue)" + (isWaiting ? ", slot taken: waits" : "")
  }

  fileprivate func writeFields(to json: inout JSONWriter) {
    json.field("what", "\(kind)")
    json.field("access", "\(access)")
    json.field("vtl", vtl.rawValue)
    json.field("waiting", isWaiting)
    json.field("number", hex: number)
    json.field("value", hex: value)
  }
}

extension ConnectionSummary {
  /// `message connection 10 to 1.0 SINT8 made`, `SINT route to 1.0 SINT8 refused`.
  public var text: String {
    let what = kind == .route ? kind.text : "\(kind.text) \(hex(id))"
    return "\(what) to \(target) SINT\(sint) \(change.text)"
  }

  fileprivate func writeFields(to json: inout JSONWriter) {
    json.field("what", "\(kind)")
    json.field("change", "\(change)")
    json.field("id", hex: id)
    json.field("target", target)
    json.field("sint", sint)
  }
}

extension ConnectionKind {
  public var text: String {
    switch self {
    case .message: "message connection"
    case .event: "event connection"
    case .route: "SINT route"
    }
  }
}

extension ConnectionChange {
  public var text: String {
    switch self {
    case .made: "made"
    case .broken: "broken"
    case .refused: "refused"
    }
  }
}

extension InterceptAccess {
  public var text: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .execute: "execute"
    }
  }
}

extension MessageOutcome {
  public var text: String {
    switch self {
    case .delivered: "delivered"
    case .waits: "waits: the slot is taken"
    case .dropped: "dropped: SynIC or page off, no buffer, or its port gone"
    }
  }
}

extension OverlayKind {
  public var text: String {
    switch self {
    case .hypercall: "hypercall"
    case .assist: "VP assist"
    case .referenceTSC: "reference TSC"
    case .messages: "SynIC message"
    case .eventFlags: "SynIC event flag"
    }
  }
}

/// `rwxu`: read, write, kernel execute, user execute, a dash for each that is missing.
public func accessText(_ access: UInt8) -> String {
  String(zip("rwxu", 0..<4).map { access.bit($1) ? $0 : "-" })
}

/// The names of HV_MESSAGE_TYPE that this core sends, or the number.
public func messageTypeText(_ type: UInt32) -> String {
  switch type {
  case 0: "none"
  case 0x8000_0000: "unmapped GPA"
  case 0x8000_0001: "GPA intercept"
  case 0x8000_0010: "timer expired"
  case 0x8000_0021: "unrecoverable exception"
  case 0x8001_0000: "I/O port intercept"
  case 0x8001_0001: "MSR intercept"
  case 0x8001_0002: "CPUID intercept"
  case 0x8001_0003: "exception intercept"
  case 0x8001_0006: "register intercept"
  default: "message \(hex(type))"
  }
}
