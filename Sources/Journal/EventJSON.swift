import Architecture

extension Event: JSONWritable {
  /// One flat object: where and when, the kind, the kind's own fields, and the same in words.
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("sequence", sequence)
        json.field("time", time)
        json.field("journey", journey)
        json.field("context", context)
        json.field("rip", hex: rip)
        json.field("kind", "\(kind)")
        writeBody(to: &json)
        json.field("text", text)
      }
    }
  }

  private func writeBody(to json: inout JSONWriter) {
    switch body {
    case .requested(let source, let message, let route): Self.write(source, message, route, to: &json)
    case .accepted(let vector, let mode, let acceptance):
      json.field("vector", vector)
      json.field("mode", "\(mode)")
      acceptance.writeFields(to: &json)
    case .acknowledged(let vector, let waited):
      json.field("vector", vector)
      json.field("waited", waited)
    case .endOfInterrupt(let vector, let inService):
      json.field("vector", vector)
      json.field("inService", inService)
    case .spuriousEOI, .nmiTaken, .initialized: break
    case .timerExpired(let vector, let due, let isMasked):
      json.field("vector", vector)
      json.field("due", due)
      json.field("masked", isMasked)
    case .halted(let enabled), .idled(let enabled): json.field("interruptsEnabled", enabled)
    case .woke(let after): json.field("after", after)
    case .vtlSwitched(let from, let to, let reason, let vector):
      json.field("from", from.rawValue)
      json.field("to", to.rawValue)
      json.field("reason", "\(reason)")
      json.field("vector", vector)
    case .hypercall, .intercepted, .synicMessage, .synicEvent, .syntheticTimerExpired, .protectionChanged,
      .overlayChanged, .tlbLockChanged, .flushWaits, .eventInjected, .connectionChanged, .guestCrashed,
      .guestCrashDetail:
      writeVSM(to: &json)
    case .taskPriorityChanged(let from, let to):
      json.field("from", hex: from)
      json.field("to", hex: to)
    case .exception(let vector, let errorCode, let address):
      json.field("vector", hex: vector)
      json.field("errorCode", hex: errorCode)
      json.field("address", hex: address)
    case .started(let vector), .notificationAsserted(let vector): json.field("vector", vector)
    case .mapRebuilt(let group, let generation, let mode, let reason):
      json.field("group", group.rawValue)
      json.field("generation", generation)
      json.field("logicalMode", "\(mode)")
      json.field("logicalModeReason", "\(reason)")
    case .apicBaseChanged(let from, let to):
      json.field("from", hex: from)
      json.field("to", hex: to)
    case .softwareEnable(let on): json.field("on", on)
    case .apicError(let status): json.field("status", hex: status)
    case .vtlEnabled(let vtl, let forPartition):
      json.field("vtl", vtl.rawValue)
      json.field("forPartition", forPartition)
    case .command(let kind, let refusal):
      json.field("command", "\(kind)")
      json.field("refusal", refusal.map { "\($0)" })
    case .stopped(let cause, let status):
      json.field("cause", "\(cause)")
      json.field("status", status)
    case .pin(let pin, let cause, let outcome, let isHigh):
      json.field("pin", pin)
      json.field("cause", "\(cause)")
      json.field("outcome", "\(outcome)")
      json.field("lineHigh", isHigh)
    case .routeWritten(let pin, let from, let to):
      json.field("pin", pin)
      json.field("from", hex: from.rawValue)
      json.field("to", hex: to.rawValue)
    case .remoteIRRCleared(let pin, let vector, let how):
      json.field("pin", pin)
      json.field("vector", vector)
      json.field("by", "\(how)")
    case .messageSent(let route, let signal, let fault):
      json.field("route", route)
      json.field("address", hex: signal.address)
      json.field("data", hex: signal.data)
      json.field("fault", fault.map { "\($0)" })
    case .externalAcknowledged(let vector, let irq, let isSpurious):
      json.field("vector", vector)
      json.field("irq", irq)
      json.field("spurious", isSpurious)
    case .timerWriteIgnored(let register, let value):
      json.field("register", "\(register)")
      json.field("value", hex: value)
    case .paravirtualCall(let number, let result, let target):
      json.field("number", number)
      json.field("result", result)
      json.field("target", target)
    }
  }

  private static func write(
    _ source: InterruptSource, _ message: InterruptMessage, _ route: RouteSummary, to json: inout JSONWriter
  ) {
    json.field("source", "\(source)")
    message.writeFields(to: &json)
    json.field("group", route.group.rawValue)
    json.field("path", "\(route.path)")
    json.field("candidates", route.candidates)
    json.field("delivered", route.delivered)
    json.field("rejected", route.rejected)
    json.field("reason", route.reason.map { "\($0)" })
    json.field("firstTarget", route.firstTarget)
  }
}

extension InterruptMessage {
  /// The ICR says everything; its fields are spelled out for those who read along.
  fileprivate func writeFields(to json: inout JSONWriter) {
    json.field("icr", hex: command.rawValue)
    json.field("narrow", isNarrow)
    json.field("vector", command.vector)
    json.field("mode", "\(command.deliveryMode)")
    json.field("shorthand", "\(command.shorthand)")
    json.field("logical", command.isLogical)
    json.field("destination", hex: command.destination)
  }
}

extension Acceptance {
  fileprivate func writeFields(to json: inout JSONWriter) {
    switch self {
    case .pending: json.field("acceptance", "pending")
    case .merged(let other):
      json.field("acceptance", "merged")
      json.field("mergedWith", other)
    case .rejected(let reason):
      json.field("acceptance", "rejected")
      json.field("reason", "\(reason)")
    }
  }
}

extension CommandRecord: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("time", time)
        json.field("instructions", instructions)
        json.field("command", "\(command.kind)")
        command.writeFields(to: &json)
        json.field("refusal", refusal.map { "\($0)" })
      }
    }
  }
}

extension Command {
  fileprivate func writeFields(to json: inout JSONWriter) {
    switch self {
    case .pause, .run: break
    case .step(let events): json.field("events", events)
    case .fire(let request):
      switch request.origin {
      case .context(let id): json.field("from", id)
      case .message(let group): json.field("group", group.rawValue)
      }
      request.message.writeFields(to: &json)
    case .switchVTL(let vp, let vtl):
      json.field("vp", vp.rawValue)
      json.field("to", vtl.rawValue)
    case .endOfInterrupt(let id), .reset(let id): json.field("context", id)
    case .serialInput(let bytes): json.field("bytes", bytes.map { hexByte($0) }.joined())
    }
  }
}

private func hexByte(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
