import Architecture
import Glibc
import Journal
import Region

/// Random numbers that are the same in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func any<T: FixedWidthInteger>(_: T.Type = T.self) -> T { T(truncatingIfNeeded: next()) }
  mutating func flag() -> Bool { next() & 1 != 0 }
  mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
  mutating func time() -> VirtualTime { VirtualTime(rawValue: next()) }
  mutating func vector() -> VectorNumber { VectorNumber(rawValue: any()) }
  mutating func one<T: CaseIterable>(of _: T.Type = T.self) -> T where T.AllCases == [T] {
    T.allCases[below(T.allCases.count)]
  }
  mutating func maybe<T>(_ value: @autoclosure () -> T) -> T? {
    let made = value()
    return flag() ? made : nil
  }
}

extension Seeded {
  /// A snapshot in which every field is random, within what its type and the machine's counts allow.
  ///
  /// The platform has as much of everything as `shape` has.
  mutating func snapshot(
    vps: Int, vtls: Int, groups: Int, shape: PlatformSnapshot = PlatformSnapshot()
  ) -> Snapshot {
    var contexts: [ContextSnapshot] = []
    for vp in 0..<vps { for vtl in 0..<vtls { contexts.append(context(ContextID(vp, vtl), vps, vtls)) } }
    var all: [GroupSnapshot] = []
    for _ in 0..<groups { all.append(group(vps, vtls)) }
    return Snapshot(
      machine: machine(vps, vtls), contexts: contexts, groups: all, platform: platform(like: shape), memory: memory())
  }

  mutating func machine(_ vps: Int, _ vtls: Int) -> MachineSnapshot {
    var machine = MachineSnapshot(
      vpCount: UInt32(vps), vtlCount: UInt8(vtls), memoryBytes: any(),
      groupEncoding: flag() ? .explicit : .rfc2023(bits: any()))
    machine.epoch = any()
    machine.time = time()
    machine.runState = one()
    machine.stopCause = flag() ? one() : nil
    machine.exitStatus = any()
    machine.enabledVTLs = any()
    machine.instructions = any()
    machine.nextEvent = any()
    machine.undelivered = any()
    machine.mapDisagreements = any()
    machine.idleUntil = flag() ? time() : nil
    machine.paceMilli = any()
    machine.commands = any()
    return machine
  }

  mutating func context(_ id: ContextID, _ vps: Int, _ vtls: Int) -> ContextSnapshot {
    var context = ContextSnapshot(id: id, group: GroupID(rawValue: any()))
    context.isEnabled = flag()
    context.isActive = flag()
    context.activity = one()
    context.since = time()
    for path: WritableKeyPath<ContextSnapshot, UInt64> in [
      \.rip, \.rsp, \.rflags, \.cr0, \.cr3, \.cr4, \.efer, \.apicBase, \.vina, \.assistPage, \.guestOSID,
      \.hypercallPage, \.instructions, \.instruction.low, \.instruction.high, \.timer.deadline,
      \.timer.expired,
      \.timer.expiredWhileMasked, \.counters.accepted, \.counters.merged, \.counters.rejected,
      \.counters.endOfInterrupts, \.counters.spuriousEOIs, \.counters.sent, \.counters.undelivered,
      \.counters.vtlEntries, \.counters.halts, \.counters.exceptions, \.counters.systemManagementInterrupts,
      \.counters.arbitrationsWon, \.timer.mergedTicks, \.timer.ignoredWrites, \.lazyEOIAddress,
    ] { context[keyPath: path] = any() }
    context.codeSelector = any()
    context.instruction.count = UInt8(below(17))
    context.interruptShadow = flag()
    context.nmiPending = any()
    context.nmiBlocked = flag()
    context.initPending = flag()
    context.startupPending = flag() ? vector() : nil
    context.externalPending = flag()
    for i in 0..<64 { context.apic.registers[i] = any() }
    context.pending = vectors()
    context.inService = vectors()
    context.timer.due = flag() ? time() : nil
    context.timer.period = time()
    context.timer.lastMaskedExpiry = flag() ? time() : nil
    context.timer.lastExpiry = flag() ? time() : nil
    context.timer.lastWrite = lastWrite().map { TimerWrite(register: one(), write: $0, isIgnored: flag()) }
    context.initLatch = one()
    context.lazyEOI = one()
    context.lastTaskPriorityWrite = lastWrite()
    context.lastEndOfInterrupt = lastWrite()
    context.lastHalt = lastWrite()
    context.lastInit = flag() ? time() : nil
    context.lastInitSender = flag() ? ContextID(below(vps), below(vtls)) : nil
    context.lastStartup = flag() ? time() : nil
    context.entryReason = flag() ? one() : nil
    context.entryTime = time()
    context.vinaAsserted = flag()
    if flag() {
      context.synic = synic()
      context.syntheticTimers = (0..<4).map { _ in syntheticTimer() }
    }
    context.vsm.secureConfig = [any(), any()]
    context.vsm.isWaitingForTLB = flag()
    for path: WritableKeyPath<VSMSnapshot, UInt64> in [
      \.partitionConfig, \.interceptControl, \.cr0Mask, \.cr4Mask, \.miscEnableMask, \.pendingEvent, \.referenceTSC,
    ] { context.vsm[keyPath: path] = any() }
    return context
  }

