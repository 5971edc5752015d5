import Architecture
import Memory

extension Interpreter {
  /// Runs until `ticks` are used up or something else needs the machine.
  ///
  /// An instruction costs 1 tick, RDTSC 25, PAUSE 140, a repeated string instruction 1 per iteration, and an
  /// exception 1. The slice ends at the first instruction boundary where the ticks used are at least `ticks`.
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
      if c.pointee.isShutdown { return .shutdown }
      if c.pointee.exceptionCount != exceptions, c.pointee.writeCount == 0 { return .exception }
      if let window = interruptWindow(c) { return window }
      if c.pointee.remaining <= 0 { return .budget }
      let leave: Leave
      if c.pointee.shadow || c.pointee.readCount > 0 || c.pointee.systemFlags & RFlags.trap.rawValue != 0 {
        leave = step(c)
      } else {
        leave = runBlocks(c)
      }
      switch leave {
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

  private func interruptWindow(_ c: CPU) -> Exit? {
    guard c.pointee.interruptWindowRequested, !c.pointee.shadow, c.pointee.readCount == 0,
      c.pointee.systemFlags & RFlags.interruptEnable.rawValue != 0
    else { return nil }
    return .interruptWindow
  }

  private func runBlocks(_ c: CPU) -> Leave {
    let block: BlockPointer
    do throws(Stop) { block = try lookup(c) } catch { return failedLookup(c, error) }
    let leave = execute(c, from: block)
    guard leave == .partial else { return leave }
    return runPart(c, Int(c.pointee.remaining))
  }

  /// Instruction bytes that cannot be had: the attempt costs a tick.
  private func failedLookup(_ c: CPU, _ stop: Stop) -> Leave {
    guard stop == .fault else { return .exit }
    spend(c, 1)
    return .fault
  }

  /// Runs `count` instructions of the block at RIP, at most as many as it has, from a copy.
  ///
  /// The copy has the plain operations, so it may end between instructions that are fused in the block.
  private func runPart(_ c: CPU, _ count: Int) -> Leave {
    guard count > 0 else { return .boundary }
    let block: BlockPointer
    do throws(Stop) { block = try lookup(c) } catch { return failedLookup(c, error) }
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

  /// Runs one instruction, with memory-mapped registers allowed, the shadow of STI ending, and TF heeded.
  private func step(_ c: CPU) -> Leave {
    let hadTrap = c.pointee.systemFlags & RFlags.trap.rawValue != 0
    let hadShadow = c.pointee.shadow
    let saved = c.pointee.remaining
    c.pointee.shadow = false
    c.pointee.isSingle = true
    c.pointee.readCursor = 0
    c.pointee.remaining = 1
    // What is hidden of the slice must not count as used by RDTSC.
    c.pointee.sliceTicks &-= saved &- 1
    let leave = runPart(c, 1)
    c.pointee.sliceTicks &+= saved &- 1
    c.pointee.remaining = saved &- 1 &+ c.pointee.remaining
    c.pointee.isSingle = false
    if leave == .exit, c.pointee.pending != .none {
      // Not done: it keeps its shadow, its reads, and must not post a write twice.
      c.pointee.shadow = hadShadow
      c.pointee.writeCount = 0
      return leave
    }
    c.pointee.readCount = 0
    if leave == .fault { c.pointee.writeCount = 0 }
    guard hadTrap, leave != .fault else { return leave }
    trap(c)
    // The trap ends the halt before it begins.
    return leave == .exit && c.pointee.exit == .halted ? .boundary : leave
  }

  /// The single-step trap: #DB with DR6.BS (SDM Vol. 3A, 18.3.1.4).
  private func trap(_ c: CPU) {
    c.pointee.dr[6] |= 1 << 14
    c.pointee.fault = .debug
    deliverFault(c)
  }
}
