import Architecture
import Memory

extension Interpreter {
  /// Runs until `ticks` are used up or something else needs the machine.
  ///
  /// An instruction costs 1 tick, RDTSC 25, PAUSE 140, a repeated string instruction 1 per iteration, and an
  /// exception 1. The slice ends at the first instruction boundary where the ticks used are at least `ticks`.
  /// What an exit costs beside is for the machine to say.
  /// An exit that has to be completed must have been.
  public func run(_ processor: Processor, ticks: UInt64) -> Exit {
    let c = processor.state
    precondition(c.pointee.pending == .none || c.pointee.pending == .intercept, "the last exit was not completed")
    c.pointee.pending = .none
    if let exit = nextPostedWrite(c) {
      processor.ticksUsed = 0
      return exit
    }
    prepare(c)
    let granted = Int64(min(ticks, 1 << 62))
    c.pointee.sliceTicks = granted
    c.pointee.remaining = granted
    c.pointee.extraTicks = 0
    let exit = runSlice(c)
    let used = UInt64(granted &- c.pointee.remaining)
    processor.ticksUsed = used
    processor.instructions &+= used &- UInt64(c.pointee.extraTicks)
    return exit
  }

  /// MMIO writes of an instruction that made several come out one by one.
  private func nextPostedWrite(_ c: CPU) -> Exit? {
    let count = c.pointee.writeCount
    guard count > 0 else { return nil }
    let write = c.pointee.writes[0]
    for i in 1..<max(count, 1) { c.pointee.writes[i &- 1] = c.pointee.writes[i] }
    c.pointee.writeCount = count &- 1
    return .mmioWrite(GPA(write.gpa), size: write.size, value: write.value)
  }

  private func runSlice(_ c: CPU) -> Exit {
    let exceptions = c.pointee.exceptionCount
    while true {
      if let exit = between(c, exceptions) { return exit }
      // RF and TF concern one instruction at a time.
      let isWatched =
        c.pointee.shadow || c.pointee.readCount > 0
        || c.pointee.systemFlags & (RFlags.trap.rawValue | RFlags.resume.rawValue) != 0
      switch isWatched ? step(c) : runBlocks(c) {
      case .lookup, .boundary: break
      case .partial: assertionFailure("a partial block is run where it is found")
      case .fault: deliverFault(c)
      case .single:
        let after = step(c)
        if after == .fault { deliverFault(c) }
        if after == .exit { return c.pointee.exit }
      case .exit: return c.pointee.exit
      }
      if let exit = nextPostedWrite(c) { return exit }
    }
  }

  /// Before an instruction: events that come first, and reasons to leave.
  private func between(_ c: CPU, _ exceptions: UInt64) -> Exit? {
    if c.pointee.held != nil, !deliverHeld(c) { return c.pointee.exit }
    if c.pointee.isShutdown { return .shutdown }
    if c.pointee.pendingDebug != 0, !c.pointee.stackShadow, c.pointee.readCount == 0 {
      deliverPendingDebug(c)
      if c.pointee.held != nil { return c.pointee.exit }
      if c.pointee.isShutdown { return .shutdown }
    }
    if c.pointee.exceptionCount != exceptions { return .exception }
    if let window = interruptWindow(c) { return window }
    return c.pointee.remaining <= 0 ? .budget : nil
  }

  private func interruptWindow(_ c: CPU) -> Exit? {
    guard c.pointee.interruptWindowRequested, !c.pointee.shadow, c.pointee.readCount == 0,
      c.pointee.systemFlags & RFlags.interruptEnable.rawValue != 0
    else { return nil }
    return .interruptWindow
  }

  private func runBlocks(_ c: CPU) -> Leave {
    let block: BlockPointer
    do throws(Stop) { block = try lookup(c) } catch { return failedLookup(c, error) }
    c.pointee.branchLength = 0
    let leave = execute(c, from: block)
    guard leave == .partial else { return leave }
    return runPart(c, Int(c.pointee.remaining))
  }