  private mutating func synic() -> SynICSnapshot {
    var synic = SynICSnapshot()
    synic.control = any()
    synic.messagePage = any()
    synic.eventPage = any()
    for n in 0..<16 {
      synic.sources[n].register = any()
      synic.sources[n].messageType = any()
      synic.sources[n].isMessagePending = flag()
      synic.sources[n].queued = any()
      synic.sources[n].eventFlags = any()
      synic.sources[n].delivered = any()
      synic.sources[n].dropped = any()
    }
    return synic
  }

  private mutating func syntheticTimer() -> SyntheticTimerSnapshot {
    var timer = SyntheticTimerSnapshot()
    timer.config = any()
    timer.count = any()
    timer.due = flag() ? time() : nil
    timer.lastExpiry = flag() ? time() : nil
    timer.expired = any()
    timer.skipped = any()
    timer.isWaiting = flag()
    return timer
  }

  /// Each vector with some probability, highest first.
  mutating func vectors() -> [VectorState] {
    let share = [0, 1, 16, 256][below(4)]
    var all: [VectorState] = []
    for vector in (0..<256).reversed() where below(256) < share {
      all.append(
        VectorState(
          vector: VectorNumber(vector), since: time(), journey: JourneyID(rawValue: any()),
          isLevelTriggered: flag()))
    }
    return all
  }

  mutating func lastWrite() -> LastWrite? {
    let write = LastWrite(time: time(), rip: any(), value: any())
    return flag() ? write : nil
  }

  mutating func group(_ vps: Int, _ vtls: Int) -> GroupSnapshot {
    var group = GroupSnapshot(id: GroupID(rawValue: any()), vtl: VTL(below(vtls)))
    group.generation = any()
    group.builtAt = time()
    group.logicalMode = one()
    group.logicalModeReason = one()
    group.members = any()
    group.hardwareEnabled = any()
    group.softwareEnabled = any()
    group.duplicateIDs = any()
    for _ in 0..<below(vps * 2) { group.physical.append(MapEntry(key: any(), vp: VPIndex(below(vps)))) }
    for _ in 0..<below(vps * 8) { group.logical.append(MapEntry(key: any(), vp: VPIndex(below(vps)))) }
    return group
  }
}

extension PlatformSnapshot {
  /// An IOAPIC for each number of pins, so many message routes, and all the other devices.
  static func shape(pins: [Int], routes: Int) -> PlatformSnapshot {
    var platform = PlatformSnapshot()
    platform.ioapics = pins.map { count in
      IOAPICSnapshot(id: 0, version: 0, base: 0, pins: (0..<count).map { PinSnapshot(index: UInt8($0)) })
    }
    let signal = MessageSignal(address: 0, data: 0)
    platform.messageRoutes = (0..<routes).map { _ in
      MessageRouteSnapshot(device: "", isEnabled: false, signal: signal, group: GroupID(0))
    }
    platform.serial = SerialSnapshot()
    return platform
  }
}

extension Seeded {
  mutating func memory() -> MemorySnapshot {
    var memory = MemorySnapshot()
    for _ in 0..<below(4) {
      memory.protections.append(
        ProtectionRun(
          vtl: VTL(below(3)), firstPage: next(), count: next(),
          access: UInt8(below(16))))
    }
    for kind in OverlayKind.allCases {
      memory.overlays.append(
        OverlaySnapshot(
          kind: kind, context: ContextID(vp: VPIndex(below(9)), vtl: VTL(1)), page: next(),
          isWritable: kind == .assist))
    }
    (memory.droppedProtections, memory.droppedOverlays) = (next(), next())
    (memory.intercepts, memory.interceptWaits) = (next(), next())
    memory.interceptedPorts = UInt32(below(65_537))
    return memory
  }

