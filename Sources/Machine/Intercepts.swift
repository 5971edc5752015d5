import Architecture
import HyperV
import Interpreter
import Interrupts
import Journal
import Memory

/// An access that a higher VTL does not allow.
struct MemoryViolation {
  var gpa: GPA
  /// nil for the parameters of a hypercall, which have none.
  var gva: GVA?
  var access: AccessKind
  /// The page tables that translate `gva` were touched.
  var isWalk = false
}

/// What a lower VTL did and a higher one hears of first (TLFS, "Virtual Secure Mode", secure intercepts).
extension Partition {
  /// Tells the lowest of the VTLs that deny the access. The instruction is not retired: it runs again when its VTL does.
  /// True when the VP yields, because nobody could be told: the access waits, and is tried again.
  func interceptMemory(_ violation: MemoryViolation, _ vp: Int) -> Bool {
    let id = active(vp)
    let needed = vps[vp].processor.needed(for: violation.access)
    // Before it is forgotten that an event was on its way.
    let message = memoryMessage(violation, vp, id)
    interpreter.retry(vps[vp].processor)
    guard let owner = memory.protector(of: needed, at: violation.gpa.pageNumber, from: id.vtl) else { return false }
    let summary = InterceptSummary(
      .memory, violation.access.intercept, to: owner, number: violation.gpa.rawValue,
      value: violation.gva?.rawValue ?? 0)
    return tell(summary, SynICMessage(type: MemoryInterceptMessage.type, payload: message.payload), vp)
  }

  /// Hands an intercept message to the VTL that asked for it. True when there was nowhere for it.
  func tell(_ summary: InterceptSummary, _ message: SynICMessage, _ vp: Int) -> Bool {
    let id = active(vp)
    let target = ContextID(vp: id.vp, vtl: summary.vtl)
    let rip = vps[vp].processor.rip
    guard canTell(target) else {
      var waiting = summary
      waiting.isWaiting = true
      interceptWaits &+= 1
      if vps[vp].waitingIntercept != waiting {
        vps[vp].waitingIntercept = waiting
        record(.intercepted(waiting), context: id, rip: rip)
      }
      return true
    }
    vps[vp].waitingIntercept = nil
    intercepts &+= 1
    record(.intercepted(summary), context: id, rip: rip)
    deliver(message, to: target)
    return false
  }

  private func canTell(_ target: ContextID) -> Bool {
    guard exists(target), context(target).pointee.isEnabled else { return false }
    guard usesInterceptPage(target) else { return canPost(to: target, sint: 0) }
    return context(target).pointee.activity.isStarted
  }

  private func usesInterceptPage(_ target: ContextID) -> Bool {
    hyperV.vtls[target.vtl].config.usesInterceptPage && hyperV[target].assistPage.isEnabled
      && assistPages[target] != nil
  }

  /// In the slot of SINT0, whose interrupt enters the VTL, or in the assist page, and the VTL runs at once.
  private func deliver(_ message: SynICMessage, to target: ContextID) {
    guard usesInterceptPage(target), let page = assistPages[target] else {
      postMessage(message, to: target, sint: 0)
      return touch(target.vp.index)
    }
    memory.write(message.bytes(isPending: false), to: page, offset: VPAssistPage.interceptMessage)
    wake(target)
    switchVTL(target.vp.index, to: target.vtl, reason: .intercept)
  }

  /// Tells the interpreter what the VTL that now runs may not do before one above hears of it.
  func armIntercepts(_ vp: Int) {
    guard hyperV.controlsLowerVTLs else { return }
    armRegisterIntercepts(vp)
    armPortIntercepts(vp)
    armModeBasedExecution(vp)
  }

  // MARK: - Messages

