import Architecture

/// One consistent image of the machine, as values: what the inspector draws and what diagnosis explains.
public struct Snapshot: Hashable, Sendable {
  public var machine: MachineSnapshot
  /// Ordered by VP, then VTL. A context whose VTL is not enabled on its VP is present with `isEnabled` false.
  public var contexts: [ContextSnapshot]
  public var groups: [GroupSnapshot]
  /// The interrupt hardware outside of the local APICs.
  public var platform: PlatformSnapshot
  /// What the VTLs may do with guest memory, and what lies over it.
  public var memory: MemorySnapshot

  public init(
    machine: MachineSnapshot, contexts: [ContextSnapshot], groups: [GroupSnapshot],
    platform: PlatformSnapshot = PlatformSnapshot(), memory: MemorySnapshot = MemorySnapshot()
  ) {
    self.machine = machine
    self.contexts = contexts
    self.groups = groups
    self.platform = platform
    self.memory = memory
  }

  public subscript(id: ContextID) -> ContextSnapshot? {
    // Contexts are dense and ordered, so the place is known; checked because a region is not trusted.
    let index = id.vp.index * Int(machine.vtlCount) + id.vtl.index
    guard id.vtl.index < Int(machine.vtlCount), contexts.indices.contains(index), contexts[index].id == id else {
      return contexts.first { $0.id == id }
    }
    return contexts[index]
  }
}

/// How APIC groups are told apart.
public enum GroupEncoding: Hashable, Sendable {
  /// By an integer stored beside each local APIC.
  case explicit
  /// By the high bits of the APIC ID, exactly as "KVM_CAP_APIC_ID_GROUPS" was posted in 2023, bugs included.
  case rfc2023(bits: UInt8)
}

public enum RunState: UInt8, Hashable, Sendable, CaseIterable {
  case running = 0
  /// Stopped by the operator; `run` goes on.
  case paused = 1
  /// Over; see `stopCause`.
  case stopped = 2
}

/// What is true of the whole machine.
public struct MachineSnapshot: Hashable, Sendable {
  /// Counts frames; every change makes a higher one.
  public var epoch: UInt64
  public var time: VirtualTime
  public var runState: RunState
  public var stopCause: StopCause?
  /// The debug-exit value, with `stopCause` debugExit.
  public var exitStatus: UInt32
  public var vpCount: UInt32
  public var vtlCount: UInt8
  /// VTLs enabled for the partition, bit n for VTL n.
  public var enabledVTLs: UInt16
  public var groupEncoding: GroupEncoding
  public var memoryBytes: UInt64
  /// Instructions retired by all VPs.
  public var instructions: UInt64
  /// The sequence number the next event will get.
  public var nextEvent: UInt64
  /// Requests that reached nobody, since power-on.
  public var undelivered: UInt64
  /// Disagreements that the map check found; stays 0.
  public var mapDisagreements: UInt64
  /// All VPs wait and this is when the next thing happens; nil when one runs or nothing is armed.
  public var idleUntil: VirtualTime?
  /// Ticks of virtual time per nanosecond of host time over the last second, in thousandths; 0 when unknown.
  public var paceMilli: UInt32
  /// Events go to the operator's command log as well; this counts commands carried out or refused.
  public var commands: UInt64

  public init(vpCount: UInt32, vtlCount: UInt8, memoryBytes: UInt64, groupEncoding: GroupEncoding = .explicit) {
    epoch = 0
    time = .zero
    runState = .running
    stopCause = nil
    exitStatus = 0
    self.vpCount = vpCount
    self.vtlCount = vtlCount
    enabledVTLs = 1
    self.groupEncoding = groupEncoding
    self.memoryBytes = memoryBytes
    instructions = 0
    nextEvent = 0
    undelivered = 0
    mapDisagreements = 0
    idleUntil = nil
    paceMilli = 0
    commands = 0
  }
}

/// What a context is doing, by the architecture (TLFS: activity state; SDM: activity state).
public enum Activity: UInt8, Hashable, Sendable, CaseIterable {
  /// It has instructions to run, whether or not its VP is running them now.
  case running = 0
  case halted = 1
  /// INIT was processed, or it is an AP after power-on.
  case waitForStartup = 2
  /// Shut down after a triple fault.
  case shutdown = 3
  /// It read HV_X64_MSR_GUEST_IDLE: an interrupt that it could take ends it, whatever RFLAGS.IF says (TLFS, "Virtual
  /// Processor Idle Sleep State").
  case idle = 4

  /// It runs, or an interrupt makes it.
  @inline(__always) public var isStarted: Bool {
    switch self {
    case .running, .halted, .idle: true
    case .waitForStartup, .shutdown: false
    }
  }

