import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// The virtual machine: VPs with a context per VTL, their local APICs in groups, memory, and one virtual clock.
///
/// Deterministic and single-threaded: the same configuration, image and commands give the same events. Nothing in
/// it reads a host clock or draws a random number. Whoever owns it calls `advance` and, between calls, `perform`
/// and the snapshot functions.
public final class Partition {
  public let configuration: Configuration
  public internal(set) var symbols = SymbolTable()
  public internal(set) var runState = RunState.running
  public internal(set) var stopCause: StopCause?
  public internal(set) var exitStatus: UInt32 = 0
  /// Virtual time now.
  public internal(set) var clock = VirtualTime.zero
  /// The sequence number the next event will get.
  public internal(set) var nextEvent: UInt64 = 0
  public internal(set) var instructions: UInt64 = 0
  public internal(set) var undelivered: UInt64 = 0
  /// Intercepts that a higher VTL was told of, and tries that found nowhere for their message.
  var intercepts: UInt64 = 0
  var interceptWaits: UInt64 = 0
  /// The ports at which VTLs stop those below them: how many there are, and, by who stops, which they are.
  var interceptedPorts: UInt32 = 0
  var portInterceptChanges: UInt64 = 0
  var portMaps: [VTLSet: UnsafeMutablePointer<UInt64>] = [:]
  /// The protected pages, as they were last looked at.
  var protections: (epoch: UInt64, runs: MemorySnapshot) = (0, MemorySnapshot())
  public internal(set) var mapDisagreements: UInt64 = 0
  public internal(set) var commandLog: [CommandRecord] = []
  /// Stops the machine with this cause at this time.
  public var timeLimit: (at: VirtualTime, cause: StopCause)?
  /// Accesses to physical addresses and ports where nothing is.
  public internal(set) var unclaimedAccesses: UInt64 = 0

  /// Receives every event at once, before the next instruction.
  let sink: (Event) -> Void
  /// Receives what the guest writes to its serial port.
  let serialSink: (UInt8) -> Void

  let memory: GuestMemory
  let interpreter: Interpreter
  /// Translates addresses for contexts that do not run; itself it never runs.
  let probe = Processor()
  let vps: UnsafeMutablePointer<VirtualProcessor>
  /// Indexed by VP x vtlCount + VTL, as are `apics` and `synics`.
  let contexts: UnsafeMutablePointer<ContextState>
  let apics: UnsafeMutablePointer<LocalAPIC>
  let synics: UnsafeMutablePointer<SynIC>
  let contextCount: Int
  var routing: GroupRouting
  /// Groups whose maps no longer match the registers, bit n for group n; rebuilt before the next use.
  var staleGroups: UInt8 = 0
  /// Counts changes of each group's map.
  var groupGenerations: [UInt64]

  var hyperV: HyperVPartition
  /// Overlay pages that were ever mapped; what they hold outlives their being unmapped.
  var assistPages: [ContextID: OverlayPage] = [:]
  var hypercallPages: [VTL: OverlayPage] = [:]
  var referenceTSCPages: [VTL: OverlayPage] = [:]
  var messagePages: [ContextID: OverlayPage] = [:]
  var eventPages: [ContextID: OverlayPage] = [:]
  /// The devices, the lines they drive, and where lines and messages go.
  var devices: Devices
  var lineDrivers = [UInt32](repeating: 0, count: IOAPIC.pinCount)
  /// INTR, as it was last told.
  var isInterruptRequested = false
  var ioapic: IOAPIC
  var testMemory = TestMemory()
  var messageRoutes: [MessageRouteSnapshot]
  /// Counts changes of them.
  public internal(set) var platformGeneration: UInt64 = 1
  /// When one of them does something by itself.
  var platformDue = VirtualTime.never

  var nextJourney: UInt64 = 1
  /// The VP to look at first.
  var cursor = 0
  /// VPs that may have something to do, a bit each: `needsEvaluation` or `isRunnable`.
  var ready: [UInt64]
  /// No timer is due before this.
  var earliestDue = VirtualTime.never
  /// Pause as soon as the event count passes this.
  var stepUntil: UInt64?

  /// How many ticks a VP runs before the next one may.
  static var sliceTicks: UInt64 { 1_000 }