  /// Every field random; as many of each as in `shape`. Of the devices beside, any.
  mutating func platform(like shape: PlatformSnapshot) -> PlatformSnapshot {
    var platform = shape
    for i in platform.ioapics.indices {
      platform.ioapics[i] = IOAPICSnapshot(
        id: any(), version: any(), base: any(), firstInterrupt: any(),
        pins: shape.ioapics[i].pins.map { pin(Int($0.index)) })
    }
    for i in platform.messageRoutes.indices { platform.messageRoutes[i] = messageRoute() }
    guard shape.serial != nil else { return platform }
    platform.pic = flag() ? pic() : nil
    platform.pit = flag() ? pit() : nil
    platform.serial = serial()
    return platform
  }

  /// At most 24 bytes of UTF-8.
  mutating func name() -> String {
    ["", "serial", "periodic", "a name of 24 characters.", "\u{1B}[31m", "æøå€😀"][below(6)]
  }

  mutating func pin(_ index: Int) -> PinSnapshot {
    var pin = PinSnapshot(
      index: UInt8(index), entry: RedirectionEntry(rawValue: any()), group: GroupID(rawValue: any()))
    pin.device = name()
    pin.isLineHigh = flag()
    pin.lineSince = time()
    pin.remoteIRRSince = time()
    pin.lastSent = flag() ? time() : nil
    pin.lastJourney = JourneyID(rawValue: any())
    pin.lastWasDelivered = flag()
    pin.lastEndOfInterrupt = flag() ? time() : nil
    pin.lastMaskedEdge = flag() ? time() : nil
    pin.lastUnmask = flag() ? time() : nil
    pin.lastWrite = lastWrite()
    for path: WritableKeyPath<PinCounters, UInt64> in [
      \.raised, \.sent, \.undelivered, \.coalesced, \.maskedEdges, \.endOfInterrupts,
    ] { pin.counters[keyPath: path] = any() }
    return pin
  }

  mutating func messageRoute() -> MessageRouteSnapshot {
    var route = MessageRouteSnapshot(
      device: name(), isEnabled: flag(), signal: MessageSignal(address: any(), data: any()),
      group: GroupID(rawValue: any()))
    route.sent = any()
    route.undelivered = any()
    route.malformed = any()
    route.lastFault = flag() ? one() : nil
    route.lastSent = flag() ? time() : nil
    route.lastJourney = JourneyID(rawValue: any())
    return route
  }

  mutating func pic() -> PICSnapshot {
    var pic = PICSnapshot(master: chip(), slave: chip())
    pic.isOutputHigh = flag()
    pic.acknowledged = any()
    pic.spurious = any()
    return pic
  }

  mutating func chip() -> PICChipSnapshot {
    var chip = PICChipSnapshot()
    for path: WritableKeyPath<PICChipSnapshot, UInt8> in [
      \.requests, \.inService, \.mask, \.lines, \.levelTriggered, \.vectorBase,
    ] { chip[keyPath: path] = any() }
    chip.isAutoEOI = flag()
    chip.isInitialized = flag()
    return chip
  }

  mutating func pit() -> PITSnapshot {
    var pit = PITSnapshot()
    pit.mode = UInt8(below(6))
    pit.reload = UInt32(below(65_537))
    pit.due = flag() ? time() : nil
    pit.period = time()
    pit.expired = any()
    return pit
  }

  mutating func serial() -> SerialSnapshot {
    var serial = SerialSnapshot()
    for path: WritableKeyPath<SerialSnapshot, UInt8> in [
      \.interruptEnable, \.interruptIdentification, \.lineControl, \.modemControl, \.lineStatus, \.trigger,
    ] { serial[keyPath: path] = any() }
    serial.waiting = UInt8(below(17))
    for path: WritableKeyPath<SerialSnapshot, UInt64> in [\.received, \.transmitted, \.overruns, \.disconnected] {
      serial[keyPath: path] = any()
    }
    serial.typed = any()
    return serial
  }
}

/// A directory of its own for one test, removed with what is in it.
final class Scratch {
  let directory: RegionDirectory
  private let parent: String

  init() {
    var template = Array("/tmp/vtlscope-tests-XXXXXX".utf8CString)
    parent = String(cString: mkdtemp(&template))
    directory = RegionDirectory(path: "\(parent)/regions")
  }

  /// A path beside the directory of regions.
  func path(_ name: String) -> String { "\(parent)/\(name)" }

  deinit {
    for path in [directory.path, parent] {
      if let stream = opendir(path) {
        while let entry = readdir(stream) {
          let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
          }
          unlink("\(path)/\(name)")
        }
        closedir(stream)
      }
      rmdir(path)
    }
  }

  /// The bytes of a file.
  static func bytes(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    precondition(count == bytes.count)
    return bytes
  }

  static func write(_ bytes: [UInt8], to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    precondition(count == bytes.count)
  }
}
