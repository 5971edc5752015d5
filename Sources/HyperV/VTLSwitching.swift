import Architecture
import Journal

/// A store into the VP assist page of a context, whose page is enabled.
public struct AssistPageWrite: Hashable, Sendable {
  public var context: ContextID
  /// In bytes from the start of the page; see `VPAssistPage`.
  public var offset: Int
  /// Little-endian, in `count` bytes, at most 16.
  public var value: UInt128
  public var count: Int

  public init(context: ContextID, offset: Int, value: UInt128, count: Int) {
    precondition((1...16).contains(count), "1...16 bytes")
    self.context = context
    self.offset = offset
    self.value = value
    self.count = count
  }
}

/// The registers that the VTL call and return stubs use up, kept in the assist page for the VTL that is
/// returned to.
public struct VTLReturnRegisters: Hashable, Sendable {
  public var rax: UInt64
  public var rcx: UInt64
  /// Only outside 64-bit mode; nil leaves RDX alone.
  public var rdx: UInt64?

  public init(rax: UInt64, rcx: UInt64, rdx: UInt64? = nil) {
    self.rax = rax
    self.rcx = rcx
    self.rdx = rdx
  }

  /// From the two quadwords at `VPAssistPage.returnRAX`. The mode is that of the VTL which returns.
  public init(_ first: UInt64, _ second: UInt64, isLongMode: Bool) {
    if isLongMode {
      self.init(rax: first, rcx: second)
    } else {
      self.init(rax: first & 0xFFFF_FFFF, rcx: first &>> 32, rdx: second & 0xFFFF_FFFF)
    }
  }

  /// The 16 bytes, little-endian.
  func packed(isLongMode: Bool) -> UInt128 {
    if isLongMode { return UInt128(rax) | UInt128(rcx) &<< 64 }
    let low = rax & 0xFFFF_FFFF | rcx &<< 32
    return UInt128(low) | UInt128((rdx ?? 0) & 0xFFFF_FFFF) &<< 64
  }
}

/// VTL call, VTL return, and what a switch does here (TLFS, "Virtual Secure Mode", VTL entry and exit).
extension HyperVPartition {
  /// The VTL that a VTL call enters: the next one above the active that is enabled on the VP.
  ///
  /// - Throws: #UD, with RIP unmoved, when there is none, when CPL or mode do not allow it, or when anything
  ///   but the bare call code is in the control word or in the control input (RAX, or ECX).
  public func checkVTLCall(_ registers: HypercallRegisters, on vp: VPIndex) throws(Fault) -> VTL {
    let processor = processors[vp.index]
    guard try controlInput(registers, .vtlCall) == 0,
      let target = processor.enabledVTLs.lowest(above: processor.activeVTL)
    else { throw .invalidOpcode }
    return target
  }

  /// The VTL that a VTL return goes back to: the next one below the active that is enabled on the VP; and
  /// whether RAX and RCX stay as they are.
  ///
  /// - Throws: #UD, with RIP unmoved, as for a VTL call. Bit 0 of the control input asks for a fast return.
  public func checkVTLReturn(
    _ registers: HypercallRegisters, on vp: VPIndex
  ) throws(Fault) -> (to: VTL, isFast: Bool) {
    let processor = processors[vp.index]
    let input = try controlInput(registers, .vtlReturn)
    guard input &>> 1 == 0, let target = processor.enabledVTLs.highest(below: processor.activeVTL)
    else { throw .invalidOpcode }
    return (target, input.bit(0))
  }

  private func controlInput(_ registers: HypercallRegisters, _ code: HypercallCode) throws(Fault) -> UInt64 {
    guard registers.cpl == 0, registers.mode != .real, registers.control.rawValue == UInt64(code.rawValue)
    else { throw .invalidOpcode }
    return registers.mode == .long64 ? registers.rax : registers.rcx & 0xFFFF_FFFF
  }

  /// Makes `target` the active VTL of `vp` and says what to store in assist pages.
  ///
  /// On entry the assist page of the entered VTL gets the reason, and the live RAX and RCX as the values that
  /// an ordinary return restores: a guest that leaves the fields alone gets its registers back. `live` and
  /// `isLongMode` describe the shared registers at the switch and the mode of the entered VTL. An operator's
  /// switch stores nothing.
  public mutating func switchVTL(
    on vp: VPIndex, to target: VTL, reason: VTLSwitchReason, live: VTLReturnRegisters, isLongMode: Bool
  ) -> [AssistPageWrite] {
    let left = active(on: vp)
    let entered = ContextID(vp: vp, vtl: target)
    precondition(processors[vp.index].enabledVTLs.contains(target), "only an enabled VTL can become active")
    processors[vp.index].activeVTL = target
    switch reason {
    case .call: return entryWrites(entered, .call, live, isLongMode)
    case .interrupt: return entryWrites(entered, .interrupt, live, isLongMode)
    case .intercept: return entryWrites(entered, .intercept, live, isLongMode)
    case .return: return leave(left)
    case .operator: return []
    }
  }

  private func entryWrites(
    _ context: ContextID, _ reason: VTLEntryReason, _ live: VTLReturnRegisters, _ isLongMode: Bool
  ) -> [AssistPageWrite] {
    guard self[context].assistPage.isEnabled else { return [] }
    return [
      AssistPageWrite(
        context: context, offset: VPAssistPage.entryReason, value: UInt128(reason.rawValue), count: 4),
      AssistPageWrite(
        context: context, offset: VPAssistPage.returnRAX, value: live.packed(isLongMode: isLongMode), count: 16),
    ]
  }

  /// A VTL that returns lets go of its TLB locks on this VP and, with auto-reset, of VinaAsserted.
  private mutating func leave(_ context: ContextID) -> [AssistPageWrite] {
    self[context].tlbLocks = .empty
    guard self[context].vina.resetsAutomatically else { return [] }
    self[context].vinaAsserted = false
    return vinaWrites(context)
  }

  /// Bit 0 of the byte is VinaAsserted, its other bits are reserved.
  func vinaWrites(_ context: ContextID) -> [AssistPageWrite] {
    guard self[context].assistPage.isEnabled else { return [] }
    return [
      AssistPageWrite(
        context: context, offset: VPAssistPage.vinaStatus, value: self[context].vinaAsserted ? 1 : 0, count: 1)
    ]
  }
}
