import Architecture

// The JSON of what Hyper-V's interfaces hold of a context; the rules are those of the snapshot's JSON.

extension SynICSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("control", hex: control)
      json.field("messagePage", hex: messagePage)
      json.field("eventPage", hex: eventPage)
      json.field("sources", lines: sources) { $0.write(to: &$1) }
    }
  }
}

extension SINTSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("register", hex: register)
      json.field("messageType", hex: messageType)
      json.field("messagePending", isMessagePending)
      json.field("queued", queued)
      json.field("eventFlags", eventFlags)
      json.field("delivered", delivered)
      json.field("dropped", dropped)
    }
  }
}

extension SyntheticTimerSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("config", hex: config)
      json.field("count", count)
      json.field("due", due)
      json.field("lastExpiry", lastExpiry)
      json.field("expired", expired)
      json.field("skipped", skipped)
      json.field("waiting", isWaiting)
    }
  }
}

extension VSMSnapshot: JSONWritable {
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("partitionConfig", hex: partitionConfig)
      json.key("secureConfig")
      json.array { json in for config in secureConfig { json.hex(config) } }
      json.field("interceptControl", hex: interceptControl)
      json.field("cr0Mask", hex: cr0Mask)
      json.field("cr4Mask", hex: cr4Mask)
      json.field("miscEnableMask", hex: miscEnableMask)
      json.field("pendingEvent", hex: pendingEvent)
      json.field("waitsForTLB", isWaitingForTLB)
      json.field("referenceTSC", hex: referenceTSC)
    }
  }
}
