import Architecture
import CVTLScope
import Glibc
import Journal

/// Writes one machine's frames and events into its region.
///
/// Used by one thread, the machine's.
///
/// A writer that is killed between any two stores leaves a region whose last complete frame, and whose every
/// complete event, can still be read: see the order of stores in `vtlscope.h`.
public final class RegionWriter {
  public let path: String
  public let vpCount: Int
  public let vtlCount: Int
  public let groupCount: Int
  let file: RegionFile
  let base: UnsafeMutableRawPointer
  let header: UnsafeMutablePointer<vtlscope_header>
  /// The bank of the frame under way, and which of the banks it is.
  var bank: UnsafeMutableRawPointer
  var bankIndex = 0
  /// How many IOAPICs, pins and message routes there are, and whether there are other devices.
  let platform: PlatformShape
  /// The generation of every context, then every group, then the platform, that each bank holds.
  private let generations: UnsafeMutableBufferPointer<UInt64>
  private var isClosed = false

  var contextCount: Int { vpCount * vtlCount }

  /// Creates the region of the machine `name` in `directory`.
  ///
  /// `platform` is what every frame's platform looks like: what there is of each in it, and no more.
  /// `ringBytes` is rounded down to a power of two of 64-byte events. Unless `isNamed` the file has no name, and nobody
  /// finds it, before `giveName`: then there is never a region without a frame to be seen.
  public init(
    name: String, vpCount: Int, vtlCount: Int, groupCount: Int, platform: PlatformSnapshot = PlatformSnapshot(),
    symbols: SymbolTable = SymbolTable(), ringBytes: Int = 16 << 20, directory: RegionDirectory = .standard,
    isNamed: Bool = true
  ) throws(RegionError) {
    guard RegionDirectory.isName(name) else { throw .badName(name) }
    guard vpCount >= 1, vpCount <= RegionLimits.contexts, (1...RegionLimits.vtls).contains(vtlCount),
      vpCount * vtlCount <= RegionLimits.contexts, (0...RegionLimits.groups).contains(groupCount)
    else { throw .badSize("\(vpCount) VPs of \(vtlCount) VTLs in \(groupCount) groups") }
    guard (128...(1 << 37)).contains(ringBytes) else { throw .badSize("an event ring of \(ringBytes) bytes") }

    let pool = SymbolPool(symbols)
    var plan = vtlscope_header(name: name, identity: .current())
    plan.vp_count = UInt32(vpCount)
    plan.vtl_count = UInt32(vtlCount)
    plan.group_count = UInt32(groupCount)
    self.platform = PlatformShape(platform)
    guard self.platform.isWithinLimits else { throw .badSize("\(self.platform)") }
    self.platform.setCounts(in: &plan)
    plan.memory.count = 1
    plan.symbols_end = symbols.end
    plan.symbols_dropped = UInt64(pool.dropped)
    let slots = UInt32(1) << UInt32(63 - (ringBytes / MemoryLayout<EventRecord>.size).leadingZeroBitCount)
    vtlscope_plan(&plan, slots, UInt32(pool.records.count), UInt32(pool.strings.count))

    guard let folder = try directory.open(create: true) else {
      throw .io("open", path: directory.path, errno: ENOENT)
    }
    directory.prune(name, in: folder)
    file = try RegionFile(name: "\(name).\(plan.pid)", in: folder, header: plan)
    path = file.path
    base = file.base
    self.vpCount = vpCount
    self.vtlCount = vtlCount
    self.groupCount = groupCount
    header = base.bindMemory(to: vtlscope_header.self, capacity: 1)
    header.pointee = plan
    bank = base
    generations = .allocate(capacity: Int(VTLSCOPE_BANKS) * (vpCount * vtlCount + groupCount + 2))
    generations.initialize(repeating: .max)
    pool.store(at: base, header)
    if isNamed { try file.publish() }
  }

  deinit { generations.deallocate() }

  /// The number of the last complete frame; 0 before the first.
  public var currentFrame: UInt64 { header.pointee.current_frame }

  // MARK: - Frames

  /// Opens the next frame.
  ///
  /// Readers keep seeing the one before until `endFrame`.
  ///
  /// Beginning again without ending drops what was written since; nobody has seen it.
  public func beginFrame() {
    bankIndex = Int((header.pointee.current_frame + 1) % UInt64(VTLSCOPE_BANKS))
    bank = vtlscope_frame_begin(base)
  }

