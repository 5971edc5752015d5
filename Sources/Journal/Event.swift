import Architecture

/// Why a VP left one VTL for another.
public enum VTLSwitchReason: UInt8, Hashable, Sendable, CaseIterable {
  /// The lower VTL called (TLFS entry reason 1).
  case call = 1
  /// An interrupt for the higher VTL (TLFS entry reason 2).
  case interrupt = 2
  /// An intercept (TLFS entry reason 3).
  case intercept = 3
  /// The higher VTL returned.
  case `return` = 16
  /// The operator switched.
  case `operator` = 17
}

/// How the logical half of a group's map is addressed.
public enum LogicalMode: UInt8, Hashable, Sendable, CaseIterable {
  /// Every member is software-disabled.
  case unused = 0
  case flat = 1
  case cluster = 2
  case x2APIC = 3
  /// Members disagree or alias: logical destinations take the slow scan.
  case disabled = 4
}

/// Why a logical map is disabled.
public enum LogicalModeReason: UInt8, Hashable, Sendable, CaseIterable {
  case none = 0
  /// Members use different logical modes.
  case mixedModes = 1
  /// A member's LDR has more than one bit, or shares its bit with another member.
  case aliasedLDR = 2
  /// A member is in a group other than 0 (rfc-2023 mode only: bug B9 of the posted patch).
  case groupNotZero = 3
}

/// Why the machine stopped for good.
public enum StopCause: UInt8, Hashable, Sendable, CaseIterable {
  /// The guest wrote the debug-exit port.
  case debugExit = 1
  /// A fault while delivering a double fault: shutdown (SDM Vol. 3A, 6.15).
  case tripleFault = 2
  /// No VP can ever run again and nothing is armed.
  case nothingCanHappen = 3
  /// The time given with `--for` has passed.
  case timeReached = 4
  /// The time given with `--limit` has passed.
  case limitReached = 5
  /// The operator ended the session.
  case quit = 6
  /// The guest asked for a reset: there is no firmware to come back to.
  case guestReset = 7
}

/// One thing that happened, in order, with its place in virtual time.
public struct Event: Hashable, Sendable {
  /// Counts from 0 without a gap.
  public var sequence: UInt64
  public var time: VirtualTime
  /// The interrupt this belongs to, or none.
  public var journey: JourneyID
  /// Where it happened: a context, or nil for the machine and the operator.
  public var context: ContextID?
  /// The RIP of that context's VP at the time, when `context` was running; else 0.
  public var rip: UInt64
  public var body: Body

  public init(
    sequence: UInt64 = 0, time: VirtualTime = .zero, journey: JourneyID = .none, context: ContextID? = nil,
    rip: UInt64 = 0, _ body: Body
  ) {
    self.sequence = sequence
    self.time = time
    self.journey = journey
    self.context = context
    self.rip = rip
    self.body = body
  }

