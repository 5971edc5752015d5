import Architecture
import Journal

extension LocalAPIC {
  /// Takes an interrupt that was routed here. SDM Vol. 3A, 12.8.
  ///
  /// After `.rejected(.illegalVector)` the machine calls `raise(.error, ...)`.
  public mutating func accept(
    _ command: InterruptCommand, at now: VirtualTime, journey: JourneyID,
    processor: ProcessorCondition = .init()
  ) -> Acceptance {
    let acceptance: Acceptance
    if let rejection = rejection(of: command) {
      if rejection == .illegalVector { detect(.receiveIllegalVector) }
      if rejection == .noSystemManagementMode { counters.systemManagementInterrupts &+= 1 }
      acceptance = .rejected(rejection)
    } else {
      acceptance = latch(command, at: now, journey: journey, processor: processor)
    }
    count(acceptance)
    return acceptance
  }

  /// Why this APIC would not take `command`; nil when it would, as far as the APIC alone can tell.
  func rejection(of command: InterruptCommand) -> Rejection? {
    acceptanceRejection(
      of: command, isHardwareEnabled: isHardwareEnabled, isSoftwareEnabled: spuriousVector.isSoftwareEnabled)
  }

  mutating func latch(
    _ command: InterruptCommand, at now: VirtualTime, journey: JourneyID, processor: ProcessorCondition
  ) -> Acceptance {
    switch command.deliveryMode {
    case .fixed, .lowestPriority:
      return request(command.vector, isLevel: command.isLevelTriggered, at: now, journey: journey)
    case .nmi:
      guard nmiPending < (processor.isNMIBlocked ? 1 : 2) else { return .merged(with: nmiJourney) }
      nmiPending += 1
      nmiJourney = journey
      return .pending
    case .initialize:
      // A SIPI that came before this INIT and was not processed is lost with the state it would have started.
      startupPending = nil
      guard !initPending else { return .merged(with: initJourney) }
      initPending = true
      initJourney = journey
      return .pending
    case .startup:
      guard processor.waitsForStartup || initPending else { return .rejected(.notWaitingForStartup) }
      guard startupPending == nil else { return .merged(with: startupJourney) }
      startupPending = command.vector
      startupJourney = journey
      return .pending
    case .external: return latchExternal(journey)
    case .smi: return .rejected(.noSystemManagementMode)
    case .reserved3: return .rejected(.unsupportedMode)
    }
  }

  /// Sets the IRR bit, and the TMR bit to the trigger mode. SDM Vol. 3A, 12.8.4.
  mutating func request(
    _ vector: VectorNumber, isLevel: Bool, at now: VirtualTime, journey: JourneyID
  ) -> Acceptance {
    if isLevel { triggerModes.insert(vector) } else { triggerModes.remove(vector) }
    let place = pendingPlace(of: vector)
    if requests.contains(vector) {
      pendingVectors[place].isLevelTriggered = isLevel
      return .merged(with: pendingVectors[place].journey)
    }
    requests.insert(vector)
    let state = VectorState(vector: vector, since: now, journey: journey, isLevelTriggered: isLevel)
    pendingVectors.insert(state, at: place)
    updatePriority()
    return .pending
  }

  /// Where `vector` stands, or would stand, in `pendingVectors`. From the end: few are pending, and mostly
  /// the lower.
  private func pendingPlace(of vector: VectorNumber) -> Int {
    var place = pendingVectors.count
    while place > 0, pendingVectors[place - 1].vector >= vector { place -= 1 }
    return place
  }

  private mutating func count(_ acceptance: Acceptance) {
    switch acceptance {
    case .pending: counters.accepted &+= 1
    case .merged: counters.merged &+= 1
    case .rejected: counters.rejected &+= 1
    }
  }

  /// The machine processes what waits: an NMI is delivered.
  public mutating func takeNMI() -> JourneyID {
    if nmiPending > 0 { nmiPending -= 1 }
    return nmiJourney
  }

  /// INIT is processed: the APIC is reset, but a SIPI that came after the INIT goes on waiting.
  public mutating func takeInit() -> JourneyID {
    let startup = startupPending
    reset(.initSignal)
    startupPending = startup
    return initJourney
  }

  /// A SIPI is processed.
  public mutating func takeStartup() -> (vector: VectorNumber, journey: JourneyID)? {
    guard let vector = startupPending else { return nil }
    startupPending = nil
    return (vector, startupJourney)
  }

  /// Notes an error; one that has not been seen since ESR was written makes the error interrupt due.
  ///
  /// SDM Vol. 3A, 12.5.3. An error of the same kind again is the same bit, and no news.
  mutating func detect(_ error: APICErrorStatus) {
    if !newErrors.contains(error) { needsErrorInterrupt = true }
    newErrors.formUnion(error)
  }
}

/// Why a local APIC in this state turns `command` down; nil when it takes it, as far as the APIC alone can
/// tell.
///
/// Pure, so that a preview from a snapshot gives the answer the machine gives. KVM accepts vectors below 16
/// and knows no ESR errors; here they are rejected as SDM Vol. 3A, 12.5.2 says.
public func acceptanceRejection(
  of command: InterruptCommand, isHardwareEnabled: Bool, isSoftwareEnabled: Bool
) -> Rejection? {
  guard isHardwareEnabled else { return .hardwareDisabled }
  switch command.deliveryMode {
  case .fixed, .lowestPriority:
    guard isSoftwareEnabled else { return .softwareDisabled }
    guard command.vector.rawValue >= 16 else { return .illegalVector }
    // Taking back a level that was asserted is the IOAPIC's affair; as a message it asks for nothing.
    return command.isLevelTriggered && !command.isAsserted ? .unsupportedMode : nil
  case .initialize: return command.isLevelTriggered && !command.isAsserted ? .initDeassert : nil
  case .smi: return .noSystemManagementMode
  case .reserved3: return .unsupportedMode
  case .nmi, .startup, .external: return nil
  }
}