  private func memoryMessage(_ violation: MemoryViolation, _ vp: Int, _ id: ContextID) -> MemoryInterceptMessage {
    let registers = MachineVPRegisters(partition: self)
    let processor = vps[vp].processor
    let (instruction, length) = deniedInstruction(violation, processor)
    var header = interceptHeader(violation.access, vp, id, length: length)
    // As it would be pushed for the fault that this is (SDM Vol. 3C, 28.3.3); a hypercall's parameters are no fault.
    if violation.gva != nil { header.rflags |= RFlags.resume.rawValue }
    return MemoryInterceptMessage(
      header: header, gpa: violation.gpa, gva: violation.gva, isWalk: violation.isWalk, instruction: instruction,
      segments: [VPRegisterName.ds, .ss].map { registers.read($0, of: id) ?? 0 },
      general: (0..<16).map { UInt64(truncatingIfNeeded: registers.read(.general($0), of: id) ?? 0) })
  }

  /// An instruction whose fetch is denied has no bytes, and the length is that of the branch which led there, as VMX
  /// leaves it; an event on its way has no instruction.
  private func deniedInstruction(_ violation: MemoryViolation, _ processor: Processor) -> ([UInt8], length: Int) {
    guard !processor.hasHeldEvent else { return ([], 0) }
    guard violation.access != .execute else { return ([], processor.branchLength) }
    let bytes = interpreter.instructionBytes(of: processor, count: 15)
    let length = interpreter.instructionLength(of: processor, bytes)
    return (length == 0 ? bytes : Array(bytes.prefix(length)), length)
  }

  /// `length` is the instruction's, 0 where it is not known.
  func interceptHeader(_ access: AccessKind, _ vp: Int, _ id: ContextID, length: Int = 0) -> InterceptHeader {
    let processor = vps[vp].processor
    let state = processor.privateState
    return InterceptHeader(
      context: id, instructionLength: length, cr8: UInt8(truncatingIfNeeded: apic(id).pointee.cr8),
      access: access.intercept.rawValue,
      state: InterceptState(
        cpl: processor.cpl, cr0: state.cr0, efer: state.efer, dr7: state.dr7,
        isInterruptionPending: processor.hasHeldEvent, hasInterruptShadow: state.interruptShadow),
      cs: HyperVSegment(state.cs).value, rip: state.rip, rflags: state.rflags)
  }

  // MARK: - Protections

  /// Whether user mode's fetches need a right of their own.
  func armModeBasedExecution(_ vp: Int) {
    vps[vp].processor.isModeBased = hyperV.isModeBased(active(vp))
  }

  func protect(_ owner: VTL, _ first: UInt64, _ count: UInt64, _ mask: ProtectionMask, by id: ContextID) {
    for page in first..<first &+ count {
      memory.protect(page, allowing: PageAccess(rawValue: mask.rawValue), by: owner)
    }
    recordProtection(owner, first, count, mask, by: id)
  }

  func protectAll(_ owner: VTL, _ mask: ProtectionMask, by id: ContextID) {
    memory.protectAll(allowing: PageAccess(rawValue: mask.rawValue), by: owner)
    recordProtection(owner, 0, memory.size >> 12, mask, by: id)
  }

  /// In the words of the VTL that is restricted most: the one right below the owner.
  private func recordProtection(
    _ owner: VTL, _ first: UInt64, _ count: UInt64, _ mask: ProtectionMask, by id: ContextID
  ) {
    record(
      .protectionChanged(VTL(owner.index - 1), firstPage: first, count: count, access: mask.rawValue), context: id,
      rip: vps[id.vp.index].processor.rip)
  }

  /// A hypercall's parameters are accesses of its caller like any other.
  func firstDenied(_ request: HypercallRequest) -> MemoryViolation? {
    let vtl = request.caller.vtl
    if case .memory(let address, let count) = request.input,
      let gpa = memory.firstDenied(.read, at: address, count: count, vtl: vtl)
    {
      return MemoryViolation(gpa: gpa, access: .read)
    }
    if case .memory(let address, let count) = request.output,
      let gpa = memory.firstDenied(.write, at: address, count: count, vtl: vtl)
    {
      return MemoryViolation(gpa: gpa, access: .write)
    }
    return nil
  }
}

extension AccessKind {
  var intercept: InterceptAccess {
    switch self {
    case .read: .read
    case .write: .write
    case .execute: .execute
    }
  }
}
