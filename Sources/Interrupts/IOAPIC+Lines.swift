import Architecture
import Journal

// What makes a pin send: its line, an EOI, a storm's end.

extension IOAPIC {
  /// A device drives a line.
  ///
  /// Raising a line that is up already is an edge that nobody can tell apart (coalesced), and of a level-triggered pin
  /// nothing new; lowering one that is down is nothing.
  public mutating func setLine(_ pin: Int, isHigh: Bool, at now: VirtualTime) -> [IOAPICEffect] {
    let wasHigh = pins[pin].state.isLineHigh
    guard isHigh || wasHigh else { return [] }
    guard isHigh else { return [lower(pin, at: now)] }
    if !wasHigh {
      pins[pin].state.isLineHigh = true
      pins[pin].state.lineSince = now
      pins[pin].state.counters.raised &+= 1
    }
    return [pins[pin].state.entry.isLevel ? raiseLevel(pin, wasHigh, at: now) : raiseEdge(pin, wasHigh, at: now)]
  }

  /// An edge while masked is lost: it is remembered as the line's state, and unmasking does not replay it.
  private mutating func raiseEdge(_ pin: Int, _ wasHigh: Bool, at now: VirtualTime) -> IOAPICEffect {
    if wasHigh {
      pins[pin].state.counters.coalesced &+= 1
      return looked(pin, .raised, .coalesced)
    }
    guard !pins[pin].state.entry.isMasked else {
      pins[pin].state.counters.maskedEdges &+= 1
      pins[pin].state.lastMaskedEdge = now
      return looked(pin, .raised, .masked)
    }
    return send(pin, .raised, at: now)
  }

  private mutating func raiseLevel(_ pin: Int, _ wasHigh: Bool, at now: VirtualTime) -> IOAPICEffect {
    let outcome = levelOutcome(pin)
    if outcome == .waitsForEOI {
      if wasHigh { pins[pin].state.counters.coalesced &+= 1 }
      pins[pin].waits = !wasHigh || pins[pin].waits
    }
    return outcome == .sent ? send(pin, .raised, at: now) : looked(pin, .raised, outcome)
  }

  private mutating func lower(_ pin: Int, at now: VirtualTime) -> IOAPICEffect {
    pins[pin].state.isLineHigh = false
    pins[pin].state.lineSince = now
    calm(pin)
    // Up and down again before the EOI: that it was up twice nobody will know.
    guard pins[pin].waits else { return looked(pin, .lowered, .quiet) }
    pins[pin].waits = false
    pins[pin].state.counters.coalesced &+= 1
    return looked(pin, .lowered, .coalesced)
  }

  /// What a level-triggered pin does while its line is up.
  private func levelOutcome(_ pin: Int) -> PinOutcome {
    if pins[pin].state.entry.isMasked { return .masked }
    if pins[pin].state.entry.isRemoteIRRSet { return .waitsForEOI }
    return pins[pin].heldUntil == nil ? .sent : .held
  }

  /// A pin's entry was written: a level-triggered one sends if its line is up and it may.
  mutating func reconsider(_ pin: Int, _ cause: PinCause, at now: VirtualTime) -> IOAPICEffect? {
    guard pins[pin].state.isLineHigh else { return nil }
    guard pins[pin].state.entry.isLevel else { return cause == .unmasked ? looked(pin, cause, .quiet) : nil }
    let outcome = levelOutcome(pin)
    if outcome == .sent { return send(pin, cause, at: now) }
    return cause == .unmasked ? looked(pin, cause, outcome) : nil
  }

  /// An EOI for `vector`: frees every level-triggered pin with that vector, whatever its destination is now, and lets it
  /// send again if its line is still up.
  ///
  /// `group` is the group of the local APIC that wrote EOI; only pins of that group are its affair. Nil is any: KVM's
  /// rule, and the EOI register's.
  public mutating func endOfInterrupt(
    _ vector: VectorNumber, in group: GroupID?, _ how: RemoteIRRClearing = .broadcast, at now: VirtualTime
  ) -> [IOAPICEffect] {
    var effects: [IOAPICEffect] = []
    for pin in pins.indices {
      let state = pins[pin].state
      guard state.entry.isRemoteIRRSet, state.entry.vector == vector, group == nil || group == state.group else {
        continue
      }
      effects.append(clearRemoteIRR(pin, how, at: now))
      if let again = refire(pin, at: now) { effects.append(again) }
    }
    return effects
  }

