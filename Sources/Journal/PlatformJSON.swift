import Architecture

// The JSON of the interrupt hardware outside of the local APICs.

extension PlatformSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("ioapics")
      json.array { json in for ioapic in ioapics { json.value(ioapic) } }
      json.field("messageRoutes", lines: messageRoutes) { $0.write(to: &$1) }
      json.field("pic", pic)
      json.field("pit", pit)
      json.field("serial", serial)
    }
  }
}

extension IOAPICSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("id", id)
      json.field("version", hex: version)
      json.field("base", hex: base)
      json.field("firstInterrupt", firstInterrupt)
      json.field("pins", lines: pins) { $0.write(to: &$1) }
    }
  }
}

extension RedirectionEntry {
  func writeFields(to json: inout JSONWriter) {
    json.field("entry", hex: rawValue)
    json.field("vector", vector)
    json.field("mode", "\(deliveryMode)")
    json.field("logical", isLogical)
    json.field("level", isLevelTriggered)
    json.field("masked", isMasked)
    json.field("remoteIRR", isRemoteIRRSet)
    json.field("destination", hex: destination)
  }
}

extension PinSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("pin", index)
      entry.writeFields(to: &json)
      json.field("group", group.rawValue)
      json.field("device", device)
      json.field("lineHigh", isLineHigh)
      json.field("lineSince", lineSince)
      json.field("remoteIRRSince", entry.isRemoteIRRSet ? remoteIRRSince : nil)
      json.field("lastSent", lastSent)
      json.field("lastJourney", lastJourney)
      json.field("lastWasDelivered", lastWasDelivered)
      json.field("lastEndOfInterrupt", lastEndOfInterrupt)
      json.field("lastMaskedEdge", lastMaskedEdge)
      json.field("lastUnmask", lastUnmask)
      json.field("lastWrite", lastWrite)
      json.field("raised", counters.raised)
      json.field("sent", counters.sent)
      json.field("undelivered", counters.undelivered)
      json.field("coalesced", counters.coalesced)
      json.field("maskedEdges", counters.maskedEdges)
      json.field("endOfInterrupts", counters.endOfInterrupts)
    }
  }
}

extension MessageRouteSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("device", device)
      json.field("enabled", isEnabled)
      json.field("address", hex: signal.address)
      json.field("data", hex: signal.data)
      json.field("group", group.rawValue)
      json.field("sent", sent)
      json.field("undelivered", undelivered)
      json.field("malformed", malformed)
      json.field("lastFault", lastFault.map { "\($0)" })
      json.field("lastSent", lastSent)
      json.field("lastJourney", lastJourney)
    }
  }
}

extension PICSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("master", master)
      json.field("slave", slave)
      json.field("outputHigh", isOutputHigh)
      json.field("acknowledged", acknowledged)
      json.field("spurious", spurious)
    }
  }
}

extension PICChipSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("requests", hex: requests)
        json.field("inService", hex: inService)
        json.field("mask", hex: mask)
        json.field("lines", hex: lines)
        json.field("levelTriggered", hex: levelTriggered)
        json.field("vectorBase", hex: vectorBase)
        json.field("autoEOI", isAutoEOI)
        json.field("initialized", isInitialized)
      }
    }
  }
}

extension PITSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("mode", mode)
      json.field("reload", reload)
      json.field("due", due)
      json.field("period", period)
      json.field("expired", expired)
    }
  }
}

extension SerialSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("interruptEnable", hex: interruptEnable)
        json.field("interruptIdentification", hex: interruptIdentification)
        json.field("lineControl", hex: lineControl)
        json.field("modemControl", hex: modemControl)
        json.field("lineStatus", hex: lineStatus)
        json.field("waiting", waiting)
        json.field("trigger", trigger)
        json.field("received", received)
        json.field("transmitted", transmitted)
        json.field("overruns", overruns)
        json.field("disconnected", disconnected)
        json.field("typed", typed)
      }
    }
  }
}

extension TimerWrite: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.line { json in
      json.object { json in
        json.field("register", "\(register)")
        json.field("time", write.time)
        json.field("rip", hex: write.rip)
        json.field("value", hex: write.value)
        json.field("ignored", isIgnored)
      }
    }
  }
}