  /// It does nothing until an interrupt.
  @inline(__always) public var isAsleep: Bool { self == .halted || self == .idle }

  public var text: String {
    switch self {
    case .running: "running"
    case .halted: "halted"
    case .waitForStartup: "waits for SIPI"
    case .shutdown: "shut down"
    case .idle: "idle"
    }
  }
}

/// One vector that waits in an IRR, or is being served in an ISR.
public struct VectorState: Hashable, Sendable {
  public var vector: VectorNumber
  public var since: VirtualTime
  public var journey: JourneyID
  public var isLevelTriggered: Bool

  public init(vector: VectorNumber, since: VirtualTime, journey: JourneyID, isLevelTriggered: Bool) {
    self.vector = vector
    self.since = since
    self.journey = journey
    self.isLevelTriggered = isLevelTriggered
  }
}

/// A write worth remembering: when, from which RIP, what.
public struct LastWrite: Hashable, Sendable {
  public var time: VirtualTime
  public var rip: UInt64
  public var value: UInt64

  public init(time: VirtualTime, rip: UInt64, value: UInt64) {
    self.time = time
    self.rip = rip
    self.value = value
  }
}

/// The local APIC timer, beyond its registers.
public struct TimerSnapshot: Hashable, Sendable {
  /// When it expires next; nil when it is not armed.
  public var due: VirtualTime?
  /// The period, or the one-shot span, of the running count; zero in TSC-deadline mode.
  public var period: VirtualTime
  public var deadline: UInt64
  public var expired: UInt64
  public var expiredWhileMasked: UInt64
  public var lastMaskedExpiry: VirtualTime?
  /// The last expiry, masked or not.
  public var lastExpiry: VirtualTime?
  /// Expiries that found their vector pending already, and those of a periodic timer that came too late to be told
  /// apart: ticks that the guest never sees.
  public var mergedTicks: UInt64
  public var lastWrite: TimerWrite?
  /// Writes that the mode did not let do anything.
  public var ignoredWrites: UInt64

  public init() {
    due = nil
    period = .zero
    deadline = 0
    expired = 0
    expiredWhileMasked = 0
    lastMaskedExpiry = nil
    lastExpiry = nil
    mergedTicks = 0
    lastWrite = nil
    ignoredWrites = 0
  }
}

/// What is counted of a context since power-on.
public struct ContextCounters: Hashable, Sendable {
  public var accepted: UInt64 = 0
  public var merged: UInt64 = 0
  public var rejected: UInt64 = 0
  public var endOfInterrupts: UInt64 = 0
  public var spuriousEOIs: UInt64 = 0
  /// Requests sent through its ICR, and how many of them reached nobody.
  public var sent: UInt64 = 0
  public var undelivered: UInt64 = 0
  public var vtlEntries: UInt64 = 0
  public var halts: UInt64 = 0
  public var exceptions: UInt64 = 0
  /// SMIs that reached it: recorded, and turned down, as the core has no system management mode.
  public var systemManagementInterrupts: UInt64 = 0
  /// Lowest-priority requests that arbitration gave to it.
  public var arbitrationsWon: UInt64 = 0
  public init() {}
}

/// Up to 16 bytes of code, in memory order: byte i is bits 8i+7:8i of the pair `low`, `high`.
public struct InstructionBytes: Hashable, Sendable {
  public var low: UInt64 = 0
  public var high: UInt64 = 0
  public var count: UInt8 = 0
  public init() {}

  /// Takes the first 16 of `bytes`.
  public init(_ bytes: [UInt8]) {
    for byte in bytes.prefix(16) {
      let shift = UInt64(8 * (count & 7))
      if count < 8 { low |= UInt64(byte) << shift } else { high |= UInt64(byte) << shift }
      count += 1
    }
  }

  public subscript(i: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (i < 8 ? low : high) &>> UInt64(8 * (i & 7)))
  }
}

/// One VTL of one VP.
public struct ContextSnapshot: Hashable, Sendable {
  public var id: ContextID
  public var group: GroupID
  /// The VTL is enabled on this VP. A context that is not has no state worth reading.
  public var isEnabled: Bool
  /// This is the VTL the VP is in. The others of the VP are inactive, whatever their `activity`.
  public var isActive: Bool
  public var activity: Activity
  /// Since when `isActive` and `activity` have been what they are.
  public var since: VirtualTime

  public var rip: UInt64
  public var rsp: UInt64
  public var rflags: UInt64
  public var cr0: UInt64
  public var cr3: UInt64
  public var cr4: UInt64
  public var efer: UInt64
  public var codeSelector: UInt16
  /// The bytes at RIP, as far as they could be read.
  public var instruction: InstructionBytes
  public var interruptShadow: Bool
  public var nmiPending: UInt8
  public var nmiBlocked: Bool
  public var initPending: Bool
  /// What keeps the pending INIT from being processed.
  public var initLatch: InitLatch
  public var startupPending: VectorNumber?
  /// The 8259 has an interrupt for it: at a pin in ExtINT mode, or told by a message.
  public var externalPending: Bool

