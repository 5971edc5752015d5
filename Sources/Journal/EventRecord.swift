import Architecture

/// What an `Event` is about, without its details.
///
/// The numbers are those of `vtlscope.h` and do not change.
public enum EventKind: UInt8, Hashable, Sendable, CaseIterable {
  case requested = 0
  case accepted = 1
  case acknowledged = 2
  case endOfInterrupt = 3
  case spuriousEOI = 4
  case timerExpired = 5
  case halted = 6
  case woke = 7
  case vtlSwitched = 8
  case hypercall = 9
  case taskPriorityChanged = 10
  case exception = 11
  case nmiTaken = 12
  case initialized = 13
  case started = 14
  case mapRebuilt = 15
  case apicBaseChanged = 16
  case softwareEnable = 17
  case apicError = 18
  case vtlEnabled = 19
  case notificationAsserted = 20
  case command = 21
  case stopped = 22
  case pin = 23
  case routeWritten = 24
  case remoteIRRCleared = 25
  case messageSent = 26
  case externalAcknowledged = 27
  case timerWriteIgnored = 28
  case paravirtualCall = 29
  case intercepted = 30
  case synicMessage = 31
  case synicEvent = 32
  case syntheticTimerExpired = 33
  case protectionChanged = 34
  case overlayChanged = 35
  case tlbLockChanged = 36
  case flushWaits = 37
  case eventInjected = 38
  case connectionChanged = 39
  case guestCrashed = 40
  case guestCrashDetail = 41
  case idled = 42
}

extension Event {
  public var kind: EventKind {
    switch body {
    case .requested: .requested
    case .accepted: .accepted
    case .acknowledged: .acknowledged
    case .endOfInterrupt: .endOfInterrupt
    case .spuriousEOI: .spuriousEOI
    case .timerExpired: .timerExpired
    case .halted: .halted
    case .idled: .idled
    case .woke: .woke
    case .vtlSwitched: .vtlSwitched
    case .hypercall: .hypercall
    case .taskPriorityChanged: .taskPriorityChanged
    case .exception: .exception
    case .nmiTaken: .nmiTaken
    case .initialized: .initialized
    case .started: .started
    case .mapRebuilt: .mapRebuilt
    case .apicBaseChanged: .apicBaseChanged
    case .softwareEnable: .softwareEnable
    case .apicError: .apicError
    case .vtlEnabled: .vtlEnabled
    case .notificationAsserted: .notificationAsserted
    case .command: .command
    case .stopped: .stopped
    case .pin: .pin
    case .routeWritten: .routeWritten
    case .remoteIRRCleared: .remoteIRRCleared
    case .messageSent: .messageSent
    case .externalAcknowledged: .externalAcknowledged
    case .timerWriteIgnored: .timerWriteIgnored
    case .paravirtualCall: .paravirtualCall
    case .intercepted: .intercepted
    case .synicMessage: .synicMessage
    case .synicEvent: .synicEvent
    case .syntheticTimerExpired: .syntheticTimerExpired
    case .protectionChanged: .protectionChanged
    case .overlayChanged: .overlayChanged
    case .tlbLockChanged: .tlbLockChanged
    case .flushWaits: .flushWaits
    case .eventInjected: .eventInjected
    case .connectionChanged: .connectionChanged
    case .guestCrashed: .guestCrashed
    case .guestCrashDetail: .guestCrashDetail
    }
  }
}

/// An `Event` packed into 64 bytes, the form in which the event ring keeps it: `vtlscope_event` of
/// `vtlscope.h`.
public struct EventRecord: Hashable, Sendable {
  /// 1 + the sequence number, so that zeroed memory holds no event.
  public var stamp: UInt64
  public var time: UInt64
  public var journey: UInt64
  public var rip: UInt64
  /// VP 31:0, VTL 39:32 (FFh: no context), kind 47:40, detail 63:48.
  public var place: UInt64
  public var a: UInt64 = 0
  public var b: UInt64 = 0
  public var c: UInt64 = 0

  /// The VTL field of an event that belongs to no context.
  static var noVTL: UInt64 { 0xFF }

  @inline(__always) var detail: UInt16 {
    get { UInt16(truncatingIfNeeded: place &>> 48) }
    set { place.setField(48, 16, UInt64(newValue)) }
  }
  @inline(__always) var lowDetail: UInt8 { UInt8(truncatingIfNeeded: place &>> 48) }
  @inline(__always) var highDetail: UInt8 {
    get { UInt8(truncatingIfNeeded: place &>> 56) }
    set { place.setField(56, 8, UInt64(newValue)) }
  }

  @inline(__always) mutating func set(_ kind: EventKind, _ low: UInt8 = 0, _ high: UInt8 = 0) {
    place = (place & 0xFF_FFFF_FFFF) | UInt64(kind.rawValue) &<< 40 | UInt64(low) &<< 48 | UInt64(high) &<< 56
  }

  public init(_ event: Event) {
    stamp = event.sequence &+ 1
    time = event.time.rawValue
    journey = event.journey.rawValue
    rip = event.rip
    place = Self.noVTL &<< 32
    if let context = event.context {
      place = UInt64(context.vp.rawValue) | UInt64(context.vtl.rawValue) &<< 32
    }
    pack(event.body)
  }

