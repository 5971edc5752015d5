import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal

/// Who runs next, and for how long. The machine's only choice, and it depends on nothing but its state.
extension Partition {
  /// What came of `advance`.
  public enum Progress: Hashable, Sendable {
    /// Slices were run; there is more to do.
    case ran
    /// Every VP waits. `warp` goes on at this time; nil when nothing is armed.
    case idle(until: VirtualTime?)
    /// Paused or stopped.
    case halted
  }

  /// Runs up to `slices` slices, one VP after the other, while the clock is before `limit`.
  ///
  /// Neither bound cuts a slice, so where they are put changes nothing of what happens.
  public func advance(slices: Int, before limit: VirtualTime = .never) -> Progress {
    for _ in 0..<slices {
      guard runState == .running else { return .halted }
      guard clock < limit else { return .ran }
      if let timeLimit, clock >= timeLimit.at {
        stop(timeLimit.cause)
        return .halted
      }
      expireTimers()
      if pauseAfterStep() { return .halted }
      guard let vp = nextRunnable() else {
        if pauseAfterStep() { return .halted }
        return .idle(until: nextDue())
      }
      if pauseAfterStep() { return .halted }
      runSlice(vp)
    }
    return .ran
  }

  /// Passes idle time: moves the clock to `time`, but not past the next thing that is due. Only after `.idle`.
  public func warp(to time: VirtualTime) {
    var goal = min(time, nextDue() ?? time)
    if let timeLimit { goal = min(goal, timeLimit.at) }
    if goal > clock, goal != .never { clock = goal }
  }

  /// Nothing can ever happen again: every VP waits, and no timer is armed.
  public func stopBecauseNothingCanHappen() { stop(.nothingCanHappen) }

  /// When the next timer of any context, or the time limit, is due.
  func nextDue() -> VirtualTime? {
    var due = min(timeLimit?.at ?? .never, platformDue)
    for vp in 0..<configuration.vpCount where vps[vp].due < due { due = vps[vp].due }
    return due == .never ? nil : due
  }

  /// The next VP, from the cursor on, that has something to run.
  private func nextRunnable() -> Int? {
    if let vp = nextRunnable(from: cursor, to: configuration.vpCount) { return vp }
    return nextRunnable(from: 0, to: cursor)
  }

  private func nextRunnable(from first: Int, to end: Int) -> Int? {
    var vp = first
    while vp < end {
      let rest = ready[vp >> 6] >> UInt64(vp & 63)
      guard rest != 0 else {
        vp = (vp | 63) + 1
        continue
      }
      vp += rest.trailingZeroBitCount
      guard vp < end else { return nil }
      if vps[vp].needsEvaluation { evaluate(vp) }
      if runState != .running { return nil }
      if vps[vp].isRunnable { return vp }
      vp += 1
    }
    return nil
  }

  private var stepIsOver: Bool {
    if let stepUntil { nextEvent > stepUntil } else { false }
  }

  /// True when the machine does not go on: a single step has come to its end, with one more event in the log.
  private func pauseAfterStep() -> Bool {
    guard stepIsOver, runState == .running else { return runState != .running }
    stepUntil = nil
    runState = .paused
    return true
  }

  /// Runs one VP until its slice is used up, it yields, or a timer of its own is due.
  private func runSlice(_ vp: Int) {
    // Maps are rebuilt here and where a request needs them, never by whoever looks on.
    defer { rebuildStaleGroups() }
    cursor = vp + 1 == configuration.vpCount ? 0 : vp + 1
    let processor = vps[vp].processor
    let end = clock + VirtualTime(ticks: Self.sliceTicks)
    while true {
      guard let ticks = grant(vp, before: end) else { return }
      let yields = runOnce(vp, ticks)
      guard runState == .running else { return }
      // An instruction that has made some of its accesses comes to its end before anything else (D6).
      if processor.isMidInstruction { continue }
      if vps[vp].needsEvaluation { evaluate(vp) }
      if yields || !vps[vp].isRunnable || stepIsOver { return }
    }
  }

