import Architecture
import Journal

/// The local APIC of one context: one VTL of one VP.
///
/// A value: nothing here calls out. A register write changes the APIC and returns an `APICEffect` that says
/// what the machine must do. Interrupts come in through `accept` and `raise` and go out through
/// `acknowledge`. An APIC whose VTL is not active works like any other. SDM Vol. 3A, chapter 12 (the edition
/// that counts the APIC as chapter 12); TLFS, "Virtual Secure Mode", for one APIC per VTL.
public struct LocalAPIC: Sendable {
  public let context: ContextID
  public let group: GroupID
  /// The x2APIC ID, and in its low byte the xAPIC ID after power-up.
  public let initialID: ApicID
  public let isBootstrap: Bool
  /// Firmware hands every processor over in x2APIC mode where an ID is 255 or more (SDM Vol. 3A, 12.12.8).
  public let powersUpInX2APIC: Bool

  public let version: APICVersion
  /// Bits of a guest physical address; the base address must fit.
  public var physicalAddressBits: Int = 40
  /// CPUID.1:ECX[21]. Without it EXTD is a reserved bit.
  public var offersX2APIC = true
  /// CPUID.1:ECX[24]. Without it IA32_TSC_DEADLINE is not there, and bit 18 of the timer's entry is reserved.
  public var offersDeadline = true

  /// IA32_APIC_BASE. `writeBase` changes it.
  public internal(set) var base: APICBase
  /// The ID register in xAPIC mode, an 8-bit number that the guest may rewrite.
  var xAPICID: UInt8
  /// The LDR and DFR registers as written; x2APIC mode computes the LDR from the ID and has no DFR.
  var xAPICLogicalDestination: UInt32 = 0
  var destinationFormat: UInt32 = .max
  public internal(set) var spuriousVector: SpuriousVector
  /// All eight bits of the TPR. CR8 is bits 7:4.
  public internal(set) var taskPriority: UInt8 = 0
  var command = InterruptCommand(rawValue: 0)
  var localVectors: InlineArray<7, LocalVectorEntry> = InlineArray(repeating: .reset)

  public internal(set) var requests = VectorSet()
  public internal(set) var service = VectorSet()
  public internal(set) var triggerModes = VectorSet()
  /// The IRR bits with their stories, lowest vector first.
  var pendingVectors: [VectorState] = []
  /// The ISR bits with their stories. Only a higher vector interrupts a lower one, so this is a stack.
  var servedVectors: [VectorState] = []

  /// PPR and the answer to `highestDeliverable`, kept with every change of IRR, ISR and TPR.
  public internal(set) var processorPriority: UInt8 = 0
  /// 0 is none: vectors below 16 are never pending.
  var deliverable: UInt8 = 0

  /// ESR as software reads it, and the errors since it was last written.
  public internal(set) var errorStatus = APICErrorStatus()
  var newErrors = APICErrorStatus()
  /// An error of a kind that is new since ESR was last written: the error interrupt has not been raised for it.
  public internal(set) var needsErrorInterrupt = false

  var timer = APICTimer()

  public internal(set) var lazyEOI = LazyEndOfInterrupt()
  /// The highest vector in service was taken since the last EOI.
  var isServiceFresh = false

  /// NMIs that wait, 0 to 2.
  public internal(set) var nmiPending: UInt8 = 0
  public internal(set) var initPending = false
  /// The vector of a SIPI that waits: the processor starts at it x 1000h.
  public internal(set) var startupPending: VectorNumber?
  /// The journeys of the newest NMI, INIT and SIPI.
  var nmiJourney = JourneyID.none
  var initJourney = JourneyID.none
  var startupJourney = JourneyID.none

  var pins = LocalPins()

  /// What the APIC counts; `vtlEntries`, `halts` and `exceptions` are counted by the machine.
  public var counters = ContextCounters()
  public internal(set) var lastTaskPriorityWrite: LastWrite?
  public internal(set) var lastEndOfInterrupt: LastWrite?

  public init(
    id: ApicID, context: ContextID, group: GroupID, isBootstrap: Bool, powersUpInX2APIC: Bool = false,
    version: APICVersion = .standard
  ) {
    self.context = context
    self.group = group
    initialID = id
    self.isBootstrap = isBootstrap
    self.powersUpInX2APIC = powersUpInX2APIC
    self.version = version
    base = APICBase(rawValue: 0)
    xAPICID = 0
    spuriousVector = .reset
    reset(.powerUp)
  }

  /// Starts over. Counters, and the stamps of the last TPR and EOI writes, go on.
  public mutating func reset(_ kind: APICReset) {
    if kind == .powerUp {
      base = APICBase(rawValue: APICBase.defaultAddress.rawValue)
      base.isBootstrap = isBootstrap
      base.mode = powersUpInX2APIC ? .x2APIC : .xAPIC
      xAPICID = UInt8(truncatingIfNeeded: initialID.rawValue)
    }
    taskPriority = 0
    resetRegisters()
    lazyEOI = LazyEndOfInterrupt()
    nmiPending = 0
    initPending = false
    startupPending = nil
  }

  /// Everything of SDM Vol. 3A, 12.4.7.1 but the ID, the base and the TPR.
  mutating func resetRegisters() {
    xAPICLogicalDestination = 0
    destinationFormat = .max
    spuriousVector = .reset
    // The secure kernel expects its APIC enabled (as Hyper-V and OpenHCL have it for VTL 1 and above).
    spuriousVector.isSoftwareEnabled = context.vtl > .vtl0
    command = InterruptCommand(rawValue: 0)
    localVectors = InlineArray(repeating: .reset)
    requests = VectorSet()
    service = VectorSet()
    isServiceFresh = false
    triggerModes = VectorSet()
    pendingVectors.removeAll(keepingCapacity: true)
    servedVectors.removeAll(keepingCapacity: true)
    errorStatus = []
    newErrors = []
    needsErrorInterrupt = false
    timer.reset()
    pins.hasMessage = false
    pins.due = 0
    updatePins()
    updatePriority()
  }

  @inline(__always) public var mode: APICMode { base.mode }
  /// IA32_APIC_BASE.EN: it is in the maps, and NMI, INIT and SIPI reach it.
  @inline(__always) public var isHardwareEnabled: Bool { base.rawValue.bit(11) }
  /// And SVR bit 8: fixed and lowest-priority interrupts are accepted as well.
  @inline(__always) public var isSoftwareEnabled: Bool {
    isHardwareEnabled && spuriousVector.isSoftwareEnabled
  }

  /// The highest vector in the IRR if its class is above PPR's. Only the highest counts: if it is held back,
  /// so is everything below it (SDM Vol. 3A, 12.8.3).
  @inline(__always) public var highestDeliverable: VectorNumber? {
    deliverable == 0 ? nil : VectorNumber(rawValue: deliverable)
  }

  /// Computes PPR and the deliverable vector again.
  mutating func updatePriority() {
    processorPriority = Interrupts.processorPriority(
      taskPriority: taskPriority, inService: service.highest?.rawValue ?? 0)
    guard let top = requests.highest, isDeliverable(top, above: processorPriority), isHardwareEnabled else {
      deliverable = 0
      return
    }
    deliverable = top.rawValue
  }
}