  mutating func clearRemoteIRR(_ pin: Int, _ how: RemoteIRRClearing, at now: VirtualTime) -> IOAPICEffect {
    pins[pin].state.entry.isRemoteIRRSet = false
    pins[pin].state.lastEndOfInterrupt = now
    pins[pin].state.counters.endOfInterrupts &+= 1
    pins[pin].waits = false
    let state = pins[pin].state
    return .remoteIRRCleared(pin: state.index, state.entry.vector, how, state.lastJourney)
  }

  private mutating func refire(_ pin: Int, at now: VirtualTime) -> IOAPICEffect? {
    guard pins[pin].state.isLineHigh, levelOutcome(pin) == .sent else {
      pins[pin].refires = 0
      return nil
    }
    pins[pin].refires += 1
    guard pins[pin].refires >= Self.stormLength else { return send(pin, .endOfInterrupt, at: now) }
    pins[pin].refires = 0
    pins[pin].heldUntil = now + Self.stormPause
    pins[pin].state.entry.isSendPending = true
    return looked(pin, .endOfInterrupt, .held)
  }

  /// Lets the pins send that have been held back long enough.
  public mutating func expire(at now: VirtualTime) -> [IOAPICEffect] {
    var effects: [IOAPICEffect] = []
    for pin in pins.indices {
      guard let until = pins[pin].heldUntil, until <= now else { continue }
      calm(pin)
      if levelOutcome(pin) == .sent { effects.append(send(pin, .endOfInterrupt, at: now)) }
    }
    return effects
  }

  /// Ends a storm, and the counting towards one.
  mutating func calm(_ pin: Int) {
    pins[pin].refires = 0
    pins[pin].heldUntil = nil
    pins[pin].state.entry.isSendPending = false
  }

  private func looked(_ pin: Int, _ cause: PinCause, _ outcome: PinOutcome) -> IOAPICEffect {
    .looked(pin: UInt8(pin), cause, outcome, isHigh: pins[pin].state.isLineHigh)
  }

  private mutating func send(_ pin: Int, _ cause: PinCause, at now: VirtualTime) -> IOAPICEffect {
    pins[pin].state.counters.sent &+= 1
    pins[pin].state.lastSent = now
    return .send(pin: UInt8(pin), cause, pins[pin].state.message, pins[pin].state.group)
  }

  /// What became of the message that a pin has just sent.
  ///
  /// A level-triggered pin that was heard waits for its EOI now: remote IRR is set when a local APIC accepts the
  /// interrupt (82093AA data sheet, 3.2.4). KVM sets it too when its slow scan found nobody, and nobody will free the
  /// pin: `Configuration.wedgesOnNobody`.
  public mutating func complete(_ pin: Int, _ delivery: MessageDelivery, journey: JourneyID, at now: VirtualTime) {
    pins[pin].state.lastJourney = journey
    pins[pin].state.lastWasDelivered = delivery.isDelivered
    if !delivery.isDelivered { pins[pin].state.counters.undelivered &+= 1 }
    if delivery == .merged { pins[pin].state.counters.coalesced &+= 1 }
    let isWedged = configuration.wedgesOnNobody && delivery == .unmatched(.scan)
    guard pins[pin].state.entry.isLevel, delivery.isDelivered || isWedged else { return }
    pins[pin].state.entry.isRemoteIRRSet = true
    pins[pin].state.remoteIRRSince = now
  }
}

extension RedirectionEntry {
  /// Level-triggered in effect. Fixed and lowest-priority interrupts are; the other modes are treated as edges even
  /// where they are programmed as levels (82093AA data sheet, 3.2.4, delivery mode).
  public var isLevel: Bool {
    isLevelTriggered && (deliveryMode == .fixed || deliveryMode == .lowestPriority)
  }
}
