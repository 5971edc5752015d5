import Architecture

extension Event {
  /// Unpacks a record; nil when it holds no event, or a kind or a value that this version does not know.
  ///
  /// A record may come from a damaged or hostile file, so nothing in it is taken on trust.
  public init?(_ record: EventRecord) {
    guard record.stamp != 0, let body = Body(record) else { return nil }
    let vtl = record.place.field(32, 8)
    let vp = VPIndex(rawValue: UInt32(truncatingIfNeeded: record.place))
    self.init(
      sequence: record.stamp &- 1, time: VirtualTime(rawValue: record.time),
      journey: JourneyID(rawValue: record.journey),
      context: vtl == EventRecord.noVTL
        ? nil : ContextID(vp: vp, vtl: VTL(rawValue: UInt8(truncatingIfNeeded: vtl))),
      rip: record.rip, body)
  }
}

extension Event.Body {
  fileprivate init?(_ record: EventRecord) {
    guard let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: record.place &>> 40)) else { return nil }
    let (low, high) = (record.lowDetail, record.highDetail)
    let vector = VectorNumber(rawValue: low)
    let span = VirtualTime(rawValue: record.a)
    switch kind {
    case .requested:
      guard let body = Self.requested(record) else { return nil }
      self = body
    case .accepted:
      guard let mode = DeliveryMode(rawValue: high), let acceptance = Acceptance(record) else { return nil }
      self = .accepted(vector, mode, acceptance)
    case .acknowledged: self = .acknowledged(vector, waited: span)
    case .endOfInterrupt: self = .endOfInterrupt(vector, inService: span)
    case .spuriousEOI: self = .spuriousEOI
    case .timerExpired: self = .timerExpired(vector, due: span, isMasked: high != 0)
    case .halted: self = .halted(interruptsEnabled: low != 0)
    case .idled: self = .idled(interruptsEnabled: low != 0)
    case .woke: self = .woke(after: span)
    case .vtlSwitched:
      guard let reason = VTLSwitchReason(rawValue: record.a.byte), record.b <= 256 else { return nil }
      let cause = record.b == 0 ? nil : VectorNumber(rawValue: (record.b &- 1).byte)
      self = .vtlSwitched(from: VTL(rawValue: low), to: VTL(rawValue: high), reason, cause)
    case .hypercall, .intercepted, .synicMessage, .synicEvent, .syntheticTimerExpired, .protectionChanged,
      .overlayChanged, .tlbLockChanged, .flushWaits, .eventInjected, .connectionChanged, .guestCrashed,
      .guestCrashDetail:
      guard let body = Self.vsm(kind, record) else { return nil }
      self = body
    case .taskPriorityChanged: self = .taskPriorityChanged(from: low, to: high)
    case .exception:
      let code = UInt32(truncatingIfNeeded: record.a)
      self = .exception(vector: low, errorCode: high == 0 ? nil : code, address: record.b)
    case .nmiTaken: self = .nmiTaken
    case .initialized: self = .initialized
    case .started: self = .started(vector)
    case .mapRebuilt:
      guard let mode = LogicalMode(rawValue: record.b.byte),
        let reason = LogicalModeReason(rawValue: record.c.byte)
      else { return nil }
      let generation = UInt32(truncatingIfNeeded: record.a)
      self = .mapRebuilt(GroupID(rawValue: low), generation: generation, mode, reason)
    case .apicBaseChanged: self = .apicBaseChanged(from: record.a, to: record.b)
    case .softwareEnable: self = .softwareEnable(low != 0)
    case .apicError: self = .apicError(status: low)
    case .vtlEnabled: self = .vtlEnabled(VTL(rawValue: low), forPartition: high != 0)
    case .notificationAsserted: self = .notificationAsserted(vector)
    case .command:
      guard let kind = CommandKind(rawValue: low) else { return nil }
      let refusal = CommandRefusal(rawValue: record.a.byte)
      guard refusal != nil || record.a == 0 else { return nil }
      self = .command(kind, refusal: refusal)
    case .stopped:
      guard let cause = StopCause(rawValue: low) else { return nil }
      self = .stopped(cause, status: UInt32(truncatingIfNeeded: record.a))
    case .pin, .routeWritten, .remoteIRRCleared, .messageSent, .externalAcknowledged, .timerWriteIgnored,
      .paravirtualCall:
      guard let body = Self.device(kind, record) else { return nil }
      self = body
    }
  }

  private static func device(_ kind: EventKind, _ record: EventRecord) -> Self? {
    let (low, high) = (record.lowDetail, record.highDetail)
    switch kind {
    case .pin:
      guard let cause = PinCause(rawValue: record.a.byte), let outcome = PinOutcome(rawValue: record.b.byte) else {
        return nil
      }
      return .pin(low, cause, outcome, isHigh: high != 0)
    case .routeWritten:
      return .routeWritten(
        pin: low, from: RedirectionEntry(rawValue: record.a), to: RedirectionEntry(rawValue: record.b))
    case .remoteIRRCleared:
      guard let how = RemoteIRRClearing(rawValue: record.a.byte) else { return nil }
      return .remoteIRRCleared(pin: low, VectorNumber(rawValue: high), how)
    case .messageSent:
      let fault = MessageFault(rawValue: record.c.byte)
      guard fault != nil || record.c == 0 else { return nil }
      let signal = MessageSignal(address: record.a, data: UInt32(truncatingIfNeeded: record.b))
      return .messageSent(route: record.detail, signal, fault: fault)
    case .externalAcknowledged:
      return .externalAcknowledged(VectorNumber(rawValue: low), irq: high, isSpurious: record.a != 0)
    case .timerWriteIgnored:
      guard let register = TimerRegister(rawValue: low) else { return nil }
      return .timerWriteIgnored(register, value: record.a)
    case .paravirtualCall:
      let target = ContextID(
        vp: VPIndex(rawValue: UInt32(truncatingIfNeeded: record.c)), vtl: VTL(rawValue: record.c.byte(4)))
      return .paravirtualCall(
        number: record.a, result: Int64(bitPattern: record.b), target: low != 0 ? target : nil)
    default: return nil
    }
  }

  private static func requested(_ record: EventRecord) -> Self? {
    guard let source = InterruptSource(rawValue: record.lowDetail),
      let path = RoutePath(rawValue: record.c.byte(5))
    else { return nil }
    let reason = Rejection(rawValue: record.c.byte(4))
    guard reason != nil || record.c.byte(4) == 0 else { return nil }
    let flags = record.highDetail
    let target = ContextID(
      vp: VPIndex(rawValue: UInt32(truncatingIfNeeded: record.b)), vtl: VTL(rawValue: record.b.byte(7)))
    return .requested(
      source, InterruptMessage(InterruptCommand(rawValue: record.a), isNarrow: flags & 1 != 0),
      Event.RouteSummary(
        group: GroupID(rawValue: record.b.byte(6)), path: path,
        candidates: UInt16(truncatingIfNeeded: record.b &>> 32),
        delivered: UInt16(truncatingIfNeeded: record.c),
        rejected: UInt16(truncatingIfNeeded: record.c &>> 16), reason: reason,
        firstTarget: flags & 2 != 0 ? target : nil))
  }
}

extension Acceptance {
  fileprivate init?(_ record: EventRecord) {
    switch record.a {
    case 0: self = .pending
    case 1: self = .merged(with: JourneyID(rawValue: record.b))
    case 2:
      guard let reason = Rejection(rawValue: record.b.byte) else { return nil }
      self = .rejected(reason)
    default: return nil
    }
  }
}

extension UInt64 {
  var byte: UInt8 { UInt8(truncatingIfNeeded: self) }
  func byte(_ n: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: self &>> (8 &* n)) }
}
