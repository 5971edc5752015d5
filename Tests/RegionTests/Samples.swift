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
  mutating func snapshot(vps: Int, vtls: Int, groups: Int) -> Snapshot {
    var contexts: [ContextSnapshot] = []
    for vp in 0..<vps { for vtl in 0..<vtls { contexts.append(context(ContextID(vp, vtl), vps, vtls)) } }
    var all: [GroupSnapshot] = []
    for _ in 0..<groups { all.append(group(vps, vtls)) }
    return Snapshot(machine: machine(vps, vtls), contexts: contexts, groups: all)
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
      \.counters.vtlEntries, \.counters.halts, \.counters.exceptions,
    ] { context[keyPath: path] = any() }
    context.codeSelector = any()
    context.instruction.count = UInt8(below(17))
    context.interruptShadow = flag()
    context.nmiPending = any()
    context.nmiBlocked = flag()
    context.initPending = flag()
    context.startupPending = flag() ? vector() : nil
    for i in 0..<64 { context.apic.registers[i] = any() }
    context.pending = vectors()
    context.inService = vectors()
    context.timer.due = flag() ? time() : nil
    context.timer.period = time()
    context.timer.lastMaskedExpiry = flag() ? time() : nil
    context.lastTaskPriorityWrite = lastWrite()
    context.lastEndOfInterrupt = lastWrite()
    context.lastHalt = lastWrite()
    context.lastInit = flag() ? time() : nil
    context.lastInitSender = flag() ? ContextID(below(vps), below(vtls)) : nil
    context.lastStartup = flag() ? time() : nil
    context.entryReason = flag() ? one() : nil
    context.entryTime = time()
    context.vinaAsserted = flag()
    return context
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
