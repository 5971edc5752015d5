import Architecture
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
    var due = timeLimit?.at ?? .never
    for vp in 0..<configuration.vpCount where vps[vp].due < due { due = vps[vp].due }
    return due == .never ? nil : due
  }

  private func nextRunnable() -> Int? {
    for step in 0..<configuration.vpCount {
      var vp = cursor + step
      if vp >= configuration.vpCount { vp -= configuration.vpCount }
      if vps[vp].needsEvaluation { evaluate(vp) }
      if vps[vp].isRunnable {
        cursor = vp + 1 == configuration.vpCount ? 0 : vp + 1
        return vp
      }
      if runState != .running { return nil }
    }
    return nil
  }

  /// True when a single step has come to its end: one more event is in the log.
  private func pauseAfterStep() -> Bool {
    guard let stepUntil, nextEvent > stepUntil, runState == .running else { return runState != .running }
    self.stepUntil = nil
    runState = .paused
    return true
  }

  /// Runs one VP until its slice is used up, it yields, or a timer of its own is due.
  private func runSlice(_ vp: Int) {
    // Maps are rebuilt here and where a request needs them, never by whoever looks on.
    defer { rebuildStaleGroups() }
    let processor = vps[vp].processor
    let end = clock + VirtualTime(ticks: Self.sliceTicks)
    while clock < end {
      var limit = min(end, vps[vp].due, timeLimit?.at ?? .never)
      guard clock < limit else { return }
      if vps[vp].watchesEveryInstruction {
        limit = clock + VirtualTime(ticks: 1)
        touch(vp)
      }
      processor.tscBase = clock.rawValue &+ vps[vp].timeStampAdjust
      let before = processor.instructions
      let exit = interpreter.run(processor, ticks: (limit - clock).rawValue)
      clock += VirtualTime(ticks: processor.ticksUsed)
      account(vp, processor.instructions &- before)
      let yields = handle(exit, vp)
      recordException(vp)
      guard runState == .running else { return }
      if vps[vp].needsEvaluation { evaluate(vp) }
      if yields || !vps[vp].isRunnable || stepUntil != nil && nextEvent > stepUntil! { return }
    }
  }

  private func account(_ vp: Int, _ retired: UInt64) {
    instructions &+= retired
    let context = self.context(active(vp))
    context.pointee.instructions &+= retired
    context.pointee.generation &+= 1
  }

  /// Puts an exception the interpreter delivered into the log.
  func recordException(_ vp: Int) {
    let processor = vps[vp].processor
    guard processor.exceptionCount != vps[vp].exceptionsSeen else { return }
    vps[vp].exceptionsSeen = processor.exceptionCount
    let context = active(vp)
    self.context(context).pointee.exceptions &+= 1
    let last = processor.lastException
    record(
      .exception(vector: last.fault.vector, errorCode: last.fault.errorCode, address: last.fault.address),
      context: context, rip: last.rip)
  }

  // MARK: - Timers

  /// Lets every timer that is due expire, earliest first; equal times in context order.
  private func expireTimers() {
    while true {
      var earliest = VirtualTime.never
      var owner = -1
      for vp in 0..<configuration.vpCount where vps[vp].due < earliest {
        earliest = vps[vp].due
        owner = vp
      }
      guard owner >= 0, earliest <= clock else { return }
      expireTimers(of: owner, due: earliest)
    }
  }

  private func expireTimers(of vp: Int, due: VirtualTime) {
    for vtl in 0..<configuration.vtlCount {
      let id = ContextID(vp, vtl)
      if apic(id).pointee.timerDue == due { expireTimer(id) }
    }
    updateDue(vp)
  }

  /// Recomputes when a VP's next timer is due. Every change of a timer must come here.
  func updateDue(_ vp: Int) {
    var due = VirtualTime.never
    for vtl in 0..<configuration.vtlCount {
      if let timer = apic(ContextID(vp, vtl)).pointee.timerDue, timer < due { due = timer }
    }
    vps[vp].due = due
  }
}
