import Architecture

// The JSON of a snapshot. Virtual times are numbers of ticks (nanoseconds); addresses and registers are
// "0x..." strings; what is absent is null. Nothing that depends on the host is in it: not the pace, and not
// the number of the frame, since frames are made in host time. So the same run gives the same bytes.

extension Snapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("machine", machine)
      json.key("groups")
      json.array { json in for group in groups { json.value(group) } }
      json.key("contexts")
      json.array { json in for context in contexts { json.value(context) } }
      json.field("platform", platform)
    }
  }
}

extension MachineSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("time", time)
      json.field("runState", "\(runState)")
      json.field("stopCause", stopCause.map { "\($0)" })
      json.field("exitStatus", exitStatus)
      json.field("vpCount", vpCount)
      json.field("vtlCount", vtlCount)
      json.field("enabledVTLs", hex: enabledVTLs)
      switch groupEncoding {
      case .explicit: json.field("groupEncoding", "explicit")
      case .rfc2023(let bits): json.field("groupEncoding", "rfc-2023:\(bits)")
      }
      json.field("memoryBytes", memoryBytes)
      json.field("instructions", instructions)
      json.field("nextEvent", nextEvent)
      json.field("undelivered", undelivered)
      json.field("mapDisagreements", mapDisagreements)
      json.field("idleUntil", idleUntil)
      json.field("commands", commands)
    }
  }
}

extension GroupSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("id", id.rawValue)
      json.field("vtl", vtl.rawValue)
      json.field("generation", generation)
      json.field("builtAt", builtAt)
      json.field("logicalMode", "\(logicalMode)")
      json.field("logicalModeReason", "\(logicalModeReason)")
      json.field("members", members)
      json.field("hardwareEnabled", hardwareEnabled)
      json.field("softwareEnabled", softwareEnabled)
      json.field("duplicateIDs", duplicateIDs)
      json.field("physical", lines: physical) { $0.write(to: &$1) }
      json.field("logical", lines: logical) { $0.write(to: &$1) }
    }
  }
}

extension MapEntry: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("key", hex: key)
      json.field("vp", vp.rawValue)
    }
  }
}

extension ContextSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("context", id)
      json.field("group", group.rawValue)
      json.field("enabled", isEnabled)
      json.field("active", isActive)
      json.field("activity", "\(activity)")
      json.field("since", since)
      writeProcessor(to: &json)
      json.field("apicBase", hex: apicBase)
      json.field("apic", apic)
      json.field("pending", lines: pending) { $0.write(to: &$1) }
      json.field("inService", lines: inService) { $0.write(to: &$1) }
      json.field("timer", timer)
      writeHistory(to: &json)
      json.field("vina", hex: vina)
      json.field("vinaAsserted", vinaAsserted)
      json.field("assistPage", hex: assistPage)
      json.field("guestOSID", hex: guestOSID)
      json.field("hypercallPage", hex: hypercallPage)
      json.field("lazyEOI", "\(lazyEOI)")
      json.field("lazyEOIAddress", hex: lazyEOIAddress)
      json.field("synic", synic)
      json.field("syntheticTimers", lines: syntheticTimers) { $0.write(to: &$1) }
      json.field("vsm", vsm)
      json.field("instructions", instructions)
      json.field("counters", counters)
    }
  }

  private func writeProcessor(to json: inout JSONWriter) {
    json.field("rip", hex: rip)
    json.field("rsp", hex: rsp)
    json.field("rflags", hex: rflags)
    json.field("cr0", hex: cr0)
    json.field("cr3", hex: cr3)
    json.field("cr4", hex: cr4)
    json.field("efer", hex: efer)
    json.field("codeSelector", hex: codeSelector)
    json.field("instruction", instruction.text)
    json.field("interruptShadow", interruptShadow)
    json.field("nmiPending", nmiPending)
    json.field("nmiBlocked", nmiBlocked)
    json.field("initPending", initPending)
    json.field("initLatch", initLatch == .none ? nil : "\(initLatch)")
    json.field("startupPending", startupPending)
    json.field("externalPending", externalPending)
  }

  private func writeHistory(to json: inout JSONWriter) {
    json.field("lastTaskPriorityWrite", lastTaskPriorityWrite)
    json.field("lastEndOfInterrupt", lastEndOfInterrupt)
    json.field("lastInit", lastInit)
    json.field("lastInitSender", lastInitSender)
    json.field("lastStartup", lastStartup)
    json.field("lastHalt", lastHalt)
    json.field("entryReason", entryReason.map { "\($0)" })
    json.field("entryTime", entryTime)
  }
}