  public enum Body: Hashable, Sendable {
    /// A request was sent and resolved. `context` is the sender, or nil.
    case requested(InterruptSource, InterruptMessage, RouteSummary)
    /// A local APIC was reached. `context` is the target.
    case accepted(VectorNumber, DeliveryMode, Acceptance)
    /// IRR to ISR; it had waited in the IRR for `waited`.
    case acknowledged(VectorNumber, waited: VirtualTime)
    /// The handler wrote EOI; the ISR bit had been set for `inService`.
    case endOfInterrupt(VectorNumber, inService: VirtualTime)
    /// An EOI while nothing was in service.
    case spuriousEOI
    /// The local APIC timer reached its due time; masked expiries deliver nothing.
    case timerExpired(VectorNumber, due: VirtualTime, isMasked: Bool)
    case halted(interruptsEnabled: Bool)
    /// HV_X64_MSR_GUEST_IDLE was read.
    case idled(interruptsEnabled: Bool)
    case woke(after: VirtualTime)
    case vtlSwitched(from: VTL, to: VTL, VTLSwitchReason, VectorNumber?)
    case hypercall(HypercallSummary)
    case taskPriorityChanged(from: UInt8, to: UInt8)
    case exception(vector: UInt8, errorCode: UInt32?, address: UInt64)
    case nmiTaken
    /// INIT was processed: the context is reset and waits for a SIPI.
    case initialized
    /// A SIPI was processed: execution starts at `vector` x 1000h.
    case started(VectorNumber)
    case mapRebuilt(GroupID, generation: UInt32, LogicalMode, LogicalModeReason)
    case apicBaseChanged(from: UInt64, to: UInt64)
    case softwareEnable(Bool)
    case apicError(status: UInt8)
    case vtlEnabled(VTL, forPartition: Bool)
    case notificationAsserted(VectorNumber)
    case command(CommandKind, refusal: CommandRefusal?)
    case stopped(StopCause, status: UInt32)
    /// A pin of the IOAPIC was looked at; the request it sent follows, with the same journey.
    case pin(UInt8, PinCause, PinOutcome, isHigh: Bool)
    /// An entry of the redirection table was written.
    case routeWritten(pin: UInt8, from: RedirectionEntry, to: RedirectionEntry)
    /// A pin may send again.
    case remoteIRRCleared(pin: UInt8, VectorNumber, RemoteIRRClearing)
    /// A device wrote its message, by the number of its route; the request follows, with the same journey, unless the
    /// write was none.
    case messageSent(route: UInt16, MessageSignal, fault: MessageFault?)
    /// The processor took an interrupt from the 8259 (ExtINT): INTA.
    case externalAcknowledged(VectorNumber, irq: UInt8, isSpurious: Bool)
    /// A write to the local APIC timer that its mode did not let do anything.
    case timerWriteIgnored(TimerRegister, value: UInt64)
    /// A hypercall of KVM's ABI: its number, what it returned, and for a directed yield whom it was for. What it sent is
    /// a request of its own.
    case paravirtualCall(number: UInt64, result: Int64, target: ContextID?)
    /// `context` did what a higher VTL wants to hear of first; the instruction has not happened.
    case intercepted(InterceptSummary)
    /// A message for one of the synthetic interrupt sources of `context`.
    case synicMessage(sint: UInt8, type: UInt32, MessageOutcome)
    /// An event flag; one that was set already raises no interrupt.
    case synicEvent(sint: UInt8, flag: UInt16, isNew: Bool)
    /// A synthetic timer reached its due time. `target` is the vector in direct mode, else the SINT.
    case syntheticTimerExpired(index: UInt8, due: VirtualTime, isDirect: Bool, target: UInt8)
    /// What `vtl` may do with `count` pages from `firstPage` on has changed: read 0, write 1, kernel execute 2, user
    /// execute 3.
    case protectionChanged(VTL, firstPage: UInt64, count: UInt64, access: UInt8)
    case overlayChanged(OverlayKind, VTL, page: UInt64, isMapped: Bool)
    /// `context` has locked the TLB of its VP against flushes by a lower VTL, or has let go.
    case tlbLockChanged(VTL, isLocked: Bool)
    /// The hypercall of `context` waits: it would flush a TLB that this context has locked.
    case flushWaits(ContextID)
    /// A higher VTL gives an exception to this one, to be taken when it runs next.
    case eventInjected(VTL, vector: UInt8, errorCode: UInt32?)
    /// `context` has made or broken a connection to a port, or was refused to.
    case connectionChanged(ConnectionSummary)
    /// The guest says that it has crashed: bits 63:56 of HV_X64_MSR_CRASH_CTL, and P0 to P2.
    case guestCrashed(flags: UInt8, UInt64, UInt64, UInt64)
    /// P3 and P4 of the crash before, which are where a message is, and its size, when there is one.
    case guestCrashDetail(hasMessage: Bool, UInt64, UInt64)
  }

  /// What the log keeps of a `Route`.
  public struct RouteSummary: Hashable, Sendable {
    public var group: GroupID
    public var path: RoutePath
    public var candidates: UInt16
    public var delivered: UInt16
    public var rejected: UInt16
    public var reason: Rejection?
    public var firstTarget: ContextID?

    public init(
      group: GroupID, path: RoutePath, candidates: UInt16, delivered: UInt16, rejected: UInt16, reason: Rejection?,
      firstTarget: ContextID?
    ) {
      self.group = group
      self.path = path
      self.candidates = candidates
      self.delivered = delivered
      self.rejected = rejected
      self.reason = reason
      self.firstTarget = firstTarget
    }

    public init(_ route: Route) {
      let first: ContextID? =
        switch route.targets {
        case .none: nil
        case .one(let id): id
        case .many(let all): all.first
        }
      self.init(
        group: route.group, path: route.path, candidates: UInt16(clamping: route.candidates),
        delivered: UInt16(clamping: route.count), rejected: UInt16(clamping: route.rejected), reason: route.reason,
        firstTarget: first)
    }
  }
}