  public var apicBase: UInt64
  public var apic: APICPage
  /// IRR bits, highest vector first.
  public var pending: [VectorState]
  /// ISR bits, highest vector first.
  public var inService: [VectorState]
  public var timer: TimerSnapshot
  public var lastTaskPriorityWrite: LastWrite?
  /// `value` is the vector, or 0 when nothing was in service.
  public var lastEndOfInterrupt: LastWrite?
  public var lastInit: VirtualTime?
  public var lastInitSender: ContextID?
  public var lastStartup: VirtualTime?
  /// How it halted: RIP after HLT and RFLAGS then.
  public var lastHalt: LastWrite?

  /// The VTL below it that was left when it was entered, and why.
  public var entryReason: VTLSwitchReason?
  public var entryTime: VirtualTime
  /// TLFS VsmVina register: vector 7:0, enabled 8, auto-reset 9, auto-EOI 10.
  public var vina: UInt64
  public var vinaAsserted: Bool
  /// The VP_ASSIST_PAGE MSR.
  public var assistPage: UInt64
  public var guestOSID: UInt64
  public var hypercallPage: UInt64
  public var lazyEOI: LazyEOI
  /// Where the lazy EOI's byte is, a guest physical address; 0 while it is off.
  public var lazyEOIAddress: UInt64
  /// Nil while its SynIC is as at power-on.
  public var synic: SynICSnapshot?
  /// Four, or none while they are as at power-on.
  public var syntheticTimers: [SyntheticTimerSnapshot]
  public var vsm: VSMSnapshot

  /// Instructions retired in this context.
  public var instructions: UInt64
  public var counters: ContextCounters

  public init(id: ContextID, group: GroupID) {
    self.id = id
    self.group = group
    isEnabled = false
    isActive = false
    activity = .running
    since = .zero
    rip = 0
    rsp = 0
    rflags = 2
    cr0 = 0
    cr3 = 0
    cr4 = 0
    efer = 0
    codeSelector = 0
    instruction = InstructionBytes()
    interruptShadow = false
    nmiPending = 0
    nmiBlocked = false
    initPending = false
    initLatch = .none
    startupPending = nil
    externalPending = false
    apicBase = 0
    apic = APICPage()
    pending = []
    inService = []
    timer = TimerSnapshot()
    lastTaskPriorityWrite = nil
    lastEndOfInterrupt = nil
    lastInit = nil
    lastInitSender = nil
    lastStartup = nil
    lastHalt = nil
    entryReason = nil
    entryTime = .zero
    vina = 0
    vinaAsserted = false
    assistPage = 0
    guestOSID = 0
    hypercallPage = 0
    lazyEOI = .off
    lazyEOIAddress = 0
    synic = nil
    syntheticTimers = []
    vsm = VSMSnapshot()
    instructions = 0
    counters = ContextCounters()
  }

  /// RFLAGS.IF.
  public var interruptsEnabled: Bool { rflags.bit(9) }
}

/// One entry of a group's map.
public struct MapEntry: Hashable, Sendable {
  /// A physical ID; or a logical slot: cluster in bits 31:16, one bit of bits 15:0.
  public var key: UInt32
  public var vp: VPIndex

  public init(key: UInt32, vp: VPIndex) {
    self.key = key
    self.vp = vp
  }
}

/// One APIC group and its maps.
public struct GroupSnapshot: Hashable, Sendable {
  public var id: GroupID
  /// The VTL whose local APICs are in it.
  public var vtl: VTL
  /// Counts rebuilds.
  public var generation: UInt32
  public var builtAt: VirtualTime
  public var logicalMode: LogicalMode
  public var logicalModeReason: LogicalModeReason
  /// Local APICs of the group that exist, are hardware-enabled, and are software-enabled.
  public var members: UInt32
  public var hardwareEnabled: UInt32
  public var softwareEnabled: UInt32
  /// Physical IDs held by more than one member.
  public var duplicateIDs: UInt32
  /// Ordered by key, then VP. An ID may stand here more than once: it maps to a set.
  public var physical: [MapEntry]
  public var logical: [MapEntry]

  public init(id: GroupID, vtl: VTL) {
    self.id = id
    self.vtl = vtl
    generation = 0
    builtAt = .zero
    logicalMode = .unused
    logicalModeReason = .none
    members = 0
    hardwareEnabled = 0
    softwareEnabled = 0
    duplicateIDs = 0
    physical = []
    logical = []
  }
}