  @inline(__always) private func slot(_ index: Int) -> Int {
    bankIndex * (contextCount + groupCount + 2) + index
  }

  /// Whether this frame's bank holds another generation of the context than the caller's.
  @inline(__always) public func needsContext(_ index: Int, _ generation: UInt64) -> Bool {
    generations[slot(index)] != generation
  }

  @inline(__always) public func needsGroup(_ index: Int, _ generation: UInt64) -> Bool {
    generations[slot(contextCount + index)] != generation
  }

  /// Stores a context.
  ///
  /// `index` is vp x vtlCount + vtl; `generation` changes whenever the context does.
  public func write(context: borrowing ContextSnapshot, index: Int, generation: UInt64) {
    precondition(index >= 0 && index < contextCount, "a context outside of the machine")
    generations[slot(index)] = generation
    store(context, at: index)
  }

  /// Stores a group and its map.
  public func write(group: borrowing GroupSnapshot, index: Int, generation: UInt64) {
    precondition(index >= 0 && index < groupCount, "a group outside of the machine")
    generations[slot(contextCount + index)] = generation
    store(group, at: index)
  }

  @inline(__always) public func needsPlatform(_ generation: UInt64) -> Bool {
    generations[slot(contextCount + groupCount)] != generation
  }

  /// Stores the interrupt hardware outside of the local APICs.
  public func write(platform: borrowing PlatformSnapshot, generation: UInt64) {
    precondition(PlatformShape(copy platform) == self.platform, "another machine's platform")
    generations[slot(contextCount + groupCount)] = generation
    store(platform)
  }

  @inline(__always) public func needsMemory(_ generation: UInt64) -> Bool {
    generations[slot(contextCount + groupCount + 1)] != generation
  }

  /// Stores what the VTLs may do with guest memory.
  public func write(memory: borrowing MemorySnapshot, generation: UInt64) {
    generations[slot(contextCount + groupCount + 1)] = generation
    store(memory)
  }

  /// Makes the frame the current one and returns its number.
  ///
  /// Its VP and VTL counts are the region's.
  @discardableResult
  public func endFrame(machine: MachineSnapshot) -> UInt64 {
    precondition(
      Int(machine.vpCount) == vpCount && Int(machine.vtlCount) == vtlCount, "another machine's frame")
    store(machine)
    return vtlscope_frame_end(base)
  }

  /// Writes a whole frame from a snapshot: what `write` does for each part, for those who have no
  /// generations.
  @discardableResult
  public func write(_ snapshot: Snapshot) -> UInt64 {
    beginFrame()
    for (index, context) in snapshot.contexts.enumerated() {
      write(context: context, index: index, generation: .max)
    }
    for (index, group) in snapshot.groups.enumerated() { write(group: group, index: index, generation: .max) }
    write(platform: snapshot.platform, generation: .max)
    write(memory: snapshot.memory, generation: .max)
    return endFrame(machine: snapshot.machine)
  }

  // MARK: - Events

  /// Appends an event to the ring.
  ///
  /// `event.sequence` must be one more than the event before had, from 0.
  @inline(__always) public func append(_ event: borrowing Event) {
    append(EventRecord(copy event))
  }

  /// Appends a packed event.
  public func append(_ record: EventRecord) {
    let sequence = record.stamp &- 1
    guard let slot = vtlscope_event_begin(base, sequence) else { return }
    let words = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: EventRecord.self)
    words.pointee.time = record.time
    words.pointee.journey = record.journey
    words.pointee.rip = record.rip
    words.pointee.place = record.place
    words.pointee.a = record.a
    words.pointee.b = record.b
    words.pointee.c = record.c
    vtlscope_event_end(base, slot, sequence)
  }

  // MARK: - Life

  /// Says that the writer lives and what it does, at `now` of CLOCK_MONOTONIC in nanoseconds.
  public func beat(_ state: HostState, now: UInt64) {
    vtlscope_beat(base, state.rawValue, now)
  }

  /// Says which part of the last second went into frames, in millionths; 0 is unknown.
  public func note(publishingPPM: UInt32) { vtlscope_cost(base, publishingPPM) }

  /// Lets readers find it; see `init`.
  public func giveName() throws(RegionError) { try file.publish() }

  /// Ends in good order: attached readers see `exited`, and the file is removed.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    vtlscope_store_state(&header.pointee.host_state, HostState.exited.rawValue)
    file.remove()
  }
}
