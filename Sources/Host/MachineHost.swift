import Architecture
import Journal
import Machine
import Region

/// Runs a partition: paces it, takes the operators' commands, and publishes its state.
///
/// The one owner of the partition. `run` is the whole life of the machine's thread; everything that other threads
/// may touch is the `mailbox`.
public final class MachineHost {
  /// How the run is to be done.
  public struct Options: Sendable {
    public var pace: Pace
    /// Go on showing the last state when the machine has stopped, until asked to quit.
    public var staysAfterStop: Bool
    /// Write frames while it runs. Off only to measure what that costs.
    public var publishes: Bool

    public init(pace: Pace, staysAfterStop: Bool, publishes: Bool = true) {
      self.pace = pace
      self.staysAfterStop = staysAfterStop
      self.publishes = publishes
    }
  }

  public let mailbox: Mailbox
  let partition: Partition
  let region: RegionWriter
  private let options: Options
  private var pacer: Pacer
  private var lastPublished: UInt64 = 0
  private var publishPause = MachineHost.publishInterval
  private var rate: RateMeter
  private var cost: PublishingMeter

  /// How often a running machine is published, in nanoseconds of host time.
  private static var publishInterval: UInt64 { 8_000_000 }
  /// The longest sleep: the heartbeat of an idle or paused machine.
  private static var heartbeatInterval: UInt64 { 100_000_000 }

  public init(_ partition: Partition, region: RegionWriter, mailbox: Mailbox, options: Options) {
    self.partition = partition
    self.region = region
    self.mailbox = mailbox
    self.options = options
    let now = HostClock.now()
    pacer = Pacer(options.pace, virtual: partition.clock, host: now)
    rate = RateMeter(virtual: partition.clock, host: now)
    cost = PublishingMeter(host: now)
  }

  /// Publishes the state before the first instruction, so that there is something to look at.
  public func publishNow() { publish(at: HostClock.now()) }

  /// Runs until the machine has stopped, or until asked to quit. Leaves the last state published.
  public func run() {
    publish(at: HostClock.now())
    while !mailbox.isQuitting {
      takeCommands()
      switch partition.runState {
      case .running: runSome()
      case .paused: rest(nanoseconds: Self.heartbeatInterval)
      case .stopped:
        if !options.staysAfterStop {
          publish(at: HostClock.now())
          return
        }
        rest(nanoseconds: Self.heartbeatInterval)
      }
    }
    publish(at: HostClock.now())
  }

  private func takeCommands() {
    let commands = mailbox.drain()
    guard !commands.isEmpty else { return }
    for command in commands { partition.perform(command) }
    let now = HostClock.now()
    pacer.anchor(virtual: partition.clock, host: now)
    publish(at: now)
  }

  /// About a millisecond of host time: some slices, or the sleep until the next one is allowed.
  private func runSome() {
    let now = HostClock.now()
    let allowed = pacer.allowed(virtual: partition.clock, host: now)
    switch partition.advance(slices: 128, before: allowed) {
    case .ran:
      if partition.clock >= allowed { sleep(until: partition.clock + VirtualTime(ticks: 1)) }
      publishIfDue()
    case .idle(until: nil):
      // Nothing is armed: only an operator can make anything happen.
      if options.staysAfterStop {
        rest(nanoseconds: Self.heartbeatInterval)
      } else {
        partition.stopBecauseNothingCanHappen()
      }
    case .idle(let until?): passIdleTime(until: until)
    case .halted: publish(at: HostClock.now())
    }
  }

  private func passIdleTime(until due: VirtualTime) {
    guard case .factor = options.pace else {
      partition.warp(to: due)
      return publishIfDue()
    }
    let allowed = pacer.allowed(virtual: partition.clock, host: HostClock.now())
    partition.warp(to: min(due, max(allowed, partition.clock)))
    publishIfDue()
    if partition.clock < due { sleep(until: due) }
  }

  /// Sleeps until virtual time may reach `goal`, a millisecond at least: the machine is ahead, and what it sleeps too
  /// long it makes up for.
  private func sleep(until goal: VirtualTime) {
    guard case .factor = options.pace else { return }
    let delay = pacer.delay(until: goal, host: HostClock.now())
    publishIfDue()
    mailbox.wait(nanoseconds: min(max(delay, 1_000_000), Self.publishInterval))
  }

  private func rest(nanoseconds: UInt64) {
    publish(at: HostClock.now())
    mailbox.wait(nanoseconds: nanoseconds)
    pacer.anchor(virtual: partition.clock, host: HostClock.now())
  }

  // MARK: - Publishing

  private func publishIfDue() {
    let now = HostClock.now()
    guard options.publishes, now &- lastPublished >= publishPause else { return }
    // A machine of a thousand VPs takes long to write: it is written less often, so that it costs no more.
    let cost = publish(at: now)
    publishPause = min(max(Self.publishInterval, cost &* 50), Self.heartbeatInterval)
  }

  /// Writes a frame of what changed, and beats the heart; returns how long that took, in nanoseconds.
  @discardableResult
  func publish(at now: UInt64) -> UInt64 {
    lastPublished = now
    region.beat(state, now: now)
    region.beginFrame()
    for i in 0..<partition.contextTotal {
      let generation = partition.contextGeneration(i)
      if region.needsContext(i, generation) {
        region.write(context: partition.contextSnapshot(i), index: i, generation: generation)
      }
    }
    for i in 0..<partition.groupTotal {
      let generation = partition.groupGeneration(i)
      if region.needsGroup(i, generation) {
        region.write(group: partition.groupSnapshot(i), index: i, generation: generation)
      }
    }
    if region.needsPlatform(partition.platformGeneration) {
      region.write(platform: partition.platformSnapshot(), generation: partition.platformGeneration)
    }
    if region.needsMemory(partition.memoryGeneration) {
      region.write(memory: partition.memorySnapshot(), generation: partition.memoryGeneration)
    }
    var machine = partition.machineSnapshot()
    // A machine does not know how often it was looked at.
    machine.epoch = region.currentFrame + 1
    machine.paceMilli = rate.measure(virtual: partition.clock, host: now)
    _ = region.endFrame(machine: machine)
    let end = HostClock.now()
    if let share = cost.measure(from: now, to: end) { region.note(publishingPPM: share) }
    return end &- now
  }

  private var state: HostState {
    switch partition.runState {
    case .paused, .stopped: .paused
    case .running: partition.isIdle ? .idle : .running
    }
  }
}

/// Virtual time per host time, over about the last second.
struct RateMeter {
  private var virtual: VirtualTime
  private var host: UInt64
  private var milli: UInt32 = 0

  init(virtual: VirtualTime, host: UInt64) {
    self.virtual = virtual
    self.host = host
  }

  mutating func measure(virtual now: VirtualTime, host hostNow: UInt64) -> UInt32 {
    let elapsed = hostNow &- host
    guard elapsed >= 1_000_000_000 else { return milli }
    // Rounded up, because 0 means that nothing is known.
    milli = UInt32(clamping: ((now - virtual).rawValue &* 1_000 &+ elapsed &- 1) / elapsed)
    virtual = now
    host = hostNow
    return milli
  }
}
