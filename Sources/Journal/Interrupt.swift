import Architecture

/// One interrupt on its way from its source to its end-of-interrupt. 0 is "none".
public struct JourneyID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  @inline(__always) public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static var none: Self { JourneyID(rawValue: 0) }
}

/// Where an interrupt request comes from.
public enum InterruptSource: UInt8, Hashable, Sendable, CaseIterable {
  /// A write to the ICR, or to SELF IPI, of a local APIC.
  case interruptCommand = 0
  /// A message-signaled interrupt from a device.
  case message = 1
  /// A pin of the IOAPIC.
  case ioapic = 2
  /// The local APIC's own timer.
  case timer = 3
  /// Another entry of the local vector table: LINT0, LINT1, error, thermal, performance.
  case localVector = 4
  /// A Hyper-V hypercall that names its target VTL.
  case hypercall = 5
  /// KVM's send-IPI hypercall, resolved in the caller's group.
  case paravirtual = 6
  /// The operator, through the inspector.
  case `operator` = 7
  /// A virtual interrupt notification assist (VINA): a lower VTL has an interrupt waiting.
  case notificationAssist = 8
  /// A synthetic interrupt source (SINT), or a synthetic timer in direct mode.
  case synthetic = 9
}

/// What is to be delivered, and the address it is sent to.
public struct InterruptMessage: Hashable, Sendable {
  /// All the fields, in the layout of the x2APIC ICR.
  public var command: InterruptCommand
  /// The destination was written in the 8-bit xAPIC form, where FFh is the broadcast.
  ///
  /// False means the 32-bit x2APIC form, where FFFFFFFFh is.
  public var isNarrow: Bool

  public init(_ command: InterruptCommand, isNarrow: Bool) {
    self.command = command
    self.isNarrow = isNarrow
  }

  /// A fixed, edge-triggered, physical message: the common kind.
  public init(vector: VectorNumber, to destination: ApicID, isNarrow: Bool = false) {
    var command = InterruptCommand(rawValue: 0)
    command.vector = vector
    command.isAsserted = true
    command.destination = destination.rawValue
    self.init(command, isNarrow: isNarrow)
  }
}

/// Why a local APIC was not reached, or did not take what reached it.
public enum Rejection: UInt8, Hashable, Sendable, CaseIterable {
  /// No local APIC of the group has the physical ID.
  case noSuchID = 1
  /// This candidate has another physical ID.
  case idDiffers = 2
  /// The logical destination shares no bit with this candidate's LDR, or names another cluster.
  case logicalMismatch = 3
  /// This candidate's LDR is 0, or its DFR is neither flat nor cluster.
  case logicalUnusable = 4
  /// All-but-self leaves the sender out.
  case senderExcluded = 5
  /// IA32_APIC_BASE.EN is 0: the APIC is not there.
  case hardwareDisabled = 6
  /// SVR bit 8 is 0: fixed and lowest-priority requests are not accepted.
  case softwareDisabled = 7
  /// The candidate is in another group than the sender (rfc-2023 mode only).
  case otherGroup = 8
  /// The candidate's group is not 0 (rfc-2023 mode only: bug B3 of the posted patch).
  case groupNotZero = 9
  /// The destination carries group bits that the candidate's ID does not (rfc-2023 mode only: bug B4).
  case groupBitsInDestination = 10
  /// The vector is below 16, illegal for fixed delivery (SDM Vol. 3A, 12.5.2).
  case illegalVector = 11
  /// A reserved delivery mode, or ExtINT through the ICR.
  case unsupportedMode = 12
  /// INIT level de-assert: no APIC since the Pentium 4 acts on it.
  case initDeassert = 13
  /// A SIPI for a VP that does not wait for one.
  case notWaitingForStartup = 14
  /// INIT or SIPI for a lower VTL of a VP that has a higher VTL enabled (TLFS).
  case startupDeniedByVTL = 15
  /// The context does not exist, or its VTL is not enabled on this VP.
  case contextNotEnabled = 16
  /// Lowest-priority arbitration chose another candidate.
  case arbitrationLost = 17
  /// SMIs are recorded but the core has no system management mode.
  case noSystemManagementMode = 18
  /// Lowest priority by vector hashing chose a bit of the destination that no local APIC answers to (rfc-2023 mode only:
  /// the rule of KVM's map).
  case emptyLogicalSlot = 19
}

/// The way a request was resolved.
public enum RoutePath: UInt8, Hashable, Sendable, CaseIterable {
  /// Indexed the group's map.
  case map = 0
  /// Asked every member of the group.
  case scan = 1
  /// Went straight to the sender, or to the context that owns the source.
  case direct = 2
}

/// How one interrupt request finds its local APICs: whom it reached, by which path, and why the others were not.
public struct Route: Hashable, Sendable {
  /// Who was found, in ascending VP order. The common cases need no allocation.
  public enum Targets: Hashable, Sendable {
    case none
    case one(ContextID)
    case many([ContextID])
  }

  public var group: GroupID
  public var path: RoutePath
  public var targets: Targets
  /// How many local APICs were looked at: on the map path only those in the slot.
  public var candidates: Int
  /// The main reason when nobody was found.
  public var reason: Rejection?
  /// How many candidates were turned down.
  public var rejected: Int

  public init(
    group: GroupID, path: RoutePath, targets: Targets, candidates: Int, reason: Rejection? = nil, rejected: Int = 0
  ) {
    self.group = group
    self.path = path
    self.targets = targets
    self.candidates = candidates
    self.reason = reason
    self.rejected = rejected
  }

  public var count: Int {
    switch targets {
    case .none: 0
    case .one: 1
    case .many(let all): all.count
    }
  }

  /// The targets as an array; allocates, so not for the hot path.
  public var contexts: [ContextID] {
    switch targets {
    case .none: []
    case .one(let id): [id]
    case .many(let all): all
    }
  }
}

/// What a local APIC did with a request that reached it.
public enum Acceptance: Hashable, Sendable {
  /// The IRR bit was clear and is set now; or an NMI, INIT or SIPI is pending.
  case pending
  /// The IRR bit was set already: this instance merges with the one named, by design (SDM Vol. 3A, 12.8.4).
  case merged(with: JourneyID)
  case rejected(Rejection)
}