  /// How many ticks the VP may run until it has to be looked at again; nil when its slice is over.
  private func grant(_ vp: Int, before end: VirtualTime) -> UInt64? {
    if vps[vp].processor.isMidInstruction { return 1 }
    // Two by two: with more than three arguments `min` makes an array of them.
    let limit = min(min(end, vps[vp].due), min(platformDue, timeLimit?.at ?? .never))
    guard clock < limit else { return nil }
    guard vps[vp].watchesEveryInstruction else { return (limit - clock).rawValue }
    touch(vp)
    return 1
  }

  /// Runs until the interpreter leaves, and handles what it left for. True when the VP yields.
  private func runOnce(_ vp: Int, _ ticks: UInt64) -> Bool {
    let processor = vps[vp].processor
    let id = active(vp)
    processor.tscBase = clock.rawValue &+ vps[vp].timeStampAdjust
    let before = processor.instructions
    let exit = interpreter.run(processor, ticks: ticks)
    clock += VirtualTime(ticks: processor.ticksUsed) + cost(of: exit, vp)
    recordException(vp)
    let yields = handle(exit, vp)
    recordException(vp)
    if processor.isShutdown { shutDown(vp) }
    account(id, processor.instructions &- before)
    return yields
  }

  private func account(_ id: ContextID, _ retired: UInt64) {
    instructions &+= retired
    let context = self.context(id)
    context.pointee.instructions &+= retired
    context.pointee.generation &+= 1
  }

  /// Puts an exception the interpreter delivered into the log; it leaves at each.
  func recordException(_ vp: Int) {
    let processor = vps[vp].processor
    guard processor.exceptionCount != vps[vp].exceptionsSeen else { return }
    let context = active(vp)
    self.context(context).pointee.exceptions &+= processor.exceptionCount &- vps[vp].exceptionsSeen
    vps[vp].exceptionsSeen = processor.exceptionCount
    let last = processor.lastException
    record(
      .exception(vector: last.fault.vector, errorCode: last.fault.errorCode, address: last.fault.address),
      context: context, rip: last.rip)
  }

  // MARK: - Timers

  /// Lets every timer that is due expire, earliest first; equal times in VP order, and the devices after them.
  private func expireTimers() {
    guard clock >= earliestDue else { return }
    var expiring: [(due: VirtualTime, vp: Int)] = []
    for vp in 0..<configuration.vpCount where vps[vp].due <= clock { expiring.append((vps[vp].due, vp)) }
    let devices = configuration.vpCount
    if platformDue <= clock { expiring.append((platformDue, devices)) }
    expiring.sort { ($0.due, $0.vp) < ($1.due, $1.vp) }
    for (_, vp) in expiring {
      guard vp != devices else {
        expirePlatform()
        continue
      }
      for vtl in 0..<configuration.vtlCount {
        let id = ContextID(vp, vtl)
        if let due = apic(id).pointee.timerDue, due <= clock { expireTimer(id) }
        if synic(id).pointee.due <= clock { expireSyntheticTimers(id) }
      }
      updateDue(vp)
    }
    earliestDue = platformDue
    for vp in 0..<configuration.vpCount where vps[vp].due < earliestDue { earliestDue = vps[vp].due }
  }

  /// Recomputes when a VP's next timer is due. Every change of a timer must come here.
  func updateDue(_ vp: Int) {
    var due = VirtualTime.never
    for vtl in 0..<configuration.vtlCount {
      let id = ContextID(vp, vtl)
      let timer = min(apic(id).pointee.timerDue ?? .never, synic(id).pointee.due)
      guard timer < Self.horizon else { continue }
      context(id).pointee.generation &+= 1
      if timer < due { due = timer }
    }
    vps[vp].due = due
    if due < earliestDue { earliestDue = due }
  }

  /// A timer armed for later than this, 146 years, never expires: the clock must not come to its end.
  static var horizon: VirtualTime { VirtualTime(ticks: 1 << 62) }
}