extension APICPage: JSONWritable {
  /// Its registers by name; IRR, ISR and TMR are told by `pending` and `inService` of the context.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      for (name, offset) in Self.named { json.field(name, hex: self[offset]) }
    }
  }

  /// Names and offsets (SDM Vol. 3A, table 12-1).
  private static var named: [(String, Int)] {
    [
      ("id", 0x20), ("version", 0x30), ("taskPriority", 0x80), ("processorPriority", 0xA0),
      ("logicalDestination", 0xD0), ("destinationFormat", 0xE0), ("spuriousVector", 0xF0),
      ("errorStatus", 0x280),
      ("lvtCMCI", 0x2F0), ("interruptCommandLow", 0x300), ("interruptCommandHigh", 0x310),
      ("lvtTimer", 0x320),
      ("lvtThermal", 0x330), ("lvtPerformance", 0x340), ("lvtLINT0", 0x350), ("lvtLINT1", 0x360),
      ("lvtError", 0x370), ("timerInitialCount", 0x380), ("timerCurrentCount", 0x390), ("timerDivide", 0x3E0),
    ]
  }
}

extension VectorState: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("vector", vector)
      json.field("since", since)
      json.field("journey", journey)
      json.field("level", isLevelTriggered)
    }
  }
}

extension LastWrite: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("time", time)
        json.field("rip", hex: rip)
        json.field("value", hex: value)
      }
    }
  }
}

extension TimerSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("due", due)
      json.field("period", period)
      json.field("deadline", deadline)
      json.field("expired", expired)
      json.field("expiredWhileMasked", expiredWhileMasked)
      json.field("lastMaskedExpiry", lastMaskedExpiry)
      json.field("lastExpiry", lastExpiry)
      json.field("mergedTicks", mergedTicks)
      json.field("lastWrite", lastWrite)
      json.field("ignoredWrites", ignoredWrites)
    }
  }
}

extension ContextCounters: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("accepted", accepted)
      json.field("merged", merged)
      json.field("rejected", rejected)
      json.field("endOfInterrupts", endOfInterrupts)
      json.field("spuriousEOIs", spuriousEOIs)
      json.field("sent", sent)
      json.field("undelivered", undelivered)
      json.field("vtlEntries", vtlEntries)
      json.field("halts", halts)
      json.field("exceptions", exceptions)
      json.field("systemManagementInterrupts", systemManagementInterrupts)
      json.field("arbitrationsWon", arbitrationsWon)
    }
  }
}

extension InstructionBytes {
  /// Two hexadecimal digits per byte, in memory order.
  fileprivate var text: String {
    (0..<min(Int(count), 16)).map { i in (self[i] < 16 ? "0" : "") + String(self[i], radix: 16) }.joined()
  }
}

// MARK: - Scalars

extension VirtualTime: JSONWritable {
  public func write(to json: inout JSONWriter) { json.value(rawValue) }
}

extension VectorNumber: JSONWritable {
  public func write(to json: inout JSONWriter) { json.hex(rawValue) }
}

extension ContextID: JSONWritable {
  public func write(to json: inout JSONWriter) { json.value(description) }
}

extension JourneyID: JSONWritable {
  public func write(to json: inout JSONWriter) {
    if self == .none { json.null() } else { json.value(rawValue) }
  }
}