  /// Instruction bytes that cannot be had: the attempt costs a tick.
  private func failedLookup(_ c: CPU, _ stop: Stop) -> Leave {
    switch stop {
    case .fault:
      spend(c, 1)
      return .fault
    case .single: return .single
    default: return .exit
    }
  }

  /// Runs `count` instructions of the block at RIP, at most as many as it has, from a copy.
  ///
  /// The copy has the plain operations, so it may end between instructions that are fused in the block.
  private func runPart(_ c: CPU, _ count: Int) -> Leave {
    guard count > 0 else { return .boundary }
    let block: BlockPointer
    do throws(Stop) {
      block = try lookup(c)
      if c.pointee.isSingle { try checkLength(c, block.ops) }
    } catch { return failedLookup(c, error) }
    let number = min(count, Int(block.pointee.count))
    scratch.pointee = Block(offset: block.pointee.offset, backing: block.pointee.backing, isTransient: true)
    scratch.pointee.count = UInt16(number)
    scratch.pointee.operations = UInt16(number + 1)
    let ops = scratch.ops
    for i in 0..<number {
      ops[i] = block.ops[i]
      ops[i].operation = block.ops[i].plain
    }
    ops[number] = Op.closing(after: ops[number - 1], number: number)
    let leave = execute(c, from: scratch)
    return leave == .partial ? .boundary : leave
  }

  /// Runs one instruction, with memory-mapped registers allowed, the shadows ending, and TF, RF and breakpoints heeded.
  private func step(_ c: CPU) -> Leave {
    if c.pointee.codeBreakpoints != 0 {
      let hits = c.codeHits
      if hits != 0 {
        c.pointee.pendingDebug = hits
        c.pointee.fault = .debug
        spend(c, 1)
        return .fault
      }
    }
    let before = Watched(c)
    c.pointee.isTrapDue = before.flags & RFlags.trap.rawValue != 0
    c.pointee.systemFlags &= ~RFlags.resume.rawValue
    (c.pointee.shadow, c.pointee.stackShadow) = (false, false)
    let leave = alone(c)
    if leave == .exit, c.pointee.pending != .none {
      c.pointee.writeCount = 0
      if c.pointee.pending.isPaid {
        // The machine completes it: what follows it follows then.
        c.pointee.isTrapDueOnCompletion = c.pointee.isTrapDue
      } else {
        before.restore(c)
      }
      return leave
    }
    c.pointee.readCount = 0
    if leave == .fault {
      c.pointee.writeCount = 0
      before.restore(c)
      return leave
    }
    // The trap of an instruction that loads SS is lost, a breakpoint waits (SDM Vol. 3A, 6.8.3).
    if c.pointee.isTrapDue, !c.pointee.stackShadow { c.pointee.pendingDebug |= DR6.singleStep }
    // A debug trap ends the halt before it begins.
    let isAwake = leave == .exit && c.pointee.exit == .halted && c.pointee.pendingDebug != 0
    return isAwake ? .boundary : leave
  }

  private func alone(_ c: CPU) -> Leave {
    let saved = c.pointee.remaining
    c.pointee.isSingle = true
    c.pointee.readCursor = 0
    c.pointee.remaining = 1
    // What is hidden of the slice must not count as used by RDTSC.
    c.pointee.sliceTicks &-= saved &- 1
    let leave = runPart(c, 1)
    c.pointee.sliceTicks &+= saved &- 1
    c.pointee.remaining = saved &- 1 &+ c.pointee.remaining
    c.pointee.isSingle = false
    return leave
  }
}

/// What an instruction that does not come to its end has to leave as it was.
private struct Watched {
  let flags: UInt64
  let shadow: Bool
  let stackShadow: Bool
  let pendingDebug: UInt64

  init(_ c: CPU) {
    flags = c.pointee.systemFlags
    (shadow, stackShadow, pendingDebug) = (c.pointee.shadow, c.pointee.stackShadow, c.pointee.pendingDebug)
  }

  func restore(_ c: CPU) {
    c.pointee.systemFlags |= flags & RFlags.resume.rawValue
    (c.pointee.shadow, c.pointee.stackShadow, c.pointee.pendingDebug) = (shadow, stackShadow, pendingDebug)
  }
}