  public init(
    _ configuration: Configuration, sink: @escaping (Event) -> Void, serial: @escaping (UInt8) -> Void
  ) throws(MemoryError) {
    precondition(configuration.problem == nil, "the configuration was not checked")
    self.configuration = configuration
    self.sink = sink
    serialSink = serial
    memory = try GuestMemory(size: configuration.memoryBytes)
    interpreter = Interpreter(memory: memory, features: configuration.cpu.features)
    contextCount = configuration.vpCount * configuration.vtlCount
    vps = .allocate(capacity: configuration.vpCount)
    contexts = .allocate(capacity: contextCount)
    apics = .allocate(capacity: contextCount)
    synics = .allocate(capacity: contextCount)
    synics.initialize(repeating: SynIC(), count: contextCount)
    routing = GroupRouting(
      encoding: configuration.groupEncoding,
      groups: (0..<configuration.vtlCount).map { (id: GroupID($0), vtl: VTL($0)) })
    devices = Devices(
      serial: SerialPort(configuration.serialInput),
      firmware: FirmwareConfiguration(vpCount: configuration.vpCount, memoryBytes: configuration.memoryBytes))
    ioapic = Self.makeIOAPIC(configuration)
    messageRoutes = Self.makeMessageRoutes(configuration)
    groupGenerations = Array(repeating: 1, count: configuration.vtlCount)
    ready = Array(repeating: 0, count: (configuration.vpCount + 63) / 64)
    hyperV = HyperVPartition(
      HyperVConfiguration(
        vpCount: configuration.vpCount, maximumVTL: VTL(configuration.vtlCount - 1),
        physicalAddressWidth: Int(CPUIDTable.physicalAddressBits)))
    for vp in 0..<configuration.vpCount { createVP(vp) }
    for group in 0..<configuration.vtlCount { rebuild(GroupID(group)) }
    updatePlatformDue()
  }

  deinit {
    for map in portMaps.values { map.deallocate() }
    vps.deinitialize(count: configuration.vpCount).deallocate()
    contexts.deinitialize(count: contextCount).deallocate()
    apics.deinitialize(count: contextCount).deallocate()
    synics.deinitialize(count: contextCount).deallocate()
  }

  private func createVP(_ vp: Int) {
    (vps + vp).initialize(to: VirtualProcessor(processor: Processor()))
    vps[vp].processor.miscellaneousEnables = vps[vp].enables.rawValue
    setReady(vp, true)
    for vtl in 0..<configuration.vtlCount {
      let id = ContextID(vp, vtl)
      let index = self.index(id)
      // Only VTL0 exists at power-on, and its APs wait for a SIPI (SDM Vol. 3A, 9.4).
      let activity: Activity = vtl == 0 && vp != 0 ? .waitForStartup : .running
      (contexts + index).initialize(to: ContextState(id: id, isEnabled: vtl == 0, activity: activity))
      (apics + index).initialize(
        to: LocalAPIC(
          id: ApicID(vp), context: id, group: group(of: VTL(vtl)), isBootstrap: vp == 0,
          powersUpInX2APIC: configuration.vpCount > 255,
          version: configuration.hasEOIRegister ? .withEOISuppression : .standard))
      (apics + index).pointee.offersX2APIC = configuration.cpu.features.contains(.x2apic)
      (apics + index).pointee.offersDeadline = configuration.cpu.features.contains(.tscDeadline)
    }
  }

  /// The one place where a group's id is made from its VTL's number.
  func group(of vtl: VTL) -> GroupID { GroupID(rawValue: vtl.rawValue) }

  @inline(__always) func index(_ id: ContextID) -> Int { id.vp.index * configuration.vtlCount + id.vtl.index }
  @inline(__always) func apic(_ id: ContextID) -> UnsafeMutablePointer<LocalAPIC> { apics + index(id) }
  @inline(__always) func context(_ id: ContextID) -> UnsafeMutablePointer<ContextState> { contexts + index(id) }
  /// The context a VP is in.
  @inline(__always) func active(_ vp: Int) -> ContextID { ContextID(vp: VPIndex(vp), vtl: vps[vp].activeVTL) }

  @inline(__always) func setReady(_ vp: Int, _ isReady: Bool) {
    if isReady { ready[vp >> 6] |= 1 << UInt64(vp & 63) } else { ready[vp >> 6] &= ~(1 << UInt64(vp & 63)) }
  }

  func exists(_ id: ContextID) -> Bool {
    id.vp.index < configuration.vpCount && id.vtl.index < configuration.vtlCount
  }

  /// Adds to the event log. `rip` is left out for contexts that are not running.
  func record(
    _ body: Event.Body, context: ContextID? = nil, journey: JourneyID = .none, rip: UInt64 = 0
  ) {
    sink(Event(sequence: nextEvent, time: clock, journey: journey, context: context, rip: rip, body))
    nextEvent &+= 1
    if let context { self.context(context).pointee.generation &+= 1 }
  }

  func stop(_ cause: StopCause, status: UInt32 = 0) {
    guard runState != .stopped else { return }
    // The last event says that it is over.
    rebuildStaleGroups()
    runState = .stopped
    stopCause = cause
    exitStatus = status
    record(.stopped(cause, status: status))
  }
}