  private mutating func pack(_ body: Event.Body) {
    switch body {
    case .requested(let source, let message, let route): pack(source, message, route)
    case .accepted(let vector, let mode, let acceptance): pack(vector, mode, acceptance)
    case .acknowledged(let vector, let waited):
      set(.acknowledged, vector.rawValue)
      a = waited.rawValue
    case .endOfInterrupt(let vector, let inService):
      set(.endOfInterrupt, vector.rawValue)
      a = inService.rawValue
    case .spuriousEOI: set(.spuriousEOI)
    case .timerExpired(let vector, let due, let isMasked):
      set(.timerExpired, vector.rawValue, isMasked ? 1 : 0)
      a = due.rawValue
    case .halted(let interruptsEnabled): set(.halted, interruptsEnabled ? 1 : 0)
    case .idled(let interruptsEnabled): set(.idled, interruptsEnabled ? 1 : 0)
    case .woke(let after):
      set(.woke)
      a = after.rawValue
    case .vtlSwitched(let from, let to, let reason, let vector):
      set(.vtlSwitched, from.rawValue, to.rawValue)
      a = UInt64(reason.rawValue)
      b = vector.map { UInt64($0.rawValue) + 1 } ?? 0
    case .hypercall, .intercepted, .synicMessage, .synicEvent, .syntheticTimerExpired, .protectionChanged,
      .overlayChanged, .tlbLockChanged, .flushWaits, .eventInjected, .connectionChanged, .guestCrashed,
      .guestCrashDetail:
      packVSM(body)
    case .taskPriorityChanged(let from, let to): set(.taskPriorityChanged, from, to)
    case .exception(let vector, let errorCode, let address):
      set(.exception, vector, errorCode == nil ? 0 : 1)
      a = UInt64(errorCode ?? 0)
      b = address
    case .nmiTaken: set(.nmiTaken)
    case .initialized: set(.initialized)
    case .started(let vector): set(.started, vector.rawValue)
    case .mapRebuilt(let group, let generation, let mode, let reason):
      set(.mapRebuilt, group.rawValue)
      a = UInt64(generation)
      b = UInt64(mode.rawValue)
      c = UInt64(reason.rawValue)
    case .apicBaseChanged(let from, let to):
      set(.apicBaseChanged)
      a = from
      b = to
    case .softwareEnable(let on): set(.softwareEnable, on ? 1 : 0)
    case .apicError(let status): set(.apicError, status)
    case .vtlEnabled(let vtl, let forPartition): set(.vtlEnabled, vtl.rawValue, forPartition ? 1 : 0)
    case .notificationAsserted(let vector): set(.notificationAsserted, vector.rawValue)
    case .command(let kind, let refusal):
      set(.command, kind.rawValue)
      a = UInt64(refusal?.rawValue ?? 0)
    case .stopped(let cause, let status):
      set(.stopped, cause.rawValue)
      a = UInt64(status)
    case .pin, .routeWritten, .remoteIRRCleared, .messageSent, .externalAcknowledged, .timerWriteIgnored,
      .paravirtualCall:
      packDevice(body)
    }
  }

  private mutating func packDevice(_ body: Event.Body) {
    switch body {
    case .pin(let pin, let cause, let outcome, let isHigh):
      set(.pin, pin, isHigh ? 1 : 0)
      a = UInt64(cause.rawValue)
      b = UInt64(outcome.rawValue)
    case .routeWritten(let pin, let from, let to):
      set(.routeWritten, pin)
      a = from.rawValue
      b = to.rawValue
    case .remoteIRRCleared(let pin, let vector, let how):
      set(.remoteIRRCleared, pin, vector.rawValue)
      a = UInt64(how.rawValue)
    case .messageSent(let route, let signal, let fault):
      set(.messageSent)
      detail = route
      a = signal.address
      b = UInt64(signal.data)
      c = UInt64(fault?.rawValue ?? 0)
    case .externalAcknowledged(let vector, let irq, let isSpurious):
      set(.externalAcknowledged, vector.rawValue, irq)
      a = isSpurious ? 1 : 0
    case .timerWriteIgnored(let register, let value):
      set(.timerWriteIgnored, register.rawValue)
      a = value
    case .paravirtualCall(let number, let result, let target):
      set(.paravirtualCall, target == nil ? 0 : 1)
      a = number
      b = UInt64(bitPattern: result)
      c = target.map { UInt64($0.vp.rawValue) | UInt64($0.vtl.rawValue) &<< 32 } ?? 0
    default: preconditionFailure("not a device's event")
    }
  }

  @inline(__always)
  private mutating func pack(
    _ source: InterruptSource, _ message: InterruptMessage, _ route: Event.RouteSummary
  ) {
    set(.requested, source.rawValue, (message.isNarrow ? 1 : 0) | (route.firstTarget == nil ? 0 : 2))
    a = message.command.rawValue
    b = UInt64(route.candidates) &<< 32 | UInt64(route.group.rawValue) &<< 48
    if let target = route.firstTarget {
      b |= UInt64(target.vp.rawValue) | UInt64(target.vtl.rawValue) &<< 56
    }
    c = UInt64(route.delivered) | UInt64(route.rejected) &<< 16
    c |= UInt64(route.reason?.rawValue ?? 0) &<< 32 | UInt64(route.path.rawValue) &<< 40
  }

  @inline(__always)
  private mutating func pack(_ vector: VectorNumber, _ mode: DeliveryMode, _ acceptance: Acceptance) {
    set(.accepted, vector.rawValue, mode.rawValue)
    switch acceptance {
    case .pending: break
    case .merged(let journey):
      a = 1
      b = journey.rawValue
    case .rejected(let reason):
      a = 2
      b = UInt64(reason.rawValue)
    }
  }
}
